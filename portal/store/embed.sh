# Writes the SQL files given as one C file: see portal/store/migrations.h. As numbers, since C
# promises string literals of no more than 4095 characters.
set -eu
printf '#include "portal/store/migrations.h"\n'
table=
n=0
for f; do
	name=$(basename "$f" .sql)
	number=${name%%_*}
	n=$((n + 1))
	if [ "$(printf %04d $n)" != "$number" ]; then
		echo "$f: expected number $(printf %04d $n): migrations have no gaps" >&2
		exit 1
	fi
	if LC_ALL=C grep -n '[^ -~	]' "$f" >&2; then
		echo "$f: expected ASCII" >&2
		exit 1
	fi
	printf '\nstatic const char sql_%s[] = {\n' "$number"
	od -An -v -tu1 "$f" | sed 's/  */, /g; s/^, //; s/$/,/'
	printf '0};\n'
	table="$table	{$n, \"$name\", sql_$number},
"
done
printf '\nconst struct db_migration migrations[] = {\n%s};\nconst size_t migrations_n = %d;\n' "$table" $n

#!/bin/sh
# tap.sh PROGRAM...: runs each test program, shows what failed, ends with "N passed, N failed".
# A program is an executable, a *.mjs (node), a *.py (Debian's python3) or a *.sh (bash). Each
# speaks TAP; one that ends badly without a "not ok" line counts as one failure.
pass=0 fail=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for t in "$@"; do
	start=$(date +%s)
	case $t in
	*.mjs) timeout -k 10 900 node "$t" >"$out" 2>&1 ;;
	*.py) timeout -k 10 900 /usr/bin/python3 "$t" >"$out" 2>&1 ;;
	*.sh) timeout -k 10 900 bash "$t" >"$out" 2>&1 ;;
	*) timeout -k 10 120 "$t" >"$out" 2>&1 ;;
	esac
	rc=$?
	p=$(grep -c '^ok ' "$out")
	f=$(grep -c '^not ok ' "$out")
	if [ $rc -ne 0 ] && [ "$f" -eq 0 ] || [ $((p + f)) -eq 0 ]; then
		f=$((f + 1))
		echo "not ok - $t ended with $rc"
		tail -40 "$out" | sed 's/^/# /'
	fi
	grep -A6 '^not ok ' "$out"
	echo "# $t: $p passed, $f failed, $(($(date +%s) - start)) s"
	[ "$f" -gt 0 ] && [ -n "${CI:-}" ] && tail -60 "$out" | sed 's/^/# /'
	pass=$((pass + p)) fail=$((fail + f))
done
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ] && [ "$pass" -gt 0 ]

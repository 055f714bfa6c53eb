#!/bin/sh
# lint: format, sizes, arrows between layers, libraries per layer, gcc's analyzer.
cd "$(dirname "$0")/../.." || exit 2
rc=0
step() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >"$tmp" 2>&1; then
		echo "ok lint - $name"
	else
		echo "not ok lint - $name"
		sed 's/^/  /' "$tmp" | head -60
		rc=1
	fi
}
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
files=$(git ls-files -co --exclude-standard '*.c' '*.h')
step "format (make fmt mends it)" clang-format-14 --dry-run --Werror $files
step "functions of at most 70 lines, files of at most 700" sh tests/lint/sizes.sh $files
step "arrows of ARCHITECTURE.md" sh tests/lint/arrows.sh
step "no forbidden calls" sh tests/lint/calls.sh
step "shell scripts parse" sh -c 'for f in $(git ls-files -co --exclude-standard "*.sh") .ci/run; do bash -n "$f" || exit 1; done'
[ -n "$LINT_QUICK" ] || step "gcc -fanalyzer" make -s --no-print-directory analyze
exit $rc

#!/bin/sh
# sizes.sh FILE...: a function (from its opening brace in column 1 to its closing one) has at
# most 70 lines, a file at most 700.
awk '
FNR == 1 { in_f = 0 }
/^\{/ { in_f = 1; start = FNR; name = prev }
/^\}/ { if (in_f && FNR - start > 70) { printf "%s:%d: function of %d lines: %s\n", FILENAME, start, FNR - start, name; bad = 1 } in_f = 0 }
{ if ($0 !~ /^[ \t{}]/ && $0 != "") prev = $0; lines[FILENAME]++ }
END { for (f in lines) if (lines[f] > 700) { printf "%s: %d lines\n", f, lines[f]; bad = 1 } exit bad }
' "$@"

#!/bin/bash
# make wifi: the radio stage. Everything runs in a VM of Debian's own kernel (tests/wifi/vm.sh),
# nothing on this machine is changed. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
cache=${KEYFOB_VM:-${BUILD:-build}/vm}
mkdir -p "$cache/out"
pass=0 fail=0
stage() { # NAME RADIOS SECONDS COMMAND...
	local name=$1 radios=$2 seconds=$3 rc p f
	shift 3
	bash tests/wifi/vm.sh "$cache" "$radios" "$seconds" "$@" | tee "$cache/$name.log"
	rc=${PIPESTATUS[0]}
	p=$(grep -c '^ok ' "$cache/$name.log")
	f=$(grep -c '^not ok ' "$cache/$name.log")
	if [ "$f" -eq 0 ] && { [ "$rc" -ne 0 ] || [ "$p" -eq 0 ]; }; then
		echo "not ok - $name ended with $rc"
		f=1
	fi
	pass=$((pass + p)) fail=$((fail + f))
}
gcc -std=c17 -g -O1 -D_GNU_SOURCE -I. -o "$cache/out/drive" ap-agent/peers.c ap-agent/isolate_nft*.c \
	tests/e2e/isolation/drive.c common/{err,env,log,text,span,secret}.c -lmnl -lnftnl -lcrypto || exit 1
stage radio 5 300 bash tests/wifi/radio.sh
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ] && [ "$pass" -gt 0 ]

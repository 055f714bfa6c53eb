#!/bin/bash
# make wifi: the radio stages. Everything runs in a VM of Debian's own kernel (tests/wifi/vm.sh),
# nothing on this machine is changed. WIFI="radio" or WIFI="road" runs one stage only. Ends with
# "N passed, N failed"; a stage that could not run is named above that.
set -u
cd "$(dirname "$0")/../.."
cache=${KEYFOB_VM:-${BUILD:-build}/vm}
mkdir -p "$cache/out"
cache=$(cd "$cache" && pwd)
want=" ${WIFI:-radio road} "
pass=0 fail=0 skipped=
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

# hostapd 2.10 and its key file; isolate_nft told by hand.
case $want in *' radio '*)
	gcc -std=c17 -g -O1 -D_GNU_SOURCE -I. -o "$cache/out/drive" ap-agent/peers.c \
		ap-agent/isolate_nft*.c tests/e2e/isolation/drive.c \
		common/{err,env,log,text,span,secret}.c -lmnl -lnftnl -lcrypto || exit 1
	stage radio 5 300 bash tests/wifi/radio.sh
	;;
esac

# hostapd 2.11, the agents and the portal.
case $want in *' road '*)
	if bash tests/wifi/hostapd211.sh "$cache"; then
		stage road 7 580 bash tests/wifi/road.sh "$cache/hostapd211/hostapd"
	else
		skipped='road: hostapd 2.11 of Debian sid cannot be had'
	fi
	;;
esac
[ -z "$skipped" ] || echo "SKIPPED $skipped"
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ] && [ "$pass" -gt 0 ]

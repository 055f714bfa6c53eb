#!/bin/sh
# packages.sh SET: installs those of the set's Debian packages that are missing; says nothing
# when none is. Sets: build run test wifi fuzz lint.
set -eu
build="gcc make patch pkg-config kore libssl-dev liblasso3-dev libxmlsec1-dev libxml2-dev libqrencode-dev
	libesmtp-dev libsqlite3-dev libjansson-dev libcurl4-openssl-dev libpcap-dev libmnl-dev libnftnl-dev
	zlib1g-dev"
run="simplesamlphp php-cli php-xml php-mbstring php-sqlite3 php-curl nftables iproute2 curl
	python3-aiosmtpd openssl sqlite3"
test="$run python3-cryptography nodejs npm chromium fonts-dejavu-core zbar-tools zxing-cpp-tools xmlsec1 freeradius-utils
	tcpdump nginx-light strace procps"
wifi="$run qemu-system-x86 seabios busybox-static kmod cpio iw hostapd wpasupplicant socat tcpdump
	iputils-ping"
fuzz="$build clang-14 libclang-rt-14-dev"
lint="$build clang-format-14"
case ${1:-} in
build) want=$build ;; run) want=$run ;; test) want=$test ;; wifi) want=$wifi ;;
fuzz) want=$fuzz ;; lint) want=$lint ;;
*) echo "usage: packages.sh build|run|test|wifi|fuzz|lint" >&2; exit 2 ;;
esac
missing=
for p in $want; do
	# a tool of another make (npm from a tarball, gcc of /usr/local) is as good as the package
	case $p in nodejs) command -v node >/dev/null && continue ;; npm | gcc | make | curl) command -v "$p" >/dev/null && continue ;; esac
	dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

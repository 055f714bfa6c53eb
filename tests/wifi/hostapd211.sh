#!/bin/bash
# hostapd211.sh CACHE: gets Debian sid's hostapd (2.11 or later, which can ask RADIUS during the
# handshake) and the C library it was built for, unpacked under CACHE/hostapd211, never installed;
# CACHE/hostapd211/hostapd starts it. Nothing of this machine's apt is changed. Ends with 1, and
# says why, when it cannot be had: sid moves, and may be out of reach.
set -euo pipefail
mkdir -p "$1"
cache=$(cd "$1" && pwd)
dir=$cache/hostapd211
[ ! -x "$dir/hostapd" ] || exit 0
new=$dir.new
trap 'rm -rf "$new"' EXIT
rm -rf "$new" "$dir"
mkdir -p "$new"/apt/{lists,cache/archives}/partial "$new/root"

# The mirror that this machine uses already.
mirror=$(apt-cache policy hostapd | sed -n 's/.* \(https\?:[^ ]*\) .*/\1/p' | sed 1q)
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$key] ${mirror:-http://deb.debian.org/debian} sid main" >"$new/apt/list"
get() {
	apt-get -qq -o Dir::Etc::sourcelist="$new/apt/list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::Lists="$new/apt/lists" -o Dir::Cache="$new/apt/cache" \
		-o APT::Sandbox::User=root -o APT::Get::List-Cleanup=0 "$@"
}
get update
(cd "$new/apt" && get download hostapd/sid libc6/sid libnl-3-200/sid libnl-genl-3-200/sid \
	libnl-route-3-200/sid libssl3t64/sid)
for p in "$new"/apt/*.deb; do dpkg-deb -x "$p" "$new/root"; done
mv "$new/root/usr/lib/$(uname -m)-linux-gnu" "$new/lib"
mv "$new/root/usr/sbin/hostapd" "$new/hostapd.bin"
rm -rf "$new/apt" "$new/root"
loader=$(basename "$new"/lib/ld-linux-*)
cat >"$new/hostapd" <<WRAP
#!/bin/sh
exec $dir/lib/$loader --library-path $dir/lib $dir/hostapd.bin "\$@"
WRAP
chmod +x "$new/hostapd"
mv "$new" "$dir"
version=$("$dir/hostapd" -v 2>&1 | sed -n 's/^hostapd v//p') || true
case $version in
'' | [01].* | 2.[0-9] | 2.[0-9]-* | 2.10*)
	rm -rf "$dir"
	echo "sid's hostapd is \"$version\" or does not start here; 2.11 is needed" >&2
	exit 1
	;;
esac

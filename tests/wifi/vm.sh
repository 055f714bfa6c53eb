#!/bin/bash
# vm.sh CACHE RADIOS SECONDS COMMAND...: runs a command as root in a throw-away VM with virtual
# Wi-Fi radios. It boots Debian's own kernel under QEMU and sees this machine's root read-only
# under a tmpfs overlay: what is installed or just built here is what runs there. $OUT (CACHE/out)
# is shared both ways. Ends with the command's status; 124 when it took longer than SECONDS,
# 125 when the VM died.
set -euo pipefail
mkdir -p "$1/out"
cache=$(cd "$1" && pwd) radios=$2 seconds=$3
shift 3

# The kernel package, unpacked once, never installed.
if [ ! -e "$cache/kernel/.done" ]; then
	rm -rf "$cache/kernel"
	mkdir "$cache/kernel"
	pkg=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: //p' | head -1)
	(
		cd "$cache/kernel"
		apt-get -qq -o APT::Sandbox::User=root download "$pkg"
		dpkg-deb -x ./*.deb . && rm ./*.deb
	)
	depmod -b "$cache/kernel" "${pkg#linux-image-}"
	touch "$cache/kernel/.done"
fi
release=$(ls "$cache/kernel/lib/modules")

# An initramfs that mounts this root and goes there.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,mod,proc,sys,dev,lower,upper,new}
cp /bin/busybox "$root/bin/"
i=100
for m in virtio_pci 9pnet_virtio 9p overlay; do
	modprobe -d "$cache/kernel" -S "$release" -aD "$m"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r f; do
	i=$((i + 1))
	cp "$f" "$root/mod/$i-${f##*/}"
done
cat >"$root/init" <<INIT
#!/bin/busybox sh
bb=/bin/busybox
for d in proc sys; do \$bb mount -t \${d}fs \$d /\$d 2>/dev/null || \$bb mount -t \$d \$d /\$d; done
\$bb mount -t devtmpfs dev /dev
for m in /mod/*; do \$bb insmod \$m; done
opt=trans=virtio,version=9p2000.L,msize=512000
\$bb mount -t 9p -o ro,\$opt,cache=loose host /lower
\$bb mount -t tmpfs -o size=75% tmpfs /upper
\$bb mkdir /upper/data /upper/work
\$bb mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /new
\$bb mount -t tmpfs tmpfs /new/run
\$bb mount -t tmpfs tmpfs /new/tmp
\$bb mkdir -p /new$cache/out /new/lib/modules/$release
\$bb mount -t 9p -o rw,\$opt,cache=none out /new$cache/out
\$bb mount --bind /lower$cache/kernel/lib/modules/$release /new/lib/modules/$release
for d in proc sys dev; do \$bb mount --move /\$d /new/\$d; done
exec \$bb switch_root /new /bin/bash $cache/out/.job
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$cache/initrd"

# The job: results leave by files, the console only shows progress.
{
	echo 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8'
	printf 'export OUT=%q BUILD=%q\n' "$cache/out" "${BUILD:-build}"
	echo 'ip link set lo up; modprobe -a bridge 8021q veth nf_tables nft_meta_bridge'
	echo "modprobe mac80211_hwsim radios=$radios"
	printf 'cd %q\n' "$PWD"
	printf '%q ' "$@"
	echo
	echo 'echo $? >"$OUT/.rc"; sync; busybox reboot -f'
} >"$cache/out/.job"
rm -f "$cache/out/.rc"

accel=tcg,thread=multi
[ -w /dev/kvm ] && accel=kvm
set +e
timeout -k 5 "$seconds" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
	-M pc -accel $accel -cpu max -smp 2 -m 640 \
	-kernel "$cache/kernel/boot/vmlinuz-$release" -initrd "$cache/initrd" \
	-append 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on no_timer_check tsc=reliable' \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
	-virtfs "local,path=$cache/out,mount_tag=out,security_model=none,multidevs=remap" \
	-serial stdio </dev/null
status=$?
[ -s "$cache/out/.rc" ] && exit "$(cat "$cache/out/.rc")"
[ $status = 124 ] && exit 124
exit 125

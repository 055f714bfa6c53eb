# shellcheck shell=bash
# Sourced by the stages, inside the VM: a small site made of network namespaces. Stations talk to
# access points over mac80211_hwsim radios, access points to the gateway over a switch, VLAN 20
# tagged. Radios are handed out in order.
W=/run/lab
mkdir -p $W
n=0 failed=0 radio=0
declare -A wlan

check() { # TEXT COMMAND...
	local text=$1
	shift
	n=$((n + 1))
	if "$@" >$W/last 2>&1; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		tail -5 $W/last | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}
not() { ! "$@"; }
within() { # SECONDS COMMAND...
	local tries=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
finish() {
	cp $W/*.log $W/*.said "$OUT" 2>/dev/null
	echo "1..$n"
	exit $((failed > 0))
}

radio_to() { # NS: gives it the next radio, notes its name
	iw phy phy$radio set netns name "$1"
	wlan[$1]=wlan$radio
	radio=$((radio + 1))
}
wired_side() {
	ip netns add sw
	ip netns add gw
	ip -n sw link add br0 type bridge vlan_filtering 1
	ip -n sw link set br0 up
	ip link add eth0 netns gw type veth peer name gw netns sw
	ip -n sw link set gw master br0 up
	bridge -n sw vlan add dev gw vid 20 pvid untagged
	ip -n gw link set eth0 up
	ip -n gw addr add 10.9.20.1/24 dev eth0
	ip netns exec gw sysctl -qw net.ipv4.ip_forward=1
}
ap_box() { # NS: an access point's host, uplink up0, one radio
	ip netns add $1
	ip -n $1 link set lo up
	ip link add up0 netns $1 type veth peer name $1 netns sw
	ip -n $1 link set up0 up
	ip -n sw link set $1 master br0 up
	bridge -n sw vlan add dev $1 vid 20
	radio_to $1
}
ap_conf() { # NS CHANNEL LINE...: what every hostapd here has, and where it finds keys
	echo "* ${wlan[$1]}.# kf-none" >$W/$1.vlan
	cat >$W/$1.conf <<C
interface=${wlan[$1]}
driver=nl80211
ctrl_interface=$W/$1
ssid=keyfob
hw_mode=g
channel=$2
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
ieee80211w=1
dynamic_vlan=1
vlan_file=$W/$1.vlan
C
	printf '%s\n' "${@:3}" >>$W/$1.conf
}
sta() { # NS PASSPHRASE FREQUENCY ADDRESS
	ip netns add $1
	ip -n $1 link set lo up
	radio_to $1
	ip -n $1 addr add $4/24 brd + dev ${wlan[$1]}
	sta_key $1 "$2" $3
	ip netns exec $1 wpa_supplicant -B -t -D nl80211 -i ${wlan[$1]} -c $W/$1.conf -f $W/$1.log
}
sta_key() { # NS PASSPHRASE FREQUENCY
	cat >$W/$1.conf <<C
ctrl_interface=$W/$1
network={
	ssid="keyfob"
	psk="$2"
	key_mgmt=WPA-PSK
	ieee80211w=1
	scan_freq=$3
	freq_list=$3
}
C
}
hcli() { hostapd_cli -p $W/$1 -i ${wlan[$1]} "${@:2}"; }
wcli() { wpa_cli -p $W/$1 -i ${wlan[$1]} "${@:2}"; }
mac() { ip -n $1 -o link show ${wlan[$1]} | sed 's/.*ether \([^ ]*\).*/\1/'; }
connected() { wcli $1 status | grep -q '^wpa_state=COMPLETED'; }
ping1() { ip netns exec $1 ping -c1 -W1 -q $2; }
port_in() { ip -n $1 -o link show $2 | grep -q "master $3 "; }

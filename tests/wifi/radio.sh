#!/bin/bash
# Inside the VM: two real access points (hostapd on hwsim radios, one key file), real stations,
# a switch, a gateway. hostapd puts each AP_VLAN port into kf-none; isolate_nft (drive) makes
# br20 with the 802.1Q device up0.20, moves the ports and isolates.
set -u
W=/run/radio
mkdir -p $W
n=0 failed=0 radio=0
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
radio_to() { # NS: gives it the next radio, says its name
	iw phy phy$radio set netns name "$1"
	wlan[$1]=wlan$radio
	radio=$((radio + 1))
}
declare -A wlan

# The wired side: VLAN 20 is tagged between switch and APs.
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

ap() { # NS CHANNEL AGENT
	local ns=$1
	ip netns add $ns
	ip -n $ns link set lo up
	ip link add up0 netns $ns type veth peer name $ns netns sw
	ip -n $ns link set up0 up
	ip -n sw link set $ns master br0 up
	bridge -n sw vlan add dev $ns vid 20
	radio_to $ns
	mkfifo $W/$ns.in
	$OUT/drive $ns up0 $3 <$W/$ns.in >$W/$ns.said 2>$W/$ns.agent.log &
	eval "exec {fd}>$W/$ns.in"
	agent[$ns]=$fd
	tell $ns "vlan 20 listed prefix 10.9.20.0/24 gateway 10.9.20.1"
	tell $ns vlans
	echo "* ${wlan[$ns]}.# kf-none" >$W/$ns.vlan
	cat >$W/$ns.conf <<C
interface=${wlan[$ns]}
driver=nl80211
ctrl_interface=$W/$ns
ssid=keyfob
hw_mode=g
channel=$2
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
ieee80211w=1
dynamic_vlan=1
vlan_file=$W/$ns.vlan
wpa_psk_file=$W/keys
C
	ip netns exec $ns hostapd -t -B -f $W/$ns.log $W/$ns.conf
}
declare -A agent
tell() { # NS LINE
	local lines
	lines=$(wc -l <$W/$1.said)
	echo "$2" >&"${agent[$1]}"
	within 5 test_more $W/$1.said "$lines"
}
test_more() { [ "$(wc -l <"$1")" -gt "$2" ]; }
sta() { # NS PASSPHRASE FREQUENCY ADDRESS
	ip netns add $1
	ip -n $1 link set lo up
	radio_to $1
	ip -n $1 addr add $4/24 dev ${wlan[$1]}
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
	ip netns exec $1 wpa_supplicant -B -D nl80211 -i ${wlan[$1]} -c $W/$1.conf -f $W/$1.log
}
mac() { ip -n $1 -o link show ${wlan[$1]} | sed 's/.*ether \([^ ]*\).*/\1/'; }
connected() { wpa_cli -p $W/$1 -i ${wlan[$1]} status | grep -q '^wpa_state=COMPLETED'; }
ping1() { ip netns exec $1 ping -c1 -W1 -q $2; }
port_in() { ip -n $1 -o link show $2 | grep -q "master $3 "; }
join() { tell $1 "join $(mac $2) $(mac $1) 20 $3 $4 ${wlan[$1]}.$4"; }
sessions() {
	local a
	for a in apA apB; do
		while read -r ns where group; do
			tell $a "session $([ $where = apA ] && echo 1 || echo 2) $(mac $ns) $(mac $where) 20 $group"
		done <$W/live
		tell $a sessions
	done
}

cat >$W/keys <<K
vlanid=11 keyid=alice 00:00:00:00:00:00 alice-passphrase
vlanid=12 keyid=bob 00:00:00:00:00:00 bob-passphrase
K
ap apA 1 1
ap apB 6 2
check 'the agent makes br20 with the 802.1Q device of its uplink' port_in apA up0.20 br20
check 'and kf-none, before hostapd needs it' ip -n apB link show kf-none
check 'it learns the gateway behind the tag' within 5 grep -q 'gateway vlan=20' $W/apA.agent.log
sta s1 alice-passphrase 2412 10.9.20.11
check 's1 connects to A' within 25 connected s1
check 'hostapd puts its port into kf-none' within 5 port_in apA ${wlan[apA]}.11 kf-none
check 's1 reaches nobody yet' not ping1 s1 10.9.20.1
sta s2 bob-passphrase 2412 10.9.20.12
check 's2 (bob) connects to A' within 25 connected s2
sta s3 alice-passphrase 2437 10.9.20.13
check 's3 (alice) connects to B' within 25 connected s3
join apA s1 100 11
join apA s2 200 12
join apB s3 100 11
printf '%s\n' 's1 apA 100' 's2 apA 200' 's3 apB 100' >$W/live
sessions
check 'the agent moves the port into br20' within 5 port_in apA ${wlan[apA]}.11 br20
for s in s1 s2 s3; do check "$s reaches the gateway" within 5 ping1 $s 10.9.20.1; done
check 'alice on A reaches alice on B' within 3 ping1 s1 10.9.20.13
check 'alice does not reach bob on the same AP' not ping1 s1 10.9.20.12
check 'nor bob alice on the other AP' not ping1 s2 10.9.20.13
ip -n s1 route add 10.9.20.12/32 via 10.9.20.1
ip -n s2 route add 10.9.20.11/32 via 10.9.20.1
check 'nor by way of the gateway' not ping1 s1 10.9.20.12
check 'a group key rekey passes the rules' eval "hostapd_cli -p $W/apA -i ${wlan[apA]} raw REKEY_GTK; sleep 2; connected s1 && ping1 s1 10.9.20.1"
wpa_cli -p $W/s1 -i ${wlan[s1]} disconnect >/dev/null
check 'the AP_VLAN port goes with its last station' within 8 not ip -n apA link show ${wlan[apA]}.11
check 'and takes its elements along' within 3 not eval "ip netns exec apA nft list set bridge keyfob peer | grep ${wlan[apA]}.11"
wpa_cli -p $W/s1 -i ${wlan[s1]} reconnect >/dev/null
check 's1 comes back' within 25 connected s1
join apA s1 100 11
check 'into its group' within 5 ping1 s1 10.9.20.13
cp $W/*.log $W/*.said "$OUT" 2>/dev/null
echo "1..$n"
exit $((failed > 0))

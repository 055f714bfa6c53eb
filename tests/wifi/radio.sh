#!/bin/bash
# Inside the VM: two real access points (hostapd on hwsim radios, one key file), real stations,
# a switch, a gateway. hostapd puts each AP_VLAN port into kf-none; isolate_nft (drive) makes
# br20 with the 802.1Q device up0.20, moves the ports and isolates.
set -u
. tests/wifi/lab.sh
wired_side

ap() { # NS CHANNEL AGENT
	local ns=$1
	ap_box $ns
	mkfifo $W/$ns.in
	$OUT/drive $ns up0 $3 <$W/$ns.in >$W/$ns.said 2>$W/$ns.agent.log &
	eval "exec {fd}>$W/$ns.in"
	agent[$ns]=$fd
	tell $ns "vlan 20 listed prefix 10.9.20.0/24 gateway 10.9.20.1"
	tell $ns vlans
	ap_conf $ns $2 wpa_psk_file=$W/keys
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
check 'a group key rekey passes the rules' eval "hcli apA raw REKEY_GTK; sleep 2; connected s1 && ping1 s1 10.9.20.1"
wcli s1 disconnect >/dev/null
check 'the AP_VLAN port goes with its last station' within 8 not ip -n apA link show ${wlan[apA]}.11
check 'and takes its elements along' within 3 not eval "ip netns exec apA nft list set bridge keyfob peer | grep ${wlan[apA]}.11"
wcli s1 reconnect >/dev/null
check 's1 comes back' within 25 connected s1
join apA s1 100 11
check 'into its group' within 5 ping1 s1 10.9.20.13
finish

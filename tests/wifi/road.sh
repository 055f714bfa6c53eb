#!/bin/bash
# Inside the VM: the whole road on the air. A real portal (both roles) feeds two real agents; two
# real hostapd (2.11: wpa_psk_radius=3) know no key and ask their agent in the middle of the
# 4-way handshake; real stations come with passphrases of `keyfob psk add`. Each agent lives on
# its access point's host: RADIUS on the loopback, the portal over a management network.
set -u
. tests/wifi/lab.sh
hostapd=$1
BUILD=$(cd "$BUILD" && pwd)
D=$W/keyfob
secret=radius-secret-of-the-lab
mkdir -p $D/{state,run}
wired_side

# The portal, in the VM's own namespace.
cat >$D/keyfob.conf <<C
base_url http://127.0.0.1:8080
listen 127.0.0.1 8080
feed_url https://10.255.0.1:8443
feed_listen 10.255.0.1 8443
state_dir state
run_dir run
master_key_file master.key
workers 1
smtp_url smtp://127.0.0.1:9
smtp_tls none
mail_from wifi@example.test
org_name Lab
C
keyfob() { "$BUILD/keyfob" -c $D/keyfob.conf "$@"; }
key() { # NAME EMAIL [WORD...]: makes a key, notes its passphrase, id and group
	keyfob psk add --name $1 --email $2 --reveal "${@:3}" >$W/$1.key || return 1
	pass[$1]=$(sed -n 's/^passphrase //p' $W/$1.key)
	id[$1]=$(sed -n 's/^id //p' $W/$1.key)
	group[$1]=$(sed -n 's/^group //p' $W/$1.key)
}
declare -A pass id group
portal() { # ROLE
	"$BUILD/keyfob-portal" --role $1 -c $D/keyfob.conf >>$W/portal-$1.log 2>&1 &
	roles+=($!)
}
roles=()
listens() { ss -Hltn | grep -q "$1 "; }
ip link add mg0 type bridge
ip link set mg0 up
ip addr add 10.255.0.1/24 dev mg0
check 'keyfob init' keyfob init --ssid keyfob --vlan 20 --site HQ --prefix 10.9.20.0/24 \
	--gateway 10.9.20.1
check 'a key for alice' key alice alice@example.test
check 'another for her TV, in the same private network' \
	eval 'key tv alice@example.test && [ "${group[tv]}" = "${group[alice]}" ]'
check 'one for bob, in another' \
	eval 'key bob bob@example.test && [ "${group[bob]}" != "${group[alice]}" ]'
portal web
portal feed
check 'the portal listens' eval 'within 40 listens 127.0.0.1:8080 && within 40 listens 10.255.0.1:8443'

# The access points.
ap() { # NS CHANNEL N
	ap_box $1
	ip link add mg netns $1 type veth peer name $1.mg
	ip link set $1.mg master mg0 up
	ip -n $1 addr add 10.255.0.1$3/24 dev mg
	ip -n $1 link set mg up
	mkdir $D/$1-run
	echo $secret >$D/secret
	cat >$D/$1.conf <<C
state_dir $1-state
run_dir $1-run
seal_key_file $1-seal.key
radius_listen 127.0.0.1 1812
radius_client 127.0.0.1 $1 secret
vlan_attr slot
isolate nft
uplink up0
bss $(mac $1) ${wlan[$1]}
C
	keyfob agent code --site HQ | "$BUILD/keyfob-agent" enroll -c $D/$1.conf || return 1
	ip netns exec $1 "$BUILD/keyfob-agent" run -c $D/$1.conf >$W/$1.agent.log 2>&1 &
	within 20 fed $1
}
air() { # NS CHANNEL
	ap_conf $1 $2 wpa_psk_radius=3 own_ip_addr=127.0.0.1 nas_identifier=$1 \
		auth_server_addr=127.0.0.1 auth_server_port=1812 auth_server_shared_secret=$secret \
		acct_server_addr=127.0.0.1 acct_server_port=1813 acct_server_shared_secret=$secret
	ip netns exec $1 $hostapd -t -B -f $W/$1.log $W/$1.conf
}
agent() { ip netns exec $1 "$BUILD/keyfob-agent" $2 -c $D/$1.conf "${@:3}"; }
fed() { agent $1 status | grep -q '^feed  *live' && ip -n $1 link show kf-none; }
check 'an agent enrols and is fed on A' ap apA 1 1
check 'and on B' ap apB 6 2
check 'hostapd starts on A' air apA 1
check 'and on B' air apB 6

slot() { hcli $1 sta $(mac $2) | sed -n 's/^vlan_id=//p'; }
on_air() { # AP STATION: the port of its slot is in VLAN 20's bridge
	local s
	s=$(slot $1 $2)
	[ -n "$s" ] && port_in $1 ${wlan[$1]}.$s br20
}
why() { # AP STATION TEXT: what the agent says of it
	agent $1 why $(mac $2)
	agent $1 why $(mac $2) | grep -q "$3"
}
hears() { # NS: collects what comes for its port 5353 by multicast or broadcast
	local addr
	addr=$(ip -n $1 -4 -o addr show dev ${wlan[$1]} | sed 's/.*inet \([^/]*\).*/\1/')
	ip -n $1 route add 224.0.0.0/4 dev ${wlan[$1]}
	ip netns exec $1 socat -u UDP4-RECV:5353,reuseaddr,ip-add-membership=224.0.0.251:$addr \
		OPEN:$W/$1.heard,creat,append &
}
cast() { # NS ADDRESS TEXT
	echo "$3" | ip netns exec $1 socat -u - UDP4-DATAGRAM:$2:5353,broadcast
}
heard() { grep -q "$2" $W/$1.heard; }
joins() { # STATION AP KEY: it connects, by this key, into its slot
	check "$1 connects to $2 with the key $3" within 30 connected $1
	check "the agent knows it by that key" within 5 why $2 $1 "on the air: key ${id[$3]}"
	check "and its port moves from kf-none into br20" within 5 on_air $2 $1
}

sta s1 ${pass[alice]} 2412 10.9.20.11
joins s1 apA alice
sta s2 ${pass[bob]} 2412 10.9.20.12
joins s2 apA bob
sta s3 ${pass[tv]} 2412 10.9.20.13
joins s3 apA tv
sta s4 ${pass[alice]} 2437 10.9.20.14
joins s4 apB alice
check 'two keys of one person share a slot' [ "$(slot apA s1)" = "$(slot apA s3)" ]
check 'two persons do not' [ "$(slot apA s1)" != "$(slot apA s2)" ]
for s in s1 s2 s3 s4; do
	hears $s
	check "$s reaches the gateway" within 5 ping1 $s 10.9.20.1
done
check 'alice reaches her TV on the same AP' within 3 ping1 s1 10.9.20.13
check 'and her laptop on the other' within 3 ping1 s1 10.9.20.14
check 'not bob on the same AP' not ping1 s1 10.9.20.12
check 'nor bob her on the other' not ping1 s2 10.9.20.14
both() { heard s3 $1 && heard s4 $1; }
cast s1 224.0.0.251 hello-multicast
check "alice's multicast reaches her devices on both APs" within 3 both hello-multicast
cast s1 10.9.20.255 hello-broadcast
check 'and her broadcast' within 3 both hello-broadcast
sleep 1
check 'bob hears neither' not heard s2 hello
cast s2 224.0.0.251 from-bob
sleep 2
check 'nobody of hers hears bob' not grep -q from-bob $W/s1.heard $W/s3.heard $W/s4.heard

agrees() { # AP KIND: hostapd took every answer it got, without asking twice
	hcli $1 mib | grep "^radius$2"
	hcli $1 mib | grep -q "^radius$2\(Responses\|AccessAccepts\)=[1-9]" &&
		! hcli $1 mib | grep "^radius$2.*\(BadAuthenticators\|Malformed.*\|Retransmissions\|Timeouts\|PacketsDropped\)=[1-9]"
}
check "hostapd's own counters: no answer of RADIUS was bad, late or lost" agrees apA AuthClient
check 'nor of accounting' agrees apA AccClient

sta s5 wrong-passphrase 2412 10.9.20.15
check 'a wrong passphrase is rejected' within 20 why apA s5 'no valid key fits'
sleep 3
check 'and does not get in' not connected s5

# A key that ends. hostapd knows when, by Session-Timeout.
check 'a key for a guest, good for 40 s' key guest guest@example.test --expires 40s
sta_key s5 "${pass[guest]}" 2412
wcli s5 reconfigure >/dev/null
check 's5 connects with it' within 30 connected s5
check 'hostapd puts it off the air when it ends' within 50 not connected s5
sleep 3
check 'and it does not come back' not connected s5
check 'the agent says why' why apA s5 'no valid key fits'

# A key that is revoked.
check 'bob is still there' ping1 s2 10.9.20.1
check 'his key is revoked' keyfob psk revoke ${id[bob]}
check 'he reaches nobody within 3 s' within 3 not ping1 s2 10.9.20.1
check 'his port is back in kf-none' within 3 port_in apA ${wlan[apA]}.$(slot apA s2) kf-none
ip netns exec gw socat -u EXEC:'echo to-everybody' UDP4-DATAGRAM:10.9.20.255:5353,broadcast
check 'alice hears the gateway' within 3 heard s1 to-everybody
check 'he does not any more' not heard s2 to-everybody
check 'hostapd keeps the association: nobody has told it' connected s2
hcli apA deauthenticate $(mac s2) >/dev/null
check 'put off the air, he is rejected' within 20 why apA s2 'no valid key fits'
sleep 3
check 'and does not get in again' not connected s2
check 'alice has not noticed' ping1 s1 10.9.20.14

# The portal away.
kill "${roles[@]}"
wait "${roles[@]}"
check 'the portal is stopped' not listens 10.255.0.1:8443
wcli s1 disconnect >/dev/null
check 's1 goes, and accounting tells the agent' within 5 why apA s1 'it went off the air'
wcli s1 reconnect >/dev/null
joins s1 apA alice
check 'it reaches the gateway' within 5 ping1 s1 10.9.20.1
check 'and its own on the same AP' within 3 ping1 s1 10.9.20.13
check 'but not bob' not ping1 s1 10.9.20.12
for a in apA apB; do agent $a status >$W/$a.status.log; done
finish

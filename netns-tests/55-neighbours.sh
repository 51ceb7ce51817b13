#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What else runs on the machine is unharmed: containers behind a bridge with NAT,
# as Docker makes them, reach the network and are reached while the gateway comes,
# runs and goes; a user's own policy routing goes on to decide.
#
#  box 172.17.0.2 -- docker0 172.17.0.1 cloud up0 -- 192.0.2.1 relay
#  client -- pub0 cloud, published port 8081 -> 172.17.0.2:80
#  from 203.0.113.2 to 192.0.2.200: by the user's table 77, beside the main one

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# box_up: a container and its bridge, and what Docker does for it
box_up() {
	ip netns add "$NS-box"
	WHERE="$WHERE box"
	ip -n "$NS-box" link set lo up
	ip -n "$NS-cloud" link add docker0 type bridge
	ip -n "$NS-cloud" address add 172.17.0.1/16 dev docker0
	ip -n "$NS-cloud" link set docker0 up
	ip link add eth0 netns "$NS-box" type veth peer name veth7 \
		netns "$NS-cloud"
	ip -n "$NS-cloud" link set veth7 master docker0 up
	ip -n "$NS-box" address add 172.17.0.2/16 dev eth0
	ip -n "$NS-box" link set eth0 up
	ip -n "$NS-box" route add default via 172.17.0.1
	at cloud sysctl -q -w net.ipv4.ip_forward=1
	at cloud nft -f "$TOP/tests/foreign/docker.nft"
	at cloud nft -f - <<-END
		table ip nat {
			chain PREROUTING {
				type nat hook prerouting priority dstnat;
				fib daddr type local counter jump DOCKER
			}
		}
	END
	# What Docker's forward policy needs of a gateway's operator.
	at cloud nft add rule ip filter DOCKER-USER iifname '"rt0"' accept
	at cloud nft add rule ip filter DOCKER-USER oifname '"rt0"' accept
	spawn box web2 python3 "$HERE/lib/tell.py" serve 172.17.0.2 80
}

# neighbours WHEN: all of it works.
neighbours() {
	at box ping -q -c 1 -W 2 192.0.2.1 >>"$DIR/log/ping.log" ||
		fail "$1: the container does not reach the network"
	expect "$1: published port" "$(told edge.test 8081 tcp)" \
		"203.0.113.2 172.17.0.2 80"
	expect "$1: the user's table" "$(at cloud ip -j route get 192.0.2.200 \
		from 203.0.113.2 iif pub0 | jq -r '.[0].dev')" docker0
	expect "$1: rules" "$(at cloud ip rule show | grep -c 'lookup 77')" 1
}

topo_up
services_up web
box_up
ip -n "$NS-cloud" rule add from 203.0.113.2 to 192.0.2.200 lookup 77
ip -n "$NS-cloud" route add 192.0.2.200/32 dev docker0 table 77
wait_for 5 grep -q ready "$DIR/log/web2.log" || fail "no container"
neighbours "before"
at cloud nft -s list table ip nat >"$DIR/nat-before"
tunnel_up
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
neighbours "beside the gateway"
wait_for $LOOK_S eval '[ "$(status_json cloud ".warnings | length")" = 0 ]' ||
	fail "warnings: $(status_json cloud .warnings)"

# A container comes and goes: bridges and links change all the time.
for i in 1 2 3; do
	ip -n "$NS-cloud" link add "veth9$i" type veth peer name "veth8$i"
	ip -n "$NS-cloud" link set "veth9$i" master docker0 up
	ip -n "$NS-cloud" link del "veth9$i"
done
kill -HUP "$(steward_pid cloud)"
wait_for 5 grep -q event=reloaded "$DIR/log/edge-1.log" || fail "no reload"
neighbours "after a reload"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
! grep -q event=restored "$DIR/log/edge-1.log" ||
	fail "others' doings are taken for attacks: $(grep restored "$DIR/log/edge-1.log")"
gateway_down cloud INT || fail "exit code"
neighbours "afterwards"
at cloud nft -s list table ip nat >"$DIR/nat-after"
expect_file "the neighbour's table" "$DIR/nat-after" "$DIR/nat-before"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway switches forwarding on for its own flows; a machine that did not
# forward before forwards nothing else, also on an interface that came later.
#
#  client -- routed to 192.0.2.1 --> cloud  -X- up0 -- relay
#  lan ----- routed to 198.18.0.1 -> onprem -X- up0 -- relay
#
# Then the owner of the cloud gateway's machine makes it a router: so it is, at
# once, and stays one when the gateway is removed.  At the site the rule is taken
# away, and the same packets are seen at the relay.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# passes_not WHERE ADDRESS WHAT
passes_not() {
	! at "$1" ping -c 2 -i 0.2 -W 1 "$2" >>"$DIR/log/ping.log" ||
		fail "$3: $2 answers"
	expect "packets at the relay, $3" "$(seen relay probes)" 0
}

# passes WHERE ADDRESS: a packet gets to the relay.
passes() {
	at "$1" ping -c 1 -W 1 "$2" >>"$DIR/log/ping.log" || :
	(($(seen relay probes) > 0))
}

# forwards WHERE DEV
forwards() {
	[ "$(at "$1" sysctl -n "net.ipv4.conf.$2.forwarding")" = 1 ]
}

topo_up
services_up web
tunnel_up
watch relay
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

ip -n "$NS-client" route add 192.0.2.0/24 via 203.0.113.1
watch_for relay ip saddr 203.0.113.2
passes_not client 192.0.2.1 "through the cloud gateway"

cable client eth1 203.0.114.2/24 cloud pub1 203.0.114.1/24
wait_for 5 forwards cloud pub1 || fail "a new interface does not forward"
ip -n "$NS-client" route replace 192.0.2.0/24 via 203.0.114.1
watch_for relay ip saddr 203.0.114.2
passes_not client 192.0.2.1 "through a new interface"
expect "page through a new interface" \
	"$(at client curl -fsS -m 5 http://203.0.114.1:8080/)" "$WEB_TEXT"

at cloud sysctl -q -w net.ipv4.ip_forward=1
wait_for 5 passes client 192.0.2.1 || fail "a router does not forward"
expect "page through a router" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
at cloud sysctl -q -w net.ipv4.ip_forward=0
wait_for 5 forwards cloud pub0 || fail "forwarding is off for the gateway"
watch_for relay ip saddr 203.0.114.2
passes_not client 192.0.2.1 "through what is no router any more"
at cloud sysctl -q -w net.ipv4.ip_forward=1

ip -n "$NS-lan" route add 198.18.0.0/24 via 10.1.0.1
watch_for relay ip saddr 10.1.0.0/24
passes_not lan 198.18.0.1 "through the site gateway"
steward_sleeps onprem
at onprem nft flush set inet relaytun_oslo-a opened
passes lan 198.18.0.1 || fail "nothing passes without the rule either"

gateway_down cloud INT || fail "exit code after SIGINT"
forwards cloud pub0 || fail "the router does not forward any more"
steward_wakes onprem
gateway_down onprem INT || fail "exit code after SIGINT"
! forwards onprem lan0 || fail "the site gateway forwards for ever"

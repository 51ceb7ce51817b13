#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A flow of the tunnel never leaves beside it: when the route into the TUN is
# gone and another one takes its packets, they are dropped, at both ends, also
# those of the gateway's own programs.
#
#  client -- cloud -X- up0 -- relay -- up0 -X- onprem -- lan
#
# At last the rules are taken away, and the same packets are seen at the relay:
# that shows that they would have left.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# no_page WHERE ADDRESS: nobody answers there.
no_page() {
	! at "$1" curl -sS -o "$DIR/page" -m 1 "http://$2:8080/" \
		2>>"$DIR/log/curl.log" || fail "a page without the tunnel"
}

# none_seen WHAT: the relay has seen no packet that it should not.
none_seen() {
	expect "packets that left beside the tunnel, $1" \
		"$(seen relay probes)" 0
}

topo_up
services_up web
tunnel_up
watch relay
ip -n "$NS-cloud" route add default via 192.0.2.1
ip -n "$NS-onprem" route add default via 198.18.0.1
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

watch_for relay ip daddr 10.1.0.0/24
steward_sleeps cloud
ip -n "$NS-cloud" route del 10.1.0.0/24 dev rt0
no_page client 203.0.113.1
none_seen "from the client"
no_page cloud 203.0.113.1
none_seen "from the gateway itself"
at cloud nft flush chain inet relaytun_edge-1 forward
at cloud nft flush chain inet relaytun_edge-1 egress
no_page client 203.0.113.1
(($(seen relay probes) > 0)) || fail "the relay sees nothing without rules"

steward_wakes cloud
gateway_down cloud TERM
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up again"
expect "page after a restart" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

watch_for relay ip daddr 100.64.0.0/24
steward_sleeps onprem
ip -n "$NS-onprem" route del 100.64.0.1 dev rt0
no_page client 203.0.113.1
none_seen "from the LAN"
at onprem nft "flush chain inet relaytun_oslo-a forward
	add rule inet relaytun_oslo-a forward iifname \"rt0\" goto from_tun"
at onprem nft flush chain inet relaytun_oslo-a egress
no_page client 203.0.113.1
(($(seen relay probes) > 0)) || fail "the relay sees nothing without rules"

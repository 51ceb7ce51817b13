#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A site with two gateways.  Flows are spread over both and each stays with its
# own, which has its connection tracking: also datagrams of 8,000 bytes of either
# family, whose fragments must not part.  When one gateway goes, only its flows suffer, and new
# ones begin at once; when the relay restarts, none does.
#
#                     +-- oslo-a 198.18.0.2 -- 10.1.0.1 --+
#  client -- edge-1 --+                                   +-- 10.1.0.7 echo
#                     +-- oslo-b 198.18.1.2 -- 10.1.9.1 --+

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

WHERE+=" onprem2"
GATEWAY[onprem2]=oslo-b
KEY[onprem2]=listen

# carried GATEWAY: packets that edge-1 sent to it
carried() {
	status_json cloud ".peers[] | select(.name == \"$1\") | .up.packets"
}

# at_oslo_b: connections that go through it
at_oslo_b() {
	at lan ss -Htn state established 'src 10.1.0.7:7 and dst 10.1.9.1' |
		wc -l
}

SERVICES+="
echo-udp6 udp/7 [fd00:1::7]:7
"

topo_up
cable relay site1 198.18.1.1/24 onprem2 up0 198.18.1.2/24
cable onprem2 lan0 10.1.9.1/24 lan eth1 10.1.9.5/24
ip -n "$NS-onprem2" route add 192.0.2.1 via 198.18.1.1
ip -n "$NS-onprem2" route add 10.1.0.0/24 via 10.1.9.5
topo_v6
ip -n "$NS-onprem2" address add fd00:2::1/64 dev lan0 nodad
ip -n "$NS-lan" address add fd00:2::5/64 dev eth1 nodad
ip -n "$NS-onprem2" route add fd00:1::/64 via fd00:2::5
spawn lan echo6 python3 "$HERE/lib/echo.py" serve fd00:1::7 7
services_up echo
configure
write_gateway onprem2
sed -i 's|"10.1.0.0/24"|&, "fd00:1::/64"|; s|"100.64.0.1"|&, "fd64:1::1"|
	s|"100.64.0.11"|&, "fd64:1::11"|
	s|  { name = "oslo-a"|  { name = "oslo-b"; role = "site"; site = "oslo"; \
	address = [ "100.64.0.12", "fd64:1::12" ]; relays = ( "wss://relay.test/oslo-b" ); },\n&|' \
	"$DIR/policy.cfg"
sed 's|^connections.*||; s|^);||; s|"oslo-a"|"oslo-b"|' "$DIR/relay.cfg" |
	sed -n '/path/,$p' >"$DIR/path"
sed -i -e "s|^connections = (|&\n$(tr '\n' ' ' <"$DIR/path"), |" "$DIR/relay.cfg"
relay_up
gateway_up onprem
gateway_up onprem2
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"

flows_begin 60 3
strays=$(at_oslo_b)
((strays > 10 && strays < 50)) || fail "$strays of 60 flows go by oslo-b"
ended flows 60 || fail "connections broke: $(cat "$DIR/log/flows.log")"

for where in edge.test 2001:db8:c::1; do
	before_a=$(carried oslo-a) before_b=$(carried oslo-b)
	at client python3 "$HERE/lib/echo.py" large $where 7 40 8000 ||
		fail "$where: fragments of a datagram went apart"
	(($(carried oslo-a) > before_a && $(carried oslo-b) > before_b)) ||
		fail "$where: one gateway took all: the test proves nothing"
done

# The relay restarts: connections wait for their own gateway.
flows_begin 60 8
relay_down KILL
relay_up
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up again"
ended flows 60 ||
	fail "a relay's restart broke connections: $(cat "$DIR/log/flows.log")"
expect "resets on the client's link" "$(seen client resets)" 0

# One gateway goes: the other's flows notice nothing.
flows_begin 60 6
strays=$(at_oslo_b)
gateway_down onprem2
for _ in 1 2 3 4 5 6 7 8; do
	ask tcp || fail "a new connection meets the gateway that is gone"
done
! ended flows 60 || fail "oslo-b had no flow: the test proves nothing"
dead=$(sed -n 's/^dead \([0-9]*\).*/\1/p' "$DIR/log/flows.log")
((dead <= strays)) || fail "$dead flows broke, only $strays were oslo-b's"

# It is back: it takes new flows.
gateway_up onprem2
wait_for $DIAL_S tunnel_is_up || fail "oslo-b does not come back"
flows_begin 60 1
(($(at_oslo_b) > 10)) || fail "oslo-b gets no flows any more"
ended flows 60 || fail "connections broke: $(cat "$DIR/log/flows.log")"

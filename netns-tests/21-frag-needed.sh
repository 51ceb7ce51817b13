#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No black hole behind the site: a router of the LAN, whose address is in none of
# the site's networks, has a narrow link behind it.  What it says about a packet
# that is too big reaches the client, although nothing else from its address
# would pass the tunnel.
#
#  client =tunnel=> oslo-a -- 172.20.0.1 router == MTU 1300 == 10.1.0.133

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

WHERE+=" router inner"
SERVICES+="
inner tcp/9001 10.1.0.133:9000
"

topo_up
cable onprem lan1 172.20.0.254/24 router out0 172.20.0.1/24
cable router in0 172.20.1.1/24 inner eth0 172.20.1.2/24
ip -n "$NS-router" address add 172.20.0.1/32 dev in0
ip -n "$NS-router" route add 10.1.0.133 via 172.20.1.2
ip -n "$NS-inner" address add 10.1.0.133/32 dev eth0
ip -n "$NS-inner" route add default via 172.20.1.1
ip -n "$NS-onprem" route add 10.1.0.133 via 172.20.0.1
ip -n "$NS-router" link set in0 mtu 1300
at router sysctl -q -w net.ipv4.ip_forward=1
ip -n "$NS-cloud" route add default via 192.0.2.1
spawn inner inner python3 "$HERE/lib/stream.py" serve 10.1.0.133 9000
tunnel_up
wait_for 10 at client python3 "$HERE/lib/stream.py" run edge.test 9001 --up 1 ||
	fail "the inner host cannot be reached"

at client timeout 60 python3 "$HERE/lib/stream.py" run edge.test 9001 \
	--up 5000000 >"$DIR/log/narrow.log" ||
	fail "a narrow link behind a router stops TCP"
at client ip route get 203.0.113.1 | said 'mtu 1300' ||
	fail "the client did not learn the MTU of the narrow link"
expect "resets on the client's link" "$(seen client resets)" 0

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ICMP errors find their way back to the client through the tunnel and both
# address translations: port unreachable, time exceeded, and fragmentation
# needed, on which path MTU discovery lives.
#
#  client <-- port unreachable ------- 10.1.0.7, where nobody listens
#  client <-- time exceeded ---------- oslo-a, the router before the LAN
#  client <-- fragmentation needed --- oslo-a, before a link with MTU 1300

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"

topo_up
services_up echo stream
tunnel_up

expect "datagram to a closed port" \
	"$(at client python3 "$HERE/lib/echo.py" refused edge.test 9999)" \
	refused

# Gateways are the only routers on the way; plain forwarding has one more.
expect_match "datagram that expires on its way" \
	"$(at client python3 "$HERE/lib/echo.py" expired edge.test 7 \
		$((PLAIN ? 3 : 2)))" "^expired at "

# A narrow link in the LAN: the client's TCP has to learn of it.
ip -n "$NS-onprem" link set lan0 mtu 1300
stream --up 5000000 >"$DIR/log/narrow.log" || fail "a narrow link stops TCP"
at client ip route get 203.0.113.1 | said 'mtu 1300' ||
	fail "the client did not learn the MTU of the narrow link"
expect "resets on the client's link" "$(seen client resets)" 0

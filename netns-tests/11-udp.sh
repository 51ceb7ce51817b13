#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A DNS server of the LAN answers through a public UDP port, which is bound to
# one of the gateway's addresses; large datagrams pass in fragments.
#
#  client -- 198.51.100.7:53/udp =tunnel=> oslo-a -- 10.1.0.2:53 dnsmasq

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"

topo_up
services_up dns echo
tunnel_up

expect "address by DNS" "$(resolve intranet.oslo.test)" 10.1.0.5
ask udp || fail "no echo over UDP"

# A hundred exchanges, none lost.
at client python3 "$HERE/lib/echo.py" rtt edge.test 7 udp 100 >"$DIR/rtt" \
	2>"$DIR/log/rtt.log" || fail "no exchange"
expect "datagrams that were lost" "$(cat "$DIR/log/rtt.log")" ""

# The port belongs to 198.51.100.7 alone.
[ -n "$PLAIN" ] ||
	! at client dig +time=1 +tries=1 @203.0.113.1 intranet.oslo.test \
		>/dev/null || fail "DNS answers at an address it is not bound to"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A site whose network overlaps another's is known by its alias: services and
# routes reach it, both families, ICMP errors find back, and path MTU discovery
# works.  The cloud gateway itself has a network with the site's own addresses.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

write_policy() {
	policy_head v6 >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = [ "10.1.0.0/24", "fd00:1::/64" ];
		alias = [ "100.80.1.0/24", "fd80:1::/64" ];
		services = (
		  { name = "seven"; public = "tcp/7000"; target = "10.1.0.7:7000"; },
		  { name = "six"; public = "tcp/7000"; target = "[fd00:1::7]:7000"; },
		  { name = "stream"; public = "tcp/9000"; target = "10.1.0.7:9000"; },
		  { name = "closed"; public = "udp/9999"; target = "10.1.0.7:9999"; }
		);
		routes = ( { to = "10.1.0.0/24"; allow = [ "tcp/7001", "icmp" ]; },
		           { to = "fd00:1::/64"; allow = [ "tcp/7001", "icmp" ]; } );
		} );
	END
}

topo_up
topo_v6
tell_up seven 10.1.0.7 7000-7002
tell_up six fd00:1::7 7000-7002
services_up stream
cable cloud own0 10.1.0.1/24 relay own1 10.1.0.7/24
ip -n "$NS-client" route add 100.80.1.0/24 via 203.0.113.1
ip -n "$NS-client" route add fd80:1::/64 via 2001:db8:c::1
tunnel_up

expect "service" "$(told edge.test 7000 tcp)" "10.1.0.1 10.1.0.7 7000"
expect "service, IPv6" "$(told 2001:db8:c::1 7000 tcp)" \
	"fd00:1::1 fd00:1::7 7000"
expect "route" "$(told 100.80.1.7 7001 tcp)" "10.1.0.1 10.1.0.7 7001"
expect "route, IPv6" "$(told fd80:1::7 7001 tcp)" "fd00:1::1 fd00:1::7 7001"
silent "port that no route allows" 100.80.1.7 7002 tcp
at client ping -q -c 1 -W 2 100.80.1.7 >/dev/null || fail "no ping"
at client ping -q -c 1 -W 2 fd80:1::7 >/dev/null || fail "no ping, IPv6"
expect "datagram to a closed port" \
	"$(at client python3 "$HERE/lib/echo.py" refused edge.test 9999)" refused
ip -n "$NS-onprem" link set lan0 mtu 1300
stream --up 1000000 >"$DIR/log/narrow.log" || fail "a narrow link stops TCP"
at client ip route get 203.0.113.1 | said 'mtu 1300' ||
	fail "the client did not learn the MTU of the narrow link"

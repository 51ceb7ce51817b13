#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# IPv6 goes the way IPv4 goes: public ports of every own address and of one, TCP
# and UDP, ping between gateways, ICMP errors; what is not listed is refused at
# both ends; and a gateway without an IPv6 address lets none in.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

write_policy() {
	policy_head v6 >"$1"
	cat >>"$1" <<-END
		sites = (
		  { name = "oslo"; networks = [ "10.1.0.0/24", "fd00:1::/64" ];
		    services = (
		      { name = "any"; public = "tcp/7000"; target = "[fd00:1::7]:7000"; },
		      { name = "any4"; public = "tcp/7000"; target = "10.1.0.7:7000"; },
		      { name = "any-udp"; public = "udp/7000"; target = "[fd00:1::7]:7000"; },
		      { name = "one"; public = "[2001:db8::7]:tcp/7000";
		        target = "[fd00:1::7]:7001"; },
		      { name = "closed"; public = "udp/9999"; target = "[fd00:1::7]:9999"; }
		    ); }
		);
	END
}

topo_up
topo_v6
tell_up six fd00:1::7 7000-7002
tell_up four 10.1.0.7 7000
tunnel_up

expect "any own address" "$(told 2001:db8:c::1 7000 tcp)" \
	"fd00:1::1 fd00:1::7 7000"
expect "IPv4 beside it" "$(told 203.0.113.1 7000 tcp)" "10.1.0.1 10.1.0.7 7000"
expect "UDP" "$(told 2001:db8:c::1 7000 udp)" "fd00:1::1 fd00:1::7 7000"
expect "one address before every own" "$(told 2001:db8::7 7000 tcp)" \
	"fd00:1::1 fd00:1::7 7001"
silent "what is not listed" 2001:db8:c::1 7002 tcp
expect "from the gateway itself" "$(at cloud python3 "$HERE/lib/tell.py" ask \
	2001:db8:c::1 7000 tcp)" "fd00:1::1 fd00:1::7 7000"
expect "datagram to a closed port" \
	"$(at client python3 "$HERE/lib/echo.py" refused 2001:db8:c::1 9999)" \
	refused
at cloud ping -q -c 1 -W 2 fd64:1::11 >/dev/null || fail "gateways cannot ping"

# Routed, both ways, past the public ports: refused at either end.
ip -n "$NS-client" route add fd00:1::/64 via 2001:db8:c::1
ip -n "$NS-lan" route add 2001:db8:c::/64 via fd00:1::1
tun_quiet cloud
before=$(tun_packets cloud tx)
silent "routed to the LAN" fd00:1::7 7000 tcp
expect "packets in the TUN" "$(tun_packets cloud tx)" "$before"
tun_quiet onprem
before=$(tun_packets onprem tx)
! at lan ping -c 1 -W 1 fd64:1::1 >/dev/null || fail "the LAN pings the cloud"
expect "packets in the site's TUN" "$(tun_packets onprem tx)" "$before"

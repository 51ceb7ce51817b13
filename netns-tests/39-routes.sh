#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Routes: hosts whose next hop is the cloud gateway reach what `allow` says, from
# where `from` says; with the gateway's address, or unchanged with nat = false.
# Neither end lets through anything else.
#
#  203.0.113.2  --> 10.1.0.0/25 tcp/7000, ping      as the gateway
#  203.0.113.64/26 --> 10.1.0.9 tcp, udp/7000-7001  unchanged

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

write_policy() {
	policy_head >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24";
		services = ( { name = "seven"; public = "tcp/7002"; target = "10.1.0.7:7002"; } );
		routes = (
		  { name = "plain"; to = "10.1.0.0/25"; allow = [ "tcp/7000", "icmp" ];
		    from = "203.0.113.0/28"; },
		  { name = "kept"; to = "10.1.0.9/32"; allow = [ "tcp/7001", "udp/7000-7001" ];
		    nat = false; via = "edge-1"; from = "203.0.113.64/26"; }
		); } );
	END
}

topo_up
tell_up seven 10.1.0.7 7000-7002
tell_up nine 10.1.0.9 7000-7002
ip -n "$NS-client" address add 203.0.113.77/24 dev eth0
ip -n "$NS-client" route add 10.1.0.0/24 via 203.0.113.1
ip -n "$NS-lan" route add 203.0.113.64/26 via 10.1.0.1
tunnel_up

expect "allowed" "$(told 10.1.0.7 7000 tcp)" "10.1.0.1 10.1.0.7 7000"
expect "inner prefix, by the outer route" "$(told 10.1.0.9 7000 tcp)" \
	"10.1.0.1 10.1.0.9 7000"
at client ping -q -c 1 -W 2 -I 203.0.113.2 10.1.0.7 >/dev/null || fail "no ping"
expect "unchanged" "$(told 10.1.0.9 7001 tcp 203.0.113.77)" \
	"203.0.113.77 10.1.0.9 7001"
expect "unchanged, UDP" "$(told 10.1.0.9 7000 udp 203.0.113.77)" \
	"203.0.113.77 10.1.0.9 7000"
expect "service beside it" "$(told edge.test 7002 tcp 203.0.113.77)" \
	"10.1.0.1 10.1.0.7 7002"

tun_quiet cloud
before=$(tun_packets cloud tx)
silent "port" 10.1.0.7 7001 tcp
silent "protocol" 10.1.0.7 7000 udp
silent "source" 10.1.0.7 7000 tcp 203.0.113.77
silent "source of another route" 10.1.0.9 7001 tcp 203.0.113.2
! at client ping -c 1 -W 1 -I 203.0.113.77 10.1.0.9 >/dev/null ||
	fail "a ping that is not allowed"
expect "packets in the TUN" "$(tun_packets cloud tx)" "$before"

# What came out of the tunnel does not go back into it.
expect_match "decision" "$(at cloud "$RELAYTUN" trace -c "$DIR/edge-1.cfg" \
	--from 10.1.0.9 plain | tail -n 1 || :)" \
	'^decision +dropped by .*chain to_tun, .*: sites reach no other sites$'

# The site does not take the cloud's word.
at cloud nft insert rule inet relaytun_edge-1 to_tun ip daddr 10.1.0.0/24 \
	ct state new ct mark set 1 accept
at cloud nft insert rule inet relaytun_edge-1 postrouting \
	ip saddr 203.0.113.77 return
wire=$(seen lan arrived)
silent "source, at the site" 10.1.0.7 7000 tcp 203.0.113.77
silent "port, at the site" 10.1.0.9 7002 tcp 203.0.113.77
expect "packets that arrived in the LAN" "$(seen lan arrived)" "$wire"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `from` lets in whom it lists and nobody else; who is kept out reaches neither the
# target nor a program of the gateway that listens at the same port.  And what
# merely passes through the gateway is no public port's.
#
#  203.0.113.2 (listed), 203.0.113.77 (not) --> tcp/7000, udp/7000

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# With these a list is too long to stand in the rule itself (nft_set.c).
OTHERS='"198.51.100.0/24"'
for i in $(seq 1 2 39); do
	OTHERS+=", \"192.0.2.$i\""
done

write_policy() {
	policy_head >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24"; services = (
		  { name = "listed"; public = "tcp/7000"; target = "10.1.0.7:7000";
		    from = [ "203.0.113.0/28", $OTHERS ]; },
		  { name = "listed-udp"; public = "udp/7000"; target = "10.1.0.7:7000";
		    from = [ $OTHERS, "203.0.113.0/28" ]; },
		  { name = "few"; public = "tcp/7002"; target = "10.1.0.7:7002";
		    from = [ "198.51.100.0/24", "203.0.113.0/28" ]; },
		  { name = "all"; public = "tcp/7001"; target = "10.1.0.7:7001"; }
		); } );
	END
}

# dropped: packets that the services' chains kept out
dropped() {
	at cloud nft -j list table inet relaytun_edge-1 | jq '[.nftables[].rule |
		select(. and (.chain | startswith("svc_"))) | .expr |
		select(.[-1] == {"drop": null}) |
		.[].counter?.packets | select(.)] | add'
}

topo_up
tell_up seven 10.1.0.7 7000-7002
ip -n "$NS-client" address add 203.0.113.77/24 dev eth0
# A program of the gateway's own, at the same port.
spawn cloud own python3 "$HERE/lib/tell.py" serve 203.0.113.1 7000
wait_for 10 grep -q ready "$DIR/log/own.log" || fail "nothing listens there"
tunnel_up

expect "listed" "$(told edge.test 7000 tcp 203.0.113.2)" "10.1.0.1 10.1.0.7 7000"
expect "listed, UDP" "$(told edge.test 7000 udp 203.0.113.2)" \
	"10.1.0.1 10.1.0.7 7000"
expect "dropped before" "$(dropped)" 0
tun_quiet cloud
tun=$(tun_packets cloud tx)
silent "not listed" edge.test 7000 tcp 203.0.113.77
silent "not listed, UDP" edge.test 7000 udp 203.0.113.77
expect "packets in the TUN" "$(tun_packets cloud tx)" "$tun"
expect "one of a few" "$(told edge.test 7002 tcp)" "10.1.0.1 10.1.0.7 7002"
silent "none of a few" edge.test 7002 tcp 203.0.113.77
(($(dropped) >= 3)) || fail "nothing was counted as dropped"
expect "without from" "$(told edge.test 7001 tcp 203.0.113.77)" \
	"10.1.0.1 10.1.0.7 7001"
expect "sets of the two long lists" "$(at cloud nft list sets inet |
	grep -c 'set from_')" 1

# Transit: the gateway is the next hop to another machine's port 7001.
at cloud sysctl -q -w net.ipv4.ip_forward=1
ip -n "$NS-client" route add 192.0.2.0/24 via 203.0.113.1
ip -n "$NS-relay" route add 203.0.113.0/24 via 192.0.2.2
spawn relay other python3 "$HERE/lib/tell.py" serve 192.0.2.1 7001
wait_for 10 grep -q ready "$DIR/log/other.log" || fail "nothing listens there"
expect "what passes through" "$(told 192.0.2.1 7001 tcp)" \
	"203.0.113.2 192.0.2.1 7001"

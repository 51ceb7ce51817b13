#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A reload ends flows of every kind that is not allowed any more: IPv6, to an alias,
# the gateway's own, routed with the gateway's address and with their own; and none that goes on under
# another name.  Entries that bear the same marks and are none of ours stay.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need conntrack

# policy NAME [MORE]: with a service of that name that stays
policy() {
	policy_head v6
	cat <<-END
		sites = ( { name = "oslo"; networks = [ "10.1.0.0/24", "fd00:1::/64" ];
		alias = [ "100.80.1.0/24", "fd80:1::/64" ];
		services = (
		  { name = "$1"; public = "tcp/7000"; target = "[fd00:1::7]:7000"; }
		  ${2:-}
		);
		routes = ( { name = "pings"; to = "10.1.0.0/24"; allow = "icmp"; } ${3:-} ); } );
	END
}

write_policy() {
	policy stays ', { name = "six"; public = "tcp/7001"; target = "[fd00:1::7]:7001"; },
		  { name = "six-udp"; public = "udp/7001"; target = "[fd00:1::7]:7001"; },
		  { name = "four"; public = "tcp/7001"; target = "10.1.0.7:7001"; }' \
		', { name = "plain"; to = "10.1.0.7"; allow = "tcp/7002"; },
		   { name = "kept"; to = "10.1.0.7"; allow = "tcp/7003"; nat = false;
		     via = "edge-1"; from = "203.0.113.0/24"; }' >"$1"
}

# hold NAME HOST PORT PROTO: a flow that is held
hold() {
	local name=$1
	shift
	spawn client "$name" python3 "$HERE/lib/tell.py" hold "$@"
	wait_for 5 grep -q open "$DIR/log/$name.log" || fail "$name does not open"
}

topo_up
topo_v6
tell_up seven 10.1.0.7 7001-7003
tell_up seven-six fd00:1::7 7000-7001
ip -n "$NS-client" route add 100.80.1.0/24 via 203.0.113.1
ip -n "$NS-lan" route add 203.0.113.0/24 via 10.1.0.1
tunnel_up
hold stays 2001:db8:c::1 7000 tcp
hold six 2001:db8:c::1 7001 tcp
hold six-udp 2001:db8:c::1 7001 udp
hold four 203.0.113.1 7001 tcp
hold plain 100.80.1.7 7002 tcp
hold kept 100.80.1.7 7003 tcp
spawn cloud own python3 "$HERE/lib/tell.py" hold 203.0.113.1 7001 tcp
wait_for 5 grep -q open "$DIR/log/own.log" || fail "the gateway's own flow does not open"
mark=$(at cloud conntrack -L -f ipv6 -p tcp 2>/dev/null |
	sed -n 's/.*dport=7000 .*mark=\([0-9]*\) .*/\1/p')
[ -n "$mark" ] || fail "the flow that stays has no mark"
at cloud conntrack -I -p tcp -s 10.200.0.1 -d 10.200.0.2 --sport 1 --dport 2 \
	--timeout 600 --state ESTABLISHED -m 0xffff >/dev/null 2>&1
at cloud conntrack -I -p tcp -s 10.200.0.1 -d 10.200.0.2 --sport 3 --dport 4 \
	--timeout 600 --state ESTABLISHED -m "$mark" >/dev/null 2>&1

policy renamed >"$DIR/policy.cfg"
at onprem "$RELAYTUN" reload -c "$DIR/oslo-a.cfg" >/dev/null
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/log/reload.log"
grep -q '; 6 flows ended' "$DIR/log/reload.log" ||
	fail "not six: $(cat "$DIR/log/reload.log")"
for flow in six four plain kept own; do
	wait_for 10 grep -q 'ended ECONNRESET' "$DIR/log/$flow.log" ||
		fail "$flow: $(cat "$DIR/log/$flow.log")"
done
wait_for 10 grep -q 'ended ECONNREFUSED' "$DIR/log/six-udp.log" ||
	fail "six-udp: $(cat "$DIR/log/six-udp.log")"
targets_heard() {
	[ "$(cat "$DIR/log/seven.log" "$DIR/log/seven-six.log" |
		grep -c '^broken')" = 5 ]
}
wait_for 10 targets_heard || fail "not all five targets heard of it"

# forgotten: no entry of ours is left but those that stay
forgotten() {
	[ "$(at cloud conntrack -L -f ipv4 2>/dev/null | grep -c '=10\.200\.')" = 2 ] &&
		! at cloud conntrack -L 2>/dev/null | said 'src=100.80.1.7' &&
		! at cloud conntrack -L -f ipv6 2>/dev/null | said 'dport=7001 '
}
wait_for 10 forgotten || fail "what connection tracking has: $(at cloud conntrack -L)"
now=$(at cloud conntrack -L -f ipv6 -p tcp 2>/dev/null |
	sed -n 's/.*dport=7000 .*mark=\([0-9]*\) .*/\1/p')
[ -n "$now" ] && [ "$now" != "$mark" ] || fail "mark of the renamed service: $now"
alive stays || fail "the flow of the renamed service ended"
grep -q ended "$DIR/log/stays.log" && fail "the renamed service's flow ended"
expect "the service by its new name" "$(told 2001:db8:c::1 7000 tcp)" \
	"fd00:1::1 fd00:1::7 7000"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Something on the machine is in the way of a policy: a route, an address, a table, a
# device with other flags, another gateway's socket.  A start and a reload say so and
# change nothing, whether they find a gateway's state standing or not.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# refuses WHAT REGEX: the cloud gateway does not start, and changes nothing
refuses() {
	snapshot cloud "$DIR/before"
	refused "$1" 1 "$2" at cloud timeout 20 "$RELAYTUN" gateway \
		-c "$DIR/edge-1.cfg"
	snapshot cloud "$DIR/after"
	expect_file "the machine after $1" "$DIR/after" "$DIR/before"
}

# device_settled: the kernel tells late that nobody reads a device any more
device_settled() {
	ip -n "$NS-cloud" -6 -d route show table local dev rt0 |
		said 'ff00::/8.*linkdown'
}

# larger_policy: one network, one service and one address are others
larger_policy() {
	sed 's|"10.1.0.0/24"|"10.1.0.0/24", "10.7.0.0/24"|
		s|100.64.0.1"|100.64.0.2"|; s|tcp/8443|tcp/8444|' \
		"$DIR/good.cfg" >"$DIR/policy.cfg"
}

topo_up
configure
cp "$DIR/policy.cfg" "$DIR/good.cfg"
at cloud nft list ruleset >/dev/null # what it loads at first use, it loads now

# A route of somebody else, an address on another interface: first start.
ip -n "$NS-cloud" route add 10.1.0.0/24 via 192.0.2.1
refuses "a route, first start" "a route to 10.1.0.0/24 stands already"
ip -n "$NS-cloud" route del 10.1.0.0/24
ip -n "$NS-cloud" address add 100.64.0.1/24 dev pub0
refuses "an address, first start" "100.64.0.1 is on interface pub0"
ip -n "$NS-cloud" address del 100.64.0.1/24 dev pub0

# A table of somebody else by our name: neither taken nor removed.
foreign="table inet relaytun_edge-1"
at cloud nft -f - <<-END
	$foreign {
		comment "relaytun gateway edge-10 (cloud), device rt0"
		set opened { type ifname; elements = { "pub0" } }
		chain theirs { type filter hook input priority 0; }
	}
END
refuses "a table, first start" "$foreign stands .*nft delete $foreign"
said=$(at cloud "$RELAYTUN" down -c "$DIR/edge-1.cfg" 2>&1) || fail "down: $said"
expect_match "down" "$said" "$foreign is left"
at cloud nft list chain inet relaytun_edge-1 theirs >/dev/null ||
	fail "down removes another's table"
at cloud nft delete $foreign
at cloud nft add $foreign
refuses "a table without a comment" "$foreign stands .*nft delete $foreign"
at cloud nft delete $foreign

# The same with a gateway's state standing, and a policy that changed meanwhile.
relay_up
gateway_up cloud
gateway_down cloud TERM
wait_for 5 device_settled || fail "rt0 still has a carrier"
ip -n "$NS-cloud" route add 10.7.0.0/24 via 192.0.2.1
larger_policy
refuses "a route, adopting" "a route to 10.7.0.0/24 stands already"
ip -n "$NS-cloud" route del 10.7.0.0/24
ip -n "$NS-cloud" address add 100.64.0.2/24 dev pub0
refuses "an address, adopting" "100.64.0.2 is on interface pub0"

# And while it runs: a reload is refused, all goes on.
cp "$DIR/good.cfg" "$DIR/policy.cfg"
gateway_up cloud
larger_policy
snapshot cloud "$DIR/before"
kill -HUP "$(steward_pid cloud)"
wait_for 5 grep -q reload_refused "$DIR/log/edge-1.log" ||
	fail "the reload is not refused"
snapshot cloud "$DIR/after"
expect_file "the machine after the reload" "$DIR/after" "$DIR/before"
ip -n "$NS-cloud" address del 100.64.0.2/24 dev pub0

# A gateway of the same files in another network namespace: its socket and its
# state are not taken from it.
refused "the same files elsewhere" 1 "another gateway answers there" \
	at client timeout 20 "$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
refused "its removal from elsewhere" 1 "another network namespace" \
	at client timeout 20 "$RELAYTUN" down -c "$DIR/edge-1.cfg"
status_json cloud . >/dev/null || fail "the first gateway lost its socket"
gateway_down cloud INT

# A device with our mark that has one queue only.
cp "$DIR/good.cfg" "$DIR/policy.cfg"
ip -n "$NS-cloud" tuntap add rt0 mode tun
ip -n "$NS-cloud" link set rt0 alias relaytun:edge-1
refuses "a device with other flags" "rt0.*ip link del rt0"

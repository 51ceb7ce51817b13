#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun check --show-nft` is what a gateway loads: while it runs, to the last
# rule; before its first start, all but the names of the interfaces on which
# forwarding is off, which are found then.
#
#  check --show-nft | nft -f, in an empty namespace  ==  nft list table, gateway

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# table WHERE NAME: as nft lists it
table() {
	at "$1" nft -s list table inet "relaytun_$2"
}

# shown WHERE: what check shows for the gateway there, loaded where nothing is
shown() {
	local name=${GATEWAY[$1]}
	at "$1" "$RELAYTUN" check -c "$DIR/$name.cfg" --show-nft \
		>"$DIR/$name.nft" || fail "check of $name"
	at empty nft flush ruleset
	at empty nft -f "$DIR/$name.nft"
	table empty "$name"
}

# unopened: a table without the interfaces that were opened, and without the chain
# whose name is the table's digest
unopened() {
	awk '/^\tset opened/ { inside = 1 } /^\t}/ { inside = 0 }
		!inside && !/^\tchain is_/'
}

topo_up
WHERE+=" empty"
ip netns add "$NS-empty"
configure
relay_up
for where in cloud onprem; do
	name=${GATEWAY[$where]}
	shown $where | unopened >"$DIR/first"
	gateway_up $where
	table $where "$name" >"$DIR/running"
	grep -q 'elements = { ' "$DIR/running" ||
		fail "the gateway opened no interface: nothing is proven"
	unopened <"$DIR/running" >"$DIR/running.unopened"
	expect_file "the ruleset of $name and what was shown before" \
		"$DIR/first" "$DIR/running.unopened"
	shown $where >"$DIR/now"
	expect_file "the ruleset of $name and what is shown now" \
		"$DIR/now" "$DIR/running"
done

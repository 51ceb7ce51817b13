#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two gateways on one host, of policies that know nothing of each other, at both
# ends.  Neither drops what the other forwards; when one is removed the other goes
# on; when both are, the machine is as it was.
#
#  cloud: edge-1 rt0, edge-2 rt1   onprem: oslo-a rt0 10.1.0.0/24,
#                                          rome-a rt1 10.2.0.0/24

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# second: files of the other pair, from those of the first
second() {
	sed -e 's|edge-1|edge-2|; s|oslo-a|rome-a|g; s|oslo|rome|g' \
		-e 's|100\.64\.|100.65.|g; s|10\.1\.0\.|10.2.0.|g' \
		-e 's|tcp/7000|tcp/7100|' "$DIR/policy.cfg" >"$DIR/policy2.cfg"
	sed -e 's|edge-1|edge-2|; s|policy.cfg|policy2.cfg|; s|rt0|rt1|' \
		-e 's|edge-1|edge-2|g' "$DIR/edge-1.cfg" >"$DIR/edge-2.cfg"
	sed -e 's|oslo-a|rome-a|g; s|policy.cfg|policy2.cfg|; s|rt0|rt1|' \
		"$DIR/oslo-a.cfg" >"$DIR/rome-a.cfg"
	sed -i -e '/path = "oslo-a"/,$d' "$DIR/relay.cfg"
	for path in oslo-a rome-a; do
		[ $path = oslo-a ] || echo ,
		cat <<-END
			{ path = "$path";
			  keys = ( { name = "listen"; key_file = "$DIR/listen.key";
			             rights = [ "listen" ]; },
			           { name = "send"; key_file = "$DIR/send.key";
			             rights = [ "send" ]; } ); }
		END
	done >>"$DIR/relay.cfg"
	echo ");" >>"$DIR/relay.cfg"
}

# as_second COMMAND...: with the other pair's names
as_second() {
	local -A kept=([cloud]=${GATEWAY[cloud]} [onprem]=${GATEWAY[onprem]})
	GATEWAY=([cloud]=edge-2 [onprem]=rome-a)
	"$@"
	GATEWAY=([cloud]=${kept[cloud]} [onprem]=${kept[onprem]})
}

one() {
	[ "$(told edge.test 7000 tcp)" = "10.1.0.1 10.1.0.7 7000" ]
}

two() {
	[[ "$(told edge.test 7100 tcp)" =~ ^10\.[12]\.0\.1\ 10.2.0.7\ 7000$ ]]
}

undone() {
	snapshot "$1" "$DIR/after"
	expect_file "$1, when both are gone" "$DIR/after" "$DIR/before-$1"
}

SERVICES="seven tcp/7000 10.1.0.7:7000"
topo_up
ip -n "$NS-onprem" address add 10.2.0.1/24 dev lan0
ip -n "$NS-lan" address add 10.2.0.7/24 dev eth0
tell_up one 10.1.0.7 7000
tell_up two 10.2.0.7 7000
configure
second
relay_up
for where in cloud onprem; do
	snapshot $where "$DIR/before-$where"
	gateway_up $where
	as_second gateway_up $where
done
wait_for $DIAL_S tunnel_is_up || fail "the first tunnel does not come up"
as_second wait_for $DIAL_S tunnel_is_up || fail "the second tunnel does not come up"
wait_for 15 one || fail "the first does not work beside the second"
wait_for 15 two || fail "the second does not work beside the first"

# The first goes and closes what it opened; the second needs it open.
for where in cloud onprem; do
	gateway_down $where INT || fail "$where: exit code of the first"
done
wait_for 15 two || fail "the second does not work without the first"
nobody_at edge.test 7000 tcp || fail "the first works without itself"
for where in cloud onprem; do
	as_second gateway_down $where INT || fail "$where: exit code of the second"
	undone $where
done

# The other way round.
for where in cloud onprem; do
	as_second gateway_up $where
	gateway_up $where
done
wait_for $DIAL_S tunnel_is_up || fail "the first tunnel does not come up again"
as_second wait_for $DIAL_S tunnel_is_up || fail "nor the second"
wait_for 15 one && wait_for 15 two || fail "they do not work in the other order"
for where in cloud onprem; do
	as_second gateway_down $where INT || fail "$where: exit code of the second"
done
wait_for 15 one || fail "the first does not work without the second"
for where in cloud onprem; do
	gateway_down $where INT || fail "$where: exit code of the first"
	undone $where
done

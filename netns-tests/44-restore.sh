#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What others on the machine take away of a gateway's is back at the first try (there
# is one at once, and the next after three seconds), and the log names it and who did
# it: table, chain, rule, element, device, route, address, options.  What they add beside
# ours stays; the gateway's own changes are nobody's fault.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

TABLE="inet relaytun_edge-1"
LOG=$DIR/log/edge-1.log

# restored_cnt: lines so far that tell of a restoration
restored_cnt() {
	grep -c event=restored "$LOG" || :
}

# failed_cnt: tries to restore that failed, of which one in a row is told
failed_cnt() {
	grep -c event=kernel_state "$LOG" || :
}

# as_before: ruleset, addresses and routes of the cloud gateway
as_before() {
	state >"$DIR/now" && cmp -s "$DIR/now" "$DIR/whole"
}

state() {
	# shellcheck disable=SC2086 # two words
	at cloud nft -s list table $TABLE
	ip -n "$NS-cloud" -br address show dev rt0 | awk '{ $2 = ""; print }'
	ip -n "$NS-cloud" link show dev rt0 |
		grep -oE '[<,]UP[,>]|mtu [0-9]+|alias .*'
	ip -n "$NS-cloud" route show proto 114
	ip -n "$NS-cloud" -6 route show proto 114
	at cloud sysctl net.ipv4.conf.rt0.rp_filter \
		net.ipv4.conf.rt0.forwarding
}

told() {
	tail -n +"$1" "$LOG" | grep -E "event=restored.*$2" |
		said -E "$3"
}

# taken WHAT WHO COMMAND...: the command is undone at the first try, WHAT and WHO are
# said.
taken() {
	local what=$1 who=$2 before from
	shift 2
	before=$(restored_cnt)
	from=$(($(wc -l <"$LOG") + 1))
	at cloud "$@" || fail "$*"
	wait_for 10 as_before || fail "$* is not undone:
$(diff "$DIR/whole" "$DIR/now")"
	expect "tries that failed after $*" "$(failed_cnt)" 0
	wait_for 10 told "$from" "$what" "by=\"($who)\"" ||
		fail "$*: the log does not say \"$what\" and \"$who\""
	# "ip route flush" looks again, and flushes what was restored.
	(($(restored_cnt) <= before + 2)) ||
		fail "$(restored_cnt) - $before restorations after $*"
}

# handle CHAIN: of its first rule
handle() {
	# shellcheck disable=SC2086 # two words
	at cloud nft -a list chain $TABLE "$1" |
		sed -n 's/.*# handle //p' | sed -n 2p
}

# six_policy: both gateways have IPv6
six_policy() {
	sed -i -e 's|\[ "100.64.0.1" \]|[ "100.64.0.1", "fd64:1::1" ]|' \
		-e 's|\[ "100.64.0.11" \]|[ "100.64.0.11", "fd64:1::11" ]|' \
		"$DIR/policy.cfg"
}

topo_up
services_up web
ip -n "$NS-cloud" link add 'we"ird*' type veth peer name plain
ip -n "$NS-cloud" link set 'we"ird*' up
configure
six_policy
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
state >"$DIR/whole"
cat >"$DIR/others.nft" <<-END
	flush ruleset
	table inet filter {
		chain input { type filter hook input priority 0; }
		chain forward { type filter hook forward priority 0; }
	}
END

# shellcheck disable=SC2086 # two words
{
	taken "deleted table relaytun_edge-1" nft nft delete table $TABLE
	taken "deleted table relaytun_edge-1" nft nft flush ruleset
	taken "deleted table relaytun_edge-1" nft nft -f "$DIR/others.nft"
	at cloud nft list table inet filter >"$DIR/log/nft.log" ||
		fail "a table of others is gone"
	taken "deleted rule in chain forward" nft nft delete rule $TABLE forward \
		handle "$(handle forward)"
	taken "deleted rule in chain egress" nft nft flush chain $TABLE egress
	taken "added rule in chain to_tun" nft nft insert rule $TABLE to_tun accept
	taken "deleted element of opened" nft nft delete element $TABLE opened \
		'{ "pub0" }'
	taken "added chain mine" nft nft add chain $TABLE mine
}
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
# The twenty-first in a row would be a fight, and not be said: a steward that has just
# started counts anew.
gateway_down cloud TERM
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "no tunnel after a restart"
state >"$DIR/whole"
taken "route to 10.1.0.0/24" "ip|unknown" ip route del 10.1.0.0/24 dev rt0
taken "route to 10.1.0.0/24" "ip|unknown" ip route flush dev rt0
taken "route to fd64:1::11/128" "ip|unknown" \
	ip route del fd64:1::11/128 dev rt0
taken "address fd64:1::1" "ip|unknown" ip address del fd64:1::1/128 dev rt0
taken "address 100.64.0.1" "ip|unknown" ip address del 100.64.0.1 dev rt0
taken "options of rt0" "ip|unknown" ip link set rt0 down
taken "options of rt0" "ip|unknown" ip link set rt0 mtu 1280
taken "options of rt0" "sysctl|unknown" \
	sysctl -q -w net.ipv4.conf.rt0.rp_filter=1
taken "alias of rt0" "ip|unknown" ip link set rt0 alias foo
taken "name of rt0" "ip|unknown" ip link set rt0 name rt9
taken "device rt0" "ip|unknown" ip link del rt0
wait_for $DIAL_S tunnel_is_up || fail "no tunnel with the new device"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# What others add stays; what the gateway does itself is not taken for theirs.
before=$(restored_cnt)
ip -n "$NS-cloud" route add 10.1.0.128/25 dev rt0
ip -n "$NS-cloud" route add 10.1.7.0/24 dev rt0
kill -HUP "$(steward_pid cloud)"
wait_for 10 grep -q event=reloaded "$LOG" || fail "SIGHUP is not heard"
at cloud nft add table inet another
ip -n "$NS-cloud" route del 10.1.7.0/24 dev rt0
ip -n "$NS-cloud" route add 10.1.7.0/24 dev rt0
wait_for $DIAL_S tunnel_is_up || fail "no tunnel after SIGHUP"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
expect "restorations of nothing" "$(restored_cnt)" "$before"
expect "said of an interface with an odd name, by two stewards" \
	"$(grep -c 'event=left_alone' "$LOG")" 2
for route in 10.1.0.128/25 10.1.7.0/24; do
	ip -n "$NS-cloud" route show $route dev rt0 | said . ||
		fail "a user's own route into the tunnel is gone"
done

# One that was renamed while the gateway was away gets its name back.
gateway_down cloud KILL || :
ip -n "$NS-cloud" link set rt0 name rt9
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "no tunnel with a device that was renamed"
ip -n "$NS-cloud" link show dev rt9 >"$DIR/log/rt9.log" 2>&1 &&
	fail "the renamed device is still there"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

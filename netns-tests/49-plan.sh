#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun plan FILE` says what a reload would change in the kernel and which
# live flows would end, and changes nothing; then the reload does just that.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# plan CODE [FILE]: its output goes to plan.log
plan() {
	local want=$1 code=0
	shift
	at cloud "$RELAYTUN" plan -c "$DIR/edge-1.cfg" "$@" \
		>"$DIR/log/plan.log" 2>&1 || code=$?
	expect "exit code of plan $* ($(cat "$DIR/log/plan.log"))" "$code" "$want"
}

# says TEXT: is this line there?
says() {
	grep -qxF -- "$1" "$DIR/log/plan.log" ||
		fail "plan does not say \"$1\": $(cat "$DIR/log/plan.log")"
}

# rules: the cloud gateway's table without its counters
rules() {
	at cloud nft -s list table inet relaytun_edge-1
}

topo_up
tell_up seven 10.1.0.7 7000-7001
SERVICES="
stays    tcp/7000              10.1.0.7:7000
goes     tcp/7001              10.1.0.7:7001"
configure
plan 3
says "nftables: the whole table inet relaytun_edge-1, see relaytun check --show-nft"
tunnel_up
spawn client held python3 "$HERE/lib/tell.py" hold 203.0.113.1 7001 tcp
wait_for 5 grep -q open "$DIR/log/held.log" || fail "the flow does not open"

plan 0
expect "no difference" "$(cat "$DIR/log/plan.log")" "nothing would change"

write_policy "$DIR/new.cfg" "
stays    tcp/7000              10.1.0.7:7000
new      udp/7000              10.1.0.7:7000"
sed -i 's|"10.1.0.0/24"|"10.1.0.0/24", "10.2.0.0/24"|' "$DIR/new.cfg"
before=$(rules)
plan 3 "$DIR/new.cfg"
says "- oslo/goes"
says "+ oslo/new"
says "+ route 10.2.0.0/24 dev rt0"
says "delete element inet relaytun_edge-1 service_v4 {"
says "	tcp . 7001"
says "1 flows would end:"
says "1 new, 1 gone, 0 changed"
grep -qE '^  tcp 203.0.113.2:[0-9]+ -> 203.0.113.1:7001 -> 10.1.0.7:7001 oslo/goes$' \
	"$DIR/log/plan.log" || fail "the flow is not named: $(cat "$DIR/log/plan.log")"
expect "rules after plan" "$(rules)" "$before"
alive held || fail "plan ended a flow"
echo "sites = ;" >"$DIR/bad.cfg"
plan 2 "$DIR/bad.cfg"

# The reload does what was said.
plan 3 "$DIR/new.cfg"
sed -n '/^nftables, in one/,/flows would end/p' "$DIR/log/plan.log" |
	sed '1d;$d' >"$DIR/script"
cp "$DIR/new.cfg" "$DIR/policy.cfg"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >/dev/null
wait_for 3 grep -q 'ended ECONNRESET' "$DIR/log/held.log" || fail "no end of it"
plan 0
after=$(rules)
gateway_down cloud INT
at cloud nft -f - <<<"$before"
at cloud nft -f "$DIR/script" || fail "the script of plan is refused"
expect_file "script of plan" <(rules | sort) <(sort <<<"$after")

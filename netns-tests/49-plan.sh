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

# other_role FILE: the two gateways change places
other_role() {
	sed -i -e 's/"edge-1"/"x"/' -e 's/"oslo-a"/"edge-1"/' -e 's/"x"/"oslo-a"/' "$1"
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
says "~ site oslo"
says "1 new, 1 gone, 1 changed"
grep -qE '^  tcp 203.0.113.2:[0-9]+ -> 203.0.113.1:7001 -> 10.1.0.7:7001 oslo/goes$' \
	"$DIR/log/plan.log" || fail "the flow is not named: $(cat "$DIR/log/plan.log")"
expect "rules after plan" "$(rules)" "$before"
alive held || fail "plan ended a flow"
echo "sites = ;" >"$DIR/bad.cfg"
plan 2 "$DIR/bad.cfg"

# What a reload would be refused for, plan says as well, after what would change.
ip -n "$NS-cloud" route add 10.2.0.0/24 via 192.0.2.1
plan 1 "$DIR/new.cfg"
says "+ oslo/new"
expect_match "a route in the way" "$(cat "$DIR/log/plan.log")" \
	'route to 10.2.0.0/24 .*would be refused'
ip -n "$NS-cloud" route del 10.2.0.0/24
mv "$DIR/send.key" "$DIR/lost.key"
plan 2 "$DIR/new.cfg"
expect_match "a key that is gone" "$(cat "$DIR/log/plan.log")" \
	'send.key.*would be refused'
mv "$DIR/lost.key" "$DIR/send.key"
sed -i 's|".*/send.key"|"$CREDENTIALS_DIRECTORY/key"|' "$DIR/edge-1.cfg"
plan 3
expect_match "other settings" "$(cat "$DIR/log/plan.log")" \
	'\+ gateway.cfg: credentials = .*CREDENTIALS_DIRECTORY/key'
expect_match "a key of the unit" "$(cat "$DIR/log/plan.log")" 'key_file was not looked at'
sed -i "s|\"\$CREDENTIALS_DIRECTORY/key\"|\"$DIR/send.key\"|" "$DIR/edge-1.cfg"

# Another MTU.
sed -i 's/mtu = 1500/mtu = 1300/' "$DIR/edge-1.cfg"
plan 3
says "~ device rt0: mtu 1300 in place of 1500"
sed -i 's/mtu = 1300/mtu = 1500/' "$DIR/edge-1.cfg"
plan 0

# Other settings: told as lines, until a reload has taken them over.
sed -i 's/^channels .*//' "$DIR/edge-1.cfg"
plan 0
echo 'channels = 3;' >>"$DIR/edge-1.cfg"
plan 3
says "+ gateway.cfg: channels = 3;"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >/dev/null || fail "no reload"
plan 0
sed -i 's/^channels .*//' "$DIR/edge-1.cfg"
plan 3
says "- gateway.cfg: channels = 3;"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >/dev/null || fail "no reload"
plan 0

# Another role of this gateway, in the words and with the code of a reload.
cp "$DIR/policy.cfg" "$DIR/before.cfg"
other_role "$DIR/policy.cfg"
plan 2
code=0
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/log/reload.log" 2>&1 || code=$?
expect "exit code of a reload with another role" "$code" 2
expect "another role, by reload and by plan" \
	"$(grep 'role of gateway "edge-1" was "cloud" and is "site": that needs a restart' \
		"$DIR/log/reload.log")" \
	"$(grep 'needs a restart' "$DIR/log/plan.log")"
expect "what else plan says of it" "$(grep -vc 'needs a restart' "$DIR/log/plan.log")" 1
cp "$DIR/before.cfg" "$DIR/policy.cfg"
plan 0

# What only a restart can change: told in the words, and with the code, of a reload.
sed -i 's|^user .*|user = "daemon"; workers = 2;|' "$DIR/edge-1.cfg"
plan 2
for key in 'user was "nobody" and is "daemon"' 'workers was "1" and is "2"'; do
	expect_match "a plan that needs a restart" "$(cat "$DIR/log/plan.log")" \
		"edge-1.cfg: .*$key: that needs a restart"
done
expect_match "what a reload would do" "$(cat "$DIR/log/plan.log")" 'would be refused'
code=0
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/log/reload.log" 2>&1 || code=$?
expect "exit code of that reload" "$code" 2
expect "what needs a restart, by reload and by plan" \
	"$(grep 'needs a restart' "$DIR/log/reload.log")" \
	"$(grep 'needs a restart' "$DIR/log/plan.log")"
write_gateway cloud
plan 0

# Who may not read what stands is told so.
code=0
answer=$(at cloud setpriv --reuid nobody --regid nogroup --clear-groups "$RELAYTUN" \
	plan -c "$DIR/edge-1.cfg" 2>&1) || code=$?
expect "exit code of plan as nobody ($answer)" "$code" 1
expect_match "plan as nobody" "$answer" 'edge-1.state.policy: .*root'
expect "lines of it" "$(wc -l <<<"$answer")" 1

# The reload does what was said.
plan 3 "$DIR/new.cfg"
sed -n '/^nftables, in one/,/flows would end/p' "$DIR/log/plan.log" |
	sed '1d;$d' >"$DIR/script"
cp "$DIR/new.cfg" "$DIR/policy.cfg"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >/dev/null
wait_for 10 grep -q 'ended ECONNRESET' "$DIR/log/held.log" || fail "no end of it"
plan 0
after=$(rules)
gateway_down cloud INT
at cloud nft -f - <<<"$before"
at cloud nft -f "$DIR/script" || fail "the script of plan is refused"
expect_file "script of plan" <(rules | sort) <(sort <<<"$after")

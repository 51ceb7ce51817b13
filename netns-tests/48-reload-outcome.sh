#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun reload` waits for the outcome and says what has changed, also when two
# come at once; files that cannot be used, a full disk and a file of 50 MB change
# nothing; --confirm undoes a change unless `relaytun confirm` comes.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# order WHAT CODE REGEX VERB [OPTION...]: at the cloud gateway
order() {
	local what=$1 want=$2 regex=$3 verb=$4 said code=0
	shift 4
	said=$(at cloud timeout 30 "$RELAYTUN" "$verb" -c "$DIR/edge-1.cfg" "$@" 2>&1) ||
		code=$?
	expect "exit code of $what ($said)" "$code" "$want"
	expect_match "answer to $what" "$said" "$regex"
}

# policy [LINE]: ours, with a service more
policy() {
	write_policy "$DIR/policy.cfg" "$SERVICES${1:-}"
}

page() {
	told edge.test "$1" tcp
}

topo_up
tell_up seven 10.1.0.7 7000-7001
SERVICES+="
seven    tcp/7000              10.1.0.7:7000
"
configure
order "a reload of nothing" 1 'edge-1 is not running here' reload

# as_nobody REGEX VERB: who is not root is told so
as_nobody() {
	local said
	said=$(at cloud setpriv --reuid nobody --regid nogroup --clear-groups \
		"$RELAYTUN" "$2" -c "$DIR/edge-1.cfg" 2>&1) && fail "nobody may $2"
	expect_match "$2 as nobody" "$said" "$1"
}

# The cloud gateway keeps its state on a small disk of its own.
mkdir "$DIR/small"
sed -i "s|$DIR/run/edge-1.state|$DIR/small/edge-1.state|" "$DIR/edge-1.cfg"
cat >"$DIR/on-small-disk" <<-END
	#!/bin/sh
	mount -t tmpfs -o size=256k small "$DIR/small" && exec "$RELAYTUN" "\$@"
END
chmod +x "$DIR/on-small-disk"
relay_up
gateway_up onprem
RELAYTUN=$DIR/on-small-disk gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"

as_nobody 'edge-1 is run by user 0 .*as root' reload
as_nobody 'edge-1 is run by user 0 .*as root' confirm
order "no change" 0 'with 10 services and 0 routes: 0 new, 0 gone, 0 changed; 0 flows ended' \
	reload
policy 'more tcp/7001 10.1.0.7:7001'
order "a new service" 0 '1 new, 0 gone, 0 changed.*[+] oslo/more' reload
at onprem "$RELAYTUN" reload -c "$DIR/oslo-a.cfg" >/dev/null
expect "new service" "$(page 7001)" "10.1.0.1 10.1.0.7 7001"

# Two at once: each gets an answer.
policy
spawn cloud one "$RELAYTUN" reload -c "$DIR/edge-1.cfg"
spawn cloud two "$RELAYTUN" reload -c "$DIR/edge-1.cfg"
ended one 10 || fail "the first of two fails"
ended two 10 || fail "the second of two fails"
expect "answers" "$(cat "$DIR/log/one.log" "$DIR/log/two.log" |
	grep -oE '[0-9] new, [0-9] gone' | sort | tr '\n' ' ')" \
	"0 new, 0 gone 0 new, 1 gone "

# What is wrong on the machine: a route of somebody else.
sed -i 's|networks = \[ "10.1.0.0/24" \]|networks = [ "10.1.0.0/24", "10.2.0.0/24" ]|' \
	"$DIR/policy.cfg"
ip -n "$NS-cloud" route add 10.2.0.0/24 via 192.0.2.1
order "a route in the way" 1 'route to 10.2.0.0/24 .*goes on as before' reload
ip -n "$NS-cloud" route del 10.2.0.0/24
policy 'more tcp/7001 10.1.0.7:7001'

# A disk that is full.
disk() {
	nsenter -t "$(steward_pid cloud)" -m "$@"
}
disk dd if=/dev/zero of="$DIR/small/fill" bs=4k 2>/dev/null || :
order "a reload onto a full disk" 1 'cannot be written: No space left' reload
! grep -q 'did not work' "$DIR/log/edge-1.log" || fail "it was half applied"
disk rm "$DIR/small/fill"
# One that has room for the policy, but not for the rules.
policy "$(for i in {1..100}; do echo "n$i tcp/$((20000 + i)) 10.1.0.7:7000"; done)"
disk dd if=/dev/zero of="$DIR/small/fill" bs=4k 2>/dev/null || :
disk truncate -s -24k "$DIR/small/fill"
order "a reload onto a small disk" 1 'state.rules: cannot be written: No space left' \
	reload
disk rm "$DIR/small/fill"
policy
expect "what plan says then" "$(disk nsenter -t "$(steward_pid cloud)" -n "$RELAYTUN" \
	plan -c "$DIR/edge-1.cfg" 2>&1)" "nothing would change"
policy 'more tcp/7001 10.1.0.7:7001'

# A file of 50 MB.
truncate -s 50M "$DIR/large.cfg"
cp "$DIR/policy.cfg" "$DIR/good.cfg"
cat "$DIR/large.cfg" >"$DIR/policy.cfg"
order "a file of 50 MB" 2 'policy.cfg: .*(larger|NUL)' reload
kill -HUP "$(steward_pid cloud)"
wait_for 5 grep -q reload_refused "$DIR/log/edge-1.log" || fail "SIGHUP takes it"
grep -q 'event=wrong_file error=".*policy.cfg: ' "$DIR/log/edge-1.log" ||
	fail "the log does not call a wrong file one"
cp "$DIR/good.cfg" "$DIR/policy.cfg"
silent "nothing changed" edge.test 7001 tcp
expect "nothing changed" "$(page 7000)" "10.1.0.1 10.1.0.7 7000"

# What a reload only warns of is no error in the log.
policy 'ssh tcp/22 10.1.0.7:7001'
order "a reload with a warning" 0 'warning: .*ssh' reload
grep -q 'event=warning text=".*policy.cfg:[0-9]*: warning: ' "$DIR/log/edge-1.log" ||
	fail "the warning is not in the log"
expect "warnings that are logged as errors" \
	"$(grep -c 'error=".*warning: ' "$DIR/log/edge-1.log")" 0
cp "$DIR/good.cfg" "$DIR/policy.cfg"

# Undone unless confirmed.
at onprem "$RELAYTUN" reload -c "$DIR/oslo-a.cfg" >/dev/null
order "nothing to confirm" 1 'no change to confirm' confirm
policy
start=$(now_ms)
order "a reload before it" 0 '0 new' reload
expect "an answer before it" "$(page 7000)" "10.1.0.1 10.1.0.7 7000"
trial=$((2 + 10 * ($(now_ms) - start) / 1000)) # as long as this machine needs
policy 'more tcp/7001 10.1.0.7:7001'
order "a trial" 0 "1 new.*undone in $trial seconds" reload --confirm "${trial}s"
expect "the trial's service" "$(page 7001)" "10.1.0.1 10.1.0.7 7001"
spawn client held python3 "$HERE/lib/tell.py" hold 203.0.113.1 7001 tcp
wait_for $((trial + 5)) grep -q reload_undone "$DIR/log/edge-1.log" ||
	fail "it is not undone"
wait_for 5 grep -q 'ended ECONNRESET' "$DIR/log/held.log" ||
	fail "a flow of the trial goes on"
silent "the trial's service, undone" edge.test 7001 tcp
order "a second trial" 0 'undone in 60 seconds' reload --confirm 60
order "to confirm it" 0 'confirmed' confirm
order "to confirm it again" 1 'no change to confirm' confirm
policy
order "a third trial" 0 'undone in 60 seconds' reload --confirm 1m
order "a reload that is meant" 0 '0 new, 0 gone' reload
order "to confirm that" 1 'no change to confirm' confirm
policy 'more tcp/7001 10.1.0.7:7001'
order "the end" 0 '1 new' reload
expect "the service, confirmed" "$(page 7001)" "10.1.0.1 10.1.0.7 7001"
expect "undone" "$(grep -c reload_undone "$DIR/log/edge-1.log")" 1

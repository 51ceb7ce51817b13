#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A reload on trial (--confirm) outlives the steward: one that is killed or stopped
# and started again goes on with it and undoes it in time, at once when that is over.
# SIGHUP does not end it: only `relaytun confirm` and `relaytun reload` do.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

LOG=

# order REGEX VERB [OPTION...]: at the cloud gateway
order() {
	local regex=$1 verb=$2 said
	shift 2
	said=$(at cloud timeout 30 "$RELAYTUN" "$verb" -c "$DIR/edge-1.cfg" "$@" 2>&1) ||
		fail "$verb $*: $said"
	expect_match "answer to $verb $*" "$said" "$regex"
}

# policy [LINE]: ours, with a service more
policy() {
	write_policy "$DIR/policy.cfg" "$SERVICES${1:-}"
}

more() {
	told edge.test 7001 tcp
}

# lines REGEX COUNT: is it in the log so often?
lines() {
	[ "$(grep -c "$1" "$LOG" || :)" = "$2" ]
}

# plain: does the gateway go on without the trial's service?
plain() {
	nobody_at edge.test 7001 tcp
}

# starts: the cloud gateway, with its tunnel; its log begins anew
starts() {
	: >"$LOG"
	gateway_up cloud
	await_status $DIAL_S cloud '.peers[0].state == "up"'
}

topo_up
tell_up seven 10.1.0.7 7000-7001
SERVICES="
seven    tcp/7000              10.1.0.7:7000
"
LOG=$DIR/log/edge-1.log
tunnel_up
policy 'more tcp/7001 10.1.0.7:7001'
at onprem "$RELAYTUN" reload -c "$DIR/oslo-a.cfg" >/dev/null
start=$(now_ms)
plain || fail "the service is there before"

# SIGHUP is nobody's word that the change is meant.
order '1 new.*undone in 60 seconds' reload --confirm 60
kill -HUP "$(steward_pid cloud)"
wait_for 5 lines 'event=reload_refused .*confirm' 1 || fail "SIGHUP is taken"
[ -e "$DIR/run/edge-1.state.undo" ] || fail "nothing is kept of the trial"
order 'is confirmed' confirm
[ ! -e "$DIR/run/edge-1.state.undo" ] || fail "what was kept stays"
policy
order '1 gone' reload
policy 'more tcp/7001 10.1.0.7:7001'
trial=$((4 + 2 * ($(now_ms) - start) / 1000)) # as long as this machine needs

# Killed.
order "1 new.*undone in $trial seconds" reload --confirm $trial
gateway_down cloud KILL || :
starts
lines 'event=trial_goes_on' 1 || fail "a killed gateway forgets the trial"
expect "the trial goes on" "$(more)" "10.1.0.1 10.1.0.7 7001"
wait_for $((trial + 5)) lines event=reload_undone 1 || fail "it is not undone"
wait_for 15 plain || fail "the trial's service answers"
expect "the other" "$(told edge.test 7000 tcp)" "10.1.0.1 10.1.0.7 7000"
[ ! -e "$DIR/run/edge-1.state.undo" ] || fail "what was kept stays"

# Stopped until its time is over.
order "1 new.*undone in $trial seconds" reload --confirm $trial
gateway_down cloud TERM
over() {
	[ "$(sed -n '1s/^# undo at //p' "$DIR/run/edge-1.state.undo")" -lt "$(date +%s)" ]
}
wait_for $((trial + 5)) over || fail "its time is never over"
starts
wait_for 10 lines event=reload_undone 1 || fail "it is not undone at the start"
wait_for 15 plain || fail "the trial's service answers"

# Confirmed after a restart.
order '1 new.*undone in 60 seconds' reload --confirm 60
gateway_down cloud TERM
starts
order 'is confirmed' confirm
expect "the service" "$(more)" "10.1.0.1 10.1.0.7 7001"
gateway_down cloud TERM
starts
lines trial_goes_on 0 || fail "a confirmed trial goes on"
order '0 new, 0 gone' reload --confirm 60
gateway_down cloud INT
[ ! -e "$DIR/run/edge-1.state.undo" ] || fail "what was kept stays after a removal"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway that starts takes over what an earlier one left, killed or stopped:
# flows go on, counters go on, and a policy that changed in between is applied as
# a difference, with the flows that it ends.  A table that somebody changed in the
# meantime, or that is not the one remembered, is replaced.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# counted: flows that the service "stays" counted at the cloud gateway
counted() {
	at cloud nft -j list table inet relaytun_edge-1 | jq '[.nftables[].rule |
		select(. and (.comment // "" | startswith("oslo/stays"))) |
		.expr[].counter?.packets | select(.)] | add'
}

# started HOW: start the cloud gateway; its rules must be adopted, or new
started() {
	: >"$DIR/log/edge-1.log"
	gateway_up cloud
	grep -q "event=adopted .*rules=$1\$" "$DIR/log/edge-1.log" ||
		fail "rules are not $1: $(grep rules= "$DIR/log/edge-1.log")"
	await_status $DIAL_S cloud '.peers[0].state == "up"'
}

topo_up
services_up web
tell_up seven 10.1.0.7 7000-7001
SERVICES+="
stays    tcp/7001              10.1.0.7:7001
seven    tcp/7000              10.1.0.7:7000"
tunnel_up
crowd_up stays 203.0.113.1 3 7001
expect "flows counted" "$(counted)" 3

gateway_down cloud KILL || :
started adopted
expect "flows counted after a kill" "$(counted)" 3
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# Stopped, and another policy when it starts: one service is gone, with a flow.
spawn client held python3 "$HERE/lib/tell.py" hold 203.0.113.1 7000 tcp
wait_for 5 grep -q open "$DIR/log/held.log" || fail "the flow does not open"
gateway_down cloud TERM
write_policy "$DIR/policy.cfg" "$(grep -v '^seven\|^web' <<<"$SERVICES")
new      tcp/8081              10.1.0.5:80"
started adopted
wait_for 5 grep -q 'ended ECONNRESET' "$DIR/log/held.log" ||
	fail "the flow of a service that is gone goes on"
expect "flows counted after another policy" "$(counted)" 3
nobody_at edge.test 8080 tcp || fail "a service that is gone answers"

# An element, then a whole chain, missing at the start.
gateway_down cloud TERM
at cloud nft delete element inet relaytun_edge-1 service_v4 '{ tcp . 7001 }'
started new
gateway_down cloud TERM
at cloud nft flush chain inet relaytun_edge-1 input
started new
gateway_down cloud KILL || :
echo "# cut" >"$DIR/run/edge-1.state.rules"
started new
expect "page" "$(at onprem "$RELAYTUN" reload -c "$DIR/oslo-a.cfg" >/dev/null &&
	fetch http://edge.test:8081/)" "$WEB_TEXT"
# The flows that went through all of it.
crowd_lives stays 3

gateway_down cloud INT
[ ! -e "$DIR/run/edge-1.state.rules" ] || fail "the file with the rules stays"

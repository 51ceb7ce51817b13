#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody deletes the gateway's table a hundred times a second: the gateway
# restores it ever more slowly and says so once, and once the fight is over
# everything stands.  The fight lasts four seconds, or until it is said on a machine
# too busy for twenty restorations in that time.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

LOG=$DIR/log/edge-1.log

table_stands() {
	at cloud nft list table inet relaytun_edge-1
}

topo_up
services_up web
tunnel_up
start=$(now_ms)
ticks=$(awk '{ print $14 + $15 }' "/proc/$(steward_pid cloud)/stat")
# shellcheck disable=SC2016 # expanded by the inner shell
at cloud sh -c '
	end=$(($(date +%s) + 4)) last=$((end + 26))
	while now=$(date +%s) && [ $now -lt $last ] &&
		{ [ $now -lt $end ] || ! grep -q restoring_slower "$0"; }; do
		nft delete table inet relaytun_edge-1 2>/dev/null
		sleep 0.005
	done' "$LOG" || :
took=$(($(now_ms) - start))
used=$(($(awk '{ print $14 + $15 }' "/proc/$(steward_pid cloud)/stat") - ticks))
((used * 40 < took)) ||
	fail "the steward spent $used ticks on it in $took ms"
wait_for 10 table_stands || fail "the table does not come back"
expect "said that it is a fight" \
	"$(grep -c event=restoring_slower "$LOG")" 1
(($(grep -c event=restored "$LOG") <= 20)) ||
	fail "$(grep -c event=restored "$LOG") restorations are said"
wait_for $DIAL_S tunnel_is_up || fail "the tunnel is down"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun status` says what is so: sites, peers, channels with state and last
# error, packets, bytes, round-trip time, drops by reason; as a table for people
# and as JSON for programs.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# says WHERE FILTER: true, or so in a moment
says() {
	await_status 15 "$1" "$2"
}

topo_up
services_up web stream
tunnel_up

for where in cloud onprem; do
	says $where '.version == 1 and .state == "up"'
	says $where '.gateway == "'"${GATEWAY[$where]}"'"'
	says $where '.sites == [{name: "oslo", state: "up",
		services: '"$(grep -c . <<<"$SERVICES")"'}]'
	says $where '.tun.name == "rt0" and .tun.mtu == 1500'
	says $where '.peers | length == 1 and .[0].state == "up"
		and .[0].policy == "same"'
	says $where '[.channels[] | select(.state == "open")] | length == 2'
	says $where '.drops | has("down_source") and all(. == 0)'
	says $where '.pid == '"$(carrier_pid $where)"
	await_status 10 $where '.peers[0].rtt_us | . > 0 and . < 100000'
done
says cloud '.role == "cloud" and .peers[0].name == "oslo-a"
	and .listeners == []'
says onprem '.role == "site" and .peers[0].name == "edge-1"
	and .listeners[0].state == "registered"'

# Nothing is printed that the manual does not explain, and the other way round.  (A
# warning, so that there is one.)
at cloud nft -f - <<-END
	table inet holding {
		chain forward {
			type filter hook forward priority 0; policy drop;
			ct state established accept
		}
	}
END
await_status $LOOK_S cloud '.warnings | length > 0'
{
	status_json cloud .
	status_json onprem .
} | documented STATUS
at cloud nft delete table inet holding
await_status $LOOK_S cloud '.warnings == []'

# Packets and bytes are those that pass.
up=$(status_json cloud .tun.up.packets)
stream --up 5000000 >"$DIR/log/stream.log"
says cloud ".tun.up.packets > $up and .tun.up.bytes > 5000000"
says onprem '.tun.down.bytes > 5000000 and .peers[0].down.bytes > 5000000'
# (The last ones of the stream may be on their way yet.)
all_arrived() {
	[ "$(status_json cloud .peers[0].up.packets)" = \
		"$(status_json onprem .peers[0].down.packets)" ]
}
all_counted() {
	[ "$(status_json cloud .tun.up.packets)" = "$(tun_packets cloud tx)" ]
}
wait_for 15 all_arrived || fail "not all packets that left cloud have arrived"
wait_for 15 all_counted || fail "TUN and carrier differ in their packets"

# The table has the same facts, and stays within a terminal's width.
at cloud "$RELAYTUN" status -c "$DIR/edge-1.cfg" >"$DIR/table"
for word in edge-1 oslo oslo-a up; do
	grep -qw -- "$word" "$DIR/table" || fail "the table lacks $word:
$(cat "$DIR/table")"
done
expect "lines of the table with over 100 columns" \
	"$(grep -cE '.{101}' "$DIR/table" || :)" 0

# What does not fit on a disk is no success.
for form in "" --json; do
	# shellcheck disable=SC2016,SC2086 # for the inner shell; perhaps no word
	refused "status $form on a full disk" 1 \
		"^relaytun status: cannot print: No space left" \
		at cloud sh -c '"$@" >/dev/full' - \
		"$RELAYTUN" status -c "$DIR/edge-1.cfg" $form
done

# After a loss the last error stays to be seen.
relay_down KILL
await_status 10 cloud '.state == "degraded" and .peers[0].state == "down"'
await_status 10 cloud '.channels[0].last_error | length > 0'
await_status 10 onprem '.listeners[0].state == "down"
	and (.listeners[0].last_error | length > 0)'
fetch http://edge.test:8080/ -m 2 >"$DIR/log/none.log" 2>&1 &&
	fail "a page without a relay"
says cloud '.drops.up_no_channel > 0'

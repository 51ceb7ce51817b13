#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A peer that has the right key and greets as it should, and then sends more than a
# hundred things that it must not (tests/hostile): headers, offloads and sources
# that lie, malformed records and messages, some of which come too early.  Each
# ends as docs/wire-format.md says: dropped and counted, or the channel closed with
# the right BYE and one line in the log.  No packet gets to the LAN, nothing grows.
#
#  hostile "edge-1" --> relay --> oslo-a -X- LAN
#  hostile "oslo-a" <-- relay <-- edge-1 -X- its kernel

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

RSS_MAX_KB=${RSS_MAX_KB:-65536}

# token RULE: a SAS token for the site's path
token() {
	"$RELAYTUN" token --uri wss://relay.test/oslo-a --key-name "$1" \
		--key-file "$DIR/$1.key"
}

# told WHERE STATE: how many ends of channels in that state are in the log
told() {
	grep -c "event=closed state=$2" "$DIR/log/${GATEWAY[$1]}.log" || :
}

# attack WHERE AS WHOM RULE: all tricks against the gateway at WHERE
attack() {
	local from=$2 victim=$1 carrier before rss counter count ends
	carrier=$(carrier_pid "$victim")
	before=$(tun_packets "$victim" rx)
	at "$from" python3 "$TOP/tests/hostile/peer.py" "$3" relay.test 443 \
		"$DIR/tls/ca.pem" oslo-a "$(token "${KEY[$from]}")" \
		>"$DIR/log/attack-$3.log" 2>&1 ||
		fail "tricks of a hostile $3 gateway:
$(cat "$DIR/log/attack-$3.log")"
	expect "carrier of $victim (crashed?)" "$(carrier_pid "$victim")" "$carrier"
	while read -r _ counter count; do
		expect "$victim: packets dropped as $counter" \
			"$(drops "$victim" "$counter")" "$count"
	done < <(grep '^drops' "$DIR/log/attack-$3.log")
	tricks=$(sed -n 's/^tricks //p' "$DIR/log/attack-$3.log")
	((tricks > 100)) || fail "only $tricks tricks"
	rss=$(awk '/VmRSS/ { print $2 }' "/proc/$carrier/status")
	((rss < RSS_MAX_KB)) || fail "$victim has grown to $rss KB"
	# An open channel's end is always told, a greeting's not again and again.
	lines=$(told "$victim" '')
	((lines <= tricks)) || fail "$lines lines in the log for $tricks tricks"
	ends=$(sed -n 's/^ends //p' "$DIR/log/attack-$3.log")
	((ends > 20)) || fail "only $ends tricks end an open channel"
	(($(told "$victim" open) >= ends)) ||
		fail "$(told "$victim" open) lines for $ends channels that ended"
	(($(told "$victim" greeting) > 0)) || fail "no greeting's end is told"
	# Pings, and the one packet of a good form: all that its kernel saw.
	echo "$3: $tricks tricks, $lines lines," \
		"$(($(tun_packets "$victim" rx) - before)) packets to the kernel"
}

topo_up
configure
relay_up
gateway_up onprem
wait_for 10 status_says onprem '.listeners[0].state == "registered"' ||
	fail "oslo-a does not register"
arrived=$(seen lan arrived)
attack onprem cloud cloud
expect "packets on the LAN's wire" "$(seen lan arrived)" "$arrived"
gateway_down onprem

# Many, so that one dials while others wait for longer and longer.
sed -i 's|^tun .*|channels = 16;\n&|' "$DIR/edge-1.cfg"
gateway_up cloud
attack cloud onprem site

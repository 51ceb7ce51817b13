#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients of the relay that mean harm (lib/intruder.py): without a key they get
# nothing but refusals; with the right to listen or to send they can try nonsense
# on the relay and on the site gateway behind it.  The honest cloud gateway's
# tunnel stays up all the while, and nothing ends or grows.
#
#  cloud: intruder --> relay            =X= no key
#  cloud: intruder --> relay --> oslo-a =X= a stolen send key
#  cloud: intruder --> relay            =X= a stolen listen key, another path

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

RSS_MAX_KB=${RSS_MAX_KB:-65536}

# token RULE PATH: a SAS token
token() {
	"$RELAYTUN" token --uri "wss://relay.test/$2" --key-name "$1" \
		--key-file "$DIR/$1.key"
}

# intrude KIND [PATH TOKEN]: all tricks of a kind, answers in intruder-KIND.log
intrude() {
	at cloud python3 "$HERE/lib/intruder.py" "$1" relay.test 443 \
		"$DIR/tls/ca.pem" "${@:2}" >"$DIR/log/intruder-$1.log" ||
		fail "the relay does not answer an intruder ($1)"
	small relay "$relay_pid" "$relay_files"
	small "carrier of oslo-a" "$carrier" "$carrier_files"
	expect "carrier of oslo-a after $1 (crashed?)" \
		"$(carrier_pid onprem)" "$carrier"
	alive relay || fail "the relay ended"
	status_says cloud '.peers[0].state == "up"' ||
		fail "the honest tunnel went down by $1"
	expect "channels that the honest gateway opened" \
		"$(status_json cloud '.channels[0].opened')" 1
}

# small NAME PID FILES: it has not grown, and has as many files open as before.
small() {
	local rss
	rss=$(awk '/VmRSS/ { print $2 }' "/proc/$2/status")
	((rss < RSS_MAX_KB)) || fail "$1 has grown to $rss KB"
	wait_for 10 has_open "$2" "$3" ||
		fail "$1: $(files "$2") open files, $3 before"
}

# files PID: how many does it have open?
files() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

has_open() {
	[ "$(files "$1")" -le "$2" ]
}

topo_up
services_up web
configure
# A path of its own for the listener, so that it does not take oslo-a's place.
sed -i 's|^connections = (|&\n  { path = "other"; keys = ( { name = "listen";\
	key_file = "'"$DIR"'/listen.key"; rights = [ "listen" ]; } ); },|' \
	"$DIR/relay.cfg"
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
wait_for $DIAL_S all_channels_open || fail "a channel does not open"
relay_pid=$(pid_of relay)
relay_files=$(files "$relay_pid")
carrier=$(carrier_pid onprem)
carrier_files=$(files "$carrier")

intrude outside
! grep -q 'http [12]' "$DIR/log/intruder-outside.log" ||
	fail "the relay lets somebody in without a key:
$(cat "$DIR/log/intruder-outside.log")"
for refusal in "no token: http 401" "no token to listen: http 401" \
	"token of nonsense: http 401"; do
	grep -q "^$refusal" "$DIR/log/intruder-outside.log" ||
		fail "want \"$refusal\":
$(cat "$DIR/log/intruder-outside.log")"
done

intrude sender oslo-a "$(token send oslo-a)"
grep -q 'http 101' "$DIR/log/intruder-sender.log" ||
	fail "the intruder never got to the gateway: the test proves nothing"
status_says onprem '.tun.down.packets == 0' ||
	fail "a packet of the intruder came through"

intrude listener other "$(token listen other)"
grep -q 'http 101' "$DIR/log/intruder-listener.log" ||
	fail "the intruder never got to listen: the test proves nothing"

expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

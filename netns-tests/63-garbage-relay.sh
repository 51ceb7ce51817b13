#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A relay that means harm (lib/hostile.py has its tricks: garbage instead of
# HTTP, heads and frames without end, truncated ones, lies in every length,
# nonsense in JSON and in our own messages) can keep a gateway waiting, but it
# does not end, hang, grow or fill its log; with an honest relay all is well.
#
#  edge-1 --> hostile relay <-- oslo-a, a new trick on every connection

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

ROUND=4   # tricks before the gateways start anew, which resets their patience
TRICKS=25 # of each kind
carriers=0
RSS_MAX_KB=${RSS_MAX_KB:-65536}

# tricks KIND COUNT: has the hostile relay played that many?
tricks() {
	(($(grep -c "^$1 " "$DIR/log/hostile.log") >= $2))
}

# sound WHERE PID: the carrier is the same, answers, and is small.
sound() {
	local rss
	expect "$1: carrier after $count tricks (crashed?)" \
		"$(carrier_pid "$1")" "$2"
	status_json "$1" . >/dev/null || fail "$1: no status after $count tricks"
	rss=$(awk '/VmRSS/ { print $2 }' "/proc/$2/status")
	((rss < RSS_MAX_KB)) || fail "$1: $rss KB after $count tricks"
}

# told EVENT CARRIERS: each of so many logged it once at most, whatever came
told() {
	local lines
	lines=$(grep -c "event=$1 " "$DIR/log/oslo-a.log")
	((lines > 0)) || fail "the log does not tell of $1"
	((lines <= $2)) || fail "$lines lines of $1 from $2 carriers"
}

topo_up
services_up web
configure
spawn relay hostile python3 "$HERE/lib/hostile.py" 192.0.2.1 443 \
	"$DIR/tls/relay.pem" "$DIR/tls/relay.key"
wait_for 5 relay_listens || fail "the hostile relay does not run"

for ((count = ROUND; count < TRICKS + ROUND; count += ROUND)); do
	gateway_up cloud
	gateway_up onprem
	cloud=$(carrier_pid cloud)
	onprem=$(carrier_pid onprem)
	wait_for 30 tricks connect $count || fail "cloud: gave up, or hangs"
	wait_for 30 tricks listen $count || fail "onprem: gave up, or hangs"
	sound cloud "$cloud"
	sound onprem "$onprem"
	gateway_down cloud || fail "cloud: exit code"
	gateway_down onprem || fail "onprem: exit code"
	carriers=$((carriers + 1))
done
told accept_refused $carriers
told malformed_message $carriers

stop hostile || :
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up afterwards"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

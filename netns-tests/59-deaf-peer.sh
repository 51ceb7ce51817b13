#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A peer that keeps its channel alive and reads nothing, while a flood is offered to
# it: what waits is bounded by bytes, in the gateway and in the relay, and neither
# grows.  OFFER=BYTES offers more (5 GB in make check-all).
#
#  client == flood ==> edge-1 ==> relay -X- "oslo-a", who does not read

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

OFFER=${OFFER:-300000000}
GROWTH_MAX_KB=${GROWTH_MAX_KB:-2048}

# rss PID: KB
rss() {
	awk '/VmRSS/ { print $2 }' "/proc/$1/status"
}

# flood BYTES
flood() {
	at client python3 "$HERE/lib/datagrams.py" flood edge.test 7 "$1" 1200
}

topo_up
configure
sed -i 's|^tun .*|channels = 1;\n&|' "$DIR/edge-1.cfg"
relay_up
token=$("$RELAYTUN" token --uri wss://relay.test/oslo-a --key-name listen \
	--key-file "$DIR/listen.key")
spawn onprem deaf python3 "$TOP/tests/hostile/peer.py" deaf relay.test 443 \
	"$DIR/tls/ca.pem" oslo-a "$token"
gateway_up cloud
wait_for 15 grep -q deaf "$DIR/log/deaf.log" || fail "no channel comes up"
carrier=$(carrier_pid cloud)
relay=$(pid_of relay)

# Until nothing moves any more: sockets are full, and so is the queue.
flood 50000000
await_status 10 cloud '.drops.up_queue > 500'
carrier_kb=$(rss "$carrier") relay_kb=$(rss "$relay")
sent='[.channels[] | .sent.bytes] | add'
before=$(status_json cloud "$sent")
flood "$OFFER"
carrier_grew=$(($(rss "$carrier") - carrier_kb))
relay_grew=$(($(rss "$relay") - relay_kb))
((carrier_grew < GROWTH_MAX_KB)) || fail "the carrier grew by $carrier_grew KB"
((relay_grew < GROWTH_MAX_KB)) || fail "the relay grew by $relay_grew KB"
expect "bytes sent to a peer that reads nothing" \
	"$(($(status_json cloud "$sent") - before < 1000000))" 1
status_says cloud '.peers[0].state == "up"' ||
	fail "the channel ended meanwhile: the test proves nothing"
echo "carrier $carrier_kb KB and $carrier_grew, relay $relay_kb KB and $relay_grew"

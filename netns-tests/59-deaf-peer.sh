#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A peer that keeps its channel alive and reads nothing, while a flood is offered to
# it: what waits is bounded by bytes, in the gateway and in the relay, and neither
# grows; another site notices nothing.  OFFER=BYTES offers more (5 GB in make
# check-all).
#
#  client == flood ====> edge-1 ==> relay -X- "oslo-a", who does not read
#  client == requests => edge-1 ==> relay ==> bergen-a -- 10.1.0.7

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

GATEWAY[onprem]=bergen-a
OFFER=${OFFER:-300000000}
GROWTH_MAX_KB=${GROWTH_MAX_KB:-2048}

# rss PID: KB
rss() {
	awk '/VmRSS/ { print $2 }' "/proc/$1/status"
}

# flood BYTES
flood() {
	at client python3 "$HERE/lib/datagrams.py" flood edge.test 9009 "$1" 1200
}

topo_up
services_up echo
configure
cat >"$DIR/policy.cfg" <<-END
	version = 1;
	gateways = (
	  { name = "edge-1"; role = "cloud"; address = [ "100.64.0.1" ]; },
	  { name = "oslo-a"; role = "site"; site = "oslo";
	    address = [ "100.64.0.11" ]; relays = ( "wss://relay.test/oslo-a" ); },
	  { name = "bergen-a"; role = "site"; site = "bergen";
	    address = [ "100.64.0.21" ]; relays = ( "wss://relay.test/bergen-a" ); }
	);
	sites = (
	  { name = "oslo"; networks = [ "10.9.0.0/24" ]; services = (
	    { name = "sink"; public = "udp/9009"; target = "10.9.0.7:9009"; } ); },
	  { name = "bergen"; networks = [ "10.1.0.0/24" ]; services = (
	    { name = "echo"; public = "tcp/7"; target = "10.1.0.7:7"; } ); }
	);
END
sed -i 's|^connections = (|&\n  { path = "bergen-a"; keys = ( { name = "listen";\
	key_file = "'"$DIR"'/listen.key"; rights = [ "listen" ]; }, { name = "send";\
	key_file = "'"$DIR"'/send.key"; rights = [ "send" ]; } ); },|' "$DIR/relay.cfg"
write_gateway onprem
sed -i 's|^tun .*|channels = 1;\n&|' "$DIR/edge-1.cfg"
relay_up
token=$("$RELAYTUN" token --uri wss://relay.test/oslo-a --key-name listen \
	--key-file "$DIR/listen.key")
spawn onprem deaf python3 "$TOP/tests/hostile/peer.py" deaf relay.test 443 \
	"$DIR/tls/ca.pem" oslo-a "$token"
gateway_up cloud
gateway_up onprem
wait_for 15 ask tcp || fail "bergen-a does not serve"
wait_for 15 grep -q deaf "$DIR/log/deaf.log" || fail "no channel comes up"
carrier=$(carrier_pid cloud)
relay=$(pid_of relay)

# Until nothing moves any more: sockets are full, and so is the queue.
flood 50000000
await_status 10 cloud '.drops.up_queue > 500'
carrier_kb=$(rss "$carrier") relay_kb=$(rss "$relay")
sent='[.channels[] | select(.peer == "oslo-a") | .sent.bytes] | add'
before=$(status_json cloud "$sent")
spawn client flood python3 "$HERE/lib/datagrams.py" flood edge.test 9009 \
	"$OFFER" 1200
at client python3 "$HERE/lib/flows.py" edge.test 7 10 1 10 >"$DIR/log/flows.log" ||
	fail "another site suffers: $(cat "$DIR/log/flows.log")"
pause=$(sed -n 's/^pause_ms //p' "$DIR/log/flows.log")
((pause < 1000)) || fail "another site waits for $pause ms"
ended flood 300 || fail "the flood broke off"
carrier_grew=$(($(rss "$carrier") - carrier_kb))
relay_grew=$(($(rss "$relay") - relay_kb))
((carrier_grew < GROWTH_MAX_KB)) || fail "the carrier grew by $carrier_grew KB"
((relay_grew < GROWTH_MAX_KB)) || fail "the relay grew by $relay_grew KB"
expect "bytes sent to a peer that reads nothing" \
	"$(($(status_json cloud "$sent") - before < 1000000))" 1
status_says cloud '.peers[] | select(.name == "oslo-a") | .state == "up"' ||
	fail "the channel ended meanwhile: the test proves nothing"
echo "carrier $carrier_kb KB and $carrier_grew, relay $relay_kb KB and $relay_grew"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 1,000 connections at once, each answered all the time; then 100,000 one after the
# other from 50 client addresses (TOTAL=N: another number): all are served, although
# they all come from one pool of tunnel addresses.  What each process needs is said.
#
#  203.0.113.2 and .10 to .59 ==> edge-1, pool 100.64.0.16/28 =tunnel=> 10.1.0.7:7

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/../lib.sh"
not_plain

TOTAL=${TOTAL:-100000}
RSS_MAX_KB=${RSS_MAX_KB:-65536}

topo_up
for ((i = 10; i < 60; i++)); do
	ip -n "$NS-client" address add "203.0.113.$i/24" dev eth0
done
services_up echo
configure
sed -i 's|address = \[ "100.64.0.1" \]|address = [ "100.64.0.17/28" ]|' \
	"$DIR/policy.cfg"
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"

at client python3 "$HERE/lib/flows.py" edge.test 7 1000 10 500 \
	>"$DIR/log/flows.log" || fail "connections broke: $(cat "$DIR/log/flows.log")"
expect "answers to 1,000 connections are many" \
	"$(($(sed -n 's/^answers //p' "$DIR/log/flows.log") > 10000))" 1
peak_memory "1,000 connections at once" "$RSS_MAX_KB" cloud relay onprem

start=$(now_ms)
at client python3 "$HERE/lib/sequence.py" edge.test 7 "$TOTAL" 203.0.113 10 59 \
	>"$DIR/log/sequence.log" || fail "$(tail -n 3 "$DIR/log/sequence.log")"
took=$(($(now_ms) - start))
peak_memory "$TOTAL connections one after the other" "$RSS_MAX_KB" \
	cloud relay onprem
echo "$TOTAL connections in $((took / 1000)) s"
for where in cloud onprem; do
	expect "$where: packets without a peer or a channel" \
		"$(status_json $where '.drops | .up_no_peer + .up_no_channel')" 0
done

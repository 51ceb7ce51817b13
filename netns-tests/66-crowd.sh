#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Strangers with a stolen send key, who connect to the site gateway and say
# nothing, cannot keep the real peer out: whoever has been greeting for longest
# gives way.
#
#  cloud: 30 silent senders --> relay --> oslo-a (8 channels)
#  cloud: edge-1, killed and started, is back within seconds

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up web
tunnel_up

token=$("$RELAYTUN" token --uri wss://relay.test/oslo-a --key-name send \
	--key-file "$DIR/send.key")
spawn cloud crowd python3 "$HERE/lib/crowd.py" relay.test 443 \
	"$DIR/tls/ca.pem" oslo-a "$token" 30 12
wait_for 5 grep -q started "$DIR/log/crowd.log" || fail "no crowd came"
crowded='[.channels[] | select(.state == "greeting")] | length >= 7'
await_status 5 onprem "$crowded"

stop edge-1 KILL || :
start=$(now_ms)
gateway_up cloud
wait_for 6 tunnel_is_up || fail "the crowd keeps the real peer out"
took=$(($(now_ms) - start))
status_says onprem "$crowded" || fail "the crowd had left: this proves nothing"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
((took < 5000)) || fail "it took the real peer $took ms to come back"

wait_for 15 grep -q 'let in' "$DIR/log/crowd.log" || fail "the crowd stays"
await_status 10 onprem "[.channels[] | select(.state == \"greeting\")] == []"
expect "page afterwards" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

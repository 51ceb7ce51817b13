#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Conformance cases S05 and S06: Microsoft's hyco-ws, unchanged, at the other end
# of one of our gateways, speaking PREFACE, HELLO, PING and DATA.
#
#  S05  hyco-ws sender as edge-1 --> relay --> oslo-a, which answers its pings
#  S06  edge-1 --> relay --> hyco-ws listener as oslo-a, which answers pings

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
sdk=$("$TOP/tests/sdk/install.sh" 2>"$DIR/log/npm.log") ||
	skip "$(sed -n 's/^skip: //p' "$DIR/log/npm.log")"

# half WHERE ROLE KEY: gateway.js there
half() {
	spawn "$1" "hyco-ws" env NODE_EXTRA_CA_CERTS="$DIR/tls/ca.pem" \
		NODE_NO_WARNINGS=1 SB_HC_NAMESPACE=relay.test \
		SB_HC_PATH=oslo-a SB_HC_KEYRULE="$3" \
		SB_HC_KEY="$(cat "$DIR/$3.key")" \
		node "$sdk/gateway.js" "$2"
}

topo_up
configure
relay_up

# S05
gateway_up onprem
await_status 30 onprem '.listeners[0].state == "registered"'
half cloud cloud send
await_status 30 onprem '.peers[0].state == "up"'
expect "the peer's software" "$(status_json onprem '.peers[0].software')" \
	"hyco-ws 1.0.5"
wait_for 30 grep -q "reply from 100.64.0.11" "$DIR/log/hyco-ws.log" ||
	fail "S05: no reply to a ping through hyco-ws"
await_status 5 onprem '.channels[0].rtt_us != null'
stop hyco-ws || :
await_status 30 onprem '.peers[0].state == "down"'
gateway_down onprem

# S06
: >"$DIR/log/hyco-ws.log"
half onprem site listen
wait_for 30 grep -q listening "$DIR/log/hyco-ws.log" ||
	fail "S06: hyco-ws does not register"
gateway_up cloud
await_status 40 cloud '.peers[0].state == "up"'
at cloud ping -q -c 5 -i 0.1 -W 2 100.64.0.11 >"$DIR/log/ping.log" ||
	fail "S06: pings through hyco-ws are lost"
gateway_down cloud
wait_for 5 grep -q "^bye gateway stops" "$DIR/log/hyco-ws.log" ||
	fail "S06: no BYE"

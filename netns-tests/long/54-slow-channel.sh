#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two relays, of which one is slow: its channels lose flows to the other's, and win
# them back when it is fast again.
#
#  edge-1 --+-- relay.test:443 ----------------------+-- oslo-a
#           +-- relay.test:8443, 150 ms each way ----+

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/../lib.sh"
not_plain

# weights: of the open channels over one relay, their sum
weights() {
	status_json cloud "[.channels[] | select(.state == \"open\" and
		.relay == \"wss://relay.test$1\") | .weight] | add // 0"
}

topo_up
services_up echo
configure
second=wss://relay.test:8443/oslo-a
sed -i "s|relays = ( |&\"$second\", |" "$DIR/policy.cfg"
sed 's|:443"|:8444"|; s|public = .*|public = "wss://relay.test:8443";|' \
	"$DIR/relay.cfg" >"$DIR/relay-2.cfg"
spawn relay slow python3 "$HERE/lib/slow.py" 192.0.2.1 8443 192.0.2.1 8444 150
relay_up
spawn relay relay-2 "$RELAYTUN" relay -c "$DIR/relay-2.cfg"
gateway_up onprem
gateway_up cloud

# A slow relay keeps some flows, so that it can be seen to be fast again.
await_status 35 cloud '([.channels[] | select(.state == "open")] | length) == 4'
wait_for 20 eval '(($(weights :8443/oslo-a) <= 4 &&
	$(weights :8443/oslo-a) > 0))' ||
	fail "a slow relay has the weight $(weights :8443/oslo-a)"
expect "weight of the fast relay" "$(weights /oslo-a)" 16
kill -s USR1 "$(pid_of slow)"
wait_for 30 eval '(($(weights :8443/oslo-a) >= 8))' ||
	fail "a relay that is fast again has $(weights :8443/oslo-a)"

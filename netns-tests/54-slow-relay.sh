#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two relays, of which the one that is listed first is slow: its channels lose flows
# to the other's, and keep some.  (long/54-slow-channel.sh has how they win them
# back.)
#
#  edge-1 --+-- relay.test:8443, 60 ms each way -----+-- oslo-a
#           +-- relay.test:443 ----------------------+

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# weights URL-END: of the open channels over one relay
weights() {
	status_json cloud "[.channels[] | select(.state == \"open\" and
		.relay == \"wss://relay.test$1\") | .weight] | join(\" \")"
}

# lost_flows: half of them at least.  (What else the machine does may slow the fast
# relay's channels for a while, too, which win back one in eight in five seconds.)
lost_flows() {
	[[ $(weights :8443/oslo-a) =~ ^[1-4]\ [1-4]$ &&
		$(weights /oslo-a) =~ ^[5-8]\ [5-8]$ ]]
}

topo_up
configure
sed -i 's|relays = ( |&"wss://relay.test:8443/oslo-a", |' "$DIR/policy.cfg"
sed 's|:443"|:8444"|; s|public = .*|public = "wss://relay.test:8443";|' \
	"$DIR/relay.cfg" >"$DIR/relay-2.cfg"
spawn relay slow python3 "$HERE/lib/slow.py" 192.0.2.1 8443 192.0.2.1 8444 60
relay_up
spawn relay relay-2 "$RELAYTUN" relay -c "$DIR/relay-2.cfg"
wait_for 10 listens relay 8444 ||
	fail "the second relay does not listen"
gateway_up onprem
gateway_up cloud

await_status $DIAL_S cloud '([.channels[] | select(.state == "open")] | length) == 4'
start=$(now_ms)
wait_for 30 lost_flows ||
	fail "the channels of a slow relay weigh $(weights :8443/oslo-a), those of
the fast one $(weights /oslo-a)"
echo "half of the flows went after $(($(now_ms) - start)) ms"

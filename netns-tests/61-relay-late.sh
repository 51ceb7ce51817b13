#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Both gateways start while there is no relay: they run, say what is wrong, and
# the tunnel comes up by itself once the relay is there.  A name that does not
# exist is told as such.
#
#  oslo-a --> 192.0.2.1:443 (nobody listens) <-- edge-1, later relay up
#  edge-1 --> nowhere.test

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up web
configure
gateway_up onprem
gateway_up cloud
await_status 10 onprem '.listeners[0].last_error | length > 0'
await_status 10 cloud '.channels[0].last_error | length > 0'
expect "state meanwhile" "$(status_json cloud .state)" degraded

relay_up
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up by itself"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
expect "state afterwards" "$(status_json cloud .state)" up

# A name that no resolver knows
gateway_down cloud
sed -i 's|wss://relay.test|wss://nowhere.test|' "$DIR/policy.cfg"
gateway_up cloud
await_status 15 cloud '.channels[0].last_error
	| test("nowhere.test.*resolve|resolve.*nowhere.test"; "i")'

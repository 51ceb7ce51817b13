#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With a wrong key the relay refuses, and the gateway says so in its log and its
# status, in words that name the remedy; with the right key it works.
#
#  oslo-a -- listen, wrong key --> 401 from the relay
#  edge-1 -- send, wrong key ----> 401 from the relay

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up web
configure
mv "$DIR/listen.key" "$DIR/right-listen.key"
mv "$DIR/send.key" "$DIR/right-send.key"
sed -i "s|$DIR/\([a-z]*\).key\"|$DIR/right-\1.key\"|" "$DIR/relay.cfg"
make_key listen
make_key send

relay_up
gateway_up onprem
sed -i '1i channels = 8;' "$DIR/edge-1.cfg"
gateway_up cloud
await_status 10 onprem '.listeners[0].last_error | test("401")'
await_status 10 cloud '.channels[0].last_error | test("401")'
expect "state of the site gateway" "$(status_json onprem .state)" degraded
expect "state of the cloud gateway" "$(status_json cloud .state)" degraded
for log in relay oslo-a edge-1; do
	grep -q 401 "$DIR/log/$log.log" || fail "$log does not log the refusal"
done

# A listener with a key that may only send is no better off.
gateway_down onprem
sed -i "s|\"listen\"|\"send\"|; s|listen.key|right-send.key|" "$DIR/oslo-a.cfg"
gateway_up onprem
await_status 10 onprem '.listeners[0].last_error | test("401|403")'

gateway_down onprem
mv "$DIR/right-listen.key" "$DIR/listen.key"
write_gateway onprem
gateway_up onprem
await_status 10 onprem '.listeners[0].state == "registered"'

# The right key comes, and no channel waits until it would have been dialled again:
# refused, each of them draws up to 30 s.
expect "open channels" "$(status_json cloud '[.channels[] |
	select(.state == "open")] | length')" 0
cp "$DIR/right-send.key" "$DIR/send.key"
await_status 15 cloud '[.channels[].state] | length == 8 and all(. == "open")'
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# No key and no token is in any log.
for key in "$DIR"/*.key; do
	! grep -qF "$(cat "$key")" "$DIR"/log/*.log ||
		fail "${key##*/} is in a log"
done
! grep -qE 'sig=|SharedAccessSignature' "$DIR"/log/*.log ||
	fail "a token is in a log"

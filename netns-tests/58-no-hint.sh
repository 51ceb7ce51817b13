#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A relay, or what is before it, that does not pass on the header by which a site
# gateway deals accepts out to its workers (tests/hostile/mangle.py): they are dealt
# out in turn, all workers have channels, and everything passes.
#
#  edge-1: 2 workers --> mangle :443 --> relay :4443 <-- mangle <-- oslo-a: 2 workers

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up echo
configure
sed -i '1i workers = 2; channels = 4;' "$DIR/edge-1.cfg"
sed -i '1i workers = 2;' "$DIR/oslo-a.cfg"
sed -i 's|:443"|:4443"|' "$DIR/relay.cfg"
spawn relay relay "$RELAYTUN" relay -c "$DIR/relay.cfg"
spawn relay mangle python3 "$TOP/tests/hostile/mangle.py" 192.0.2.1 443 \
	"$DIR/tls/relay.pem" "$DIR/tls/relay.key" 192.0.2.1 4443 \
	"$DIR/tls/ca.pem" Relaytun-Channel
wait_for 10 relay_listens || fail "the relay does not listen"
gateway_up onprem
gateway_up cloud
await_status 30 onprem '[.workers[].channels] | add == 4 and all(. >= 1)'
(($(grep -c hidden "$DIR/log/mangle.log") >= 4)) ||
	fail "no header was hidden: the test proves nothing"

at client python3 "$HERE/lib/flows.py" edge.test 7 40 1 >"$DIR/flows" ||
	fail "connections broke: $(cat "$DIR/flows")"
at client python3 "$HERE/lib/echo.py" large edge.test 7 60 8000 ||
	fail "datagrams in fragments are lost"
for where in cloud onprem; do
	expect "packets without a channel at $where" \
		"$(drops "$where" up_no_channel)" 0
done

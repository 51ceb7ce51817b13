#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 1 GB each way arrives as it was sent: first one direction, then the other,
# then both at once over one connection.  BULK=BYTES takes another size.
#
#  client stream.py -- edge.test:9000 =tunnel=> oslo-a -- 10.1.0.7:9000 stream.py

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"

GB=${BULK:-1000000000}

topo_up
services_up stream
tunnel_up

stream --up "$GB" >"$DIR/log/up.log" || fail "up: see up.log"
stream --down "$GB" >"$DIR/log/down.log" || fail "down: see down.log"
stream --up $((GB / 4)) --down $((GB / 4)) >"$DIR/log/both.log" ||
	fail "both at once: see both.log"
expect "resets on the client's link" "$(seen client resets)" 0

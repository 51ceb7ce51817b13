#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A TCP connection outlives the carriers: each is killed once under a running
# transfer, and its steward has another one running within a second.
#
#  client ==== one connection, 1 MB/s each way ==== 10.1.0.7
#         cloud's carrier: kill -9   site's carrier: kill -9

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# another_carrier WHERE PID: does one with another process id run?
another_carrier() {
	local pid
	pid=$(carrier_pid "$1") && [ "$pid" != "$2" ]
}

# murder WHERE: kill its carrier and measure how long there is none.
murder() {
	local old start took
	old=$(carrier_pid "$1")
	start=$(now_ms)
	kill -s KILL "$old"
	wait_for 5 another_carrier "$1" "$old" || fail "$1: no new carrier"
	took=$(($(now_ms) - start))
	((took <= 1000)) || fail "$1: a new carrier only after $took ms"
	alive "${GATEWAY[$1]}" || fail "$1: the steward ended with its carrier"
	wait_for $DIAL_S tunnel_is_up || fail "$1: the tunnel does not come up again"
}

topo_up
services_up stream
tunnel_up

long_stream_up
murder cloud
murder onprem
long_stream_ends

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An orderly restart of either gateway (SIGTERM, start), as for an upgrade, is
# not noticed by a running connection either.  Between the two nothing passes:
# device, routes and rules stand, but the way is closed, in both directions.
#
#  client ==== one connection, 1 MB/s each way ==== 10.1.0.7
#     edge-1: SIGTERM ... start         oslo-a: SIGTERM ... start

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# restart WHERE
restart() {
	local before
	gateway_down "$1" TERM || fail "$1: exit code after SIGTERM"
	ip -n "$NS-$1" link show rt0 >"$DIR/log/stands.log" ||
		fail "$1: SIGTERM removed the device"
	at "$1" nft list table inet "relaytun_${GATEWAY[$1]}" \
		>>"$DIR/log/stands.log" || fail "$1: SIGTERM removed the table"
	before=$(seen lan probes)
	no_echo client edge.test 7 ||
		fail "$1: the way is open without a gateway"
	expect "$1: new connections in the LAN meanwhile" \
		"$(seen lan probes)" "$before"
	gateway_up "$1"
	wait_for $DIAL_S tunnel_is_up || fail "$1: the tunnel does not come up again"
}

topo_up
services_up stream echo
tunnel_up
watch_for lan tcp dport 7

long_stream_up
restart cloud
restart onprem
long_stream_ends
ask tcp || fail "a new connection does not work afterwards"

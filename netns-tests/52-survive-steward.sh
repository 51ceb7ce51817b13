#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A TCP connection outlives the stewards: each is killed once under a running
# transfer, takes its carrier with it, and is started again as systemd would.
# The new one adopts what stands in the kernel.
#
#  client ==== one connection, 1 MB/s each way ==== 10.1.0.7
#     cloud's steward: kill -9, start   site's steward: kill -9, start

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# murder WHERE: kill its steward, see the carrier go, start it again.
murder() {
	local carrier index
	carrier=$(carrier_pid "$1")
	index=$(ip -n "$NS-$1" -j link show rt0 | jq '.[0].ifindex')
	stop "${GATEWAY[$1]}" KILL || :
	wait_for 10 gone "$carrier" || fail "$1: the carrier goes on without it"
	gateway_up "$1"
	expect "$1: index of the TUN device" \
		"$(ip -n "$NS-$1" -j link show rt0 | jq '.[0].ifindex')" \
		"$index"
	wait_for $DIAL_S tunnel_is_up || fail "$1: the tunnel does not come up again"
}

topo_up
services_up stream
tunnel_up

long_stream_up
murder cloud
murder onprem
long_stream_ends

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A TCP connection outlives its relay: the relay is killed under a running
# transfer and started again; the client notices a pause and nothing else.
#
#  client ==== one connection, 1 MB/s each way ==== 10.1.0.7
#                    relay: kill -9, start

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up stream
tunnel_up

long_stream_up
stop relay KILL || :
wait_for 10 status_says cloud '.peers[0].state == "down"' ||
	fail "the cloud gateway does not notice that the relay is gone"
relay_up
long_stream_ends

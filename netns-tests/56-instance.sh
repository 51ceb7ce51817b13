#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway that comes back takes its former instance's place at once, although
# nobody was told of the end of that: the channels of the dead instance are closed
# as soon as the new one greets.
#
#  edge-1: carrier killed, its FINs never arrive -- relay -- oslo-a

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

instance='.peers[0].instance'

topo_up
services_up echo
tunnel_up
await_status 10 onprem '.peers[0].channels == 2'
before=$(status_json onprem "$instance")
at relay nft -f - <<-END
	table inet lost {
		chain in {
			type filter hook prerouting priority -300
			tcp dport 443 tcp flags & (fin | rst) != 0 counter drop
		}
	}
END
kill -s KILL "$(carrier_pid cloud)"
await_status 15 onprem "$instance != \"$before\""
start=$(now_ms)
await_status 10 onprem '.peers[0].channels == 2'
await_status 10 onprem '[.channels[] | select(.last_error
	| test("replaced by a newer"))] | length == 2'
ask tcp || fail "nothing passes"
echo "after $(($(now_ms) - start)) ms"
at relay nft list table inet lost | said 'packets [1-9]' ||
	fail "no end of a connection was lost: the test proves nothing"

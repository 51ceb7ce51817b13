#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# S07: a hyco-ws listener that is left alone while the relay is restarted three
# times, twice politely and once not, serves senders afterwards.
#
# It connects again at once, without any pause, and where it is refused twice for
# each time: thousands of connections after a moment.  So meanwhile its packets are
# dropped in place of being refused.

. "$(dirname "$0")/lib.sh"
. "$HERE/lib/sdk.sh"

# listeners: how many are registered at the relay
listeners() {
	at relay "$RELAYTUN" status -s "$DIR/run/relay.sock" --json |
		jq '.sessions.listeners'
}

is_registered() {
	[ "$(listeners)" -ge 1 ]
}

# way open|shut: for new connections from the site
way() {
	at relay nft -f - <<-END
		table inet way
		delete table inet way
	END
	[ "$1" = open ] || at relay nft -f - <<-END
		table inet way {
			chain in {
				type filter hook prerouting priority -300
				iifname "site0" tcp flags & (syn | ack) == syn drop
			}
		}
	END
}

sdk_up
sdk_spawn onprem listener sockets.js S07
wait_for 30 is_registered || fail "the listener does not register"
for signal in TERM KILL INT; do
	way shut
	relay_down "$signal"
	relay_up
	way open
	wait_for 40 is_registered || fail "it does not come back after $signal"
done
pid=$(program_pid onprem node)
kill -s USR1 "$pid"
wait_for 40 gone "$pid" || fail "S07 does not end"
grep -q '^ok S07' "$DIR/log/listener.log" || fail "S07"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Numbers of workers that differ.  A cloud gateway with one worker and one channel,
# and a site gateway with two workers: one of these has no channel, and what the
# kernel gives it is passed on to the other.  Then the cloud gateway has three
# workers, and the site gateway one.
#
#  edge-1: worker 0 -- channel 0 -- relay -- worker 0: oslo-a
#                                            worker 1

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# all_passes: TCP, UDP in fragments, ping; nothing lost on the way up
all_passes() {
	local where
	at client python3 "$HERE/lib/flows.py" edge.test 7 40 1 >"$DIR/flows" ||
		fail "connections broke: $(cat "$DIR/flows")"
	at client python3 "$HERE/lib/echo.py" large edge.test 7 60 8000 ||
		fail "datagrams in fragments are lost"
	at onprem ping -q -c 50 -i 0.01 -W 2 100.64.0.1 >/dev/null ||
		fail "pings are lost"
	for where in cloud onprem; do
		expect "packets without a channel at $where" \
			"$(drops "$where" up_no_channel)" 0
	done
}

# up CLOUD SITE: as many workers at each end
up() {
	sed -i "1i workers = $1;
/^workers/d" "$DIR/edge-1.cfg"
	sed -i "1i workers = $2;
/^workers/d" "$DIR/oslo-a.cfg"
	gateway_up onprem
	gateway_up cloud
	wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
}

topo_up
services_up echo
configure
sed -i '1i channels = 1;' "$DIR/edge-1.cfg"
relay_up
up 1 2
await_status 15 onprem '[.workers[].channels] | sort == [0, 1]'
all_passes
status_says onprem '[.workers[].passed_on] | add > 0' ||
	fail "the worker without a channel had no packet: this proves nothing"

# The devices stay, and are adopted with another number of queues.
gateway_down cloud
gateway_down onprem
up 3 1
await_status 15 cloud '[.workers[].channels] == [1, 1, 1]'
await_status 15 onprem '[.workers[].channels] == [3]'
all_passes

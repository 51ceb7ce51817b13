#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A steward that was stopped together with its carrier, as on a machine that slept,
# for longer than it would wait for a sign of life, sees nothing wrong.  systemd
# hears nothing of a loop that stands.
#
#  edge-1: steward and carrier stopped for 40 s, then both go on

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/../lib.sh"
not_plain

# signs: how often the steward said that it lives
signs() {
	grep -c '^WATCHDOG=1$' "$DIR/log/systemd.log" || :
}

# more_signs BEFORE: three at least
more_signs() {
	(($(signs) >= $1 + 3))
}

topo_up
services_up echo
configure
relay_up
export NOTIFY_SOCKET=$DIR/run/notify WATCHDOG_USEC=2000000
spawn cloud systemd python3 "$HERE/lib/notified.py" "$NOTIFY_SOCKET"
wait_for 10 test -S "$NOTIFY_SOCKET" || fail "nobody plays systemd"
gateway_up cloud
unset NOTIFY_SOCKET WATCHDOG_USEC
gateway_up onprem
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
wait_for 10 more_signs 0 || fail "the steward gives no sign of life"

carrier=$(carrier_pid cloud)
steward_sleeps cloud
kill -s STOP "$carrier"
before=$(signs)
sleep 40 # the time itself is what this is about
(($(signs) <= before + 1)) || fail "a steward that is stopped gives signs"
kill -s CONT "$carrier"
steward_wakes cloud

before=$(signs)
wait_for 20 more_signs "$before" || fail "the steward does not wake"
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up again"
expect "echo" "$(ask tcp)" ""
expect "the carrier's process" "$(carrier_pid cloud)" "$carrier"
! grep 'event=hung' "$DIR/log/edge-1.log" >&2 ||
	fail "what slept is taken for hung"

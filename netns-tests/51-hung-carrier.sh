#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A carrier that lives and does nothing is ended by its steward, and another one
# takes its place; a connection lasts.
#
#  client ==== one connection, idle meanwhile ==== 10.1.0.7
#   edge-1: the whole carrier is stopped   oslo-a: one of two workers is held
#
# Log and status tell what it was.  systemd hears of each loop that turns, the
# steward's and the relay's.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# notices NAME: what NAME tells systemd goes to log/NAME-systemd.log
notices() {
	export NOTIFY_SOCKET=$DIR/run/$1.notify WATCHDOG_USEC=1000000
	spawn cloud "$1-systemd" python3 "$HERE/lib/notified.py" "$NOTIFY_SOCKET"
	wait_for 10 test -S "$NOTIFY_SOCKET" || fail "nobody plays systemd"
}

# signs NAME: how often NAME said that it lives
signs() {
	grep -c '^WATCHDOG=1$' "$DIR/log/$1-systemd.log" || :
}

# more_signs NAME BEFORE: two at least
more_signs() {
	(($(signs "$1") >= $2 + 2))
}

# thread PID NAME: its number
thread() {
	local comm
	for comm in "/proc/$1/task"/*/comm; do
		[ "$(<"$comm")" != "$2" ] || basename "${comm%/comm}"
	done
}

# hung WHERE PART: has its steward found that?
hung() {
	grep -q "carrier event=hung part=\"$2\" silent_s=30 " \
		"$DIR/log/${GATEWAY[$1]}.log"
}

# is_told WHERE PART: in the status of its next carrier
is_told() {
	await_status 30 "$1" ".carriers == {ended: 1, hung: 1,
		last_end: \"$2 gave no sign of life for 30 s\"}"
}

topo_up
services_up echo
configure
sed -i '1i workers = 2;' "$DIR/oslo-a.cfg"
sed -i '1i channels = 2;' "$DIR/edge-1.cfg"
notices relay
relay_up
notices edge-1
gateway_up cloud
unset NOTIFY_SOCKET WATCHDOG_USEC
gateway_up onprem
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
expect "carriers that ended" "$(status_json cloud .carriers.ended)" 0

mkfifo "$DIR/run/go"
# shellcheck disable=SC2016 # expanded by the inner shell
spawn client talker bash -c 'exec 3<>/dev/tcp/edge.test/7
	for word in first second; do
		echo $word >&3 && read -r answer <&3 && echo "$answer"
		read -r <"$0"
	done' "$DIR/run/go"
wait_for 10 grep -q '^first$' "$DIR/log/talker.log" || fail "no connection"

for name in relay edge-1; do
	grep -q '^READY=1$' "$DIR/log/$name-systemd.log" ||
		fail "$name does not say that it is ready"
	wait_for 10 more_signs $name 0 || fail "$name gives no sign of life"
done

old=$(carrier_pid cloud)
worker=$(thread "$(carrier_pid onprem)" worker-1)
[ -n "$worker" ] || fail "no worker-1 among the threads"
spawn onprem hold python3 "$HERE/lib/hold.py" "$worker"
wait_for 10 grep -q held "$DIR/log/hold.log" || fail "worker-1 is not held"
kill -s STOP "$old"

wait_for 60 hung cloud "control thread" ||
	fail "a carrier that hangs is not noticed"
wait_for 60 hung onprem "worker 1" ||
	fail "a worker that hangs is not noticed"
wait_for 15 gone "$old" || fail "the carrier that hung still lives"
is_told cloud "control thread"
is_told onprem "worker 1"
ended hold 15 || fail "the process of the thread that hung still lives"
at cloud "$RELAYTUN" status -c "$DIR/edge-1.cfg" |
	said '^carriers that ended unasked: 1, of which 1 hung; the last: control' ||
	fail "the status for people does not tell"
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up again"

echo >"$DIR/run/go"
wait_for 30 grep -q '^second$' "$DIR/log/talker.log" ||
	fail "the connection did not last"
expect "resets on the client's link" "$(seen client resets)" 0

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two workers at both ends, one channel each.  40 connections run over both
# while
#
#  - the policy is read again;
#  - one channel is reset: its worker's flows go on over the other's, none is reset;
#  - one falls silent: the same, without a word of its end;
#  - a carrier is killed, and its next one takes the place of its instance at once.
#
# Datagrams in fragments and pings pass, and `down` removes all.
#
#  edge-1: worker 0 -- channel 0 --+-- relay --+-- worker 0: oslo-a
#          worker 1 -- channel 1 --+           +-- worker 1

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# channel_port NUMBER: the port of a channel's connection at edge-1, by the order
# in which they were made
channel_port() {
	at cloud ss -Htn state established 'dport = :443' |
		awk '{ sub(/.*:/, "", $3); print $3 }' | sort -n | sed -n "$1p"
}

# in_the_way RULE: what the relay's machine does to a channel's packets
in_the_way() {
	at relay nft -f - <<-END
		table inet way {
			chain in {
				type filter hook input priority 0
				$1
			}
		}
	END
}

each_worker='([.workers[].channels] | length == 2 and all(. >= 1))'
busy_workers='(.workers | all(.up.packets > 20 and .down.packets > 20))'

topo_up
services_up echo
configure
sed -i '1i workers = 2;' "$DIR/edge-1.cfg" "$DIR/oslo-a.cfg"
for where in cloud onprem; do
	snapshot "$where" "$DIR/$where.before"
done
relay_up
gateway_up onprem
gateway_up cloud
for where in cloud onprem; do
	await_status $DIAL_S "$where" "$each_worker"
done

flows_begin 40 2
sed -i 's|^channels.*||; 1i channels = 3;' "$DIR/edge-1.cfg"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" || fail "reload"
await_status 10 onprem '.peers[0].channels == 3'
sed -i '1d' "$DIR/edge-1.cfg"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" || fail "reload"
await_status 10 onprem '.peers[0].channels == 2'
flows_end "reload" 1000
for where in cloud onprem; do
	status_says "$where" "$busy_workers" ||
		fail "$where: one worker did it all: $(status_json "$where" .workers)"
done

at client python3 "$HERE/lib/echo.py" large edge.test 7 100 8000 ||
	fail "datagrams in fragments are lost"
at cloud ping -q -c 20 -i 0.01 -W 2 100.64.0.11 >/dev/null || fail "pings are lost"

flows_begin 40 4
# It cannot be dialled again for a while.
in_the_way "tcp sport $(channel_port 1) reject with tcp reset
	tcp dport 443 tcp flags & (syn | ack) == syn drop"
await_status 10 cloud '.peers[0].channels == 1'
await_status 10 cloud '[.workers[].passed_on] | add > 0'
flows_end "channel reset" 1000
at relay nft delete table inet way
await_status $DIAL_S cloud "$each_worker"
await_status $DIAL_S onprem "$each_worker"

flows_begin 40 5
in_the_way "tcp sport $(channel_port 1) drop"
await_status 10 cloud '[.channels[] | select(.weight == 0)] | length >= 1'
flows_end "channel that falls silent" 1900
await_status 10 cloud '[.channels[].last_error] | any(test("nothing heard"))'
at relay nft delete table inet way
await_status $DIAL_S cloud "$each_worker"
await_status $DIAL_S onprem "$each_worker"

flows_begin 40 4
instance=$(status_json onprem '.peers[0].instance')
kill -s KILL "$(carrier_pid cloud)"
await_status 15 onprem ".peers[0].instance != \"$instance\" and $each_worker"
flows_end "carrier killed" 2500

sed -i 's/^workers = 2/workers = 3/' "$DIR/edge-1.cfg"
code=0
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/said" 2>&1 || code=$?
expect "exit code of a reload with more workers" "$code" 2
expect_match "its words" "$(<"$DIR/said")" \
	'workers was "2" and is "3": that needs a restart'
for where in cloud onprem; do
	gateway_down "$where" INT || fail "$where does not stop"
	snapshot "$where" "$DIR/$where.after"
	expect_file "$where after down" "$DIR/$where.after" "$DIR/$where.before"
done

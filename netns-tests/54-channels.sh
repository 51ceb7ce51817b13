#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two relays, two channels over each.  40 connections run over them while
#
#  - one relay is killed: its flows go on over the other within a second, none is
#    reset;
#  - it is back: its channels are, too;
#  - packets of one channel are dropped in the middle: its flows go elsewhere within a
#    second, others notice nothing; the channel is given up and made anew within
#    10 s;
#  - they are dropped for a while: its flows come back, and it is not given up;
#  - one channel over each relay is enough, says the configuration.
#
#  client == 40 connections == edge-1 --+-- relay.test:443 ---+-- oslo-a
#                                       +-- relay.test:8443 --+

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# second_relay: the same relay once more, at port 8443
second_relay() {
	spawn relay relay-2 "$RELAYTUN" relay -c "$DIR/relay-2.cfg"
	wait_for 10 listens relay 8443 ||
		fail "the second relay does not listen"
}

# hole PORT: what comes from there or goes there is lost
hole() {
	at relay nft -f - <<-END
		table inet hole {
			chain in {
				type filter hook prerouting priority -300
				tcp sport $1 drop
			}
			chain out {
				type filter hook postrouting priority 300
				tcp dport $1 drop
			}
		}
	END
}

# channel_port: of one of the channels over the first relay, at the cloud
channel_port() {
	at cloud ss -Htn state established 'dport = :443' |
		awk '{ sub(/.*:/, "", $3); print $3; exit }'
}

# counted TEXT: lines of the cloud's log with it
counted() {
	grep -c "$1" "$DIR/log/edge-1.log" || :
}

open_channels='([.channels[] | select(.state == "open")] | length)'

topo_up
services_up echo
configure
second=wss://relay.test:8443/oslo-a
sed -i "s|relays = ( |&\"$second\", |" "$DIR/policy.cfg"
sed 's|:443"|:8443"|; s|public = .*|public = "wss://relay.test:8443";|' \
	"$DIR/relay.cfg" >"$DIR/relay-2.cfg"
relay_up
second_relay
gateway_up onprem
gateway_up cloud
await_status $DIAL_S cloud "$open_channels == 4"

flows_begin 40 4
stop relay-2 KILL || :
await_status 5 cloud "$open_channels == 2"
flows_end "death of a relay" 1000
second_relay
await_status $DIAL_S cloud "$open_channels == 4"

# Half-open: neither end hears a word of it.
serial='([.channels[].opened] | add)'
before=$(status_json cloud "$serial")
flows_begin 40 11
start=$(now_ms)
hole "$(channel_port)"
await_status 15 cloud '[.channels[].last_error]
	| any(test("nothing heard"))'
took=$(($(now_ms) - start))
((took < 10000)) || fail "a dead channel was noticed after $took ms"
await_status 10 cloud "$open_channels == 4 and $serial > $before"
# It is 0.35 s where nothing else takes this machine's time.
silent=$(sed -n '/event=suspect/{s/.*no answer for \([0-9]*\) ms.*/\1/p;q}' \
	"$DIR/log/edge-1.log")
((silent > 0 && silent < 1000)) ||
	fail "flows moved after $silent ms of silence"
# TCP inside repeats after 0.2, 0.6 and 1.4 s: the second arrives, or the third.
flows_end "half-open channel" 1900
paused=$(sed -n 's/^paused //p' "$DIR/log/flows.log")
((paused <= 20)) ||
	fail "half-open channel: $paused of 40 connections paused"
at relay nft delete table inet hole

# A hole that closes again: suspect meanwhile, and never given up.
before=$(status_json cloud "$serial")
suspect=$(counted event=suspect)
flows_begin 40 5
hole "$(channel_port)"
wait_for 5 eval '(($(counted event=suspect) > suspect))' ||
	fail "a channel in a hole is not suspect"
at relay nft delete table inet hole
wait_for 10 eval '(($(counted event=answers_again) > 0))' ||
	fail "a channel out of the hole is suspect"
flows_end "channel in a hole for a while" 1900
expect "channels opened" "$(status_json cloud "$serial")" "$before"

flows_begin 40 2
sed -i 's|^tun .*|channels = 1;\n&|' "$DIR/edge-1.cfg"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" || fail "reload"
await_status 5 cloud "$open_channels == 2 and
	([.channels[] | select(.state == \"open\") | .relay] | unique | length) == 2"
flows_end "fewer channels" 1000

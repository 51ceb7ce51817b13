#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A bundle of as many authorities as a machine has is read once, not for each
# connection, in the thread that carries packets: when a relay is back, all channels
# connect at once.  Told by the CPU time that the carriers take for it.
#
#  edge-1 == 16 channels == relay == oslo-a

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

CHANNELS=16
open_channels='([.channels[] | select(.state == "open")] | length)'

# spent NAME: CPU time that a gateway's carrier took so far, in ms
spent() {
	local pid
	pid=$(sed -n 's/.*carrier event=started pid=//p' "$DIR/log/$1.log" |
		tail -n 1)
	awk -v hz="$(getconf CLK_TCK)" \
		'{ print int(($14 + $15) * 1000 / hz) }' "/proc/$pid/stat"
}

topo_up
certificate relay DNS:relay.test,IP:192.0.2.1
for i in $(seq 150); do
	openssl req -x509 -new -key "$DIR/tls/ca.key" -days 2 \
		-subj "/CN=Authority $i" 2>>"$DIR/log/openssl.log"
done >>"$DIR/tls/ca.pem"
configure
sed -i "s|^tun .*|channels = $CHANNELS;\n&|" "$DIR/edge-1.cfg"
relay_up
gateway_up onprem
gateway_up cloud
await_status $DIAL_S cloud "$open_channels == $CHANNELS"

cloud=$(spent edge-1) site=$(spent oslo-a)
stop relay KILL || :
await_status 15 cloud "$open_channels == 0"
relay_up
await_status $DIAL_S cloud "$open_channels == $CHANNELS"
cloud=$(($(spent edge-1) - cloud)) site=$(($(spent oslo-a) - site))
echo "$CHANNELS channels: $cloud ms at the cloud, $site ms at the site"
# 40 ms each, if each read the bundle.
((cloud < CHANNELS * 20)) || fail "edge-1 took $cloud ms to connect"
((site < CHANNELS * 20)) || fail "oslo-a took $site ms to connect"

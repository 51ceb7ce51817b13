#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bulk between a gateway whose kernel takes super-packets and one whose kernel does
# not, both ways: at least RATE_MIN Mbit/s (800, on two idle CPUs).
#
#  client iperf3 -- edge-1 none|all =tunnel=> oslo-a all|none -- 10.1.0.7 iperf3

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/../lib.sh"
not_plain
need iperf3

# offloads WHERE WHICH: from its next start on
offloads() {
	sed -i "s|^tun .*|tun = { name = \"rt0\"; offloads = \"$2\"; };|" \
		"$DIR/${GATEWAY[$1]}.cfg"
}

# rate OPTION...: Mbit/s that arrived
rate() {
	at client iperf3 -J -c edge.test -t 5 -O 1 "$@" >"$DIR/iperf.json" ||
		fail "iperf3: $(jq -r .error "$DIR/iperf.json")"
	jq '.end.sum_received.bits_per_second / 1e6 | round' "$DIR/iperf.json"
}

# pair CLOUD ONPREM: offloads of both
pair() {
	local way got
	offloads cloud "$1"
	offloads onprem "$2"
	gateway_up onprem
	gateway_up cloud
	wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
	for way in up down; do
		got=$(rate $([ $way = up ] || echo -R))
		echo "edge-1 $1, oslo-a $2: $got Mbit/s $way"
		((got >= ${RATE_MIN:-800})) ||
			fail "edge-1 $1, oslo-a $2: $got Mbit/s $way"
	done
	gateway_down cloud
	gateway_down onprem
}

topo_up
configure
relay_up
spawn lan iperf3 iperf3 -s -B 10.1.0.7
pair all none
pair none all

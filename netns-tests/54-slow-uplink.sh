#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A site whose uplink has 10 Mbit/s, and a buffer of 500 KB before it: while one
# download fills it, requests beside it, over the same channel, are answered within
# P99_MAX_MS (60; the buffer alone would make 400), and the uplink stays full.  How
# much this machine makes any request wait meanwhile is seen by some that end at the
# cloud gateway's own port.
#
#  client == download, requests ==> edge-1 =tunnel=> oslo-a == 10.1.0.7
#                                         10 Mbit/s <-
#
# Requests go three times if they must: what else the machine does delays them as
# well.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need iperf3 tc

P99_MAX_MS=${P99_MAX_MS:-60}

# p99 PORT COUNT: of so many requests, in us
p99() {
	at client python3 "$HERE/lib/echo.py" rtt 203.0.113.1 "$1" udp "$2" 99
}

# passed: bytes that went up since the uplink was made narrow
passed() {
	at onprem tc -s -j qdisc show dev up0 | jq '.[0].bytes'
}

topo_up
services_up echo
configure
echo 'channels = 1;' >>"$DIR/edge-1.cfg"
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
spawn cloud own python3 "$HERE/lib/echo.py" serve 203.0.113.1 7999
wait_for 10 at client python3 "$HERE/lib/echo.py" ask 203.0.113.1 7999 udp ||
	fail "the cloud gateway's own port does not answer"
spawn lan iperf3 iperf3 -s -B 10.1.0.7
wait_for 10 listens lan 5201
at onprem tc qdisc add dev up0 root tbf rate 10mbit burst 10kb limit 500kb ||
	skip "this kernel has no tbf"
control=
[[ $(sysctl -n net.ipv4.tcp_available_congestion_control) != *cubic* ]] ||
	control="-C cubic"
# shellcheck disable=SC2086 # none or two words
spawn client download iperf3 -c edge.test -R -t 120 $control
wait_for 10 eval '(($(passed) > 2000000))' || fail "the download does not begin"

start=$(now_ms) before=$(passed)
for _ in 1 2 3; do
	p99 7999 1500 >"$DIR/own" &
	best=$(p99 7 150)
	wait $!
	# Two programs wake for a request there, eight for one through the tunnel.
	max=$((P99_MAX_MS * 1000 + 4 * $(<"$DIR/own")))
	echo "p99 beside a download: $best us of $max"
	((best > max)) || break
done
used=$((($(passed) - before) * 8 / ($(now_ms) - start) / 100))
echo "uplink used: $used %"
alive download || fail "the download ended"
((used >= 90)) || fail "only $used % of the uplink are used"
((best <= max)) || fail "p99: $best us"
stop download || :

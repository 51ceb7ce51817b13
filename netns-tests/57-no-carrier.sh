#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# While no carrier can be started, the steward reads the TUN queue and throws
# away what comes: nothing waits there to be delivered late.
#
#  client: 40 datagrams --> cloud: TUN, read by the steward
#                                  carrier: kill -9, may not be executed
#  then it may again: those datagrams never arrive, and new ones do

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# burst: 40 datagrams to the echo service, one after the other
burst() {
	local i
	for ((i = 0; i < 40; i++)); do
		echo "late $i" >"/dev/udp/203.0.113.1/7"
	done
}

# drained BEFORE: have 40 packets more been read from the TUN?
drained() {
	(($(tun_packets cloud tx) >= $1 + 40))
}

cp -r "$BUILD/bin" "$BUILD/libexec" "$DIR"
chmod 755 "$DIR/bin" "$DIR/libexec" "$DIR/libexec/relaytun"
RELAYTUN=$DIR/bin/relaytun
program=$DIR/libexec/relaytun/relaytun-carrier
topo_up
services_up echo
tunnel_up
expect "echo" "$(ask udp)" ""

chmod 600 "$program"
kill -s KILL "$(carrier_pid cloud)"
wait_for 15 grep -q 'carrier event=exited status=127' "$DIR/log/edge-1.log" ||
	fail "the carrier is not kept from starting"
before=$(tun_packets cloud tx)
watch_for lan udp dport 7
at client bash -c "$(declare -f burst); burst"
wait_for 15 drained "$before" ||
	fail "$(($(tun_packets cloud tx) - before)) of 40 packets were read"
alive edge-1 || fail "the steward ended with its carrier"

chmod 755 "$program"
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up again"
expect "datagrams that arrived late" "$(seen lan probes)" 0
expect "echo again" "$(ask udp)" ""
expect "datagrams that arrived since" "$(seen lan probes)" 1

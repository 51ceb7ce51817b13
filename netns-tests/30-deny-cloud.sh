#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing but the listed public ports gets into the cloud gateway's TUN device:
# no other port, no other protocol, no routed packet, nothing of the gateway's
# own programs.  The device's packet counter and the LAN's wire are witnesses.
#
#  client -- edge.test:8081, udp/8080, udp/54 --> cloud -X- rt0
#  client -- routed to 10.1.0.5, 100.64.0.11 ---> cloud -X- rt0
#  cloud's own curl to 10.1.0.5, 100.64.0.11 ---------- -X- rt0

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up web dns echo
tunnel_up

# attempt WHAT WHERE PORT...: TCP and UDP to an address, which get no answer
attempt() {
	local what=$1 where=$2 address=$3 proto port
	shift 3
	for port; do
		for proto in tcp udp; do
			no_echo "$where" "$address" "$port" "$proto" ||
				fail "$what: $proto/$port answers"
		done
	done
	expect "packets in the TUN after $what" \
		"$(tun_packets cloud tx)" "$before"
	expect "packets in the LAN after $what" "$(seen lan arrived)" "$wire"
}

ip -n "$NS-client" route add 10.1.0.0/24 via 203.0.113.1
ip -n "$NS-client" route add 100.64.0.0/24 via 203.0.113.1
before=$(tun_packets cloud tx)
wire=$(seen lan arrived)

attempt "an unlisted public port" client 203.0.113.1 54 8081
attempt "a port of another address" client 203.0.113.1 53
attempt "a packet that is routed to the LAN" client 10.1.0.7 7 80
attempt "a packet that is routed to the other gateway" client 100.64.0.11 7 22
attempt "the gateway's own access to the LAN" cloud 10.1.0.7 7
! at client ping -c 1 -W 1 10.1.0.7 >/dev/null || fail "the LAN can be pinged"
expect "packets in the TUN after a ping" "$(tun_packets cloud tx)" "$before"

# What is listed goes on working, for the gateway itself as well.
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
expect "page as seen by the gateway itself" \
	"$(at cloud curl -fsS -m 5 http://203.0.113.1:8080/)" "$WEB_TEXT"
((before < $(tun_packets cloud tx))) || fail "the TUN's counter stands still"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What docs/policy.md says of a packet's header: each gateway is one hop, so TTL
# goes down by two either way; DSCP and ECN stay; a datagram that was sent in
# fragments arrives whole.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

SERVICES+="
header udp/7100 10.1.0.7:7100
"

# ask TTL TOS LENGTH: "TTL TOS LENGTH" at the service, then TTL and TOS back here
ask() {
	at client python3 "$HERE/lib/header.py" ask edge.test 7100 "$@"
}

topo_up
spawn lan header python3 "$HERE/lib/header.py" serve 10.1.0.7 7100
wait_for 10 grep -q ready "$DIR/log/header.log" || fail "nothing listens there"
tunnel_up

expect "TTL, DSCP" "$(ask 64 0xb8 100)" "62 0xb8 100 48 0x48"
expect "ECN" "$(ask 64 0x03 100)" "62 0x3 100 48 0x48"
expect "last hop" "$(ask 3 0 100)" "1 0x0 100 48 0x48"
expect "too few hops" "$(HEADER_PATIENCE_S=1 ask 2 0 100 || echo nothing)" nothing
expect "three fragments" "$(ask 64 0x10 4000)" "62 0x10 4000 48 0x48"
expect "the longest" "$(ask 64 0 65507)" "62 0x0 65507 48 0x48"

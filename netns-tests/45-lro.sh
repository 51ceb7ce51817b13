#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Large receive offload is switched off where the gateway switches forwarding on,
# and on again when it goes; an interface without it is left alone.  (up0 has it by
# a preloaded ioctl(): no device of a namespace really has.)

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need gcc

# The runtime of a sanitizer wants to be the first of all libraries.
PRELOAD=$(ldd "$BUILD/libexec/relaytun/relaytun-steward" |
	awk '/lib[at]san/ { printf "%s ", $3 }')$DIR/lro.so

up() {
	spawn cloud edge-1 env LD_PRELOAD="$PRELOAD" LRO_FLAG="$DIR/run/lro" \
		"$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
	wait_for 10 status_json cloud . || fail "edge-1 does not come up"
}

down() {
	at cloud env LD_PRELOAD="$PRELOAD" LRO_FLAG="$DIR/run/lro" \
		"$RELAYTUN" down -c "$DIR/edge-1.cfg" >>"$DIR/log/down.log" 2>&1 ||
		fail "down"
}

gcc -shared -fPIC -D_GNU_SOURCE -o "$DIR/lro.so" "$HERE/lib/lro.c"
topo_up
configure
relay_up
: >"$DIR/run/lro"
up
[ ! -e "$DIR/run/lro" ] || fail "LRO stays on"
expect "remembered" "$(grep '^lro' "$DIR/run/edge-1.state")" "lro up0"
expect "said" "$(grep -c 'interface=up0 event=lro_off' "$DIR/log/edge-1.log")" 1
gateway_down cloud KILL || :
up
down
[ -e "$DIR/run/lro" ] || fail "LRO is not put back"
rm "$DIR/run/lro"
up
! grep -q '^lro' "$DIR/run/edge-1.state" || fail "what was off is remembered"
down
[ ! -e "$DIR/run/lro" ] || fail "LRO is switched on where it was off"

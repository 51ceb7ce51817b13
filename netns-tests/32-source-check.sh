#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A peer may send only what is its own: packets with other sources are dropped
# and counted by the receiving carrier, and never reach its kernel.
#
#  oslo-a, whose policy also has 10.9.0.0/24 -- 10.9.0.1 => 100.64.0.1 -X- cloud
#  edge-1, who takes 100.64.0.99 for its own -- => 10.1.0.7 -X- oslo-a
#  either, with a source that not even its own policy has: stopped at home

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# inject WHERE SOURCE DESTINATION: seven packets straight into the TUN device
inject() {
	at "$1" python3 "$HERE/lib/inject.py" rt0 "$2" "$3" 7
}

topo_up
services_up web
configure
sed 's|"10.1.0.0/24"|"10.1.0.0/24", "10.9.0.0/24"|' "$DIR/policy.cfg" \
	>"$DIR/site-policy.cfg"
sed 's|"100.64.0.1"|"100.64.0.99"|' "$DIR/policy.cfg" >"$DIR/cloud-policy.cfg"
relay_up

# The site sends what the cloud's policy does not give it.
sed -i "s|$DIR/policy.cfg|$DIR/site-policy.cfg|" "$DIR/oslo-a.cfg"
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
before=$(tun_packets cloud rx)
inject onprem 10.9.0.1 100.64.0.1
await_status 5 cloud '.drops.down_source == 7'
inject onprem 8.8.8.8 100.64.0.1
await_status 5 onprem '.drops.up_no_peer == 7'
expect "packets that the cloud's kernel got" \
	"$(tun_packets cloud rx)" "$before"
expect "page meanwhile" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# The cloud sends from an address that the site's policy does not give it.
sed -i "s|$DIR/site-policy.cfg|$DIR/policy.cfg|" "$DIR/oslo-a.cfg"
sed -i "s|$DIR/policy.cfg|$DIR/cloud-policy.cfg|" "$DIR/edge-1.cfg"
gateway_down cloud
gateway_down onprem
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up again"
before=$(tun_packets onprem rx)
inject cloud 100.64.0.99 10.1.0.7
await_status 5 onprem '.drops.down_source == 7'
expect "packets that the site's kernel got" \
	"$(tun_packets onprem rx)" "$before"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A site's network that takes in the relay would pull the carrier's own connections
# into the tunnel that they carry: they are not made, and the status says why.  A
# route past the tunnel helps, without a restart.
#
#  cloud: 192.0.2.0/28 dev rt0 (a site's), 192.0.2.0/24 dev up0; relay 192.0.2.1

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up web
configure
sed -i 's|\[ "10.1.0.0/24" \]|[ "10.1.0.0/24", "192.0.2.0/28" ]|' \
	"$DIR/policy.cfg"
relay_up
gateway_up onprem
gateway_up cloud
await_status 10 cloud '.channels[0].last_error |
	test("the way to 192.0.2.1 leads into the tunnel itself: take it out of")'
# Not by luck: the kernel would have sent it there.
at cloud ip route get 192.0.2.1 | said 'dev rt0' || fail "no way to test"
watch relay
watch_for relay tcp dport 443 ip saddr 100.64.0.1
ip -n "$NS-cloud" route add 192.0.2.1/32 dev up0
wait_for $DIAL_S tunnel_is_up || fail "a route past the tunnel does not help"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
expect "connections from a tunnel address" "$(seen relay probes)" 0

# A name server behind the tunnel: nothing could be resolved while that is down.
gateway_down cloud TERM || fail "exit code"
echo "nameserver 10.1.0.2" >"$DIR/resolv.conf"
# shellcheck disable=SC2016 # expanded by the inner shell
spawn cloud edge-1 sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' \
	"$DIR/resolv.conf" "$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
wait_for 10 status_json cloud . || fail "edge-1 does not come up"
await_status $LOOK_S cloud '.warnings | any(test("name server 10.1.0.2 .*tunnel"))'

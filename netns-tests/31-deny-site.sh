#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The site gateway trusts nobody: a target that its own policy does not list
# gets no packet, even when the cloud gateway's policy sends there.  What both
# list goes on working, and the status says that the policies differ.
#
#  client -- edge.test:8099 --> cloud, whose policy has 10.1.0.7:8099
#            =tunnel=> oslo-a, whose policy has not -X- LAN

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
services_up web echo
spawn lan extra python3 "$HERE/lib/echo.py" serve 10.1.0.7 8099
wait_for 5 at lan python3 "$HERE/lib/echo.py" ask 10.1.0.7 8099 ||
	fail "the service that must not be reached does not run"

configure
write_policy "$DIR/cloud-policy.cfg" "$SERVICES
extra     tcp/8099 10.1.0.7:8099
extra-udp udp/8099 10.1.0.7:8099"
sed -i "s|$DIR/policy.cfg|$DIR/cloud-policy.cfg|" "$DIR/edge-1.cfg"
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"

watch_for lan ip daddr 10.1.0.7 th dport 8099
before=$(tun_packets onprem rx)
for proto in tcp udp; do
	no_echo client edge.test 8099 "$proto" ||
		fail "the unlisted target answers ($proto)"
done
((before < $(tun_packets onprem rx))) ||
	fail "nothing even came to the site: the test proves nothing"
expect "packets for the unlisted target in the LAN" "$(seen lan probes)" 0

# The site gateway itself is no target either.
spawn onprem own python3 "$HERE/lib/echo.py" serve 0.0.0.0 2222
wait_for 5 at onprem python3 "$HERE/lib/echo.py" ask 100.64.0.11 2222 ||
	fail "the gateway's own service does not run"
no_echo cloud 100.64.0.11 2222 ||
	fail "the site gateway's own port answers from the tunnel"

expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
ask udp || fail "the listed UDP service does not answer"
expect "policy in the status of the cloud gateway" \
	"$(status_json cloud '.peers[0].policy')" differs
grep -q policy_differs "$DIR/log/edge-1.log" ||
	fail "the log does not say that the policies differ"

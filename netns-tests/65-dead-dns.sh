#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A name server that does not answer harms nobody else: while the cloud gateway
# tries again and again to find the relay of one site, packets of the other pass
# without a stand-still, and the gateway stops at once when told to.  The status
# says what it waits for: the name server, or a port that a firewall holds shut.
#
#  cloud -- black.example.org? --> 203.0.113.2, port 53: dropped
#        -- wss://203.0.113.2:444 -------> port 444: dropped
#        =tunnel=> oslo-a

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

topo_up
configure
at client nft -f - <<-END
	table inet silence {
		chain in {
			type filter hook input priority 0
			udp dport 53 counter name asked drop
			tcp dport 444 drop
		}
		counter asked { }
	}
END
echo "nameserver 203.0.113.2" >"$DIR/resolv.conf"
chmod 644 "$DIR/resolv.conf"
sed -i -e 's|gateways = (|&\
  { name = "bergen-a"; role = "site"; site = "bergen";\
    address = [ "100.64.0.12" ];\
    relays = ( "wss://black.example.org/bergen-a",\
               "wss://203.0.113.2:444/bergen-a" ); },|' \
	-e 's|sites = (|&\
  { name = "bergen"; networks = [ "10.2.0.0/24" ]; },|' "$DIR/policy.cfg"
relay_up
gateway_up onprem
# shellcheck disable=SC2016 # expanded by the inner shell
spawn cloud edge-1 sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' \
	"$DIR/resolv.conf" "$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
oslo='.peers[] | select(.name == "oslo-a") | .state == "up"'
await_status 15 cloud "$oslo"

# Long enough for an attempt (5 s each) to be given up meanwhile, and another to
# begin.
at cloud ping -q -i 0.05 -c 160 100.64.0.11 >"$DIR/log/ping.log" ||
	fail "pings were lost"
worst=$(sed -n 's|^rtt.*= .*/.*/\(.*\)\..*/.*|\1|p' "$DIR/log/ping.log")
((worst < 2500)) || fail "a ping took $worst ms: the gateway stood still"
asked=$(at client nft list counter inet silence asked)
[[ $asked == *"packets "[1-9]* ]] ||
	fail "nobody asked the name server: the test proves nothing"
await_status 20 cloud '[.channels[] | select(.peer == "bergen-a") | .last_error] |
	any(test("^no connection to black.example.org:443 in time "
		+ ".*no name server answers")) and
	any(test("^no connection to 203.0.113.2:444 in time .*outbound TCP"))'

# By itself: after two seconds it would be killed.
gateway_down cloud TERM || fail "exit code after SIGTERM"
grep -q 'carrier event=stopped' "$DIR/log/edge-1.log" ||
	fail "the carrier does not stop when it is told to"

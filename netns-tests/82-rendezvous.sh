#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The relay's rendezvous host is another than the one it listens at, as with
# Azure.  A firewall that lets only the namespace's host through is told by name,
# a host outside the relay's domain is refused unless it is allowed, and a relay
# that moves to another address is followed.
#
#  oslo-a -- listen --> ns.relay.test  192.0.2.1
#         -- accept --> g1.relay.test  192.0.2.3   (first shut by a firewall)

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# names NS G1: what the names mean from now on
names() {
	local others
	others=$(grep -v 'relay.test\|example.org' "$DIR/hosts")
	# In place: it is mounted where programs run.
	printf '%s\n' "$others" "$1 ns.relay.test" \
		"$2 g1.relay.test node.example.org" >"$DIR/hosts"
}

# relay_with PUBLIC [ADDRESS]: relay.cfg with a public name for rendezvous
relay_with() {
	write_relay
	sed -i -e "s|^public.*|public = \"wss://$1\";|" \
		-e "s|^listen.*|listen = \"${2:-0.0.0.0}:443\";|" "$DIR/relay.cfg"
}

topo_up
services_up web
for address in 192.0.2.3 192.0.2.4; do
	ip -n "$NS-relay" address add "$address/24" dev cloud0
	ip -n "$NS-onprem" route add "$address" via 198.18.0.1
done
configure
certificate relay \
	DNS:ns.relay.test,DNS:g1.relay.test,DNS:node.example.org
sed -i 's|wss://relay.test/|wss://ns.relay.test/|' "$DIR/policy.cfg"
names 192.0.2.1 192.0.2.3
at onprem nft -f - <<-END
	table inet shut {
		chain out {
			type filter hook output priority 300
			ip daddr 192.0.2.3 reject with tcp reset
		}
	}
END

relay_with g1.relay.test
relay_up
gateway_up onprem
gateway_up cloud
await_status $DIAL_S onprem '[.channels[].last_error] |
	any(test("g1.relay.test:443.*rendezvous host"))'
expect "registration" "$(status_json onprem '.listeners[0].state')" registered
grep -q 'g1.relay.test.*must be open' "$DIR/log/oslo-a.log" ||
	fail "the log does not name the rendezvous host"
at onprem nft delete table inet shut
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up:
$(status_json onprem .channels) $(status_json cloud .channels)"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# A host that is none of the relay's is refused.
relay_down
relay_with node.example.org
relay_up
wait_for 15 grep -q 'event=accept_refused reason="its host is neither' \
	"$DIR/log/oslo-a.log" || fail "a foreign host is not refused"
! tunnel_is_up || fail "a foreign host was followed"
echo 'rendezvous_hosts = [ ".example.org" ];' >>"$DIR/oslo-a.cfg"
at onprem "$RELAYTUN" reload -c "$DIR/oslo-a.cfg" >/dev/null
wait_for $DIAL_S tunnel_is_up || fail "an allowed host is not followed"
expect "page by an allowed host" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# The relay moves to another address: found anew, without a restart.
relay_down
names 192.0.2.4 192.0.2.4
relay_with g1.relay.test 192.0.2.4
relay_up
wait_for $DIAL_S tunnel_is_up || fail "the relay's new address is not found:
$(status_json onprem .listeners) $(status_json cloud .channels)"

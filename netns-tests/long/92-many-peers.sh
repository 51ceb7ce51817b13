#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A cloud gateway with 50 site gateways (tests/hostile/crowd.py), two channels each:
# all come up, the tunnel address of each answers, and again after the relay was
# killed.  Then one site gateway with 24 channels over three relays, with the same
# service.  What the carrier needs is said.
#
#  edge-1 == 100 channels == relay == site-0 .. site-49
#  edge-1 == 24 channels == 3 relays == oslo-a -- 10.1.0.7

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/../lib.sh"
not_plain

SITES=50
RSS_MAX_KB=${RSS_MAX_KB:-131072}

# many_policy: gateways, sites and paths of all
many_policy() {
	local n
	{
		echo "version = 1;"
		echo 'gateways = ( { name = "edge-1"; role = "cloud";' \
			'address = [ "100.64.0.1" ]; }'
		for ((n = 0; n < SITES; n++)); do
			echo ", { name = \"site-$n\"; role = \"site\"; site = \"s-$n\";" \
				"address = [ \"100.65.$n.1\" ];" \
				"relays = ( \"wss://relay.test/p-$n\" ); }"
		done
		echo "); sites = ("
		for ((n = 0; n < SITES; n++)); do
			[ $n = 0 ] || echo ,
			echo "{ name = \"s-$n\"; networks = [ \"10.50.$n.0/24\" ];" \
				"services = ( { name = \"web\"; public = \"tcp/$((20000 + n))\";" \
				"target = \"10.50.$n.1:80\"; } ); }"
		done
		echo ");"
	} >"$DIR/policy.cfg"
	sed -n '/^connections/q;p' "$DIR/relay.cfg" >"$DIR/many.cfg"
	{
		echo "connections = ("
		for ((n = 0; n < SITES; n++)); do
			[ $n = 0 ] || echo ,
			echo "{ path = \"p-$n\"; keys = (" \
				"{ name = \"listen\"; key_file = \"$DIR/listen.key\";" \
				"rights = [ \"listen\" ]; }," \
				"{ name = \"send\"; key_file = \"$DIR/send.key\";" \
				"rights = [ \"send\" ]; } ); }"
		done
		echo ");"
	} >>"$DIR/many.cfg"
	mv "$DIR/many.cfg" "$DIR/relay.cfg"
}

# crowd_up: all site gateways
crowd_up() {
	spawn onprem crowd python3 "$TOP/tests/hostile/crowd.py" relay.test 443 \
		"$DIR/tls/ca.pem" $SITES 2 "$DIR/tokens"
}

# all_answer WHEN: the tunnel address of each
all_answer() {
	local n
	for ((n = 0; n < SITES; n++)); do
		at cloud ping -q -c 1 -W 3 "100.65.$n.1" >/dev/null ||
			fail "$1: site-$n does not answer"
	done
}

open='([.channels[] | select(.state == "open")] | length)'

topo_up
services_up echo
configure
cp "$DIR/policy.cfg" "$DIR/oslo.cfg"
cp "$DIR/relay.cfg" "$DIR/oslo-relay.cfg"
many_policy
for ((n = 0; n < SITES; n++)); do
	"$RELAYTUN" token --uri "wss://relay.test/p-$n" --key-name listen \
		--key-file "$DIR/listen.key"
done >"$DIR/tokens"
relay_up
crowd_up
gateway_up cloud
await_status 60 cloud "$open == $((2 * SITES))"
all_answer "at first"
relay_down KILL
stop crowd KILL || :
relay_up
crowd_up
await_status 90 cloud "$open == $((2 * SITES))"
all_answer "after the relay was killed"
peak_memory "$SITES peers, $((2 * SITES)) channels" "$RSS_MAX_KB" cloud relay
gateway_down cloud INT
stop crowd KILL || :
relay_down

cp "$DIR/oslo.cfg" "$DIR/policy.cfg"
relays=
for port in 443 8443 9443; do
	sed "s|:443\"|:$port\"|; s|public = .*|public = \"wss://relay.test:$port\";|" \
		"$DIR/oslo-relay.cfg" >"$DIR/relay-$port.cfg"
	spawn relay "relay-$port" "$RELAYTUN" relay -c "$DIR/relay-$port.cfg"
	relays+="${relays:+, }\"wss://relay.test:$port/oslo-a\""
done
sed -i "s|relays = (.*|relays = ( $relays ); }|" "$DIR/policy.cfg"
sed -i 's|^tun .*|channels = 8;\n&|' "$DIR/edge-1.cfg"
gateway_up onprem
gateway_up cloud
await_status 40 cloud "$open == 24"
at client python3 "$HERE/lib/flows.py" edge.test 7 200 3 50 >"$DIR/log/flows.log" ||
	fail "connections broke: $(cat "$DIR/log/flows.log")"
expect "channels that carried nothing" "$(status_json cloud \
	'[.channels[] | select(.sent.messages < 30)] | length')" 0
peak_memory "24 channels" "$RSS_MAX_KB" cloud relay onprem

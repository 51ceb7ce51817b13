#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Away from Azure by one line, as docs/azure.md says: of a policy that works over a
# namespace with its gateway hosts only the relay's address changes, both
# gateways reload, and the tunnel is over a relay of one's own; connections live on.
#
#  before: contoso.servicebus.windows.net, g7-prod-osl-001-sb.servicebus.windows.net
#  after:  relay.test, another relay with the same key files
#  edge-1 == 20 connections == oslo-a

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

azure=contoso.servicebus.windows.net
node=g7-prod-osl-001-sb.servicebus.windows.net

# over ADDRESS: are all channels of both ends to it, and none to elsewhere?
over() {
	local where peers
	for where in cloud onprem; do
		peers=$(at "$where" ss -Htn state established 'dport = :443' |
			awk '{ print $4 }' | sort -u)
		[ "$peers" = "$1:443" ] || return 1
	done
}

topo_up
services_up web echo
ip -n "$NS-relay" address add 192.0.2.3/24 dev cloud0
ip -n "$NS-onprem" route add 192.0.2.3 via 198.18.0.1
echo "192.0.2.3 $azure $node" >>"$DIR/hosts"
configure
certificate relay "DNS:$azure,DNS:$node,DNS:relay.test"
sed -e 's|^listen.*|listen = "192.0.2.3:443";|' \
	-e "s|^public.*|public = \"wss://$node\";|" "$DIR/relay.cfg" \
	>"$DIR/azure.cfg"
sed -i "s|wss://relay.test/|wss://$azure/|" "$DIR/policy.cfg"
spawn relay azure "$RELAYTUN" relay -c "$DIR/azure.cfg"
relay_up
wait_for 10 grep -q event=listening "$DIR/log/azure.log" || fail "no namespace"
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "no tunnel over the namespace:
$(status_json onprem .listeners) $(status_json onprem .channels)"
wait_for 5 over 192.0.2.3 || fail "not over the namespace"
crowd_up crowd edge.test 20 7

cp "$DIR/policy.cfg" "$DIR/policy.before"
sed -i "s|wss://$azure/|wss://relay.test/|" "$DIR/policy.cfg"
expect "changed lines" \
	"$(diff "$DIR/policy.before" "$DIR/policy.cfg" | grep -c '^>')" 1
for where in onprem cloud; do
	at "$where" "$RELAYTUN" reload -c "$DIR/${GATEWAY[$where]}.cfg" \
		>"$DIR/log/reload-$where.log" 2>&1 ||
		fail "reload: $(cat "$DIR/log/reload-$where.log")"
done
wait_for 20 over 192.0.2.1 || fail "not over the relay of one's own:
$(status_json onprem .listeners) $(status_json cloud .channels)"
wait_for $DIAL_S tunnel_is_up || fail "no tunnel after the swap"
stop azure || :
expect "page after the swap" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
crowd_lives crowd 20

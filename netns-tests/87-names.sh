#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A relay with an IPv4 and an IPv6 address is reached by whichever works: a black
# hole in the way of one costs less than a second.  When its name means another
# address, the next connection goes there, however long the old answer was good
# for.
#
#  edge-1 -- relay.test? --> name server 192.0.2.1
#         -- 192.0.2.1, 2001:db8:9::1, later 192.0.2.4 --> relay

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need dnsmasq

# names ADDRESS...: what the name server says from now on, for a day
names() {
	[ ! -e "$DIR/pid/dns" ] || stop dns || :
	spawn relay dns dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--no-resolv --no-hosts --bind-interfaces --user=root \
		--listen-address=192.0.2.1 --except-interface=lo \
		--pid-file="$DIR/dns.pid" --log-facility=- --log-queries \
		--local-ttl=86400 --host-record="relay.test,${1// /,}"
	wait_for 5 name_server || fail "no name server"
}

name_server() {
	at relay ss -Hlun 'sport = :53' | said .
}

# edge: start edge-1, which asks the name server
edge() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	spawn cloud edge-1 sh -c '
		mount --bind "$0/no-hosts" /etc/hosts &&
		mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"' \
		"$DIR" "$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
	wait_for 10 status_json cloud . || fail "edge-1 does not come up"
}

# swallow ip|ip6: that family's packets to the relay are lost, and counted
swallow() {
	at relay nft -f - <<-END
		table inet hole
		delete table inet hole
		table inet hole {
			counter lost { }
			chain in {
				type filter hook input priority 0
				iifname "cloud0" meta nfproto $1 tcp dport 443 counter name lost drop
			}
		}
	END
}

lost() {
	at relay nft -j list counter inet hole lost |
		jq '.nftables[] | select(.counter).counter.packets'
}

# first_channel: how long edge-1 took to its first channel, in ms
first_channel() {
	status_json cloud '.uptime_ms - ([.channels[] |
		select(.state == "open") | .since_ms] | max)'
}

topo_up
services_up web
ip -n "$NS-cloud" address add 2001:db8:9::2/64 dev up0 nodad
ip -n "$NS-relay" address add 2001:db8:9::1/64 dev cloud0 nodad
ip -n "$NS-relay" address add 192.0.2.4/24 dev cloud0
configure
echo "127.0.0.1 localhost" >"$DIR/no-hosts"
echo "nameserver 192.0.2.1" >"$DIR/resolv.conf"
chmod 644 "$DIR/no-hosts" "$DIR/resolv.conf"
names "192.0.2.1 2001:db8:9::1"
sed -i 's|^listen.*|listen = "[::]:443";|' "$DIR/relay.cfg"
sed 's|^listen.*|listen = "192.0.2.4:444";|' "$DIR/relay.cfg" >"$DIR/other.cfg"
relay_up
gateway_up onprem
await_status 10 onprem '.listeners[0].state == "registered"'

for family in ipv6 ipv4; do
	swallow "$family"
	edge
	wait_for $DIAL_S tunnel_is_up || fail "no tunnel with a black hole for $family:
$(status_json cloud .channels)"
	expect "page with a black hole for $family" \
		"$(fetch http://edge.test:8080/)" "$WEB_TEXT"
	took=$(first_channel)
	echo "black hole for $family: $(lost) packets lost, $took ms"
	[ "$family" = ipv4 ] || (($(lost) > 0)) || fail "nothing fell into the hole"
	((took < 3000)) || fail "$family: the first channel took $took ms"
	gateway_down cloud
done

# The relay moves, and the name with it: there it is before the old one goes.
edge
wait_for $DIAL_S tunnel_is_up || fail "no tunnel before the move"
at relay nft delete table inet hole
names 192.0.2.4
ip -n "$NS-onprem" route add 192.0.2.4 via 198.18.0.1
hosts=$(sed 's/^192.0.2.1 relay.test/192.0.2.4 relay.test/' "$DIR/hosts")
echo "$hosts" >"$DIR/hosts" # in place: it is mounted where programs run
at relay nft -f - <<-END
	table ip moved {
		chain in {
			type nat hook prerouting priority -100
			ip daddr 192.0.2.4 tcp dport 443 dnat to 192.0.2.4:444
		}
	}
END
spawn relay other "$RELAYTUN" relay -c "$DIR/other.cfg"
wait_for 10 grep -q event=listening "$DIR/log/other.log" || fail "no other relay"
relay_down TERM
wait_for $DIAL_S tunnel_is_up || fail "the relay is not found where it moved to:
$(status_json cloud .channels)"
expect "page after the move" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
at cloud ss -Htn state established 'dport = :443' | said "192.0.2.4:443" ||
	fail "no connection to the new address"

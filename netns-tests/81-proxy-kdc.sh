#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A proxy that wants Kerberos, from a real squid, and a cache that holds no more than
# a ticket for the KDC: the Kerberos library asks that for one to the proxy whenever a
# connection is made.  While the KDC does not answer, no connection comes to be, but
# flows over those that stand pause no longer than ever; when it does, all is well.
#
#  oslo-a -- CONNECT, ticket --> squid at 198.18.0.1:3128 --> relay
#         -- ticket? ----------> KDC at 198.18.0.1:88

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=netns-tests/lib/proxy.sh
. "$HERE/lib/proxy.sh"
not_plain
need squid krb5kdc kadmin.local kinit kvno

open_channels='([.channels[] | select(.state == "open")] | length)'

# asked: packets that the silent KDC got
asked() {
	at relay nft -j list counter inet silent asked |
		jq '.nftables[] | select(.counter).counter.packets'
}

proxy_world 3128
services_up echo
at onprem nft insert rule inet way out ip daddr 198.18.0.1 \
	meta l4proto '{ tcp, udp }' th dport 88 accept
kdc_up >"$DIR/log/kdc-setup.log" 2>&1
squid_negotiates 3128
export KRB5CCNAME=FILE:$DIR/ticket
wait_for 10 ticket >"$DIR/log/ticket.log" 2>&1 || fail "no ticket"
chown root "$DIR/ticket" # where the carrier cannot put what it gets
chmod 444 "$DIR/ticket"
gateway 'proxy = "http://me@proxy.test:3128";'
through "a proxy that wants Kerberos"
await_status 15 cloud "$open_channels == 2"

# A channel more, and nobody to ask for its ticket.
at relay nft -f - <<-END
	table inet silent {
		counter asked { }
		chain in {
			type filter hook prerouting priority -300
			meta l4proto { tcp, udp } th dport 88 counter name asked drop
		}
	}
END
flows_begin 10 8
sed -i 's|^tun .*|channels = 3;\n&|' "$DIR/edge-1.cfg"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" || fail "reload"
wait_for 10 eval '(($(asked) > 0))' || fail "the KDC was not asked"
flows_end "a silent KDC" 1000
expect "channels" "$(status_json cloud "$open_channels")" 2

at relay nft delete table inet silent
await_status 50 cloud "$open_channels == 3"
expect "packets beside the proxy" "$(beside)" 0

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A proxy that wants Kerberos (Negotiate), from a real squid and a real KDC.  With
# a ticket for the proxy in the cache that KRB5CCNAME names, which the carrier's
# user can read, the tunnel goes through it, and nothing leaves beside it, to the
# KDC neither; without a ticket the error says what is missing, and one that
# somebody else puts there is found.
#
#  oslo-a -- CONNECT, ticket --> squid at 198.18.0.1:3128 --> relay
#  kinit, kvno ----------------> KDC at 198.18.0.1:88

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=netns-tests/lib/proxy.sh
. "$HERE/lib/proxy.sh"
not_plain
need squid krb5kdc kadmin.local kinit kvno

# proxy_ticket WORDS...: as ticket, and one for the proxy
proxy_ticket() {
	ticket "$@" && at onprem kvno HTTP/proxy.test
}

proxy_world 3128
kdc_up >"$DIR/log/kdc-setup.log" 2>&1
squid_negotiates 3128
export KRB5CCNAME=FILE:$DIR/ticket

# No ticket, and a way to the KDC that nobody shall go.
gateway 'proxy = "http://me@proxy.test:3128";'
not_through "Kerberos without a ticket" "407.*for Kerberos check the ticket"

# One comes: nobody is restarted.
at onprem nft insert rule inet way out ip daddr 198.18.0.1 udp dport 88 accept
wait_for 10 proxy_ticket >"$DIR/log/ticket.log" 2>&1 || fail "no ticket"
at onprem nft delete rule inet way out handle "$(at onprem nft -a list chain \
	inet way out | sed -n 's/.*udp dport 88.*handle //p')"
through "Kerberos"
! grep -rqF "secretofproxy" "$DIR/log" || fail "the password is in a log"
gateway_down onprem # a tunnel is logged when it ends
wait_for 5 grep -q 'CONNECT relay.test:443 me@RELAY.TEST ' \
	"$DIR/squid-3128/access.log" || fail "squid knows nobody"

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

# kdc_up: principals me and HTTP/proxy.test of RELAY.TEST, a keytab for squid
kdc_up() {
	mkdir "$DIR/kdc"
	cat >"$DIR/krb5.conf" <<-END
		[libdefaults]
			default_realm = RELAY.TEST
			dns_lookup_kdc = false
			dns_canonicalize_hostname = false
			rdns = false
		[realms]
			RELAY.TEST = {
				kdc = 198.18.0.1
				database_name = $DIR/kdc/principal
				key_stash_file = $DIR/kdc/stash
				acl_file = $DIR/kdc/acl
				kdc_listen = 198.18.0.1
				kdc_tcp_listen = ""
			}
		[domain_realm]
			.test = RELAY.TEST
		[logging]
			kdc = FILE:$DIR/log/kdc.log
	END
	chmod 644 "$DIR/krb5.conf"
	export KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/krb5.conf
	kdb5_util create -s -W -r RELAY.TEST -P master
	kadmin.local -r RELAY.TEST addprinc -pw secretofproxy me
	kadmin.local -r RELAY.TEST addprinc -randkey HTTP/proxy.test
	kadmin.local -r RELAY.TEST ktadd -k "$DIR/squid.keytab" HTTP/proxy.test
	chmod 644 "$DIR/squid.keytab" # squid has a user of its own
	spawn relay kdc krb5kdc -n -r RELAY.TEST
}

# ticket WORDS...: log in at the KDC with kinit's options, get one for the proxy
ticket() {
	at onprem sh -c 'echo secretofproxy | kinit "$@" me' sh "$@" &&
		at onprem kvno HTTP/proxy.test && chown nobody "$DIR/ticket"
}

proxy_world 3128
kdc_up >"$DIR/log/kdc-setup.log" 2>&1
squid_up 3128 \
	"auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -k $DIR/squid.keytab -s HTTP/proxy.test@RELAY.TEST" \
	"auth_param negotiate children 2"
export KRB5CCNAME=FILE:$DIR/ticket

# No ticket, and a way to the KDC that nobody shall go.
gateway 'proxy = "http://me@proxy.test:3128";'
not_through "Kerberos without a ticket" "407.*for Kerberos check the ticket"

# One comes: nobody is restarted.
at onprem nft insert rule inet way out ip daddr 198.18.0.1 udp dport 88 accept
wait_for 10 ticket >"$DIR/log/ticket.log" 2>&1 || fail "no ticket"
at onprem nft delete rule inet way out handle "$(at onprem nft -a list chain \
	inet way out | sed -n 's/.*udp dport 88.*handle //p')"
through "Kerberos"
! grep -rqF "secretofproxy" "$DIR/log" || fail "the password is in a log"
gateway_down onprem # a tunnel is logged when it ends
wait_for 5 grep -q 'CONNECT relay.test:443 me@RELAY.TEST ' \
	"$DIR/squid-3128/access.log" || fail "squid knows nobody"

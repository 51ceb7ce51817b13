#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How a gateway and its relay know each other: a pinned key, a client certificate
# that something before the relay asks for; and a name with two addresses of which
# the IPv6 one swallows everything.
#
#  oslo-a -- client certificate --> TLS at 192.0.2.1:443 --> relay at 127.0.0.1:8080
#         -- 2001:db8:9::1 -x-

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need socat

# gateway TLS: oslo-a with this group tls, started anew
gateway() {
	[ ! -e "$DIR/pid/oslo-a" ] || gateway_down onprem
	write_gateway onprem
	sed -i "s|^tls .*|tls = { ca_file = \"$DIR/tls/ca.pem\"; $1 };|" \
		"$DIR/oslo-a.cfg"
	gateway_up onprem
}

registered() {
	await_status 10 onprem '.listeners[0].state == "registered"'
}

# pin FILE: of a certificate's key
pin() {
	openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64 -w 0
}

topo_up
configure
certificate client DNS:oslo-a
(umask 077 && cat "$DIR/tls/client.pem" "$DIR/tls/client.key" >"$DIR/client")
relay_up

# A name with two addresses: the good one is not waited for.
echo "2001:db8:9::1 relay.test" >>"$DIR/hosts"
ip -n "$NS-onprem" address add 2001:db8:9::2/64 dev up0 nodad
at onprem nft -f - <<-END
	table inet swallow {
		counter tried { }
		chain out {
			type filter hook output priority 300
			ip6 daddr 2001:db8:9::1 counter name tried drop
		}
	}
END
gateway ""
registered
took=$(status_json onprem '.uptime_ms - .listeners[0].since_ms')
((took < 4000)) || fail "it took $took ms: IPv4 waited for IPv6"
[[ $(at onprem nft list counter inet swallow tried) == *"packets "[1-9]* ]] ||
	fail "IPv6 was not tried: the test proves nothing"
at onprem nft delete table inet swallow
ip -n "$NS-onprem" address del 2001:db8:9::2/64 dev up0
sed -i /2001:db8:9/d "$DIR/hosts"

# Pins: the right key, then only another one.
gateway "pins = [ \"sha256//$(pin "$DIR/tls/client.pem")\", \"sha256//$(
	)$(pin "$DIR/tls/relay.pem")\" ];"
registered
gateway "pins = [ \"sha256//$(pin "$DIR/tls/client.pem")\" ];"
await_status 10 onprem '.listeners[0].last_error | test("none of tls.pins")'

# Something before the relay asks for a certificate.
relay_down
sed -i -e '/^tls/,/};/d' -e 's|^listen.*|listen = "127.0.0.1:8080"; plaintext = true;|' \
	"$DIR/relay.cfg"
spawn relay relay "$RELAYTUN" relay -c "$DIR/relay.cfg"
wait_for 10 listens relay 8080 ||
	fail "the relay without TLS does not listen"
spawn relay front socat \
	"OPENSSL-LISTEN:443,bind=192.0.2.1,fork,reuseaddr,cert=$DIR/tls/relay.pem,key=$DIR/tls/relay.key,cafile=$DIR/tls/ca.pem,verify=1" \
	TCP:127.0.0.1:8080
wait_for 5 relay_listens || fail "the front does not listen"
gateway ""
await_status 10 onprem '.listeners[0].last_error | test("certificate")'
gateway "certificate_file = \"$DIR/client\";"
registered

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A site gateway that may reach nothing but a proxy: its tunnel goes through it,
# and nothing leaves beside it, no DNS query either.  Names are resolved at the
# proxy: the gateway's own machine knows none.
#
#  oslo-a -- CONNECT relay.test:443 --> proxy at 198.18.0.1 --> relay at 192.0.2.1
#         -- anything else -x-

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=netns-tests/lib/proxy.sh
. "$HERE/lib/proxy.sh"
not_plain
need tinyproxy microsocks socat

proxy_world 3128 3129 3130 3131 1080 1081
secret proxy.password "secret of the proxy"
secret wrong.password "wrong"
certificate proxy DNS:proxy.test,IP:198.18.0.1

proxy_up 3128
proxy_up 3129 me "secretofproxy"
spawn relay socks microsocks -i 198.18.0.1 -p 1080
spawn relay socks-login microsocks -i 198.18.0.1 -p 1081 -u me -P secretofproxy
# tls_up PORT CERTIFICATE KEY: TLS before the first of them
tls_up() {
	spawn relay "proxy-$1" socat \
		"OPENSSL-LISTEN:$1,bind=198.18.0.1,fork,reuseaddr,cert=$2,key=$3,verify=0" \
		TCP:198.18.0.1:3128
}
tls_up 3130 "$DIR/tls/proxy.pem" "$DIR/tls/proxy.key"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=stranger" \
	-addext subjectAltName=IP:198.18.0.1 -keyout "$DIR/stranger.key" \
	-out "$DIR/stranger.pem" 2>"$DIR/log/openssl.log"
tls_up 3131 "$DIR/stranger.pem" "$DIR/stranger.key"

# Without a proxy nothing works, and the counter sees it: it can count.
gateway
await_status 40 onprem '.listeners[0].last_error | test("resolve")'
(($(beside) > 0)) || fail "the counter of other ways counts nothing"
gateway_down onprem
at onprem nft reset counter inet way beside >/dev/null

gateway 'proxy = "http://198.18.0.1:3128";'
through "a proxy"
expect "proxy in the status" "$(status_json onprem .proxy)" \
	"http://198.18.0.1:3128"
grep -q 'event=way .*proxy="http://198.18.0.1:3128"' "$DIR/log/oslo-a.log" ||
	fail "the log does not tell the proxy"
grep -q "relay.test:443" "$DIR/log/proxy-3128.log" ||
	fail "the proxy was not asked for the relay by its name"

# With a password; without it, and with a wrong one, the error says so.
gateway 'proxy = "http://198.18.0.1:3129";'
not_through "a proxy that wants a password" "407.*proxy_password_file"
gateway 'proxy = "http://me@198.18.0.1:3129";' \
	"proxy_password_file = \"$DIR/wrong.password\";"
not_through "a proxy with a wrong password" "the proxy wants"
secret proxy.password "secretofproxy"
gateway 'proxy = "http://me@198.18.0.1:3129";' \
	"proxy_password_file = \"$DIR/proxy.password\";"
through "a proxy with a password"
! grep -rqF "secretofproxy" "$DIR/log" || fail "the password is in a log"

gateway 'proxy = "socks5://198.18.0.1:1080";'
through "SOCKS5"
gateway 'proxy = "socks5://198.18.0.1:1081";'
not_through "SOCKS5 that wants a password" "the proxy wants"
gateway 'proxy = "socks5://me@198.18.0.1:1081";' \
	"proxy_password_file = \"$DIR/wrong.password\";"
not_through "SOCKS5 with a wrong password" "the proxy wants"
gateway 'proxy = "socks5://me@198.18.0.1:1081";' \
	"proxy_password_file = \"$DIR/proxy.password\";"
through "SOCKS5 with a password"

gateway 'proxy = "https://198.18.0.1:3130";'
through "a proxy behind TLS"
gateway 'proxy = "https://198.18.0.1:3131";'
not_through "a proxy with a certificate of nobody" "certificate.*tls.ca_file"

# From the environment; the file's own word counts before it.
GATEWAY_ENV="https_proxy=http://198.18.0.1:3128"
gateway
through "the environment's proxy"
gateway 'proxy = "";'
await_status 40 onprem '.listeners[0].last_error | test("resolve")'
GATEWAY_ENV=
gateway_down onprem

# A host that the proxy must not connect to.
sed -i 's/ConnectPort 443/ConnectPort 444/' "$DIR/tinyproxy-3128.conf"
stop proxy-3128 || :
spawn relay proxy-3128 tinyproxy -d -c "$DIR/tinyproxy-3128.conf"
at onprem nft reset counter inet way beside >/dev/null
gateway 'proxy = "http://198.18.0.1:3128";'
await_status 40 onprem '.listeners[0].last_error |
	test("403.*proxy does not allow|cannot connect")'
expect "packets beside at the end" "$(beside)" 0

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
not_plain
need tinyproxy microsocks socat

# proxy PORT [USER PASSWORD]: a tinyproxy in the relay's namespace
proxy() {
	local conf=$DIR/tinyproxy-$1.conf
	{
		echo "Port $1"
		echo "Listen 198.18.0.1"
		echo "Timeout 600"
		echo "ConnectPort 443"
		[ -z "${2:-}" ] || echo "BasicAuth $2 $3"
	} >"$conf"
	spawn relay "proxy-$1" tinyproxy -d -c "$conf"
	wait_for 5 at relay sh -c "ss -Hltn 'sport = :$1' | grep -q ." ||
		fail "the proxy at port $1 does not come up"
}

# gateway WORDS...: (re)start oslo-a with further lines of gateway.cfg, in a
# place where no name can be resolved
gateway() {
	[ ! -e "$DIR/pid/oslo-a" ] || gateway_down onprem
	write_gateway onprem
	printf '%s\n' "$@" >>"$DIR/oslo-a.cfg"
	: >"$DIR/log/oslo-a.log"
	# shellcheck disable=SC2016 # expanded by the inner shell
	spawn onprem oslo-a env ${PROXY_ENV:+"$PROXY_ENV"} sh -c '
		mount --bind "$0/no-hosts" /etc/hosts &&
		mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"' \
		"$DIR" "$RELAYTUN" gateway -c "$DIR/oslo-a.cfg"
	wait_for 10 status_json onprem . || fail "oslo-a does not come up"
}

# through WHAT: the tunnel is up, a page passes, and nothing went beside
through() {
	wait_for 15 tunnel_is_up || fail "no tunnel through $1:
$(status_json onprem '.listeners[0].last_error')"
	expect "page through $1" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
	expect "packets beside $1" "$(beside)" 0
}

beside() {
	at onprem nft -j list counter inet way beside |
		jq '.nftables[] | select(.counter).counter.packets'
}

topo_up
services_up web
configure
echo "127.0.0.1 localhost" >"$DIR/no-hosts"
echo "nameserver 198.18.0.1" >"$DIR/resolv.conf"
echo "secret of the proxy" >"$DIR/proxy.password"
echo "wrong" >"$DIR/wrong.password"
chmod 600 "$DIR"/*.password
chmod 644 "$DIR/no-hosts" "$DIR/resolv.conf"
certificate proxy DNS:proxy.test,IP:198.18.0.1

at onprem nft -f - <<-END
	table inet way {
		counter beside { }
		chain out {
			type filter hook output priority 300
			oifname != "up0" accept
			ip daddr 198.18.0.1 tcp dport { 3128, 3129, 3130, 1080 } accept
			meta l4proto { tcp, udp } counter name beside drop
			ip protocol icmp counter name beside drop
		}
	}
END
relay_up
proxy 3128
proxy 3129 me "secretofproxy"
spawn relay socks microsocks -i 198.18.0.1 -p 1080
spawn relay proxy-tls socat \
	"OPENSSL-LISTEN:3130,bind=198.18.0.1,fork,reuseaddr,cert=$DIR/tls/proxy.pem,key=$DIR/tls/proxy.key,verify=0" \
	TCP:198.18.0.1:3128
gateway_up cloud

# Without a proxy nothing works, and the counter sees it: it can count.
gateway
await_status 20 onprem '.listeners[0].last_error | test("resolve")'
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
await_status 15 onprem '.listeners[0].last_error |
	test("407.*proxy_password_file")'
gateway 'proxy = "http://me@198.18.0.1:3129";' \
	"proxy_password_file = \"$DIR/wrong.password\";"
await_status 15 onprem '.listeners[0].last_error | test("the proxy wants")'
echo "secretofproxy" >"$DIR/proxy.password"
gateway 'proxy = "http://me@198.18.0.1:3129";' \
	"proxy_password_file = \"$DIR/proxy.password\";"
through "a proxy with a password"
! grep -rqF "secretofproxy" "$DIR/log" || fail "the password is in a log"

gateway 'proxy = "socks5://198.18.0.1:1080";'
through "SOCKS5"

gateway 'proxy = "https://198.18.0.1:3130";'
through "a proxy behind TLS"

# From the environment; the file's own word counts before it.
PROXY_ENV="https_proxy=http://198.18.0.1:3128"
gateway
through "the environment's proxy"
gateway 'proxy = "";'
await_status 20 onprem '.listeners[0].last_error | test("resolve")'
PROXY_ENV=
gateway_down onprem

# A host that the proxy must not connect to.
sed -i 's/ConnectPort 443/ConnectPort 444/' "$DIR/tinyproxy-3128.conf"
stop proxy-3128 || :
spawn relay proxy-3128 tinyproxy -d -c "$DIR/tinyproxy-3128.conf"
at onprem nft reset counter inet way beside >/dev/null
gateway 'proxy = "http://198.18.0.1:3128";'
await_status 20 onprem '.listeners[0].last_error |
	test("403.*proxy does not allow|cannot connect")'
expect "packets beside at the end" "$(beside)" 0

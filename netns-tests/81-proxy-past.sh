#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes past the proxy, and what does not: a relay that no_proxy names, in the
# file or in the environment, is reached directly; the machine's identity endpoint
# is asked directly whatever is set; Entra's own endpoint is asked by the proxy.
#
#  oslo-a -- CONNECT --------> proxy at 198.18.0.1 --> relay.test:443
#         -- in no_proxy -----------------------------> relay.test:443
#         -- Metadata: true --> 169.254.169.254:80, on the machine itself

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=netns-tests/lib/proxy.sh
. "$HERE/lib/proxy.sh"
not_plain
need tinyproxy

# directly: connections to the relay itself, from the last reset on
directly() {
	at onprem nft -j list counter inet way relay |
		jq '.nftables[] | select(.counter).counter.packets'
}

# asked HOST: how often the proxy was asked for it
asked() {
	grep -c "Request .*$1" "$DIR/log/proxy-3128.log" || :
}

# idle: has the proxy heard of the end of all connections?
idle() {
	! at relay ss -Htn state connected exclude time-wait \
		'sport = :3128' | said .
}

# registers WHAT COMMAND...: oslo-a, started so, registers with its relay; sets
# $proxied and $direct to how often the proxy was asked and the relay itself was
registers() {
	local before
	[ ! -e "$DIR/pid/oslo-a" ] || gateway_down onprem
	wait_for 20 idle || fail "the proxy has connections of nobody"
	before=$(asked "relay.test:443")
	at onprem nft reset counter inet way relay >/dev/null
	"${@:2}"
	await_status 15 onprem '.listeners[0].state == "registered"'
	expect "packets beside $1" "$(beside)" 0
	proxied=$(($(asked "relay.test:443") - before))
	direct=$(directly)
}

# past WHAT COMMAND...: directly
past() {
	registers "$@"
	((direct > 0)) || fail "$1: nothing went to the relay itself"
	expect "proxied requests with $1" "$proxied" 0
}

# by_proxy WHAT COMMAND...: by the proxy
by_proxy() {
	registers "$@"
	((proxied > 0)) || fail "$1: the proxy was not asked"
	expect "direct connections with $1" "$direct" 0
}

proxy_world 3128
at onprem nft -f - <<-END
	table inet way {
		counter relay { }
	}
	insert rule inet way out ip daddr 192.0.2.1 tcp dport 443 accept
	insert rule inet way out ip daddr 192.0.2.1 tcp flags & (syn | ack) == syn counter name relay
END
echo "192.0.2.1 relay.test" >>"$DIR/no-hosts" # who may go there knows it
proxy_up 3128
proxy='proxy = "http://198.18.0.1:3128";'

by_proxy "a proxy" gateway "$proxy"
past "no_proxy" gateway "$proxy" 'no_proxy = [ "relay.test" ];'
through "no_proxy"
past "no_proxy for its domain" gateway "$proxy" 'no_proxy = [ ".test" ];'
by_proxy "no_proxy for others" gateway "$proxy" 'no_proxy = [ "other.test" ];'
GATEWAY_ENV="https_proxy=http://198.18.0.1:3128 NO_PROXY=relay.test"
past "NO_PROXY" gateway
by_proxy "no_proxy before NO_PROXY" gateway 'no_proxy = [ "other.test" ];'

# The identity endpoint is this machine's, and nobody else's.
ip -n "$NS-onprem" address add 169.254.169.254/32 dev lo
"$RELAYTUN" token --uri wss://relay.test/oslo-a --key-name listen \
	--key-file "$DIR/listen.key" >"$DIR/access_token"
spawn onprem identity python3 "$HERE/lib/entra.py" "$DIR" identity \
	169.254.169.254:80
GATEWAY_ENV="http_proxy=http://198.18.0.1:3128 all_proxy=http://198.18.0.1:3128"
CREDENTIALS="entra = { managed_identity = true; };"
by_proxy "a machine's identity" gateway "$proxy"
grep -q "^GET .* 200" "$DIR/log/identity.log" || fail "no identity was asked for"
expect "proxied requests for an identity" "$(asked "169.254.169.254")" 0
GATEWAY_ENV=

# Entra's endpoint is out there.
echo "192.0.2.1 login.relay.test" >>"$DIR/hosts"
certificate relay DNS:relay.test,DNS:login.relay.test,IP:192.0.2.1
secret client.secret "right & secret"
spawn relay login python3 "$HERE/lib/entra.py" "$DIR" login
CREDENTIALS="entra = { tenant = \"contoso\"; client_id = \"app-1\";
	authority = \"https://login.relay.test:8443\";
	client_secret_file = \"$DIR/client.secret\"; };"
CREDENTIALS=${CREDENTIALS//$'\n'/ }
by_proxy "Entra" gateway "$proxy"
through "Entra"
(($(asked "login.relay.test:8443") > 0)) || fail "Entra was not asked by the proxy"

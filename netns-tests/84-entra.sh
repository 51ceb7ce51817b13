#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Microsoft Entra: tokens are asked for with a secret, with a certificate or as the
# machine's identity, renewed ahead of their end, and an outage of the endpoint
# shorter than a token's life harms nobody.  (The stand-in hands out what our
# relay takes as well: the gateway does not look into it.)
#
#  oslo-a -- POST, secret or assertion --> https://login.relay.test:8443
#         -- GET, Metadata: true --------> http://127.0.0.1:8080
#         -- listen, what it got --------> relay.test

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# entra TEXT: oslo-a with these credentials, started anew
entra() {
	[ ! -e "$DIR/pid/oslo-a" ] || gateway_down onprem
	write_gateway onprem
	sed -i -e '/key_file/d' \
		-e "s|^credentials.*|credentials = { entra = { $1 }; };|" \
		"$DIR/oslo-a.cfg"
	: >"$DIR/log/oslo-a.log"
	gateway_up onprem
}

application="tenant = \"contoso\"; client_id = \"app-1\";
	authority = \"https://login.relay.test:8443\";"
application=${application//$'\n'/ }

# asked NAME: how many tokens a stand-in gave so far
asked() {
	grep -c ' 200$' "$DIR/log/$1.log" || :
}

# asked_more NAME COUNT
asked_more() {
	(($(asked "$1") > $2))
}

topo_up
services_up web
configure
echo "192.0.2.1 login.relay.test" >>"$DIR/hosts"
certificate relay DNS:relay.test,DNS:login.relay.test,IP:192.0.2.1
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=app-1" \
	-keyout "$DIR/client.key" -out "$DIR/client.crt" 2>"$DIR/log/openssl.log"
openssl x509 -in "$DIR/client.crt" -pubkey -noout >"$DIR/client.pub"
(umask 077 && cat "$DIR/client.crt" "$DIR/client.key" >"$DIR/client.pem")
(umask 077 && echo "right & secret" >"$DIR/secret")
(umask 077 && echo "wrong" >"$DIR/wrong")
"$RELAYTUN" token --uri wss://relay.test/oslo-a --key-name listen \
	--key-file "$DIR/listen.key" >"$DIR/access_token"
relay_up
spawn relay login python3 "$HERE/lib/entra.py" "$DIR" login
spawn onprem identity python3 "$HERE/lib/entra.py" "$DIR" identity
gateway_up cloud

# The endpoint is not there yet, then the secret is wrong: each is said.
entra "$application client_secret_file = \"$DIR/wrong\";"
await_status 10 onprem '.credential.last_error |
	test("AADSTS7000215: Invalid client secret. trace_id=trace-1")'
await_status 10 onprem '.listeners[0].last_error | test("no Entra token")'
grep -q 'credential="Entra application app-1 of tenant contoso with its secret" event=no_token' \
	"$DIR/log/oslo-a.log" || fail "the log does not say which credential"

# The right one comes by file.
cp "$DIR/secret" "$DIR/wrong"
wait_for $DIAL_S tunnel_is_up || fail "no tunnel with a secret"
expect "page with a secret" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
await_status 5 onprem '.credential | .expires_s > 0 and .last_error == ""'

# Asked again at half of its life, and after an outage of the endpoint.
count=$(asked login)
wait_for 20 asked_more login "$count" || fail "no token is asked for ahead"
: >"$DIR/fail"
await_status 10 onprem '.credential.last_error | test("503")'
rm "$DIR/fail"
await_status 10 onprem '.credential.last_error == ""'
expect "registrations meanwhile" \
	"$(status_json onprem '.listeners[0].registered')" 1

entra "$application certificate_file = \"$DIR/client.pem\";"
wait_for $DIAL_S tunnel_is_up || fail "no tunnel with a certificate:
$(status_json onprem .credential)"

identity=http://127.0.0.1:8080/metadata/identity/oauth2/token
entra "managed_identity = true; identity_endpoint = \"$identity\";"
wait_for $DIAL_S tunnel_is_up || fail "no tunnel with a managed identity:
$(status_json onprem .credential)"
expect "page with an identity" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

! grep -qF "right & secret" "$DIR"/log/*.log || fail "the secret is in a log"
! grep -qF "$(cat "$DIR/access_token")" "$DIR"/log/*.log ||
	fail "a token is in a log"

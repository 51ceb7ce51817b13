#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every kind of file that a credential may come in: a connection string, a ready
# token that somebody replaces while the gateway runs, systemd's credentials; and
# what is said when one is wrong, or the clock is.
#
#  oslo-a -- listen, token of a file --> relay.test
#  edge-1 -- send, connection string --> relay.test

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# credentials cloud|onprem TEXT: gateway.cfg with these
credentials() {
	write_gateway "$1"
	sed -i -e '/key_file/d' -e "s|^credentials.*|credentials = { $2 };|" \
		"$DIR/${GATEWAY[$1]}.cfg"
}

# token NAME [SECONDS]: a token for oslo-a signed with a key, into a new file that
# takes the old one's place at once
token() {
	(umask 077 && "$RELAYTUN" token --uri wss://relay.test/oslo-a \
		--key-name "$1" --key-file "$DIR/$1.key" \
		--ttl "${2:-3600}" >"$DIR/token.new")
	mv "$DIR/token.new" "$DIR/token"
}

# changed COUNT: how often the steward saw a new secret
changed() {
	[ "$(grep -c event=secrets_changed "$DIR/log/oslo-a.log")" = "$1" ]
}

topo_up
services_up web
configure

# Cloud: a connection string among systemd's credentials.
mkdir "$DIR/systemd"
(umask 077 && printf '%s;\n' "Endpoint=sb://relay.test/;EntityPath=oslo-a;$(
	)SharedAccessKeyName=send;SharedAccessKey=$(cat "$DIR/send.key")" \
	>"$DIR/systemd/relay")
credentials cloud "connection_string_file = \"\$CREDENTIALS_DIRECTORY/relay\";"
# Site: a ready token, which has the wrong right at first.
token send
credentials onprem "token_file = \"$DIR/token\";"

relay_up
gateway_up onprem
spawn cloud edge-1 env CREDENTIALS_DIRECTORY="$DIR/systemd" \
	"$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
await_status 10 onprem '.listeners[0].last_error |
	test("403.*right Listen.*token_file")'
expect "credential" "$(status_json onprem .credential.is)" token_file
grep -q 'event=misconfigured.*TrackingId' "$DIR/log/oslo-a.log" ||
	fail "the log does not tell the refusal with its tracking id"
steward=$(steward_pid onprem) carrier=$(carrier_pid onprem)

# The right one comes: taken without a restart or a signal.
token listen 600
wait_for 10 grep -q event=secrets_changed "$DIR/log/oslo-a.log" ||
	fail "the steward does not see the new token"
await_status 10 onprem '.listeners[0].state == "registered"'
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
expect "steward" "$(steward_pid onprem)" "$steward"
expect "carrier" "$(carrier_pid onprem)" "$carrier"

# A newer one while registered is sent as a renewal; one that is none is refused
# and the old one stays.
token listen 7200
wait_for 10 changed 2 || fail "the steward does not see the third token"
(umask 077 && echo "no token" >"$DIR/token.new")
mv "$DIR/token.new" "$DIR/token"
wait_for 10 grep -q 'token_file: it holds neither' "$DIR/log/oslo-a.log" ||
	fail "a file without a token is not refused"
expect "registrations" "$(status_json onprem '.listeners[0].registered')" 1
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# refuses HOST REGEX [ENV]: with a secret that is wrong, a policy with one service
# more is refused as a whole, and plan foretells it; no carrier hears of it
refuses() {
	local cfg=$DIR/${GATEWAY[$1]}.cfg verb said code
	write_policy "$DIR/policy.cfg" "${SERVICES}more tcp/7001 10.1.0.7:7001"
	snapshot "$1" "$DIR/before"
	for verb in plan reload; do
		code=0
		said=$(at "$1" env ${3:+"$3"} "$RELAYTUN" "$verb" -c "$cfg" 2>&1) ||
			code=$?
		expect "exit code of $verb ($said)" "$code" 2
		expect_match "what $verb says" "$said" "$2"
	done
	snapshot "$1" "$DIR/after"
	expect_file "the machine of $1" "$DIR/after" "$DIR/before"
	! grep -q 'carrier.*event=reload_refused' "$DIR/log/${GATEWAY[$1]}.log" ||
		fail "the carrier of $1 was handed what it cannot use"
}
refuses onprem 'token: token_file: it holds neither.*as before'
cp "$DIR/systemd/relay" "$DIR/string"
echo garbage >"$DIR/systemd/relay"
refuses cloud "/relay: connection_string_file: .* no '='.*as before" \
	CREDENTIALS_DIRECTORY="$DIR/systemd"
cp "$DIR/string" "$DIR/systemd/relay"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/log/reload.log" ||
	fail "a reload is refused with the right string: $(cat "$DIR/log/reload.log")"
at cloud nft list ruleset | said 7001 || fail "the new service is not there"
write_policy "$DIR/policy.cfg" "$SERVICES"
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/log/reload.log" ||
	fail "the old policy is refused: $(cat "$DIR/log/reload.log")"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# Told by the reading side already: nothing of it runs.
gateway_down onprem
credentials onprem "connection_string_file = \"$DIR/string\";"
(umask 077 && echo "Endpoint=sb://other.test/;SharedAccessKeyName=listen;$(
	)SharedAccessKey=$(cat "$DIR/listen.key")" >"$DIR/string")
gateway_up onprem
await_status 10 onprem '.listeners[0].last_error |
	test("Endpoint is another host")'
gateway_down onprem

# A relay whose clock is two hours ahead of ours.
relay_down
spawn relay answer python3 "$HERE/lib/answer.py" 192.0.2.1 443 \
	"$DIR/tls/relay.pem" "$DIR/tls/relay.key" 401 \
	"Expired. TrackingId:17, Timestamp:x" 7200
write_gateway onprem
gateway_up onprem
await_status 10 onprem '.listeners[0].last_error | test("401 Expired.*17.*" +
	"key_name .listen.*clock is 7(19[5-9]|20[01]) s behind")'
await_status 5 onprem '.listeners[0].clock_skew_s > 7190'
await_status 35 cloud '[.channels[].last_error] |
	any(test("connection_string_file.*send.*clock is"))'
for key in "$DIR"/*.key; do
	! grep -qF "$(cat "$key")" "$DIR"/log/*.log ||
		fail "${key##*/} is in a log"
done
! grep -qE 'sig=|SharedAccessSignature sr' "$DIR"/log/*.log ||
	fail "a token is in a log"

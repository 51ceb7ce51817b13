#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A reload goes on with changed files while flows run: services come, go and lead
# elsewhere, at both ends; a flow of an unchanged service notices nothing; one of
# a service that is gone ends at once.  Files with errors change nothing.
#
#  client ==== three connections that ask all the while ==== 10.1.0.7:7000   unchanged
#         edge.test:8080   gone
#         edge.test:8081   new
#         edge.test:7      to 10.1.0.7:7, then nowhere

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# reload WHERE: its files have changed; returns when the change is in force
reload() {
	local log=$DIR/log/${GATEWAY[$1]}.log before
	before=$(grep -c 'carrier event=ready' "$log")
	at "$1" "$RELAYTUN" reload -c "$DIR/${GATEWAY[$1]}.cfg" \
		>"$DIR/log/reload.log" 2>&1 || fail "reload of $1"
	wait_for 5 more_ready "$log" "$before" || fail "$1 does not reload"
}

more_ready() {
	(($(grep -c 'carrier event=ready' "$1") > $2))
}

# refused_twice: the verb, and the signal after it
refused_twice() {
	(($(grep -c reload_refused "$DIR/log/edge-1.log") == 2))
}

# changed NAME=LINE...: $SERVICES with other lines; an empty one takes it away
changed() {
	local text=$SERVICES change
	for change in "$@"; do
		text=$(grep -v "^${change%%=*} " <<<"$text")
		[ -z "${change#*=}" ] || text+=$'\n'"${change%%=*} ${change#*=}"
	done
	echo "$text"
}

# shut PORT: no page comes from there
shut() {
	! at client curl -s -m 1 "http://edge.test:$1/" >/dev/null
}

topo_up
services_up web echo
tell_up seven 10.1.0.7 7000
SERVICES+="
stays    tcp/7000              10.1.0.7:7000
"
tunnel_up
carrier=$(carrier_pid cloud)
crowd_up stays 203.0.113.1 3 7000
expect "page before" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# A connection of the service that is to go, held open across the reload.
spawn client held python3 -c '
import socket, sys
s = socket.create_connection(("203.0.113.1", 7))
s.sendall(b"one\n"); assert s.recv(16); print("open", flush=True)
s.settimeout(10)
try:
    while True:
        s.sendall(b"x")
        if not s.recv(16): break
        import time; time.sleep(0.05)
except ConnectionError as e:
    print("cut", type(e).__name__, flush=True)
'
wait_for 5 grep -q open "$DIR/log/held.log" || fail "the echo service is shut"

# Errors: told with their line, and nothing changes.
cp "$DIR/policy.cfg" "$DIR/good.cfg"
sed -i 's|"10.1.0.5:80"|"10.9.0.5:80"|' "$DIR/policy.cfg"
code=0
at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" >"$DIR/log/bad.log" 2>&1 ||
	code=$?
expect "exit code for a bad policy" "$code" 2
grep -qE 'policy.cfg:[0-9]+: .*10.9.0.5' "$DIR/log/bad.log" ||
	fail "the error is not told"
kill -HUP "$(steward_pid cloud)"
wait_for 5 refused_twice || fail "SIGHUP with a bad policy is not refused"
expect "page meanwhile" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# web goes, web2 comes, echo goes.
write_policy "$DIR/policy.cfg" \
	"$(changed web= echo= "web2=tcp/8081 10.1.0.5:80")"
reload onprem
reload cloud
expect "page of the new service" "$(fetch http://edge.test:8081/)" "$WEB_TEXT"
shut 8080 || fail "the service that is gone still answers"
wait_for 5 grep -q cut "$DIR/log/held.log" ||
	fail "the connection of the service that is gone goes on"
await_status 5 cloud '.peers[0].policy == "same"'
await_status 5 onprem '.peers[0].policy == "same"'

# web2 leads elsewhere, and back.
write_policy "$DIR/policy.cfg" \
	"$(changed web= echo= "web2=tcp/8081 10.1.0.7:9")"
reload cloud
shut 8081 || fail "the service still leads to where it led"
cp "$DIR/good.cfg" "$DIR/policy.cfg"
reload cloud
reload onprem
expect "page at last" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

expect "carrier" "$(carrier_pid cloud)" "$carrier"
expect "channels opened" "$(status_json cloud '.channels[0].opened')" 1

# The unchanged flows were alive all the while.
crowd_lives stays 3

# What needs a restart is refused.
sed -i 's|"rt0"|"rt1"|' "$DIR/edge-1.cfg"
kill -HUP "$(steward_pid cloud)"
wait_for 5 grep -q 'tun.name was .*rt0.* and is .*rt1.*: that needs a restart' \
	"$DIR/log/edge-1.log" || fail "another device is not refused"

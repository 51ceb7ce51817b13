#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun flows` says who is connected now, at both ends, IPv4 and IPv6, several
# services; bytes and ages once the kernel keeps them.  A service with audit =
# true leaves a line in the log for each flow that ends, a bounded number of them;
# the kernel's settings for it are put back.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need conntrack

LOG=$DIR/log/edge-1.log

write_policy() {
	policy_head v6 >"$1"
	cat >>"$1" <<-END
		sites = (
		  { name = "oslo"; networks = [ "10.1.0.0/24", "fd00:1::/64" ];
		    services = (
		      { name = "echo"; public = "tcp/7"; target = "10.1.0.7:7"; $AUDIT },
		      { name = "echo-udp"; public = "udp/7"; target = "10.1.0.7:7"; $AUDIT },
		      { name = "six"; public = "tcp/7000"; target = "[fd00:1::7]:7000"; }
		    );
		    routes = ( { name = "plain"; to = "10.1.0.0/25";
		                 allow = "tcp/7001"; from = "203.0.113.0/24"; } ); }
		);
	END
}

# flows WHERE ARGUMENT...
flows() {
	local where=$1
	shift
	at "$where" "$RELAYTUN" flows -c "$DIR/${GATEWAY[$where]}.cfg" "$@"
}

# hold NAME HOST PORT: a connection that has had one answer, and stays
hold() {
	spawn client "$1" python3 -c '
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(b"x" * 1000)
s.recv(1000)
print("open", s.getsockname()[1], flush=True)
time.sleep(60)' "$2" "$3"
	wait_for 5 grep -q open "$DIR/log/$1.log" || fail "$1 has no answer"
}

port_of() {
	sed -n 's/open //p' "$DIR/log/$1.log"
}

setting() {
	at cloud sysctl -n net.netfilter.nf_conntrack_"$1"
}

topo_up
topo_v6
services_up echo
tell_up six fd00:1::7 7000
spawn lan echo7001 python3 "$HERE/lib/echo.py" serve 10.1.0.7 7001
AUDIT=""
tunnel_up
hold first edge.test 7
hold six 2001:db8:c::1 7000
# Somebody else's flow that bears a mark of ours.
id=$(flows cloud --json | jq '.flows[0].id')
at cloud conntrack -I -p tcp -s 10.200.0.1 -d 10.200.0.2 --sport 1 --dport 2 \
	--timeout 600 --state ESTABLISHED -m "$id" >>"$DIR/log/conntrack.log" 2>&1

expect "flows" "$(flows cloud --json 2>/dev/null |
	jq -c '[.version, .accounting, (.flows | length)]')" "[1,false,2]"
flows cloud --json 2>/dev/null | documented FLOWS
expect "the IPv4 one" "$(flows cloud --json echo | jq -c '.flows[] |
	[.service, .protocol, .client, .client_port, .public_port, .target,
	 .target_port, .state, .age_s, .bytes_sent]')" \
	"[\"oslo/echo\",\"tcp\",\"203.0.113.2\",$(port_of first),7,\"10.1.0.7\",7,\"established\",null,null]"
expect "the IPv6 one" "$(flows cloud --json oslo/six | jq -c '.flows[] |
	[.service, .client, .target, .state]')" \
	'["oslo/six","2001:db8:c::2","fd00:1::7","established"]'
expect "at the site" "$(flows onprem --json | jq -c '[.flows[] |
	[.service, .client, .target]]')" \
	'[["oslo/echo","100.64.0.1","10.1.0.7"],["oslo/six","fd64:1::1","fd00:1::7"]]'
flows cloud >"$DIR/log/table.log" 2>&1
grep -q '^oslo/echo .*tcp *203.0.113.2:.* 10.1.0.7:7 .*established' \
	"$DIR/log/table.log" || fail "no such line in the table"
grep -q 'bytes are not counted.*nf_conntrack_acct' "$DIR/log/table.log" ||
	fail "it is not said why there are no bytes"
refused "an unknown service" 1 'no service or route "nothing"' \
	flows cloud nothing

# A route's, at both ends.
ip -n "$NS-client" route add 10.1.0.0/25 via 203.0.113.1
hold routed 10.1.0.7 7001
for where in cloud onprem; do
	expect "of a route at $where" \
		"$(flows $where --json plain | jq -c '[.flows[] | [.service, .target]]')" \
		'[["oslo/plain","10.1.0.7"]]'
done
stop routed || :

# With audit: the kernel counts from now on.
AUDIT="audit = true;"
write_policy "$DIR/policy.cfg"
kill -HUP "$(steward_pid cloud)"
wait_for 5 grep -q event=reloaded "$LOG" || fail "no reload"
expect "counting" "$(setting acct)$(setting timestamp)" 11
at cloud sysctl -q -w net.netfilter.nf_conntrack_udp_timeout=1 \
	net.netfilter.nf_conntrack_udp_timeout_stream=1
hold second edge.test 7
expect "the second, counted" "$(flows cloud --json echo | jq -c '.flows[] |
	select(.client_port == '"$(port_of second)"') |
	.bytes_sent > 1000 and .bytes_received > 1000 and .age_s >= 0')" true
! flows cloud 2>&1 | said "not counted" || fail "it is said to be not counted"
ask udp >"$DIR/log/ask.log"
# The kernel takes its time with entries that are over, but not if one looks.
ended() {
	flows cloud
	grep -q 'flow event=ended' "$LOG"
}
wait_for 10 ended || fail "no line of the log"
expect_match "line of the log" "$(grep 'flow event=ended' "$LOG")" \
	'service="oslo/echo-udp" protocol=udp client=203.0.113.2:[0-9]+ target=10.1.0.7:7 duration_ms=[0-9]+ bytes_sent=42 bytes_received=42$'
stop second || :
stop six || :
at cloud conntrack -D -p tcp >>"$DIR/log/conntrack.log" 2>&1 || :
at cloud conntrack -D -f ipv6 -p tcp >>"$DIR/log/conntrack.log" 2>&1 || :
wait_for 5 grep -q 'event=ended service="oslo/echo" .*bytes_sent=[0-9]{4}' \
	-E "$LOG" || fail "the second left no line"
! grep -q 'event=ended service="oslo/six"' "$LOG" || fail "six is not audited"
! grep -q 'event=ended .*10.200.0.1' "$LOG" || fail "somebody else is audited"

# Many at once: a hundred lines a second.  (They must all be there still when the
# last one is seen.)
at cloud sysctl -q -w net.netfilter.nf_conntrack_udp_timeout=60 \
	net.netfilter.nf_conntrack_udp_timeout_stream=60
before=$(grep -c 'flow event=ended' "$LOG")
at client python3 -c '
import socket
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(600)]
for one in s:
    one.sendto(b"x", ("203.0.113.1", 7))'
wait_for 15 eval '(($(flows cloud --json echo-udp 2>/dev/null |
	jq ".flows | length") >= 600))' || fail "not 600 flows"
start=$(now_ms)
at cloud conntrack -D -p udp >>"$DIR/log/conntrack.log" 2>&1 || :
told() {
	echo $(($(grep -c 'flow event=ended' "$LOG") - before))
}
# The lines before may be of the same second, whose hundred they are of, too.
wait_for 15 eval '(($(told) >= 90))' || fail "no lines for many at once"
((took = $(now_ms) - start))
(($(told) <= 200 + took / 10)) || fail "$(told) lines within $took ms"

gateway_down cloud INT || fail "exit code after SIGINT"
expect "put back" "$(setting acct)$(setting timestamp)" 00

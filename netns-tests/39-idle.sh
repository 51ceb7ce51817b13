#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# idle_timeout: connection tracking forgets a flow of a service when nothing has
# passed for that long, at both ends; other services keep the kernel's times, and a
# reload changes the time for new flows.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need conntrack

write_policy() {
	policy_head >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24"; services = (
		  { name = "short"; public = "tcp/7000"; target = "10.1.0.7:7000";
		    idle_timeout = "${TIME:-90s}"; },
		  { name = "brief"; public = "udp/7000"; target = "10.1.0.7:7000";
		    idle_timeout = "4s"; },
		  { name = "usual"; public = "tcp/7001"; target = "10.1.0.7:7001"; }
		); } );
	END
}

# left WHERE PROTO PORT: seconds until the entry of that flow goes
left() {
	at "$1" conntrack -L -p "$2" 2>/dev/null |
		sed -n "s/^[a-z]* *[0-9]* *\([0-9]*\) .*src=10.1.0.7.* sport=$3 .*/\1/p" |
		head -n 1
}

topo_up
tell_up seven 10.1.0.7 7000-7001
tunnel_up
for port in 7000 7001; do
	spawn client hold$port python3 "$HERE/lib/tell.py" hold 203.0.113.1 $port tcp
	wait_for 5 grep -q open "$DIR/log/hold$port.log" || fail "no flow to $port"
done
for where in cloud onprem; do
	((80 < $(left $where tcp 7000) && $(left $where tcp 7000) <= 90)) ||
		fail "time of \"short\" at $where: $(left $where tcp 7000)"
	(($(left $where tcp 7001) > 1000)) ||
		fail "time of \"usual\" at $where: $(left $where tcp 7001)"
done
expect "a datagram" "$(told edge.test 7000 udp)" "10.1.0.1 10.1.0.7 7000"
forgotten() {
	[ -z "$(left cloud udp 7000)" ] && [ -z "$(left onprem udp 7000)" ]
}
[ -n "$(left cloud udp 7000)" ] || fail "the datagram's flow is not known"
wait_for 20 forgotten || fail "the datagram's flow is not forgotten"

stop hold7000 || :
TIME=10m write_policy "$DIR/policy.cfg"
for where in cloud onprem; do
	at "$where" "$RELAYTUN" reload -c "$DIR/${GATEWAY[$where]}.cfg" >/dev/null
	at "$where" conntrack -D -p tcp --reply-port-src 7000 >/dev/null 2>&1 || :
done
spawn client again python3 "$HERE/lib/tell.py" hold 203.0.113.1 7000 tcp
wait_for 5 grep -q open "$DIR/log/again.log" || fail "no flow after a reload"
(($(left cloud tcp 7000) > 500 && $(left cloud tcp 7000) <= 600)) ||
	fail "time after a reload: $(left cloud tcp 7000)"
alive hold7001 || fail "a flow of an unchanged service ended"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ranges of ports: straight and shifted, of every own address and of one, TCP and
# UDP; first, middle and last port arrive where they should, the ports beside them
# nowhere.  Flows of a pool's gateway come from all over the pool; masquerade =
# false lets the LAN see it.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

write_policy() {
	policy_head 100.64.0.17/28 >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24"; masquerade = false;
		services = (
		  { name = "straight"; public = "tcp/10000-10100";
		    target = "10.1.0.7:10000-10100"; },
		  { name = "straight-udp"; public = "udp/10000-10100";
		    target = "10.1.0.7:10000-10100"; },
		  { name = "shifted"; public = "198.51.100.7:tcp/10000-10100";
		    target = "10.1.0.7:20000-20100"; }
		); } );
	END
}

topo_up
tell_up seven 10.1.0.7 9999-10101 20000-20101
ip -n "$NS-lan" route add 100.64.0.16/28 via 10.1.0.1
tunnel_up

sources=
# arrives WHAT ADDRESS PORT PROTO TARGET-PORT
arrives() {
	local got
	got=$(told "$2" "$3" "$4")
	expect "$1, $4/$3" "${got#* }" "10.1.0.7 $5"
	sources+="${got%% *}"$'\n'
}
for port in 10000 10050 10100; do
	arrives straight 203.0.113.1 $port tcp $port
	arrives straight 203.0.113.1 $port udp $port
	arrives shifted 198.51.100.7 $port tcp $((port + 10000))
done
for port in 9999 10101; do
	silent "beside it, $port" 203.0.113.1 $port tcp
	silent "beside it, $port" 198.51.100.7 $port tcp
done
for i in 3 4 5 6 7 8; do
	ip -n "$NS-client" address add "203.0.113.$i/24" dev eth0
	got=$(told edge.test 10000 tcp 203.0.113.$i)
	sources+="${got%% *}"$'\n'
done
! grep -vE '^$|^100\.64\.0\.(1[6-9]|2[0-9]|3[01])$' <<<"$sources" ||
	fail "a source is outside the pool"
(($(sort -u <<<"$sources" | grep -c .) > 2)) ||
	fail "the pool is not used: $(sort -u <<<"$sources")"

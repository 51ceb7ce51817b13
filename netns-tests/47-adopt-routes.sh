#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A route with nat = false that went while the site gateway was stopped: when the
# gateway starts, the route's flows end, as after a reload, and not one packet of
# them leaves beside the tunnel.
#
#  203.0.113.77 <== data without end == 10.1.0.9:7000

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

ROUTE='{ name = "kept"; to = "10.1.0.0/24"; allow = "tcp/7000"; nat = false;
         via = "edge-1"; from = "203.0.113.64/26"; }'

write_policy() {
	policy_head >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24";
		services = ( { name = "seven"; public = "tcp/7002"; target = "10.1.0.7:7002"; } );
		routes = ( $ROUTE ); } );
	END
}

# beside: packets of the LAN that left the site gateway by its uplink
beside() {
	at onprem nft -j list table inet beside |
		jq '[.nftables[].rule.expr[]?.counter?.packets | select(.)] | add'
}

entries() {
	at onprem conntrack -L 2>/dev/null | grep -c 203.0.113.77 || :
}

no_entry() {
	[ "$(entries)" = 0 ]
}

topo_up
ip -n "$NS-client" address add 203.0.113.77/24 dev eth0
ip -n "$NS-client" route add 10.1.0.0/24 via 203.0.113.1
ip -n "$NS-lan" route add 203.0.113.64/26 via 10.1.0.1
# A machine that forwards by its owner's will, and knows a way to everywhere.
at onprem sysctl -q -w net.ipv4.ip_forward=1
ip -n "$NS-onprem" route add default via 198.18.0.1
at onprem nft -f - <<-END
	table inet beside {
		chain out {
			type filter hook postrouting priority 300;
			oifname "up0" ip saddr 10.1.0.0/24 counter
			oifname "up0" ip daddr 203.0.113.64/26 counter
		}
	}
END
cat >"$DIR/push.py" <<-'END'
	import socket, time
	one = socket.create_server(("10.1.0.9", 7000))
	print("ready", flush=True)
	one = one.accept()[0]
	try:
	    while True:
	        one.sendall(b"secret")
	        time.sleep(0.02)
	except OSError as error:
	    print("ended", error, flush=True)
END
spawn lan push python3 "$DIR/push.py"
wait_for 10 grep -q ready "$DIR/log/push.log" || fail "nothing listens there"
tunnel_up
cat >"$DIR/pull.py" <<-'END'
	import socket
	one = socket.create_connection(("10.1.0.9", 7000), 5, ("203.0.113.77", 0))
	one.recv(6)
	print("open", flush=True)
	one.settimeout(30)
	while one.recv(1000):
	    pass
END
spawn client pull python3 "$DIR/pull.py"
wait_for 10 grep -q open "$DIR/log/pull.log" || fail "the flow does not open"
expect "entries of the flow" "$(entries)" 1
expect "packets beside the tunnel at first" "$(beside)" 0

gateway_down onprem TERM
ROUTE=
write_policy "$DIR/policy.cfg"
gateway_up onprem
wait_for 10 grep -q ended "$DIR/log/push.log" ||
	fail "the target goes on sending to a route that is gone"
wait_for 10 no_entry || fail "the entry of the flow stays"
expect "packets beside the tunnel" "$(beside)" 0
expect_match "what the log says" "$(cat "$DIR/log/oslo-a.log")" \
	'event=flows_ended count=1'
expect "routes of the plan before" \
	"$(ip -n "$NS-onprem" route show dev rt0 | grep -c 203.0.113 || :)" 0

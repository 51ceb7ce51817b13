#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A relay that alters, cuts, repeats, omits and stalls what it carries
# (tests/hostile/mangle.py): channels die of it and come back, no gateway ends,
# grows or leaks, and nothing gets to the LAN that the policy does not let through.
# When the relay is honest again, all works.
#
#  edge-1 --> mangle :443 --> relay :4443 <-- mangle <-- oslo-a

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

RSS_MAX_KB=${RSS_MAX_KB:-65536}

# sound WHERE PID: the carrier is the same, and small.
sound() {
	local rss
	expect "$1: carrier (crashed?)" "$(carrier_pid "$1")" "$2"
	rss=$(awk '/VmRSS/ { print $2 }' "/proc/$2/status")
	((rss < RSS_MAX_KB)) || fail "$1: $rss KB"
}

# mangled COUNT: so many connections were spoiled
mangled() {
	(($(wc -l <"$DIR/log/mangle.log") >= $1))
}

topo_up
services_up web echo
configure
sed -i 's|:443"|:4443"|' "$DIR/relay.cfg"
spawn relay relay "$RELAYTUN" relay -c "$DIR/relay.cfg"
wait_for 10 listens relay 4443 ||
	fail "the relay does not listen"
spawn relay mangle python3 "$TOP/tests/hostile/mangle.py" 192.0.2.1 443 \
	"$DIR/tls/relay.pem" "$DIR/tls/relay.key" 192.0.2.1 4443 "$DIR/tls/ca.pem"
wait_for 5 relay_listens || fail "the mangling relay does not run"
# The LAN may see the gateway's own requests of the echo service, and answers.
watch_for lan ip saddr != 10.1.0.1
at lan nft insert rule inet watch in iifname eth0 meta nfproto ipv4 \
	tcp dport != 7 counter name probes
at lan nft insert rule inet watch in iifname eth0 meta l4proto != tcp \
	meta nfproto ipv4 counter name probes
gateway_up onprem
gateway_up cloud
cloud=$(carrier_pid cloud)
onprem=$(carrier_pid onprem)

# Retransmissions find their way through all of it, or do not.
for _ in 1 2 3 4; do
	at client timeout 8 env FLOWS_DRAIN_S=2 python3 "$HERE/lib/flows.py" \
		edge.test 7 10 1.5 10 \
		>>"$DIR/log/flows.log" 2>&1 || :
done
wait_for 30 mangled 12 || fail "too few connections: the test proves nothing"
for way in alter cut repeat omit stall; do
	grep -q $way "$DIR/log/mangle.log" || fail "no connection was spoiled by $way"
done
grep -q '^answers [1-9]' "$DIR/log/flows.log" ||
	fail "nothing ever passed: the test proves nothing"
sound cloud "$cloud"
sound onprem "$onprem"
expect "packets outside the policy on the LAN's wire" "$(seen lan probes)" 0

kill -s USR1 "$(pid_of mangle)"
wait_for 60 ask tcp || fail "an honest relay does not help"
wait_for 60 tunnel_is_up || fail "the tunnel does not come up"
sound cloud "$cloud"
sound onprem "$onprem"
# Of several flows, over both channels: what got lost on one holds nobody up.
for i in 1 2 3 4 5 6 7 8; do
	expect "page $i" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
done

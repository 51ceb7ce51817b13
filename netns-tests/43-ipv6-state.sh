#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a gateway does to the kernel's IPv6, and that it is exactly undone: own
# addresses, routes, forwarding.  Three kinds of machine:
#
#  each	Linux 6.17 or newer: forwarding by interface
#  all	older: one switch for all of them (the new one is hidden), on an uplink
#	that lives by router advertisements: it goes on to do so
#  off	IPv6 is switched off: no state of it, one warning, IPv4 works
#
#  relay cloud0 -- router advertisements --> up0 cloud

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

CONF6=/proc/sys/net/ipv6/conf

# six_policy: both gateways have IPv6
six_policy() {
	sed -i -e 's|\[ "100.64.0.1" \]|[ "100.64.0.1", "fd64:1::1" ]|' \
		-e 's|\[ "100.64.0.11" \]|[ "100.64.0.11", "fd64:1::11" ]|' \
		"$DIR/policy.cfg"
}

# setting WHERE IFNAME NAME: a value of net.ipv6.conf
setting() {
	at "$1" cat "$CONF6/$2/$3"
}

# advertise: the relay's namespace is cloud's router for ten minutes
advertise() {
	at relay python3 -c '
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
i = socket.if_nametoindex("cloud0")
s.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 600, 0, 0),
	("ff02::1", 0, 0, i))'
}

default_route() {
	advertise
	ip -n "$NS-cloud" -6 route show default | said 'dev up0'
}

# up_without_each: cloud's gateway, on a kernel without force_forwarding
up_without_each() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	spawn cloud edge-1 sh -c '
		mount --bind /dev/null "$0" && exec "$@"' \
		$CONF6/all/force_forwarding "$RELAYTUN" gateway \
		-c "$DIR/edge-1.cfg"
	wait_for 10 status_json cloud . || fail "edge-1 does not come up"
}

# six_stands WHERE ADDRESS ROUTE
six_stands() {
	ip -n "$NS-$1" -6 address show dev rt0 | said "inet6 $2/128 " ||
		fail "$1 has no address $2"
	ip -n "$NS-$1" -6 route show proto 114 | said "^$3 dev rt0 " ||
		fail "$1 has no route to $3"
	expect "addresses of rt0 at $1" \
		"$(ip -n "$NS-$1" -6 -o address show dev rt0 | wc -l)" 1
	expect "reverse path filter at $1" \
		"$(at "$1" sysctl -n net.ipv4.conf.rt0.rp_filter)" 2
}

# undone WHERE WHEN
undone() {
	snapshot "$1" "$DIR/after"
	expect_file "$1, $2" "$DIR/after" "$DIR/before-$1"
}

topo_up
services_up web
configure
six_policy
relay_up
# Things to be put back: what differs from the default, and what is changed.
at cloud sysctl -q -w net.ipv6.conf.pub0.forwarding=1 \
	net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.pub0.accept_ra=0
at onprem sysctl -q -w net.ipv6.conf.lan0.accept_ra=2
for where in cloud onprem; do
	snapshot $where "$DIR/before-$where"
done

for where in onprem cloud; do
	gateway_up $where
done
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
six_stands cloud fd64:1::1 fd64:1::11
six_stands onprem fd64:1::11 fd64:1::1
if at cloud test -e $CONF6/all/force_forwarding; then
	for where in "cloud pub0" "cloud rt0" "onprem lan0"; do
		# shellcheck disable=SC2086 # two words
		expect "forwarding at $where" "$(setting $where force_forwarding)" 1
	done
	expect "the one switch" "$(setting cloud all forwarding)" 0
fi
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
for where in cloud onprem; do
	gateway_down $where TERM || fail "exit code after SIGTERM"
	gateway_up $where
	gateway_down $where INT || fail "exit code after SIGINT"
	undone $where "forwarding each"
done

# Where settings cannot be written it is said, and nothing is left behind.
code=0
# shellcheck disable=SC2016 # expanded by the inner shell
at cloud timeout 20 sh -c 'mount --bind /proc/sys /proc/sys &&
	mount -o remount,ro,bind /proc/sys && exec "$@"' - "$RELAYTUN" gateway \
	-c "$DIR/edge-1.cfg" >"$DIR/log/ro.log" 2>&1 || code=$?
expect "exit code with settings that cannot be written" "$code" 1
expect "lines about it" "$(grep -c 'IPv6 needs /proc/sys/net/ipv6/conf/[^ ]* = 1, which cannot be written: Read-only file system; set it by hand' "$DIR/log/ro.log")" 1
undone cloud "settings cannot be written"

wait_for 5 default_route || fail "advertisements have no effect"
expect "the uplink" "$(setting cloud up0 accept_ra)" 1
ip -n "$NS-cloud" -6 route show default | sed 's/ expires.*//' >"$DIR/ra"
up_without_each
six_stands cloud fd64:1::1 fd64:1::11
expect "the one switch" "$(setting cloud all forwarding)" 1
expect "the uplink, as a router" "$(setting cloud up0 accept_ra)" 2
expect "where none are taken" "$(setting cloud pub0 accept_ra)" 0
grep -q 'interface=up0 event=accept_ra value=2' "$DIR/log/edge-1.log" ||
	fail "what happened to the uplink is not said"
ip -n "$NS-cloud" -6 route show default | sed 's/ expires.*//' >"$DIR/ra2"
expect_file "the router's route" "$DIR/ra2" "$DIR/ra"
at cloud nft list set inet relaytun_edge-1 opened_all | said ipv6 ||
	fail "the machine forwards for others"
gateway_down cloud TERM || fail "exit code after SIGTERM"
up_without_each
gateway_down cloud TERM || fail "exit code after SIGTERM"
at cloud "$RELAYTUN" down -c "$DIR/edge-1.cfg" >>"$DIR/log/down.log" ||
	fail "down"
expect "the uplink, put back" "$(setting cloud up0 accept_ra)" 1
ip -n "$NS-cloud" -6 route show default | sed 's/ expires.*//' >"$DIR/ra2"
expect_file "the router's route afterwards" "$DIR/ra2" "$DIR/ra"
ip -n "$NS-cloud" -6 route flush proto ra
undone cloud "forwarding all"

for where in cloud onprem; do
	at $where sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
	snapshot $where "$DIR/before-$where"
	: >"$DIR/log/${GATEWAY[$where]}.log"
	gateway_up $where
	expect "warnings at $where" \
		"$(grep -c event=no_ipv6 "$DIR/log/${GATEWAY[$where]}.log")" 1
	expect "IPv6 routes at $where" \
		"$(ip -n "$NS-$where" -6 route show proto 114)" ""
done
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up without IPv6"
expect "page without IPv6" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"

# Switched on while the gateway runs, and off again.
at cloud sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
has_six() {
	ip -n "$NS-cloud" -6 route show proto 114 | said fd64:1::11
}
wait_for 10 has_six || fail "IPv6 is not taken up when it is switched on"
at cloud sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
said_twice() {
	[ "$(grep -c event=no_ipv6 "$DIR/log/edge-1.log")" = 2 ]
}
wait_for 10 said_twice || fail "that IPv6 was switched off is not said"
for where in cloud onprem; do
	gateway_down $where INT || fail "exit code after SIGINT"
	undone $where "without IPv6"
done

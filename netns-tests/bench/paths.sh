# shellcheck shell=bash disable=SC2034 # used by who sources it
# SPDX-License-Identifier: GPL-2.0-or-later
#
# paths.sh - The ways from the client to the LAN that are measured
#
#  tunnel	edge.test's public ports -> 10.1.0.x
#  direct	10.2.0.x, plain kernel forwarding over the same links
#  openvpn	10.3.0.x, OpenVPN over TCP, whose connection a TCP relay forwards
#
# All three lead to the same services on the same LAN host, which has an address
# of each network.

PATHS="direct tunnel openvpn"

declare -A IPERF_AT=([direct]=10.2.0.7 [tunnel]=edge.test [openvpn]=10.3.0.7)
declare -A WEB_AT=([direct]=10.2.0.5 [tunnel]=edge.test:8080
	[openvpn]=10.3.0.5)

# lan_addresses: the LAN host in the networks of direct and openvpn
lan_addresses() {
	local net host
	for net in 2 3; do
		ip -n "$NS-onprem" address add "10.$net.0.1/24" dev lan0
		for host in 5 7; do
			ip -n "$NS-lan" address add "10.$net.0.$host/24" dev eth0
		done
		ip -n "$NS-client" route add "10.$net.0.0/24" via 203.0.113.1
	done
	ip -n "$NS-lan" route add 203.0.113.0/24 via 10.2.0.1
}

# direct_up: forwarding all the way
direct_up() {
	local where
	for where in cloud relay onprem; do
		at "$where" sysctl -q -w net.ipv4.ip_forward=1
	done
	ip -n "$NS-cloud" route add 10.2.0.0/24 via 192.0.2.1
	ip -n "$NS-relay" route add 10.2.0.0/24 via 198.18.0.2
	ip -n "$NS-onprem" route add 203.0.113.0/24 via 198.18.0.1
	ip -n "$NS-relay" route add 203.0.113.0/24 via 192.0.2.2
}

# openvpn_end NAME WHERE OPTION...: one of its two processes
openvpn_end() {
	local name=$1 where=$2
	shift 2
	certificate "$name" "DNS:$name"
	spawn "$where" "$name" openvpn --dev ovpn0 --dev-type tun \
		--ca "$DIR/tls/ca.pem" --cert "$DIR/tls/$name.pem" \
		--key "$DIR/tls/$name.key" --cipher AES-256-GCM \
		--data-ciphers AES-256-GCM --tcp-nodelay --txqueuelen 1000 \
		--sndbuf 0 --rcvbuf 0 --verb 3 "$@"
}

# openvpn_up: the on-prem end dials the relay, as ours does
openvpn_up() {
	openvpn_end ovpn-cloud cloud --proto tcp-server --local 192.0.2.2 \
		--port 1194 --tls-server --dh none --ifconfig 10.9.0.1 10.9.0.2
	spawn relay ovpn-relay socat -b 131072 \
		TCP-LISTEN:1194,bind=198.18.0.1,fork,reuseaddr,nodelay \
		TCP:192.0.2.2:1194,nodelay
	openvpn_end ovpn-site onprem --proto tcp-client \
		--remote 198.18.0.1 1194 --tls-client \
		--ifconfig 10.9.0.2 10.9.0.1 --connect-retry 1
	wait_for 20 grep -q 'Initialization Sequence Completed' \
		"$DIR/log/ovpn-site.log" || fail "OpenVPN does not come up"
	ip -n "$NS-cloud" route add 10.3.0.0/24 dev ovpn0
	ip -n "$NS-onprem" rule add from 10.3.0.0/24 table 103
	ip -n "$NS-onprem" route add 203.0.113.0/24 dev ovpn0 table 103
}

# programs PATH: which programs carry its packets, as file names
programs() {
	case $1 in
	tunnel) echo relaytun-carrier relaytun-relay relaytun-steward ;;
	openvpn) echo openvpn socat ;;
	esac
}

# carriers PATH: "WHERE PROGRAM PID" of each process that carries its packets
carriers() {
	local where pid program
	for where in cloud relay onprem; do
		for pid in $(ip netns pids "$NS-$where"); do
			program=$(readlink "/proc/$pid/exe") || continue
			[[ " $(programs "$1") " == *" ${program##*/} "* ]] ||
				[[ ${program##*/} == socat* && $1 == openvpn ]] ||
				continue
			echo "$where ${program##*/} $pid"
		done
	done
}

# offloads on|off: of every link between client and LAN
offloads() {
	local end
	for end in client:eth0 cloud:pub0 cloud:up0 relay:cloud0 relay:site0 \
		onprem:up0 onprem:lan0 lan:eth0; do
		at "${end%:*}" ethtool -K "${end#*:}" tso "$1" gso "$1" gro "$1" \
			>/dev/null 2>&1 || fail "offloads of $end"
	done
}

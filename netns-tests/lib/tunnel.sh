# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tunnel.sh - Relay and gateways: configuration, start, end, status

# The policy's services: name, public port, target.  Tests add theirs with
# service_line.
SERVICES="
intranet tcp/8443              10.1.0.5:443
web      tcp/8080              10.1.0.5:80
sql      tcp/5432              10.1.0.9:5432
dns      198.51.100.7:udp/53   10.1.0.2:53
echo     tcp/7                 10.1.0.7:7
echo-udp udp/7                 10.1.0.7:7
stream   tcp/9000              10.1.0.7:9000
iperf    tcp/5201              10.1.0.7:5201
closed   udp/9999              10.1.0.7:9999
"

declare -A GATEWAY=([cloud]=edge-1 [onprem]=oslo-a)
declare -A KEY=([cloud]=send [onprem]=listen)

# How long until a gateway has looked at what others changed on its machine: half a
# second and two looks, with a pause between them of five times as long as one takes,
# which on a busy machine are seconds (scan.c).
LOOK_S=30

# How long until the tunnel is up when nothing is in its way any more: what failed
# often is dialled again after up to 30 s (retry.h).
DIAL_S=40

# configure: keys, policy and all configuration files with their defaults
configure() {
	certificate relay DNS:relay.test,IP:192.0.2.1
	make_key listen
	make_key send
	write_policy "$DIR/policy.cfg" "$SERVICES"
	write_gateway cloud
	write_gateway onprem
	write_relay
}

# make_key NAME: $DIR/NAME.key
make_key() {
	(umask 077 && head -c 32 /dev/urandom | base64 -w 0 >"$DIR/$1.key")
}

# policy_head [v6|ADDRESS]: how the policy of edge-1 and oslo-a begins; with IPv6
# addresses beside the others, or with another address of edge-1
policy_head() {
	local edge='"100.64.0.1"' oslo='"100.64.0.11"'
	case ${1:-} in
	'') ;;
	v6) edge+=', "fd64:1::1"' oslo+=', "fd64:1::11"' ;;
	*) edge="\"$1\"" ;;
	esac
	cat <<-END
		version = 1;
		gateways = (
		  { name = "edge-1"; role = "cloud"; address = [ $edge ]; },
		  { name = "oslo-a"; role = "site"; site = "oslo"; address = [ $oslo ];
		    relays = ( "wss://relay.test/oslo-a" ); }
		);
	END
}

# write_policy FILE SERVICES: policy text with lines like $SERVICES
write_policy() {
	local name public target comma=
	{
		policy_head
		cat <<-END
			sites = (
			  { name = "oslo";
			    networks = [ "10.1.0.0/24" ];
			    services = (
		END
		while read -r name public target; do
			[ -n "$name" ] || continue
			printf '%s      { name = "%s"; public = "%s"; target = "%s"; }' \
				"$comma" "$name" "$public" "$target"
			comma=$',\n'
		done <<<"$2"
		printf '\n    ); }\n);\n'
	} >"$1"
}

# write_gateway cloud|onprem: its gateway.cfg
write_gateway() {
	local name=${GATEWAY[$1]}
	cat >"$DIR/$name.cfg" <<-END
		name        = "$name";
		policy      = "$DIR/policy.cfg";
		tun         = { name = "rt0"; mtu = 1500; };
		credentials = { key_name = "${KEY[$1]}";
		                key_file = "$DIR/${KEY[$1]}.key"; };
		tls         = { ca_file = "$DIR/tls/ca.pem"; };
		user        = "nobody";
		status      = { socket = "$DIR/run/$name.sock"; };
		state_file  = "$DIR/run/$name.state";
	END
}

# write_relay: relay.cfg
write_relay() {
	cat >"$DIR/relay.cfg" <<-END
		listen = "192.0.2.1:443";
		public = "wss://relay.test";
		tls    = { certificate = "$DIR/tls/relay.pem";
		           key         = "$DIR/tls/relay.key"; };
		user   = "nobody";
		connections = (
		  { path = "oslo-a";
		    keys = ( { name = "listen"; key_file = "$DIR/listen.key";
		               rights = [ "listen" ]; },
		             { name = "send"; key_file = "$DIR/send.key";
		               rights = [ "send" ]; } ); }
		);
	END
}

# relay_up: start the relay; returns when its port is open.
relay_up() {
	spawn relay relay "$RELAYTUN" relay -c "$DIR/relay.cfg"
	wait_for 10 relay_listens || fail "the relay does not listen"
}

relay_listens() {
	listens relay 443
}

# relay_down [SIGNAL]
relay_down() {
	stop relay "${1:-TERM}" || :
}

# gateway_up cloud|onprem: start it; returns when its status answers.
gateway_up() {
	spawn "$1" "${GATEWAY[$1]}" "$RELAYTUN" gateway \
		-c "$DIR/${GATEWAY[$1]}.cfg"
	wait_for 10 status_json "$1" . ||
		fail "gateway ${GATEWAY[$1]} does not come up"
}

# gateway_down cloud|onprem [SIGNAL]: TERM leaves state standing, INT does not.
gateway_down() {
	stop "${GATEWAY[$1]}" "${2:-TERM}"
}

# steward_pid cloud|onprem, carrier_pid cloud|onprem
steward_pid() {
	pid_of "${GATEWAY[$1]}"
}

carrier_pid() {
	program_pid "$1" relaytun-carrier
}

# peak_memory WHEN LIMIT_KB WHERE...: say it of each of relaytun's processes
peak_memory() {
	local when=$1 limit=$2 where pid program kb
	shift 2
	for where; do
		for pid in $(ip netns pids "$NS-$where"); do
			program=$(readlink "/proc/$pid/exe" || :)
			program=${program##*/}
			[[ $program == relaytun-* ]] || continue
			kb=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
			echo "$when: $program at $where $kb KB"
			((kb < limit)) || fail "$when: $program at $where $kb KB"
		done
	done
}

# steward_sleeps cloud|onprem, steward_wakes cloud|onprem: in between it restores
# nothing that the test takes away; its carrier runs on.
steward_sleeps() {
	kill -STOP "$(steward_pid "$1")"
}

steward_wakes() {
	kill -CONT "$(steward_pid "$1")"
}

# status_json cloud|onprem FILTER: a gateway's status through jq.  (The exit
# code 1 of a tunnel that is not up is no failure here.)
status_json() {
	local text
	text=$(at "$1" "$RELAYTUN" status -c "$DIR/${GATEWAY[$1]}.cfg" --json) ||
		[ $? = 1 ] || return 1
	jq -er "$2" <<<"$text"
}

# status_says cloud|onprem FILTER: is this true of its status?
status_says() {
	[ "$(status_json "$1" "$2")" = true ]
}

# await_status SECONDS cloud|onprem FILTER: until it is true
await_status() {
	wait_for "$1" status_says "$2" "$3" ||
		fail "status of $2 never had: $3
$(status_json "$2" .)"
}

# drops cloud|onprem REASON: packets its carrier dropped for it
drops() {
	status_json "$1" ".drops.$2"
}

# tun_packets cloud|onprem rx|tx: tx are packets that the kernel gave to the
# carrier, rx those that it took from it
tun_packets() {
	ip -n "$NS-$1" -j -s link show rt0 | jq ".[0].stats64.$2.packets"
}

# tun_quiet cloud|onprem: until connections that were closed just now have said their
# last word
tun_quiet() {
	wait_for 20 tun_is_quiet "$1" || fail "the tunnel of $1 is never silent"
}

tun_is_quiet() {
	local before
	before=$(tun_packets "$1" tx)
	sleep 0.3
	[ "$(tun_packets "$1" tx)" = "$before" ]
}

# tunnel_is_up: do both ends say so?
tunnel_is_up() {
	local where
	for where in cloud onprem; do
		status_json "$where" '.peers | length > 0 and
			all(.state == "up")' >/dev/null || return 1
	done
}

# all_channels_open: also those that are not needed for the tunnel to be up, at
# both ends?
all_channels_open() {
	local cnt
	cnt=$(status_json cloud '[.channels[].state] |
		if all(. == "open") then length else empty end') &&
		status_json onprem '[.channels[] | select(.state == "open")] |
			length == '"$cnt"
}

# tunnel_up: relay and both gateways, until nothing about them changes any more; or
# PLAIN
tunnel_up() {
	if [ -n "$PLAIN" ]; then
		plain_up
		return
	fi
	configure
	relay_up
	gateway_up onprem
	gateway_up cloud
	wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
	wait_for $DIAL_S all_channels_open || fail "a channel does not open"
}

# plain_up: plain kernel forwarding in place of the tunnel
plain_up() {
	local where proto port name public target
	ip -n "$NS-cloud" route add 10.1.0.0/24 via 192.0.2.1
	ip -n "$NS-cloud" route add 198.18.0.0/24 via 192.0.2.1
	ip -n "$NS-relay" route add 10.1.0.0/24 via 198.18.0.2
	ip -n "$NS-onprem" route add 192.0.2.0/24 via 198.18.0.1
	for where in cloud relay onprem; do
		at "$where" sysctl -q -w net.ipv4.ip_forward=1
	done
	{
		echo "table ip plain {"
		echo "chain in { type nat hook prerouting priority -100"
		while read -r name public target; do
			[ -n "$name" ] || continue
			port=${public##*/} proto=${public%/*}
			echo "iifname pub0 ${proto##*:} dport $port" \
				"dnat to $target comment \"$name\""
		done <<<"$SERVICES"
		echo "}"
		echo "chain out { type nat hook postrouting priority 100"
		echo "oifname up0 masquerade; }"
		echo "}"
	} | at cloud nft -f -
	at onprem nft -f - <<-END
		table ip plain {
			chain out {
				type nat hook postrouting priority 100
				oifname lan0 masquerade
			}
		}
	END
}

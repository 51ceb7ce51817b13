#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway leaves the machine exactly as it was: SIGINT and `relaytun down`
# remove all it made and nothing else, also after kill -9 and a second start.
#
# Before, each gateway gets things that are not ours: tables with chains, maps
# and marks, routes of several kinds and tables, rules, addresses, and settings
# that differ from the default, some of them for forwarding.  Everything is
# compared afterwards: ruleset, links, addresses, routes, rules, sysctls.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# plant WHERE: things of others
plant() {
	at "$1" nft -f - <<-END
		table inet foreign {
			map ports {
				type inet_service : ipv4_addr
				elements = { 4711 : 10.1.0.7 }
			}
			chain marks {
				type filter hook prerouting priority -150
				udp dport 4711 ct mark set 0x10000
			}
			chain passing {
				type filter hook forward priority 10; policy accept
				ct state invalid drop
			}
		}
		table ip foreign {
			chain nat {
				type nat hook postrouting priority 110
				oifname "nowhere" masquerade
			}
		}
	END
	ip -n "$NS-$1" route add blackhole 10.77.0.0/16
	ip -n "$NS-$1" route add 10.78.0.0/16 dev up0 metric 700 proto 42
	ip -n "$NS-$1" route add 10.79.0.0/16 dev up0 table 77
	ip -n "$NS-$1" rule add from 10.79.0.0/16 lookup 77 priority 777
	ip -n "$NS-$1" address add 10.80.0.1/24 dev up0
	ip -n "$NS-$1" link set up0 txqueuelen 1234 alias "not ours"
	at "$1" sysctl -q -w net.ipv4.conf.all.rp_filter=2 \
		net.ipv4.conf.up0.rp_filter=1 \
		net.ipv4.conf.up0.forwarding=1 \
		net.ipv4.conf.up0.accept_redirects=0 \
		net.ipv4.conf.all.log_martians=1 \
		net.ipv4.conf.default.send_redirects=0 \
		net.ipv6.conf.up0.hop_limit=77 \
		net.ipv4.tcp_mtu_probing=1
}

# works: the way from the client to the LAN is open.
works() {
	wait_for $DIAL_S tunnel_is_up || fail "$1: the tunnel does not come up"
	expect "page, $1" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
}

# clean WHERE WHEN: nothing is left.
clean() {
	snapshot "$1" "$DIR/after"
	expect_file "$1, $2" "$DIR/after" "$DIR/before-$1"
}

# down WHERE
down() {
	at "$1" "$RELAYTUN" down -c "$DIR/${GATEWAY[$1]}.cfg" \
		>>"$DIR/log/down.log" 2>&1 || fail "down of $1: see down.log"
}

topo_up
services_up web
configure
sed -i -e 's|\[ "100.64.0.1" \]|[ "100.64.0.1", "fd64:1::1" ]|' \
	-e 's|\[ "100.64.0.11" \]|[ "100.64.0.11", "fd64:1::11" ]|' \
	"$DIR/policy.cfg"
relay_up
for where in cloud onprem; do
	plant "$where"
	snapshot "$where" "$DIR/before-$where"
done
for where in cloud onprem; do
	gateway_up "$where"
done
works "at first"

snapshot cloud "$DIR/while"
! cmp -s "$DIR/while" "$DIR/before-cloud" || fail "the snapshot sees nothing"
for where in cloud onprem; do
	gateway_down $where INT || fail "$where: exit code after SIGINT"
	clean $where "after SIGINT"
done

for where in cloud onprem; do
	gateway_up "$where"
done
works "second time"
for where in cloud onprem; do
	gateway_down $where TERM || fail "$where: exit code after SIGTERM"
	ip -n "$NS-$where" link show rt0 >"$DIR/log/stands.log" ||
		fail "$where: SIGTERM removed the device"
	down $where
	clean $where "after SIGTERM and down"
	down $where
	clean $where "after a second down"
done

for where in cloud onprem; do
	gateway_up "$where"
done
works "third time"
for where in cloud onprem; do
	carrier=$(carrier_pid $where)
	stop "${GATEWAY[$where]}" KILL || :
	wait_for 10 gone "$carrier" || fail "$where: the carrier lives on"
	gateway_up $where
done
works "after kill -9"
for where in cloud onprem; do
	gateway_down $where INT || fail "$where: exit code after SIGINT"
	clean $where "after kill -9, start, SIGINT"
	gateway_up $where
	carrier=$(carrier_pid $where)
	stop "${GATEWAY[$where]}" KILL || :
	wait_for 10 gone "$carrier" || fail "$where: the carrier lives on"
	down $where
	clean $where "after kill -9 and down"
done

for where in cloud onprem; do
	gateway_up "$where"
done
works "fifth time"
for where in cloud onprem; do
	down $where
	ended "${GATEWAY[$where]}" 20 || fail "$where: exit code of the gateway"
	clean $where "after down of a running gateway"
done

# At their default places, socket and state file take the folder with them.
# shellcheck disable=SC2016 # expanded by the inner shell
in_default_places='
	mount -t tmpfs none /run
	"$0" gateway -c "$1" &
	until [ -S /run/relaytun/edge-1.sock ]; do sleep 0.03; done
	kill -s "$2" $!
	wait $! || exit
	[ "$2" = INT ] || [ -e /run/relaytun/edge-1.state ] || exit
	[ "$2" = INT ] || "$0" down -c "$1" || exit
	[ -z "$(ls -A /run)" ]'
sed '/^status/d; /^state_file/d' "$DIR/edge-1.cfg" >"$DIR/default.cfg"
for signal in INT TERM; do
	at cloud timeout 20 sh -c "$in_default_places" "$RELAYTUN" \
		"$DIR/default.cfg" $signal >>"$DIR/log/default.log" 2>&1 ||
		fail "something stays in /run after SIG$signal"
done
clean cloud "after a gateway with default places"

# The record of what was opened is lost, cut short, of NULs as after a loss of power,
# or has garbage behind its first line: the ruleset knows as well.
for spoil in 'rm -f' ': >' 'head -c 300 /dev/zero >' \
	'sed -i -n 1p' 'printf "\1\0\377garbage" >>'; do
	for where in cloud onprem; do
		gateway_up $where
		gateway_down $where TERM || fail "$where: exit code after SIGTERM"
		sh -c "$spoil $DIR/run/${GATEWAY[$where]}.state"
		down $where
		clean $where "with its state file spoilt by $spoil"
	done
done

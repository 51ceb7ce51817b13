# shellcheck shell=bash disable=SC2153 # WHERE is no misspelling
# SPDX-License-Identifier: GPL-2.0-or-later
#
# topology.sh - Five namespaces, their links, and what lies between

# topo_up: make namespaces and links as drawn in lib.sh.
topo_up() {
	local where
	cat >"$DIR/hosts" <<-END
		127.0.0.1 localhost
		192.0.2.1 relay.test
		203.0.113.1 edge.test
		10.1.0.5 www.oslo.test
	END
	for where in $WHERE; do
		ip netns add "$NS-$where"
		ip -n "$NS-$where" link set lo up
		kernel_defaults "$where"
	done
	cable client eth0 203.0.113.2/24 cloud pub0 203.0.113.1/24
	cable cloud up0 192.0.2.2/24 relay cloud0 192.0.2.1/24
	cable relay site0 198.18.0.1/24 onprem up0 198.18.0.2/24
	cable onprem lan0 10.1.0.1/24 lan eth0 10.1.0.5/24
	ip -n "$NS-cloud" address add 198.51.100.7/32 dev pub0
	ip -n "$NS-client" route add 198.51.100.7 via 203.0.113.1
	ip -n "$NS-onprem" route add 192.0.2.1 via 198.18.0.1
	for where in 9 2 7; do
		ip -n "$NS-lan" address add "10.1.0.$where/24" dev eth0
	done
	site_firewall
	watch client
	watch lan
}

# kernel_defaults WHERE: the same kernel settings whatever the machine's are.
kernel_defaults() {
	ip netns exec "$NS-$1" sysctl -q -w net.ipv4.ip_forward=0 \
		net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=2
	# Link-local addresses are usable at once.
	ip netns exec "$NS-$1" sysctl -q -w net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 2>/dev/null || :
}

# cable WHERE DEV ADDRESS WHERE DEV ADDRESS: one veth pair, both ends up
cable() {
	ip link add "$2" netns "$NS-$1" type veth peer name "$5" \
		netns "$NS-$4"
	ip -n "$NS-$1" address add "$3" dev "$2"
	ip -n "$NS-$4" address add "$6" dev "$5"
	ip -n "$NS-$1" link set "$2" up
	ip -n "$NS-$4" link set "$5" up
}

# site_firewall: the on-prem gateway can only dial out.
site_firewall() {
	at onprem nft -f - <<-END
		table inet site_firewall {
			chain input {
				type filter hook input priority -10
				iifname "up0" ct state new counter drop
			}
		}
	END
}

# watch WHERE: count what passes a namespace's wire before anything else does.
watch() {
	at "$1" nft -f - <<-END
		table inet watch {
			counter resets { }
			counter probes { }
			counter arrived { }
			chain in {
				type filter hook prerouting priority -400
				iifname "eth0" meta nfproto ipv4 counter name arrived
				tcp flags & rst == rst counter name resets
			}
			chain out {
				type filter hook postrouting priority 400
				tcp flags & rst == rst counter name resets
			}
		}
	END
}

# watch_for WHERE MATCH...: let the counter "probes" count arriving packets
# that match an nft expression, from zero on.
watch_for() {
	local where=$1
	shift
	at "$where" nft reset counter inet watch probes >/dev/null
	at "$where" nft insert rule inet watch in "$@" counter name probes
}

# seen WHERE COUNTER: packets counted so far
seen() {
	at "$1" nft -j list counter inet watch "$2" |
		jq '.nftables[] | select(.counter).counter.packets'
}

# snapshot WHERE FILE: everything that a gateway could have changed
snapshot() {
	{
		echo "# nft" && at "$1" nft -s list ruleset
		echo "# links" && ip -n "$NS-$1" -d link show
		echo "# addresses" && ip -n "$NS-$1" address show |
			grep -v valid_lft
		echo "# routes" && ip -n "$NS-$1" -d route show table all
		echo "# routes 6" && ip -n "$NS-$1" -d -6 route show table all
		echo "# rules" && ip -n "$NS-$1" -d rule show
		echo "# rules 6" && ip -n "$NS-$1" -d -6 rule show
		echo "# settings"
		at "$1" sysctl -a 2>/dev/null | grep '^net\.' |
			grep -vE 'nf_conntrack_count|stable_secret'
		echo "# files" && find "$DIR/run" -name "${GATEWAY[$1]}.*"
	} >"$2"
}

# topo_v6: IPv6 beside IPv4, between client and cloud, and in the LAN
topo_v6() {
	local pair
	for pair in client:eth0:2001:db8:c::2/64 cloud:pub0:2001:db8:c::1/64 \
		cloud:pub0:2001:db8::7/128 onprem:lan0:fd00:1::1/64 \
		lan:eth0:fd00:1::5/64 lan:eth0:fd00:1::7/64; do
		ip -n "$NS-${pair%%:*}" address add "$(cut -d: -f3- <<<"$pair")" \
			dev "$(cut -d: -f2 <<<"$pair")" nodad
	done
	ip -n "$NS-client" route add 2001:db8::7 via 2001:db8:c::1
}

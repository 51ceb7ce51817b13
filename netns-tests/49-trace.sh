#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun trace` says what the kernel does: 500 random packets of clients to
# services with sources, ranges and addresses of their own, through the gateway's
# rules and a zoo of others', are compared with nftrace step by step.
#
# The seed is always the same, with LONG=1 random, and said when it fails.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need iptables-nft iptables-legacy

COUNT=${COUNT:-500}
SEED=${SEED:-${LONG:+$RANDOM}}
SEED=${SEED:-1}
CMP="python3 $HERE/lib/tracecmp.py"

write_policy() {
	policy_head >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24";
		services = (
		  { name = "open"; public = "tcp/7000"; target = "10.1.0.7:7000"; },
		  { name = "open-udp"; public = "udp/7000"; target = "10.1.0.7:7000"; },
		  { name = "some"; public = "tcp/7001"; target = "10.1.0.7:7001";
		    from = [ "203.0.113.16/29", "203.0.113.2" ]; },
		  { name = "few-udp"; public = "udp/7001"; target = "10.1.0.7:7001";
		    from = "203.0.113.24/30"; },
		  { name = "own"; public = "198.51.100.7:tcp/7000"; target = "10.1.0.9:7000"; },
		  { name = "all-net"; public = "tcp/7009"; target = "10.1.0.7:7009";
		    from = "203.0.113.0/24"; },
		  { name = "range"; public = "tcp/8000-8010"; target = "10.1.0.7:8000-8010"; },
		  { name = "shifted"; public = "udp/8100-8110"; target = "10.1.0.7:9100-9110"; }
		); } );
	END
}

# zoo: rules of others, of many kinds
zoo() {
	at cloud nft -f - <<-END
		table inet zoo {
			set bad { type ipv4_addr; flags interval;
				elements = { 203.0.113.17, 203.0.113.28/31, 10.1.0.2-10.1.0.6 } }
			map ways { type inet_service : verdict; flags interval;
				elements = { 7000 : jump seven, 7002-8005 : goto eight } }
			chain seven {
				ip saddr 203.0.113.20 counter reject
				ct state established return
				ip saddr @bad tcp dport 7000 drop
				tcp sport 1-100 accept
			}
			chain eight {
				ip daddr { 10.1.0.7, 10.1.0.9 } meta mark & 0xf0 == 0x10 accept
				ip saddr . meta l4proto { 203.0.113.22 . tcp, 203.0.113.23 . udp } drop
				tcp dport != 8000-8002 return
			}
			chain early {
				type filter hook prerouting priority -150; policy accept;
				ip saddr 203.0.113.30 udp dport 7000-7001 drop
				ip saddr 203.0.113.16/30 meta mark set 0x15
				fib daddr type != local accept
				iifname "pub*" oifname "x" drop
				ct state invalid,untracked drop
				ip daddr 198.51.100.7 tcp dport vmap { 7000 : accept, 22 : drop }
			}
			chain passing {
				type filter hook forward priority 10; policy accept;
				iifname "rt0" accept
				meta l4proto { tcp, udp } th dport vmap @ways
				meta mark 0x15 ct status dnat ct mark & 0xffff != 0 udp dport 9100-9105 drop
				oifname { "rt0", "eth*" } ip saddr != 203.0.113.0/27 drop
			}
			chain last {
				type filter hook postrouting priority 50; policy accept;
				ct original ip saddr 203.0.113.31 ip daddr @bad drop
				ct direction original ct reply ip saddr 10.1.0.9 ip saddr 203.0.113.26 drop
			}
			chain mine {
				type filter hook input priority 5; policy drop;
				ip protocol icmp accept
				tcp dport { 22, 443 } accept
				ip saddr 203.0.113.24/30 udp dport 7001 reject with icmp type host-prohibited
			}
		}
		table ip raw {
			chain PREROUTING {
				type filter hook prerouting priority -300; policy accept;
				ip saddr 203.0.113.21 tcp dport 7000 notrack
			}
		}
		table ip old {
			chain FORWARD {
				type filter hook forward priority 0; policy drop;
				oifname "rt0" ip saddr 203.0.113.19 tcp dport 7001 drop
				oifname "rt0" accept
			}
		}
		table inet tracer {
			chain tracing {
				type filter hook prerouting priority -400;
				iifname "pub0" meta l4proto { tcp, udp } meta nftrace set 1
			}
		}
	END
}

# traced NUMBER: is that packet in the kernel's trace?
traced() {
	grep -q "sport $((20000 + $1)) " "$DIR/log/monitor.log"
}

# probing NUMBER: send a packet that is in no plan, until it is in the trace
probing() {
	at client $CMP send <<<"$1 open udp 203.0.113.2 203.0.113.1 7000"
	traced "$1"
}

topo_up
for i in $(seq 16 31); do
	ip -n "$NS-client" address add "203.0.113.$i/24" dev eth0
done
tunnel_up
zoo
spawn cloud monitor stdbuf -oL nft -nn monitor trace
wait_for 10 probing 9998 || fail "nothing is monitored"
$CMP plan "$COUNT" "$SEED" >"$DIR/packets" <<-END
	open tcp 203.0.113.1 7000
	open-udp udp 203.0.113.1 7000
	some tcp 203.0.113.1 7001
	few-udp udp 203.0.113.1 7001
	own tcp 198.51.100.7 7000
	range tcp 203.0.113.1 8000
	shifted udp 203.0.113.1 8100
END
# Some at a time, so that the trace does not overflow where nft is slow to read it;
# and one behind the last, before which all steps of that have been told.
split -l 50 "$DIR/packets" "$DIR/packets."
for some in "$DIR/packets."*; do
	at client $CMP send <"$some"
	wait_for 20 traced "$(tail -n 1 "$some" | cut -d ' ' -f 1)" ||
		fail "not all packets are in the kernel's trace"
done
wait_for 20 probing 9999 || fail "the kernel's trace has no end"
at cloud $CMP compare "$DIR/log/monitor.log" "$RELAYTUN" trace \
	-c "$DIR/edge-1.cfg" <"$DIR/packets" >"$DIR/log/compare.log" 2>&1 ||
	fail "seed $SEED: $(cat "$DIR/log/compare.log")"
expect_match "sum" "$(tail -n 1 "$DIR/log/compare.log")" \
	"^$COUNT packets, .* ([89]|[0-9][0-9]) ends$"

# trace WHERE CODE REGEX ARGUMENT...: it ends so, and says this at last
trace() {
	local where=$1 want=$2 regex=$3 code=0 said
	shift 3
	said=$(at "$where" "$RELAYTUN" trace -c "$DIR/${GATEWAY[$where]}.cfg" \
		"$@" 2>&1) || code=$?
	expect "exit code of trace $* at $where ($said)" "$code" "$want"
	expect_match "decision of trace $*" "$(tail -n 1 <<<"$said")" "$regex"
}

trace cloud 0 '^decision +passes, out by rt0$' --from 203.0.113.2 oslo/open
trace cloud 1 '^decision +dropped by table inet relaytun_edge-1, chain svc_[0-9]+, rule [0-9]+: the sender is not in from$' \
	--from 203.0.113.31 some
# Nobody named: one that may, and not this machine, whose address is the first.
trace cloud 0 '^decision +passes, out by rt0$' some
said=$(at cloud "$RELAYTUN" trace -c "$DIR/edge-1.cfg" all-net || :)
expect_match "first line" "$said" '^packet +oslo/all-net: tcp from 203.0.113.2 to'
trace cloud 1 '^--from 2001:db8::1 is no IPv4 address, and "open" takes no others$' \
	--from 2001:db8::1 open
trace cloud 1 'no service or route "nothing"' nothing
at cloud nft delete table inet zoo
at cloud nft -f - <<-END
	table inet untracking {
		chain raw {
			type filter hook prerouting priority -300;
			tcp dport 7000 notrack
		}
	}
END
trace cloud 1 '^ +but not into the tunnel$' \
	--from 203.0.113.2 oslo/open
at cloud nft delete table inet untracking
# iptables' target, of which nft's JSON does not tell what it does, and -legacy's.
for iptables in iptables-nft iptables-legacy; do
	at cloud $iptables -t raw -A PREROUTING -p tcp --dport 7000 -j CT --notrack
	said=$(at cloud "$RELAYTUN" trace -c "$DIR/edge-1.cfg" --from 203.0.113.2 \
		oslo/open || :)
	for regex in '^prerouting +ip raw.* PREROUTING: notrack +\[.*notrack\]$' \
		'^tracking +none: a packet of no flow is not translated' \
		'^ +but not into the tunnel$'; do
		grep -qE "$regex" <<<"$said" ||
			fail "trace with $iptables --notrack does not say \"$regex\": $said"
	done
	at cloud $iptables -t raw -F PREROUTING
done
trace onprem 0 '^decision +passes, out by lan0$' open
trace onprem 1 '^decision +dropped: the kernel takes no packet of this source' \
	--from 1.2.3.4 open
at onprem nft delete table inet site_firewall
ip -n "$NS-onprem" route add 9.9.9.0/24 dev rt0
trace onprem 1 '^decision +dropped by table inet relaytun_oslo-a, chain from_tun, .*nothing else' \
	--from 9.9.9.9 open

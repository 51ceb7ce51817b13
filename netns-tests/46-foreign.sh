#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules of others that drop the tunnel's packets are named with family, table,
# chain and rule, with the remedy, at the start and when they change; the status
# shows them.  The rulesets are what Docker, ufw and firewalld really install
# (tests/foreign), and iptables-legacy.  Each really stops the tunnel, and its
# remedy really helps.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need iptables-nft iptables-legacy

FOREIGN=$TOP/tests/foreign

# warns WHERE REGEX: does the status have such a warning?
warns() {
	status_json "$1" '.warnings[]' | said -E "$2"
}

# warned WHERE REGEX
warned() {
	wait_for $LOOK_S warns "$1" "$2" || fail "$1 does not warn of $2:
$(status_json "$1" '.warnings' || :)"
	wait_for 10 grep -qE "event=foreign_drop .*$2" \
		"$DIR/log/${GATEWAY[$1]}.log" || fail "not in the log: $2"
}

quiet() {
	[ "$(status_json "$1" '.warnings | length')" = 0 ]
}

# calm WHERE
calm() {
	wait_for $LOOK_S quiet "$1" || fail "$1 still warns:
$(status_json "$1" '.warnings' || :)"
}

page() {
	[ "$(fetch http://edge.test:8080/ -m 1)" = "$WEB_TEXT" ]
}

topo_up
services_up web
tunnel_up
wait_for 10 page || fail "no page at first"
calm cloud
calm onprem

at cloud nft -f "$FOREIGN/docker.nft"
warned cloud "table ip filter, chain FORWARD, policy drop \(docker\): drops packets into the tunnel .*iptables -I DOCKER-USER -i rt0 -j ACCEPT; iptables -I DOCKER-USER -o rt0 -j ACCEPT"
! page || fail "Docker's rules do not matter"
at cloud iptables-nft -I DOCKER-USER -i rt0 -j ACCEPT
at cloud iptables-nft -I DOCKER-USER -o rt0 -j ACCEPT
calm cloud
wait_for 10 page || fail "the remedy for Docker does not help"
at cloud nft delete table ip filter
at cloud nft delete table ip nat
wait_for 10 page || fail "no page after Docker"

at onprem nft -f "$FOREIGN/ufw.nft"
warned onprem "table ip filter, chain FORWARD, policy drop \(ufw\): drops packets out of the tunnel .*ufw route allow in on rt0; ufw route allow out on rt0"
! page || fail "ufw's rules do not matter"
at onprem iptables-nft -A ufw-user-forward -i rt0 -j ACCEPT
at onprem iptables-nft -A ufw-user-forward -o rt0 -j ACCEPT
calm onprem
wait_for 10 page || fail "the remedy for ufw does not help"
at onprem nft delete table ip filter
at onprem nft delete table ip6 filter

# firewalld accepts what a cloud gateway translates, and rejects at a site.
sed 's/"eth0"/"up0"/g; s/"eth1"/"lan0"/g' "$FOREIGN/firewalld.nft" \
	>"$DIR/firewalld.nft"
at cloud nft -f "$FOREIGN/firewalld.nft"
at onprem nft -f "$DIR/firewalld.nft"
warned onprem "table inet firewalld, chain filter_FWD_public, rule 'reject with icmpx (type )?admin-prohibited' \(firewalld\): rejects packets out of the tunnel .*--zone=trusted --add-interface=rt0"
calm cloud
! page || fail "firewalld's rules do not matter"
# What firewalld makes of that.
at onprem nft insert rule inet firewalld filter_FORWARD_ZONES \
	iifname '"rt0"' accept
calm onprem
wait_for 10 page || fail "the remedy for firewalld does not help"
at cloud nft delete table inet firewalld
at onprem nft delete table inet firewalld

# An administrator's own, of which some rules may or may not match; a list of
# banned addresses is none of our business.
at cloud nft -f - <<-END
	table ip mine {
		set banned { type ipv4_addr; }
		chain passing {
			type filter hook forward priority 5; policy accept;
			ip saddr @banned drop
			ip saddr 192.0.2.0/24 accept
			oifname "rt0" tcp dport 1-1000 counter drop comment "low"
		}
	}
END
warned cloud "table ip mine, chain passing, rule 'oifname .*rt0.* tcp dport 1-1000 .*drop comment .*low.*': drops most packets into the tunnel, unless a rule before it accepts .*nft .insert rule ip mine passing iifname .*rt0.* accept"
at cloud nft delete table ip mine
calm cloud

# What belongs to no flow cannot pass.
at cloud nft -f - <<-END
	table inet untracking {
		chain raw {
			type filter hook prerouting priority -300;
			tcp dport 8080 notrack
		}
	}
END
warned cloud "table inet untracking, chain raw, rule 'tcp dport 8080 notrack': keeps packets of the tunnel's flows from connection tracking"
! page || fail "notrack does not matter"
at cloud nft delete table inet untracking
calm cloud
at cloud iptables-nft -t raw -A PREROUTING -p tcp --dport 8080 -j CT --notrack
warned cloud "table ip raw, chain PREROUTING, rule 'tcp dport 8080 .*notrack': keeps packets of the tunnel's flows from connection tracking"
! page || fail "iptables' notrack does not matter"
at cloud nft delete table ip raw
calm cloud

# A target that is the gateway itself gets nothing.
ip -n "$NS-onprem" address add 10.1.0.5/32 dev lo
at onprem nft add table inet looking
wait_for $LOOK_S warns onprem "service oslo/.*: its target 10.1.0.5 is this gateway itself" ||
	fail "no warning of a target that is the gateway"
! page || fail "a gateway is a target after all"
ip -n "$NS-onprem" address del 10.1.0.5/32 dev lo
at onprem nft delete table inet looking
calm onprem

# Routes and rules of others that come before ours: theirs, so not touched, but
# said, with who did it.
strays() {
	local regex=$1
	shift
	at cloud ip "$@"
	wait_for $LOOK_S warns cloud "$regex" || fail "no warning after ip $*:
$(status_json cloud '.warnings' || :)"
	wait_for 10 grep -qE "event=stray .*$regex.* by=\"(ip|unknown)\" pid=" \
		"$DIR/log/edge-1.log" || fail "not in the log: ip $*"
	! page || fail "ip $* does not matter"
}
strays "packets to 10.1.0.[0-9]+ .of 10.1.0.0/24. go out by up0 .table 254., not into the tunnel: .*ip route get 10.1.0.*ip rule" \
	route replace 10.1.0.0/24 via 192.0.2.1
at cloud ip route del 10.1.0.0/24 via 192.0.2.1
calm cloud
wait_for 10 page || fail "the route is not back"
strays "packets to 10.1.0.[4-7] .of 10.1.0.0/24. go out by up0" \
	route add 10.1.0.4/30 via 192.0.2.1
at cloud ip route del 10.1.0.4/30
calm cloud
at cloud ip route add default via 192.0.2.1 table 99
strays "packets to .* go out by up0 .table 99." \
	rule add from 203.0.113.0/24 lookup 99
at cloud ip rule del from 203.0.113.0/24 lookup 99
calm cloud
strays "packets to 10.1.0.5 .of 10.1.0.0/24. go nowhere" \
	route add blackhole 10.1.0.5/32
at cloud ip route del blackhole 10.1.0.5/32
calm cloud
wait_for 10 page || fail "no page after all routes are as before"

# iptables-legacy tells nobody of its changes: seen at the start.
gateway_down cloud TERM || fail "exit code"
at cloud iptables-legacy-restore <"$FOREIGN/legacy.save"
gateway_up cloud
warned cloud "table ip filter \(iptables-legacy\), chain FORWARD, rule '-A FORWARD -p tcp -m comment -j REJECT' .docker.: rejects most packets into the tunnel"
gateway_down cloud TERM || fail "exit code"
at cloud iptables-legacy -F FORWARD
at cloud iptables-legacy -t raw -A PREROUTING -p udp -j ACCEPT
at cloud iptables-legacy -t raw -A PREROUTING -p tcp --dport 8080 -j CT --notrack
gateway_up cloud
warned cloud "table ip raw \(iptables-legacy\), chain PREROUTING, rule '-A PREROUTING -p tcp -m tcp --dport 8080:8080 -j CT --notrack': keeps .*iptables-legacy -t raw -D PREROUTING 2"

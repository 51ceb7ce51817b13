#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway that is removed leaves no translation of its flows behind, so that
# nothing sends their next packets on to a target; what the machine tracks for
# others stays.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need conntrack

# tracked WHERE REGEX: entries that conntrack lists
tracked() {
	at "$1" conntrack -L 2>>"$DIR/log/conntrack.log" | grep -c "$2" || :
}

topo_up
services_up web
for where in cloud onprem; do
	at "$where" nft -f - <<-END
		table inet foreign {
			chain input {
				type filter hook input priority 0
				ct state invalid drop
			}
		}
	END
done
tunnel_up
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
for where in cloud onprem; do
	at "$where" conntrack -I -p tcp -s 10.200.0.1 -d 10.200.0.2 \
		--sport 1 --dport 2 --timeout 600 --state ESTABLISHED \
		-m 0x7 >>"$DIR/log/conntrack.log" 2>&1
	(($(tracked $where 100.64.0.1) > 0)) ||
		fail "$where tracks no flow of the tunnel"
	(($(tracked $where dport=443) > 0)) ||
		fail "$where does not track the way to the relay"
done

for where in cloud onprem; do
	relay_flows=$(tracked $where 192.0.2.1)
	gateway_down $where INT || fail "$where: exit code after SIGINT"
	expect "flows of the tunnel at $where" "$(tracked $where 100.64.0)" 0
	expect "flow of somebody else at $where" \
		"$(tracked $where 10.200.0.1)" 1
	expect "flows to the relay at $where" \
		"$(tracked $where 192.0.2.1)" "$relay_flows"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway whose kernel takes super-packets and one whose kernel does not, in each
# role, and kernels without USO: streams and batches of datagrams arrive whole.
# The outer links have no offloads, so that what is on the LAN's wire can be seen:
# every checksum is right, no packet is longer than the MTU.  Segments that a peer
# without offloads has cut, or that go to one, are one packet where they are forwarded.
#
#  client -- edge-1 offloads: none    all   no-uso  all
#  lan ----- oslo-a offloads: all     none  all     no-uso

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain
need ethtool

SERVICES+="
batches udp/9002 10.1.0.7:9002
"

# offloads WHERE WHICH: from its next start on
offloads() {
	sed -i "s|^tun .*|tun = { name = \"rt0\"; offloads = \"$2\"; };|" \
		"$DIR/${GATEWAY[$1]}.cfg"
}

# bad_checksums WHERE: what its kernel counted
bad_checksums() {
	at "$1" nstat -asz TcpInCsumErrors UdpInCsumErrors IpInHdrErrors |
		awk '!/^#/ { sum += $2 } END { print sum + 0 }'
}

# watch_merged WHERE: count packets over the MTU that it forwards from the tunnel
watch_merged() {
	at "$1" nft -f - <<-END
		table inet merged {
			counter merged { }
			chain forward {
				type filter hook forward priority -300
				iifname "rt0" meta length gt 1500 counter name merged
			}
		}
	END
}

# merged WHERE: how many, since this was asked last
merged() {
	at "$1" nft -j reset counter inet merged merged |
		jq '.nftables[] | select(.counter).counter.packets'
}

# pair CLOUD ONPREM: offloads of both
pair() {
	local what="offloads $1 at edge-1 and $2 at oslo-a" where
	offloads cloud "$1"
	offloads onprem "$2"
	gateway_up onprem
	gateway_up cloud
	wait_for $DIAL_S tunnel_is_up || fail "$what: the tunnel does not come up"
	stream --up 50000000 --down 50000000 >"$DIR/log/$1-$2.log" ||
		fail "$what: a stream broke"
	at client python3 "$HERE/lib/datagrams.py" send edge.test 9002 50 1200 ||
		fail "$what: datagrams were lost"
	for where in cloud onprem; do
		(($(merged $where) > 100)) ||
			fail "$what: $where forwards segments one by one"
		expect "$what: offload headers that were not right at $where" \
			"$(status_json $where \
				'.drops | .up_offload + .down_bad_offload')" 0
	done
	gateway_down cloud
	gateway_down onprem
}

topo_up
for where in client:eth0 cloud:pub0 onprem:lan0 lan:eth0; do
	at "${where%:*}" ethtool -K "${where#*:}" tx off sg off tso off gso off \
		gro off >"$DIR/log/ethtool.log" 2>&1 || skip "ethtool -K does not work"
done
watch_for lan meta length gt 1500
watch_for client meta length gt 1500
watch_merged cloud
watch_merged onprem
services_up stream
spawn lan batches python3 "$HERE/lib/datagrams.py" serve 10.1.0.7 9002
configure
relay_up
pair none all
pair all none
pair no-uso all
pair all no-uso
for where in lan client; do
	expect "bad checksums on the wire of $where" "$(bad_checksums $where)" 0
	expect "packets over the MTU on the wire of $where" \
		"$(seen $where probes)" 0
	(($(seen $where arrived) > 50000)) ||
		fail "$where saw no packets: the test proves nothing"
done

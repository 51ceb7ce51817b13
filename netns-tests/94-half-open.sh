#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A peer of the relay vanishes without a word: its packets are lost from then on.
#
# A listener that crashed is out of the choice at once, one that does not answer
# pings within a second of the first sender that it is given, and gone later; a side
# of a pair that is idle, or that takes nothing, is given up by TCP after peer_s.
# The other side is told with 1001 or 1011, and others notice nothing.

. "$(dirname "$0")/lib.sh"

# client NAME WHERE ARGUMENT...: a raw client (lib/half_open.py) in the background
client() {
	local name=$1 where=$2
	shift 2
	spawn "$where" "$name" python3 "$HERE/lib/half_open.py" \
		"$DIR/tls/ca.pem" "$(cat "$DIR/root.key")" "$@"
}

# says NAME TEXT
says() {
	grep -qF "$2" "$DIR/log/$1.log"
}

wait_says() {
	wait_for "$3" says "$1" "$2" || fail "$1 does not say \"$2\""
}

# knock WHAT: senders for two seconds; $unanswered of them found nobody, and the
# $last of these asked so many ms after the first sender
knock() {
	local said
	client "knock-$1" relay knock hyco
	ended "knock-$1" 20 || fail "knock: $(cat "$DIR/log/knock-$1.log")"
	said=$(cat "$DIR/log/knock-$1.log")
	echo "a listener $1: $said"
	last=${said##* }
	unanswered=${said#unanswered }
	unanswered=${unanswered%% *}
}

topo_up
certificate relay DNS:relay.test,IP:192.0.2.1
make_key root
cat >"$DIR/relay.cfg" <<-END
	listen = "0.0.0.0:443";
	public = "wss://relay.test";
	tls    = { certificate = "$DIR/tls/relay.pem";
	           key         = "$DIR/tls/relay.key"; };
	user   = "nobody";
	keys   = ( { name = "root"; key_file = "$DIR/root.key";
	             rights = [ "manage" ]; } );
	connections = ( { path = "hyco"; }, { path = "other"; },
	                { path = "idle"; }, { path = "full"; } );
	limits = { ping_s = 3; peer_s = 9; };
END
relay_up

# The cloud's side will vanish, the site's side stays.
client lost cloud listen hyco
client stays onprem listen other
client here onprem serve hyco
wait_says here registered 10
wait_says lost registered 10
wait_says stays registered 10
client idle-site onprem serve idle
client full-site onprem pump full
wait_says idle-site registered 10
wait_says full-site registered 10
client idle-cloud cloud send idle
client full-cloud cloud send full
wait_says idle-cloud joined 10
wait_says full-cloud joined 10

client crashes onprem listen hyco
wait_says crashes registered 10
stop crashes KILL || :
knock crashed
# Whatever the first senders were given before the relay was told.
((last < 300)) || fail "a listener that crashed was chosen after $last ms"
at relay nft -f - <<-END
	table inet cut {
		chain in { type filter hook prerouting priority -500; iifname "cloud0" drop; }
		chain out { type filter hook postrouting priority 500; oifname "cloud0" drop; }
	}
END
start=$(now_ms)

# Half of the senders were to go to the listener that vanished.  It gets its ping 250
# ms after it was last heard, with the next sender, and has 700 ms to answer (control.c
# and listener.c); senders come for 2 s.
knock vanished
((unanswered > 0)) || fail "the listener that vanished was never chosen"
((last < 1500)) || fail "a listener that vanished was chosen after $last ms"

wait_for 15 grep -q 'event=listener_silent path="hyco"' "$DIR/log/relay.log" ||
	fail "the listener that vanished is not noticed"
wait_says idle-site "closed 1001" 30
wait_says full-site "closed 1001" 30
took=$(($(now_ms) - start))
((took < 30000)) || fail "it took $took ms"
says stays closed && fail "a listener that is there was closed"
alive stays || fail "the listener that is there ended"

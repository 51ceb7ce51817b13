#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# New keys at a relay that began as root and is somebody else since: at SIGHUP it
# reads them again, from files that belong to root and that its user's group may
# read.  Nobody else may read them, and who has the old key does not get in.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# key_for_relay NAME: a new key, and a copy for the relay
key_for_relay() {
	make_key "$1"
	install -m 640 -o root -g "$group" "$DIR/$1.key" "$DIR/relay/$1.key.new"
	mv "$DIR/relay/$1.key.new" "$DIR/relay/$1.key"
}

# relay_said REGEX: in its log
relay_said() {
	said "$1" <"$DIR/log/relay.log"
}

# cloud_again: the cloud gateway stops and starts
cloud_again() {
	gateway_down cloud
	gateway_up cloud
}

topo_up
configure
group=$(id -gn nobody)
install -d -m 750 -o root -g "$group" "$DIR/relay"
key_for_relay listen
key_for_relay send
sed -i "s|$DIR/\([a-z]*\)\.key|$DIR/relay/\1.key|; s|user *= .*|user = \"nobody\";|" \
	"$DIR/relay.cfg"
chmod 644 "$DIR/relay.cfg"
chgrp "$group" "$DIR/tls/relay.key"
chmod 640 "$DIR/tls/relay.key"
relay_up
gateway_up onprem
gateway_up cloud
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"

key_for_relay listen
key_for_relay send
kill -s HUP "$(pid_of relay)"
wait_for 10 relay_said event=reloaded || fail "the relay does not reload:
$(cat "$DIR/log/relay.log")"
cloud_again
wait_for $DIAL_S tunnel_is_up || fail "the new key is not taken:
$(cat "$DIR/log/relay.log")"

(umask 077 && echo "an old key" >"$DIR/send.key")
cloud_again
await_status 30 cloud 'any(.channels[]; .last_error | test("answered 401"))'

chmod 644 "$DIR/relay/send.key"
kill -s HUP "$(pid_of relay)"
wait_for 10 relay_said 'may read or change it' ||
	fail "a key that everybody may read is taken"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody deletes a running gateway's table and makes one of theirs with its name:
# theirs is left alone, the gateway's rules stand by another name, whole, log and
# status say so, reloads are refused as a start would be.  Once the name is free the
# rules move back.  A removal leaves theirs.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

OURS="inet relaytun_edge-1"
SPARE="inet relaytun__edge-1"
LOG=$DIR/log/edge-1.log

# rules TABLE: without counters, by the name that ours should have
rules() {
	# shellcheck disable=SC2086 # two words
	at cloud nft -s list table $1 | sed '1s/relaytun__/relaytun_/'
}

# stands TABLE: is it there, with all that ours had?
stands() {
	rules "$1" >"$DIR/now" 2>&1 && cmp -s "$DIR/now" "$DIR/whole"
}

gone() {
	# shellcheck disable=SC2086 # two words
	! at cloud nft list table $1 >/dev/null 2>&1
}

# take_name: in one transaction
take_name() {
	at cloud nft -f - <<-END || fail "the name cannot be taken"
		delete table $OURS
		table $OURS { chain mine { counter comment "theirs"; }; }
	END
	wait_for 10 stands "$SPARE" || fail "no rules by the other name:
$(diff "$DIR/whole" "$DIR/now")"
}

theirs_stands() {
	# shellcheck disable=SC2086 # two words
	at cloud nft list table $OURS | said 'comment "theirs"' ||
		fail "the table of somebody else: $1"
}

warns() {
	status_json cloud '.warnings[]' | said 'inet relaytun_edge-1 stands that'
}

# order CODE REGEX VERB
order() {
	local code=0 said
	said=$(at cloud timeout 30 "$RELAYTUN" "$3" -c "$DIR/edge-1.cfg" 2>&1) ||
		code=$?
	expect "exit code of $3 ($said)" "$code" "$1"
	expect_match "answer to $3" "$said" "$2"
}

topo_up
services_up web
tunnel_up
rules "$OURS" >"$DIR/whole"

take_name
theirs_stands "after it took the name"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
wait_for 10 grep -q 'event=name_taken' "$LOG" || fail "it is not said"
wait_for 10 warns || fail "the status does not say it"
order 1 'edge-1 stands that this gateway did not make' reload
order 1 'edge-1 stands that this gateway did not make' plan

# Ours is watched over by its other name; theirs may do what it likes.
# shellcheck disable=SC2086 # two words
at cloud nft flush chain $SPARE egress
wait_for 10 stands "$SPARE" || fail "what is taken from the rules is not restored"
wait_for 10 grep -q 'restored what="in nftables: deleted rule in chain egress' "$LOG" ||
	fail "that restoration is not said"
before=$(grep -c event=restored "$LOG")
# shellcheck disable=SC2086 # two words
at cloud nft add rule $OURS mine drop

# A device that is deleted meanwhile comes back all the same.
ip -n "$NS-cloud" link del rt0
wait_for $DIAL_S tunnel_is_up || fail "no tunnel with a new device"
wait_for 10 stands "$SPARE" || fail "no rules by the other name with a new device"
expect "restorations besides the device's" \
	"$(grep event=restored "$LOG" | grep -cv 'device rt0')" "$before"
theirs_stands "after a restoration"

# The name is free again.
# shellcheck disable=SC2086 # two words
at cloud nft delete table $OURS
wait_for 10 stands "$OURS" || fail "the rules do not move back"
wait_for 10 gone "$SPARE" || fail "the other name stays"
expect "page" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
wait_for 10 grep -q 'event=name_free' "$LOG" || fail "that is not said"
quiet() { ! warns; }
wait_for 10 quiet || fail "the status still says it"
order 0 'goes on with' reload

# A steward that starts anew does not take what is not its own; a removal leaves it.
take_name
gateway_down cloud KILL || :
order 1 'edge-1 stands that this gateway did not make' gateway
theirs_stands "after a start that was refused"
order 0 'is left: this gateway did not make it' down
theirs_stands "after a removal"
gone "$SPARE" || fail "a removal leaves the rules"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `relaytun flows` and `relaytun trace` go by the policy in force, whatever is written
# into policy.cfg meanwhile, and say so; and they say when no gateway is running.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# shown VERB...: what it says of edge-1, errors and warnings too
shown() {
	local verb=$1
	shift
	at cloud "$RELAYTUN" "$verb" -c "$DIR/edge-1.cfg" "$@" 2>&1
}

# says WHAT CODE REGEX VERB...
says() {
	local what=$1 want=$2 regex=$3 code=0 said
	shift 3
	said=$(shown "$@") || code=$?
	expect "exit code of $1 with $what ($said)" "$code" "$want"
	grep -qE "$regex" <<<"$said" || fail "$1 with $what says: $said"
}

# silent_about REGEX VERB...
silent_about() {
	local regex=$1
	shift
	! shown "$@" | said -E "$regex" || fail "$* says: $(shown "$@")"
}

topo_up
configure
gateway_up cloud
wait_for 10 grep -q 'carrier event=ready' "$DIR/log/edge-1.log" ||
	fail "no gateway"
says "its policy" 0 'decision +passes' trace web
silent_about 'in force|running' trace web
silent_about 'in force|running' flows

cp "$DIR/policy.cfg" "$DIR/before.cfg"
write_policy "$DIR/policy.cfg" "$SERVICES
new      tcp/9500              10.1.0.9:9500"
says "another policy" 0 'policy.cfg: .*not the policy in force' trace web
says "another policy" 0 'decision +passes' trace web
says "another policy" 0 'policy.cfg: .*not the policy in force' flows
says "a service to come" 1 'no service or route "new"' trace new
says "a service to come" 1 'policy.cfg: .*not the policy in force' trace new
echo '};' >>"$DIR/policy.cfg"
says "half a policy" 0 'policy.cfg: .*cannot be used' trace web
says "half a policy" 0 'decision +passes' trace web
rm "$DIR/policy.cfg"
says "no policy" 0 'policy.cfg: .*cannot be used' flows
cp "$DIR/before.cfg" "$DIR/policy.cfg"
silent_about 'in force|running' flows

gateway_down cloud
says "a stopped gateway" 0 'no gateway is running as edge-1: .*left' flows
shown trace web | said -E 'no gateway is running as edge-1: .*left' ||
	fail "trace of a stopped gateway says: $(shown trace web)"
at cloud "$RELAYTUN" down -c "$DIR/edge-1.cfg"
says "no gateway" 0 'no gateway is running as edge-1: nothing' flows
says "no gateway" 1 'no gateway is running as edge-1: nothing' trace web

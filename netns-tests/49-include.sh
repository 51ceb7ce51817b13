#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A policy of parts: services come from an included file, at the start and at a
# reload; a mistake in it is told with its own name and line, a file that is too
# large or gone refuses the reload, and none of these changes anything.  Names of
# services are what people write: keywords of nftables, quotes, other scripts.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

write_policy() {
	policy_head >"$1"
	cat >>"$1" <<-END
		sites = ( { name = "oslo"; networks = "10.1.0.0/24";
		            services = ( @include "parts/services.cfg" ); } );
	END
	mkdir -p "$DIR/parts"
	write_services 7000
}

# write_services PORT...: each with a name that means something to somebody
write_services() {
	local comma='' port
	for port; do
		echo "$comma{ name = \"drop \\\"{ $port }\\\"; # 東京\"; public = \"tcp/$port\";"
		echo "  target = \"10.1.0.7:$port\"; from = @include \"sources\"; }"
		comma=,
	done >"$DIR/parts/services.cfg"
	echo '[ "203.0.113.0/24" ]' >"$DIR/parts/sources"
}

# reload WHERE: returns when the changed files are in force
reload() {
	local log=$DIR/log/${GATEWAY[$1]}.log before
	before=$(grep -c 'steward.*event=reloaded' "$log" || :)
	at "$1" "$RELAYTUN" reload -c "$DIR/${GATEWAY[$1]}.cfg" \
		>"$DIR/log/reload.log" 2>&1 || fail "reload of $1"
	wait_for 5 more_reloads "$log" "$before" || fail "$1 does not reload"
}

more_reloads() {
	(($(grep -c 'steward.*event=reloaded' "$1") > $2))
}

# refused_reload WHAT REGEX: one line for the mistake, one for what follows
refused_reload() {
	local said code=0
	said=$(at cloud "$RELAYTUN" reload -c "$DIR/edge-1.cfg" 2>&1) || code=$?
	expect "exit code with $1 ($said)" "$code" 2
	expect_match "message with $1" "$(head -n 1 <<<"$said")" "$2"
	expect "what follows from $1" "$(tail -n +2 <<<"$said")" \
		"gateway edge-1 goes on as before: the files have errors"
	expect "a service after $1" "$(told edge.test 7000 tcp)" "$ANSWER"
	expect "reloads after $1" \
		"$(grep -c 'steward.*event=reloaded' "$DIR/log/edge-1.log" || :)" 1
}

ANSWER="10.1.0.1 10.1.0.7 7000"
topo_up
tell_up seven 10.1.0.7 7000-7001
tunnel_up
expect "a service of the included file" "$(told edge.test 7000 tcp)" "$ANSWER"
silent "one that is in none" edge.test 7001 tcp

write_services 7000 7001
reload onprem
reload cloud
expect "a service of the changed file" "$(told edge.test 7001 tcp)" \
	"10.1.0.1 10.1.0.7 7001"

echo '[ "203.0.113.0/24", "203.0.113.1/24" ]' >"$DIR/parts/sources"
sed -i '3,$d' "$DIR/parts/services.cfg"
refused_reload "a mistake in a part" \
	"^$DIR/parts/sources:1: from \"203.0.113.1/24\": it has bits set .* 203.0.113.0/24$"
rm "$DIR/parts/sources"
refused_reload "a part that is gone" \
	"^$DIR/parts/services.cfg:2: cannot include $DIR/parts/sources: No such file"
truncate -s 50M "$DIR/parts/sources"
refused_reload "a part of 50 MB" \
	"^$DIR/parts/services.cfg:2: cannot include .*: with it the text is larger"
kill -HUP "$(steward_pid cloud)"
wait_for 5 grep -q 'with it the text is larger' "$DIR/log/edge-1.log" ||
	fail "the log does not say why a reload was refused"
expect "the service that stays" "$(told edge.test 7001 tcp)" \
	"10.1.0.1 10.1.0.7 7001"

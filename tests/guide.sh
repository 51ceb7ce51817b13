#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guide.sh - What docs/azure.md has one type is right, and what the texts tell
#
# Its policy, both gateways' files and the relay's pass their checks as they stand
# there; its commands are words that a shell understands, none is left out; those of
# the Azure CLI have the options that it takes (guide.az).  Messages, numbers and
# defaults that the documentation quotes are the programs' (told.py).

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
dir=$(mktemp -d "${TMPDIR:-/tmp}/relaytun-guide.XXXXXX")
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "FAIL: $*"
	exit 1
}

# blocks: each indented by nothing, to a file of its own, 1 2 3 ...
awk -v dir="$dir" '
	/^```/ { inside = !inside; number += inside; next }
	inside { print >(dir "/block." number) }' docs/azure.md

# take NAME REGEX [NTH]: the block that has such a line becomes NAME, with paths here
take() {
	local block
	block=$(grep -lE -- "$2" "$dir"/block.* | sort -V | sed -n "${3:-1}p")
	[ -n "$block" ] || fail "no block for $1"
	sed -e "s|/etc/relaytun|$dir|g" -e 's|"relaytun"|"nobody"|' "$block" >"$dir/$1"
}

# What README.md shows first is a policy, and none that has other words by now.
awk -v file="$dir/readme.cfg" '
	/^```/ { inside = !inside; first = inside; next }
	first { mine = /^version/; first = 0 }
	inside && mine { print >file }' README.md
build/bin/relaytun check "$dir/readme.cfg" >"$dir/out" 2>&1 ||
	fail "README.md: $(cat "$dir/out")"

take policy.cfg '^version'
take edge-1.cfg '^name .*"edge-1"'
take oslo-a.cfg '^name .*"oslo-a"'
take relay.cfg '^# /etc/relaytun/relay.cfg'
for key in listen send; do
	(umask 077 && echo "a key" >"$dir/$key.key")
done
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=relay \
	-keyout "$dir/relay.key" -out "$dir/relay.crt" 2>"$dir/openssl.log"
chmod 600 "$dir/relay.key"
for gateway in edge-1 oslo-a; do
	printf 'policy = "%s";\nuser = "nobody";\n' "$dir/policy.cfg" \
		>>"$dir/$gateway.cfg"
	build/bin/relaytun check -c "$dir/$gateway.cfg" >"$dir/out" 2>&1 ||
		fail "$gateway: $(cat "$dir/out")"
done
build/bin/relaytun relay --check -c "$dir/relay.cfg" >"$dir/out" 2>&1 ||
	fail "relay.cfg: $(cat "$dir/out")"

commands=0
for block in "$dir"/block.*; do
	grep -qE '^(az|sudo|for|umask|namespace=|make) ?' "$block" || continue
	commands=$((commands + 1))
	bash -n "$block" || fail "no commands: $(cat "$block")"
	! grep -qE '\.\.\.|…' "$block" || fail "left out: $(cat "$block")"
done
((commands >= 7)) || fail "only $commands blocks of commands"
tests/guide_az.py tests/guide.az docs/azure.md >"$dir/out" ||
	fail "$(cat "$dir/out")"
tests/told.py build >"$dir/out" || fail "$(cat "$dir/out")"

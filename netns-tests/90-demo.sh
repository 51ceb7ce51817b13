#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make demo` keeps what README.md promises: a web page, a database query and a
# name through public ports, the status of both gateways, and nothing left when
# it says so.  A Ctrl-C while it builds leaves nothing either.

set -euo pipefail
export LC_ALL=C
HERE=$(cd "$(dirname "$0")" && pwd)
SKIPPED=77
# shellcheck source=netns-tests/lib/assert.sh
. "$HERE/lib/assert.sh"

[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
unset PLAIN HOLD
dir=$(mktemp -d "${TMPDIR:-/tmp}/relaytun-demo.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' HUP INT TERM
mkdir "$dir/bin" "$dir/tmp"
chmod 711 "$dir" "$dir/tmp" # services run as users of their own

# left: namespaces and folders of the demo whose output is $dir/out
left() {
	local ns
	ns=$(sed -n 's/^five network namespaces, \(.*\)-\.\.\.$/\1/p' "$dir/out")
	[ -n "$ns" ] || echo "the name of no namespace"
	ip netns list | grep -F "$ns-" || :
	ls -A "$dir/tmp"
}

# Its output line by line, as somebody at the terminal sees it.
code=0
TMPDIR=$dir/tmp "$HERE/demo" </dev/null 2>&1 | while IFS= read -r line; do
	echo "$line" >>"$dir/out"
	[[ $line != *"everything is removed"* ]] || left >"$dir/left"
done || code=$?
expect "exit code of the demo: $(cat "$dir/out")" "$code" 0
for line in 'Hello from the web server' 'press 7|Oslo, hall 2' '10\.1\.0\.5$' \
	'^  up 100000000 ' 'Failed to connect to edge.test port 22' \
	'^gateway edge-1 \(cloud\): up' '^gateway oslo-a \(site\): up' \
	'^== Done; everything is removed again'; do
	grep -qE "$line" "$dir/out" || fail "the demo does not show \"$line\":
$(cat "$dir/out")"
done
expect "what is left when it says that nothing is" "$(cat "$dir/left")" ""
! grep -q 'make\[' "$dir/out" || fail "make is heard:
$(cat "$dir/out")"

# A build that takes long, and Ctrl-C.
cat >"$dir/bin/make" <<END
#!/bin/sh
case " \$* " in *" -q "*) exit 1 ;; esac
touch "$dir/building"
exec sleep 60
END
chmod 755 "$dir/bin/make"
env -u BUILD TMPDIR="$dir/tmp" PATH="$dir/bin:$PATH" setsid \
	env --default-signal=INT "$HERE/demo" >"$dir/out" 2>&1 </dev/null &
demo=$!
for ((i = 0; i < 200; i++)); do
	[ ! -e "$dir/building" ] || break
	sleep 0.05
done
[ -e "$dir/building" ] || fail "the demo does not build: $(cat "$dir/out")"
kill -s INT -- "-$demo"
code=0
wait $demo || code=$?
expect "exit code after Ctrl-C" "$code" 130
expect "what Ctrl-C leaves" "$(ls -A "$dir/tmp")" ""

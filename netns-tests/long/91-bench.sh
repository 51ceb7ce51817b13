#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make bench` measures, says which goals are met, by its exit code too, and
# leaves its figures and nothing else.  One short round: the figures themselves
# are worth nothing here.

set -euo pipefail
export LC_ALL=C
HERE=$(cd "$(dirname "$0")/.." && pwd)
SKIPPED=77
# shellcheck source=netns-tests/lib/assert.sh
. "$HERE/lib/assert.sh"

[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
unset PLAIN
dir=$(mktemp -d "${TMPDIR:-/tmp}/relaytun-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' HUP INT TERM
mkdir "$dir/tmp"
chmod 711 "$dir" "$dir/tmp" # services run as users of their own

code=0
ROUNDS=1 SECONDS_EACH=1 WITH=tunnel TMPDIR=$dir/tmp OUTPUT=$dir/bench.json \
	"$HERE/bench/run" >"$dir/out" 2>&1 </dev/null || code=$?
want=0
! grep -q '^MISS' "$dir/out" || want=1
expect "exit code: $(cat "$dir/out")" "$code" "$want"
grep -q '^PASS  largest process' "$dir/out" || fail "a goal is not shown as met:
$(cat "$dir/out")"
expect "figures in the JSON" "$(jq '[.series[] | select(length >= 1 and
	all(type == "number" and . > 0))] | length >= 10' "$dir/bench.json")" true
expect "folders left" "$(ls -A "$dir/tmp")" ""
expect "locks left" "$(find /run -maxdepth 1 -name 'relaytun-*')" ""

# A goal that nothing can meet.
code=0
ROUNDS=1 SECONDS_EACH=1 WITH=tunnel TMPDIR=$dir/tmp OUTPUT=$dir/bench.json \
	GOAL_UP=1000000 "$HERE/bench/run" >"$dir/out" 2>&1 </dev/null || code=$?
expect "exit code with a goal missed: $(cat "$dir/out")" "$code" 1

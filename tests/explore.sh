#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# explore.sh - Look for inputs that a fuzzer's seeds do not have
#
#	tests/explore.sh NAME [SECONDS]	tests/fuzz/fuzz_NAME.c, 600 seconds
#	tests/explore.sh keep NAME	what reaches further becomes seeds
#
# clang's libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, at the
# lowest priority.  What it finds is in build/explore/NAME: a crash-... is replayed
# by giving it to build/san-address-undefined/fuzz/fuzz_NAME, and becomes a seed.
# "keep" puts the fewest inputs that reach all code reached so far beside the seeds,
# in corpus/NAME/found.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
keep=
[ "${1:-}" != keep ] || { keep=1 && shift; }
name=${1:?usage: tests/explore.sh [keep] NAME [SECONDS]}
seconds=${2:-600}
san=fuzzer-no-link,address,undefined
folder=build/san-${san//,/-}

nice make -s -j"$(nproc)" SAN=$san CC=clang CFLAGS='-O1 -g -DLIBFUZZER -w' \
	LDFLAGS=-fsanitize=fuzzer "$folder/fuzz/fuzz_$name"
mkdir -p "build/explore/$name/corpus"

# keep: what the seeds do not reach, without those files that are seeds already
keep() {
	local fewest=build/explore/$name/fewest file
	rm -rf "$fewest" "tests/fuzz/corpus/$name/found"
	mkdir -p "$fewest"
	find -L "tests/fuzz/corpus/$name" -type f -exec cp -t "$fewest" {} +
	ls "$fewest" >"$fewest.seeds"
	nice -n 19 "$folder/fuzz/fuzz_$name" -set_cover_merge=1 -use_counters=0 \
		-max_len=1024 "$fewest" "build/explore/$name/corpus"
	while read -r file; do
		rm "$fewest/$file"
	done <"$fewest.seeds"
	mv "$fewest" "tests/fuzz/corpus/$name/found"
}

find -L "tests/fuzz/corpus/$name" -type f \
	-exec cp -t "build/explore/$name/corpus" {} +
if [ -n "$keep" ]; then
	keep
	exit
fi
options=(-max_total_time="$seconds" -max_len=16384 -timeout=30)
[ ! -e "tests/fuzz/$name.dict" ] || options+=(-dict="tests/fuzz/$name.dict")
exec nice -n 19 "$folder/fuzz/fuzz_$name" "${options[@]}" \
	-artifact_prefix="build/explore/$name/" -print_final_stats=1 \
	"build/explore/$name/corpus"

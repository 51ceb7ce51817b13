#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# verbs.sh - Every verb of relaytun explains itself, and says what it was given
#
# --help: exit code 0, on standard output, with the verb's name.  Wrong usage or
# an unreadable file: exit code 2, on standard error, nothing on the output.

set -euo pipefail
cd "$(dirname "$0")/.."
relaytun=${BUILD:-build}/bin/relaytun
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# ends CODE WANTED-ON-OUTPUT WANTED-ON-ERROR ARGUMENT...: extended expressions;
# an empty one wants nothing at all there.
ends() {
	local want=$1 code=0 stream
	local -A wanted=([text]=$2 [error]=$3)
	shift 3
	timeout 10 "$relaytun" "$@" >"$out/text" 2>"$out/error" </dev/null || code=$?
	[ "$code" = "$want" ] || {
		echo "relaytun $*: exit code $code, want $want"
		exit 1
	}
	for stream in text error; do
		if [ -n "${wanted[$stream]}" ]; then
			grep -qE -- "${wanted[$stream]}" "$out/$stream" && continue
		else
			[ -s "$out/$stream" ] || continue
		fi
		echo "relaytun $*: $stream is not \"${wanted[$stream]}\" but:"
		cat "$out/$stream"
		exit 1
	done
}

# full WANTED-ON-ERROR ARGUMENT...: what goes onto a full disk is no success.
full() {
	local want=$1 code=0
	shift
	"$relaytun" "$@" >/dev/full 2>"$out/error" </dev/null || code=$?
	[ "$code" = 1 ] && grep -qE -- "$want" "$out/error" && return
	echo "relaytun $* >/dev/full: exit code $code, and:"
	cat "$out/error"
	exit 1
}

ends 0 'Usage: relaytun VERB' '' --help
ends 0 '^relaytun [0-9]+\.[0-9]+\.[0-9]+' '' --version
ends 2 '' 'Usage: relaytun VERB'
full '^relaytun: cannot print: No space left on device' --help
full '^relaytun: cannot print: No space left on device' --version
ends 2 '' 'unknown verb "frobnicate"' frobnicate

for verb in gateway reload confirm plan down flows trace relay check status token; do
	ends 0 "relaytun $verb" '' "$verb" --help
	ends 0 "relaytun $verb" '' "$verb" -h
	ends 0 '^relaytun [0-9]+\.[0-9]+\.[0-9]+' '' "$verb" --version
	ends 2 '' "^relaytun $verb: unrecognized option" "$verb" --frobnicate
	full "^relaytun $verb: cannot print: No space left on device" \
		"$verb" --help
	# check and plan take files as arguments; flows and trace a service.
	[[ " check plan flows trace " == *" $verb "* ]] ||
		ends 2 '' "relaytun $verb" "$verb" superfluous
done
mkfifo "$out/fifo"
for verb in gateway reload confirm plan down flows relay check status; do
	ends 2 '' '^/nowhere.cfg: cannot be read: No such file' "$verb" \
		-c /nowhere.cfg
	ends 2 '' '^/dev/null: cannot be read: it is no regular file' "$verb" \
		-c /dev/null
	# Nobody writes to it: who opens it must not wait.
	ends 2 '' "^$out/fifo: cannot be read: it is no regular file" "$verb" \
		-c "$out/fifo"
done
ends 2 '' "^$out/fifo: cannot be read: it is no regular file" check "$out/fifo"

# Nobody takes connections, and others wait already.
coproc stuck {
	python3 -c '
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
first = socket.socket(socket.AF_UNIX)
first.connect(sys.argv[1])
print(flush=True)
sys.stdin.read()' "$out/stuck.sock"
}
read -r -u "${stuck[0]}"
ends 1 '' "^relaytun: no answer at .*: its carrier is stuck or restarting" \
	status -s "$out/stuck.sock"

(umask 077 && echo key >"$out/key")
full '^relaytun token: cannot print: No space left on device' token \
	--uri wss://relay.test/a --key-name send --key-file "$out/key"
full '^relaytun check: cannot print: No space left on device' check \
	etc/policy.cfg

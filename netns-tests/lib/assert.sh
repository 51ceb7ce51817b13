# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# assert.sh - How a test says what it found

# fail WORDS...: the test has failed.
fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# skip WORDS...: the test cannot be done here.
skip() {
	echo "skip: $*" >&2
	exit "$SKIPPED"
}

# need PROGRAM...: skip when one is missing.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null ||
			skip "$program is missing; run: sudo make deps"
	done
}

# not_plain: what follows has no meaning without the tunnel's programs.
not_plain() {
	[ -z "$PLAIN" ] || skip "nothing to see with plain forwarding"
}

# expect WHAT GOT WANT: two strings are the same.
expect() {
	[ "$2" = "$3" ] || fail "$1: got \"$2\", want \"$3\""
}

# expect_match WHAT GOT REGEX: a string matches an extended expression.
expect_match() {
	[[ $2 =~ $3 ]] || fail "$1: got \"$2\", which does not match \"$3\""
}

# expect_file WHAT GOT WANT: two files are the same.
expect_file() {
	local difference
	difference=$(diff -u "$3" "$2") || fail "$1 differs:
$difference"
}

# said [OPTION...] REGEX: is it in what a pipe brings?  Unlike grep -q it reads to
# the end, so that whoever writes into the pipe does not die of it.
said() {
	local text
	text=$(cat)
	grep -q "$@" <<<"$text"
}

# refused WHAT CODE REGEX COMMAND...: COMMAND ends with CODE and says REGEX in
# one single line.
refused() {
	local what=$1 want=$2 regex=$3 said code=0
	shift 3
	said=$("$@" 2>&1) || code=$?
	expect "exit code with $what ($said)" "$code" "$want"
	expect_match "message with $what" "$said" "$regex"
	expect "lines of the message with $what ($said)" \
		"$(wc -l <<<"$said")" 1
}

# documented SECTION: JSON documents on standard input have the very fields that this
# section of relaytun-status(5) names
documented() {
	expect_file "fields of relaytun-status(5), $1" \
		<(jq -r 'paths(type != "object" and . != [] and
			(type != "array")) | map(if type == "number" then "[]"
			else "." + . end) | join("")' | sed 's/^\.//' | sort -u) \
		<(sed -n "/^\.Sh $1\$/,/^\.Sh /s/^\.It Va //p" \
			"$HERE/../docs/man/relaytun-status.5" |
			sed 's/ , /\n/g' | sort -u)
}

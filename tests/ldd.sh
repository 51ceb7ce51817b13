#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldd.sh - Each program is linked against what it may be, and nothing else
#
# The privileged process must not carry the libraries that parse the internet,
# and an Apache-2.0 library must not meet GPL-2.0-only libnftables in one
# program.  Direct dependencies are held against a list here; of the steward's
# indirect ones we ask that no TLS library is among them.

set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
bad=0

# allow PROGRAM LIBRARY...: names without lib and .so.N; libc is always allowed
allow() {
	local file=$BUILD/$1 name needed allowed
	shift
	allowed=" c $* "
	needed=$(readelf -d "$file" |
		sed -n 's/.*(NEEDED).*\[lib\(.*\)\.so.*\]/\1/p')
	for name in $needed; do
		[[ $allowed == *" $name "* ]] && continue
		echo "${file##*/} is linked against lib$name; allowed:$allowed"
		bad=1
	done
}

# never PROGRAM REGEX: nothing of that name, however indirect
never() {
	local found
	found=$(ldd "$BUILD/$1" | grep -oE "$2") || return 0
	echo "${1##*/} carries $(xargs <<<"$found")"
	bad=1
}

libexec=libexec/relaytun
allow bin/relaytun config jansson
allow $libexec/relaytun-steward config nl-3 nl-route-3 nftables jansson cap
allow $libexec/relaytun-show config nl-3 nl-route-3 nftables jansson cap
allow $libexec/relaytun-carrier curl jansson config mbedcrypto crypto ssl \
	seccomp
allow $libexec/relaytun-relay websockets jansson config mbedcrypto mbedx509 \
	ssl crypto seccomp
allow $libexec/relaytun-keys mbedcrypto jansson

never bin/relaytun 'lib(ssl|crypto|mbed[a-z0-9]*|curl|websockets|nftables)\.so'
never $libexec/relaytun-steward 'lib(ssl|crypto|mbed[a-z0-9]*|curl|websockets)\.so'
never $libexec/relaytun-carrier 'lib(nftables|cap)\.so'
exit $bad

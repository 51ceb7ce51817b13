#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# installed.sh - `make install` into a folder, at places that are not the default
#
# Programs look for their files, and find each other, where they were installed;
# unit, manual pages and examples say the same places.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
dir=$(mktemp -d "${TMPDIR:-/tmp}/relaytun-installed.XXXXXX")
trap 'rm -rf "$dir"' EXIT
prefix=/opt/relaytun-test
sysconf=$prefix/etc
root=$dir/root
relaytun=$root$prefix/bin/relaytun

# fail TEXT
fail() {
	echo "FAIL: $1"
	exit 1
}

# A build of its own, in which only what knows the places is made anew.
mkdir "$dir/build"
cp -a build/bin build/libexec build/obj build/librelaytun.a "$dir/build"
make -s --no-print-directory SAN= B="$dir/build" DESTDIR="$root" \
	PREFIX="$prefix" SYSCONF="$sysconf" install >"$dir/said" 2>&1 ||
	fail "make install: $(cat "$dir/said")"

# Programs: each starts, the verbs of libexec too, and looks in the right place.
[[ $("$relaytun" --version) =~ ^relaytun\ [0-9] ]] || fail "--version"
for verb in gateway reload down relay check status; do
	case $verb in
	relay) file=$sysconf/relaytun/relay.cfg ;;
	*) file=$sysconf/relaytun/gateway.cfg ;;
	esac
	"$relaytun" $verb --help | grep -qF "[$file" ||
		fail "$verb --help does not name $file"
	code=0
	said=$("$relaytun" $verb 2>&1 </dev/null) || code=$?
	[ "$code" = 2 ] || fail "$verb: exit code $code, not 2: $said"
	[ "$said" = "$file: cannot be read: No such file or directory" ] ||
		fail "$verb: $said"
done
"$relaytun" token --help >"$dir/said" || fail "token --help"

# Examples: under another name, and valid.
etc=$root$sysconf/relaytun
"$relaytun" check "$etc/policy.cfg.example" >"$dir/normal" || fail "check"
cmp "$dir/normal" tests/golden/policy/example.ok || fail "check prints else"
for example in gateway gateway-site; do
	"$relaytun" check -c "$etc/$example.cfg.example" \
		"$etc/policy.cfg.example" >"$dir/said" 2>&1 ||
		fail "$example.cfg.example: $(cat "$dir/said")"
done

# No text names a place where nothing is.
odd=$(grep -rInE '(^|[^[:alnum:]/])/(etc/relaytun|usr/(bin|libexec)/relaytun)' \
	"$root" || :)
[ -z "$odd" ] || fail "places of another installation: $odd"
unit=$root$prefix/lib/systemd/system/relaytun-gateway.service
grep -qx "ExecStart=$prefix/bin/relaytun gateway" "$unit" || fail "$unit"
[ -e "$root/etc/iproute2/rt_protos.d/relaytun.conf" ] ||
	fail "ip(8) looks in /etc only: no rt_protos there"
if command -v systemd-analyze >/dev/null; then
	# It wants to see the program, which is in our folder.
	sed "s|=$prefix/bin/|=$root$prefix/bin/|" "$unit" \
		>"$dir/relaytun-gateway.service"
	systemd-analyze verify --man=no "$dir/relaytun-gateway.service" \
		>"$dir/said" 2>&1 || fail "unit: $(cat "$dir/said")"
	[ ! -s "$dir/said" ] || fail "unit: $(cat "$dir/said")"
fi

# At the default places the unit is the one that everybody can read in etc/.
tests/install.sh "$dir/default" /usr /etc "$dir/build" >"$dir/said" 2>&1 ||
	fail "install.sh: $(cat "$dir/said")"
cmp "$dir/default/usr/lib/systemd/system/relaytun-gateway.service" \
	etc/relaytun-gateway.service || fail "the unit is changed"

# Onto this machine, so to speak: the user is made as well.
if [ "$(id -u)" = 0 ] && [ -d /etc/iproute2 ]; then
	mkdir "$dir/bin"
	printf '#!/bin/sh\necho "$*" >>%s\n' "$dir/users" \
		>"$dir/bin/systemd-sysusers"
	chmod 755 "$dir/bin/systemd-sysusers"
	# shellcheck disable=SC2016 # expanded by the inner shell
	PATH=$dir/bin:$PATH unshare -m sh -c '
		mount -t tmpfs none /etc/iproute2 && exec "$@"' - \
		tests/install.sh "" "$dir/here" "$dir/here/etc" "$dir/build"
	[ "$(cat "$dir/users")" = "$dir/here/lib/sysusers.d/relaytun.conf" ] ||
		fail "the user is not made"
fi

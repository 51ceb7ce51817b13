#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh DESTDIR PREFIX SYSCONF BUILD - what `make install` does
#
# Programs, library, examples (never over a file that is there), systemd units, manual
# pages, the carrier's user and the name of our routes' protocol.  Texts name
# PREFIX and SYSCONF where they name /usr and /etc here.
set -eu
cd "$(dirname "$0")/.."
dest=$1 prefix=$2 sysconf=$3 build=$4

# put FILE FOLDER [NAME [MODE]]: when the file is part of this version
put() {
	[ -e "$1" ] || return 0
	to=$dest$2/${3:-${1##*/}}
	install -D -m "${4:-644}" /dev/null "$to"
	sed "s|/usr/bin/relaytun|$prefix/bin/relaytun|g
		s|/etc/relaytun|$sysconf/relaytun|g" "$1" >"$to"
}

install -d "$dest$prefix/bin" "$dest$prefix/libexec/relaytun"
install -m 755 "$build/bin/relaytun" "$dest$prefix/bin/"
install -m 755 "$build"/libexec/relaytun/* "$dest$prefix/libexec/relaytun/"

install -d -m 750 "$dest$sysconf/relaytun"
for example in etc/*.cfg; do
	put "$example" "$sysconf/relaytun" "${example##*/}.example" 640
done
for unit in etc/*.service; do
	put "$unit" "$prefix/lib/systemd/system"
done
put etc/sysusers.conf "$prefix/lib/sysusers.d" relaytun.conf
put etc/tmpfiles.conf "$prefix/lib/tmpfiles.d" relaytun.conf
# ip(8) reads no other place than this.
put etc/rt_protos.conf /etc/iproute2/rt_protos.d relaytun.conf

# The library for programs of others, and its licence beside its headers.
install -d "$dest$prefix/include/hyco" "$dest$prefix/lib/pkgconfig"
install -m 644 include/hyco/*.h include/hyco/LICENSE \
	"$dest$prefix/include/hyco/"
install -m 644 "$build/lib/libhyco.a" "$dest$prefix/lib/"
install -m 755 "$build"/lib/libhyco.so.* "$dest$prefix/lib/"
for shared in "$build"/lib/libhyco.so.*; do
	ln -sf "${shared##*/}" "$dest$prefix/lib/libhyco.so"
done
sed "s|@PREFIX@|$prefix|" "$build/lib/hyco.pc" \
	>"$dest$prefix/lib/pkgconfig/hyco.pc"

for section in 3 5 8; do
	for page in docs/man/*."$section"; do
		put "$page" "$prefix/share/man/man$section"
	done
done

# Into a package's folder: the user is made where the package is installed.
[ -z "$dest" ] || exit 0
if ! systemd-sysusers "$prefix/lib/sysusers.d/relaytun.conf"; then
	echo "the user \"relaytun\" is not made; as root:" \
		"useradd --system --shell /usr/sbin/nologin relaytun" >&2
fi

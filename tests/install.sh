#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh DESTDIR PREFIX SYSCONF - what `make install` does
#
# Programs, examples (never over a file that is there), systemd units, the
# user's definition and the name of our routes' protocol.
set -eu
cd "$(dirname "$0")/.."
dest=$1 prefix=$2 sysconf=$3

install -d "$dest$prefix/bin" "$dest$prefix/libexec/relaytun"
install -m 755 build/bin/relaytun "$dest$prefix/bin/"
install -m 755 build/libexec/relaytun/* "$dest$prefix/libexec/relaytun/"

install -d -m 750 "$dest$sysconf/relaytun"
for example in etc/*.cfg; do
	[ -e "$example" ] || continue
	to=$dest$sysconf/relaytun/${example##*/}.example
	install -m 640 "$example" "$to"
done
# FILE FOLDER: when the file is part of this version
put() {
	[ -e "$1" ] || return 0
	install -D -m 644 "$1" "$dest$2/${3:-${1##*/}}"
}
for unit in etc/*.service; do
	put "$unit" "$prefix/lib/systemd/system"
done
put etc/sysusers.conf "$prefix/lib/sysusers.d" relaytun.conf
put etc/tmpfiles.conf "$prefix/lib/tmpfiles.d" relaytun.conf
put etc/rt_protos.conf "$sysconf/iproute2/rt_protos.d" relaytun.conf
for section in 5 8; do
	for page in docs/man/*.$section; do
		put "$page" "$prefix/share/man/man$section"
	done
done

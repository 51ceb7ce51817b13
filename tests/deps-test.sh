#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps-test.sh - tests/deps.sh leaves no daemon behind that starts at boot
#
# In a mount namespace with stand-ins for apt-get and systemctl: the services
# that an installation switches on are switched off again, those that were on
# before stay, and none is started at installation.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
	echo "skip: needs root to hide /etc/systemd"
	exit 77
}
dir=$(mktemp -d "${TMPDIR:-/tmp}/relaytun-deps.XXXXXX")
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/system/multi-user.target.wants" "$dir/sbin"
touch "$dir/system/multi-user.target.wants/sshd.service"

# stub NAME: what follows on standard input takes the place of a program.
stub() {
	{
		echo '#!/bin/sh'
		cat
	} >"$dir/bin/$1"
	chmod 755 "$dir/bin/$1"
}

stub dpkg-query <<'END'
[ "$3" != nginx-light ] && echo installed
END
stub apt-get <<END
[ "\$1" = install ] || exit 0
cp /usr/sbin/policy-rc.d "$dir/policy-rc.d"
touch /etc/systemd/system/multi-user.target.wants/nginx.service
mkdir -p /etc/systemd/system/timers.target.wants
touch /etc/systemd/system/timers.target.wants/nginx-log.timer
END
stub systemctl <<END
echo "\$*" >>"$dir/asked"
END

# shellcheck disable=SC2016 # expanded by the inner shell
PATH=$dir/bin:$PATH unshare -m sh -c '
	mount --bind "$0/system" /etc/systemd/system &&
	mount -t tmpfs none /usr/sbin && exec tests/deps.sh' "$dir" \
	>"$dir/said" || {
	cat "$dir/said"
	exit 1
}
sh "$dir/policy-rc.d" && code=0 || code=$?
[ "$code" = 101 ] || {
	echo "services would be started at installation (policy-rc.d: $code)"
	exit 1
}
[ "$(sort "$dir/asked")" = 'disable --quiet nginx-log.timer
disable --quiet nginx.service' ] || {
	echo "systemctl was asked:"
	cat "$dir/asked"
	exit 1
}

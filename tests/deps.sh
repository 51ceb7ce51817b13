#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs the Debian packages that building, the demo and the tests need.
# Idempotent, and quick when nothing is missing.
#
# Services among them (nginx, PostgreSQL) are used as programs only: the
# machine gets no new daemon, so their start at installation is held back, and
# those that the installation has enabled for the next boot are disabled again.
set -eu

packages="
build-essential pkg-config
libnl-3-dev libnl-route-3-dev libnftables-dev libconfig-dev libwebsockets-dev
libmbedtls-dev libcurl4-openssl-dev libjansson-dev libcap-dev libseccomp-dev libcmocka-dev
clang-format clang-tidy cppcheck
iproute2 nftables iptables conntrack tcpdump iputils-ping socat curl openssl jq procps
nginx-light postgresql postgresql-client dnsmasq-base bind9-dnsutils iperf3
openvpn wrk ethtool python3 util-linux tinyproxy-bin microsocks
squid krb5-kdc krb5-user
"

# Microsoft's SDKs run in Node; one that is not Debian's will do as well.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	packages="$packages nodejs npm"
fi

missing=
for package in $packages; do
	status=$(dpkg-query -W -f='${db:Status-Status}' "$package" \
		2>/dev/null || echo none)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "missing packages:$missing" >&2
	echo "run: sudo make deps" >&2
	exit 1
fi

# enabled: units that start at boot
enabled() {
	find /etc/systemd/system -path '*.wants/*' -printf '%f\n' \
		2>/dev/null | sort -u
}

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
before=$(enabled)
apt-get update -q
# shellcheck disable=SC2086 # a list of words on purpose
apt-get install -y -q --no-install-recommends $missing

command -v systemctl >/dev/null || exit 0
enabled | while read -r unit; do
	case "
$before
" in
	*"
$unit
"*) ;;
	*) systemctl disable --quiet "$unit" </dev/null ;;
	esac
done

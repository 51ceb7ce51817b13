# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lib.sh - What every test in network namespaces stands on
#
#  client            cloud                relay               onprem      lan
#  eth0 ------- pub0       up0 ------ cloud0   site0 ------ up0   lan0 - eth0
#  203.0.113.2  203.0.113.1           192.0.2.1    198.18.0.2            10.1.0.5
#               198.51.100.7          198.18.0.1        10.1.0.1              .9
#                     192.0.2.2                                               .2
#                                                                             .7
#  Any user     Gateway edge-1        Relay at       Gateway oslo-a   10.1.0.5 web
#  of the       with the public       192.0.2.1,     behind a fire-   10.1.0.9 SQL
#  internet     addresses             relay.test     wall that lets   10.1.0.2 DNS
#                                                    nothing in       10.1.0.7 others
#
#  The client knows no way but to the cloud's public addresses; hosts of the LAN
#  know no way but their own subnet.  So nothing can work by accident.
#
# A test sources this file, calls topo_up and what else it needs, and asserts.
# Whatever it makes (namespaces, files, processes) is gone when it ends, however
# it ends.  After a failure the logs are shown and their folder stays.
#
#	at WHERE COMMAND...		run in a namespace: at client curl ...
#	spawn WHERE NAME COMMAND...	the same in the background, with a log
#	stop NAME [SIGNAL]		end it and wait until it is gone
#	wait_for SECONDS COMMAND...	until COMMAND succeeds
#	fail WORDS..., skip WORDS...	end the test
#
# PLAIN=1 takes plain kernel forwarding in place of the tunnel: it shows that a
# test, its services and its links are right before the tunnel is blamed.

set -Eeuo pipefail
export LC_ALL=C

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(dirname "$HERE")
PLAIN=${PLAIN:-}
# Builds may be tested from elsewhere, for example one with sanitizers.
BUILD=${BUILD:-$TOP/build}
RELAYTUN=$BUILD/bin/relaytun
export HERE TOP RELAYTUN
PATH=$PATH:/usr/sbin:/sbin

export SKIPPED=77 # exit code by which run knows a skipped test

# shellcheck source=netns-tests/lib/process.sh
. "$HERE/lib/process.sh"
# shellcheck source=netns-tests/lib/assert.sh
. "$HERE/lib/assert.sh"
# shellcheck source=netns-tests/lib/topology.sh
. "$HERE/lib/topology.sh"
# shellcheck source=netns-tests/lib/services.sh
. "$HERE/lib/services.sh"
# shellcheck source=netns-tests/lib/tunnel.sh
. "$HERE/lib/tunnel.sh"

[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
[ -n "$PLAIN" ] || [ -x "$RELAYTUN" ] ||
	fail "$RELAYTUN is missing; run: make build"

# The folder's unique name is the run's: namespaces carry it as well.
DIR=$(mktemp -d "${TMPDIR:-/tmp}/relaytun.XXXXXX")
NS=rt-${DIR##*.}
export DIR NS
mkdir "$DIR/log" "$DIR/pid" "$DIR/run"
chmod 711 "$DIR" # services run as users of their own
chmod 755 "$DIR/run"
trap cleanup EXIT
trap 'on_error "$BASH_COMMAND"' ERR
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway has all of its channels, though who starts it, as systemd does, lets a
# program have few open files at first: a carrier takes as many as it may.
#
#  edge-1 == 16 channels, each of some open files == relay == oslo-a
#     40 open files, and the right to 4096

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

open_channels='([.channels[] | select(.state == "open")] | length)'

topo_up
configure
sed -i '1i channels = 16;' "$DIR/edge-1.cfg"
relay_up
ulimit -Sn 40
ulimit -Hn 4096
gateway_up onprem
gateway_up cloud
for where in cloud onprem; do
	await_status $DIAL_S $where "$open_channels == 16"
	files=("/proc/$(carrier_pid $where)/fd"/*)
	((${#files[@]} > 40)) ||
		fail "$where: ${#files[@]} open files prove nothing"
done

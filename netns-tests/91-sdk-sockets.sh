#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# S01, S02, S03, S08: Microsoft's hyco-ws 1.0.5, unchanged, as listener and sender,
# and the package ws as a plain sender.

. "$(dirname "$0")/lib.sh"
. "$HERE/lib/sdk.sh"

sdk_up
for case in S01 S02 S03 S08; do
	sdk onprem sockets.js "$case" || fail "$case"
done

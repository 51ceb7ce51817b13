#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# S04: hyco-https 1.4.5 answers HTTP requests through the relay: the tests of its
# own package, each of which is listener and client in one.

. "$(dirname "$0")/lib.sh"
. "$HERE/lib/sdk.sh"

sdk_up
SDK_PATH=a2
for file in get post chunkedpost pipe; do
	sdk onprem jest.js "node_modules/hyco-https/tests/$file.test.js" ||
		fail "S04: $file"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# relay.sh - Conformance of the relay program
#
# All cases against the build with sanitizers, when there is one; their own
# books take memory, so those about memory run against the plain build as well.

set -eu
cd "$(dirname "$0")/.."
san=build/san-address-undefined/libexec/relaytun/relaytun-relay
if [ -x "$san" ]; then
	tests/relay/conformance.py --program "$san" --slack-kib 300000 \
		--jobs 5
	exec tests/relay/conformance.py R46 X06 X32
fi
exec tests/relay/conformance.py --jobs 5

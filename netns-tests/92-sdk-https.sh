#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# S04: hyco-https 1.4.5 answers HTTP requests through the relay: the tests of its
# own package, unchanged, in jest; each is listener and client in one.  (Of jest
# the pinned version is younger than the package's, and tests/sdk/agent.js gives
# them the HTTP agent of the Node of their days.)

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=netns-tests/lib/sdk.sh
. "$HERE/lib/sdk.sh"

sdk_up
# jest looks at nothing below a node_modules, so the package is copied out of it.
cp -a "$SDK/node_modules/hyco-https" "$DIR/hyco-https"
ln -s "$SDK/node_modules" "$DIR/node_modules"
SDK_PATH=a2
sdk onprem node_modules/jest/bin/jest.js --runInBand --verbose \
	--rootDir "$DIR/hyco-https" --setupFiles "$SDK/agent.js" \
	--cacheDirectory "$DIR/jest" >"$DIR/log/jest.log" 2>&1 ||
	fail "S04: the package's own tests"
for file in get post chunkedpost pipe; do
	grep -q "^PASS .*/tests/$file.test.js" "$DIR/log/jest.log" ||
		fail "S04: $file did not run"
done
grep -q "^Tests: *39 passed, 39 total" "$DIR/log/jest.log" ||
	fail "S04: not all 39 tests ran"

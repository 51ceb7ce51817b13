#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh - Microsoft's SDKs from npm, as pinned by package-lock.json
#
# Into build/sdk, once for each state of the lock file; prints the folder.  No
# script of a package is run.  Exit code 77 when npm or its registry is not there.
set -eu
cd "$(dirname "$0")"
folder=$(cd ../.. && pwd)/build/sdk
command -v node >/dev/null && command -v npm >/dev/null || {
	echo "skip: nodejs and npm are missing; run: make deps" >&2
	exit 77
}
if grep -n '"resolved"' package-lock.json >&2; then
	echo "package-lock.json names download addresses: take them out" >&2
	exit 1
fi
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
if ! cmp -s package-lock.json "$folder/installed.json"; then
	cp package.json package-lock.json "$folder/"
	(cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund \
		>npm.log 2>&1) || {
		echo "skip: npm ci failed: $(tail -n 1 "$folder/npm.log")" >&2
		exit 77
	}
	cp package-lock.json "$folder/installed.json"
fi
# Others may be reading them just now.
for file in *.js; do
	cmp -s "$file" "$folder/$file" || {
		cp "$file" "$folder/$file.new"
		mv "$folder/$file.new" "$folder/$file"
	}
done
echo "$folder"

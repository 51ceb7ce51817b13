#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh - cppcheck, and with --tidy also clang-tidy (minutes)
set -eu
cd "$(dirname "$0")/.."

cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	--error-exitcode=1 --inline-suppr --suppressions-list=tests/cppcheck.supp \
	-j "$(nproc)" -Isrc -Iinclude -D_GNU_SOURCE -DRELAYTUN_VERSION='"0"' \
	-DRELAYTUN_SYSCONF='"/etc"' src

[ "${1:-}" = --tidy ] || exit 0
find src -name '*.c' -print0 | xargs -0 -n 4 -P "$(nproc)" sh -c '
	clang-tidy --quiet "$@" -- -std=gnu11 -D_GNU_SOURCE -iquote src -Iinclude -isystem /usr/include/libnl3 \
		-DRELAYTUN_VERSION="\"0\"" -DRELAYTUN_SYSCONF="\"/etc\"" 2>/dev/null' sh

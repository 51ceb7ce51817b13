#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cases.sh - Each conformance case of cases.txt has a test that carries its number
#
#	tests/cases.sh		every case without a test, every number unknown
#	tests/cases.sh list	every case with its tests
#
# What carries a number: a case of tests/relay, a unit test's name or the comment
# above it, a line of a script in which the case is proven.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

# carriers: lines "NUMBER FILE:LINE", one for each test that carries a number
carriers() {
	{
		grep -noE '^@case\("R[0-9]{2}' tests/relay/*_cases.py
		grep -noE '^static void [RC][0-9]{2}_|^/\*\* [RC][0-9]{2}\b|\* [RC][0-9]{2}:' \
			tests/unit/test_*.c
		grep -noE '\b[CS][0-9]{2}\b' tests/hyco.sh netns-tests/*.sh
	} | sed -E 's/^([^:]*:[0-9]+):.*([RCS][0-9]{2}).*/\2 \1/' | sort -u
}

found=$(carriers)
cases=$(sed -nE 's/^([RCS][0-9]{2}) .*/\1/p' tests/cases.txt)
if [ "${1:-}" = list ]; then
	while read -r number text; do
		[[ $number =~ ^[RCS][0-9]{2}$ ]] || continue
		echo "$number $text"
		sed -n "s/^$number /    /p" <<<"$found"
	done <tests/cases.txt
	exit
fi
lost=$(comm -23 <(sort -u <<<"$cases") <(cut -d' ' -f1 <<<"$found" | sort -u))
unknown=$(comm -13 <(sort -u <<<"$cases") <(cut -d' ' -f1 <<<"$found" | sort -u))
[ -z "$lost" ] || echo "no test carries:" "${lost//$'\n'/ }"
[ -z "$unknown" ] || echo "not in cases.txt:" "${unknown//$'\n'/ }"
twice=$(sort <<<"$cases" | uniq -d)
[ -z "$twice" ] || echo "twice in cases.txt:" "${twice//$'\n'/ }"
[ -n "$cases" ] && [ -z "$lost$unknown$twice" ]

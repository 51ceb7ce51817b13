#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-layers.sh - Who may include whom, and what pure code may call
#
#	level 4   cmd, main.c
#	      3   steward      carrier      relay
#	      2   policy       hyco         sys
#	      1   codec
#	      0   base
#
# Includes point down only; neighbours on one level do not know each other.
# include/hyco, the public library, knows only itself and the C library.
#
# Pure code does no I/O, reads no clock, logs nothing and ends nothing: what its
# objects call is held against a list.  And no variable of ours outlives a call.
#
# With --self-test the rules are tried on made-up violations, each of which
# must be found.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
ROOT=${ROOT:-.}
BUILD=${BUILD:-build}
bad=0

# complain TEXT...
complain() {
	echo "$*"
	bad=1
}

# level FOLDER: its level, or nothing when it is none of ours
level() {
	case $1 in
	base) echo 0 ;;
	codec) echo 1 ;;
	policy | hyco | sys) echo 2 ;;
	steward | carrier | relay) echo 3 ;;
	cmd) echo 4 ;;
	esac
}

# includes FILE...: FILE:LINE:WHAT, with WHAT as "x/y.h" or <x/y.h>
includes() {
	grep -Hn '^[[:blank:]]*#[[:blank:]]*include' "$@" |
		sed -n 's/^\([^:]*:[0-9]*\):[^"<]*\(["<][^">]*[">]\).*/\1 \2/p'
}

# may_include FROM TO: may a file of folder FROM include one of folder TO?
may_include() {
	[ "$1" != "$2" ] || return 0
	(($(level "$2") < $(level "$1")))
}

# check_include PLACE FOLDER WHAT
check_include() {
	local place=$1 from=$2 what=${3:1:-1} to
	to=${what%%/*}
	if [[ $3 == '<hyco/'* ]]; then
		may_include "$from" hyco ||
			complain "$place: $from must not include <$what>"
	elif [[ $3 == '<sys/'* ]]; then
		: # the C library's
	elif [[ $3 == '<'* ]]; then
		[ ! -e "$ROOT/src/$what" ] ||
			complain "$place: write \"$what\", not <$what>"
	elif [[ $what != */* || -z $(level "$to") ]]; then
		complain "$place: write \"$what\" as \"FOLDER/FILE.h\""
	elif ! may_include "$from" "$to"; then
		complain "$place: $from must not include \"$what\"," \
			"which is not below it"
	fi
}

check_sources() {
	local place what folder
	while read -r place what; do
		folder=${place#"$ROOT"/src/}
		case $folder in
		*/*) folder=${folder%%/*} ;;
		*) folder=cmd ;; # main.c
		esac
		if [ -z "$(level "$folder")" ]; then
			complain "$place: folder src/$folder is on no level"
			continue
		fi
		check_include "$place" "$folder" "$what"
	done < <(find "$ROOT/src" -name '*.[ch]' -exec \
		bash -c "$(declare -f includes)"'; includes "$@"' _ {} +)
}

check_public_headers() {
	local place what
	while read -r place what; do
		case $what in
		'<hyco/'*'>' | '<std'*'.h>' | '<errno.h>' | '<string.h>' | \
			'<sys/types.h>') ;;
		*) complain "$place: a public header must not include $what" ;;
		esac
	done < <(includes "$ROOT"/include/hyco/*.h)
}

# What pure code may call besides pure code.  gmtime_r, timegm and strptime
# convert dates and read no clock; config_read_string follows "@include", which
# base/cfgscan.c keeps away from it.
PURE_CALLS='
abort __assert_fail __stack_chk_fail
calloc free malloc realloc reallocarray strdup strndup
explicit_bzero memchr memcmp memcpy memmem memmove memset
stpcpy strchr strcmp strcpy strcspn strlen strncmp strnlen strpbrk strrchr
strspn strstr strcasecmp strncasecmp
qsort bsearch snprintf vsnprintf strtol strtoll strtoul strtoull
inet_ntop inet_pton gmtime_r timegm strptime strftime
config_init config_destroy config_set_include_dir config_read_string
config_error_line config_error_text config_root_setting
config_setting_get_bool config_setting_get_elem config_setting_get_int
config_setting_get_int64 config_setting_get_member config_setting_get_string
config_setting_is_root config_setting_length config_setting_source_line
'
# Prefixes of pure libraries: jansson, and mbedTLS' digests.
PURE_PREFIXES='json_ mbedtls_md mbedtls_sha1 mbedtls_sha256'

# Pure folders, and pure files of others.
PURE_FOLDERS='base codec policy hyco'
PURE_FILES='steward/nft steward/nft_cloud steward/nft_grant steward/nft_service
steward/nft_set steward/nft_site steward/change steward/judge steward/poke
steward/table steward/table_diff steward/table_listing steward/state \
	steward/vigil
carrier/lpm carrier/steer carrier/spread carrier/memo carrier/flight carrier/pulse
carrier/datagram
steward/material steward/missing steward/flowlist steward/sim steward/sim_match steward/simtext steward/foreign steward/iptsave
relay/splice relay/auth relay/request relay/relay_conf relay/conf_print
relay/buffer relay/fixed relay/guard relay/http_body relay/http_message'

# pure_objects: those that were built
pure_objects() {
	local folder file
	for folder in $PURE_FOLDERS; do
		find "$BUILD/obj/src/$folder" -name '*.o'
	done
	for file in $PURE_FILES; do
		[ ! -e "$BUILD/obj/src/$file.o" ] ||
			echo "$BUILD/obj/src/$file.o"
	done
}

# undefined OBJECT: what it calls, without the disguise of _FORTIFY_SOURCE
undefined() {
	nm -u "$1" | sed -n 's/^ *[Uw] //p' |
		sed 's/^__\(.*\)_chk$/\1/; s/^__isoc[0-9]*_//
			/^_GLOBAL_OFFSET_TABLE_$/d'
}

# is_pure_call SYMBOL
is_pure_call() {
	local prefix
	[[ $PURE_CALLS == *[[:space:]]$1[[:space:]]* ]] && return 0
	for prefix in $PURE_PREFIXES; do
		[[ $1 != "$prefix"* ]] || return 0
	done
	return 1
}

check_calls() {
	local object symbol objects defined
	mapfile -t objects < <(pure_objects)
	if ((${#objects[@]} == 0)); then
		complain "no objects in $BUILD; run make first"
		return
	fi
	defined=" $(nm -g --defined-only "${objects[@]}" |
		awk 'NF == 3 { print $3 }' | tr '\n' ' ')"
	for object in "${objects[@]}"; do
		while read -r symbol; do
			[[ $defined == *" $symbol "* ]] ||
				is_pure_call "$symbol" ||
				complain "${object#"$BUILD"/obj/}: pure code" \
					"must not call $symbol()"
		done < <(undefined "$object")
	done
}

# The log level is the only variable that outlives a call.
check_variables() {
	local object section name
	while read -r object; do
		while read -r section name; do
			case ${object#"$BUILD"/obj/}:$name in
			src/sys/log.o:log_state) ;;
			*) complain "${object#"$BUILD"/obj/}: $name is a" \
				"mutable variable (in $section)" ;;
			esac
		done < <(objdump -t "$object" | awk '
			/ O / || /\*COM\*/ {
				for (i = 1; i <= NF; i++)
					if ($i ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ &&
					    $i !~ /^\.data\.rel\.ro/)
						print $i, $NF
			}')
	done < <(find "$BUILD/obj/src" -name '*.o')
}

# expect TEXT: did the checks run before say it?
expect() {
	grep -qF -- "$1" "$scratch/said" ||
		{ echo "self-test: not found: $1" && failed=1; }
}

self_test() {
	scratch=$(mktemp -d) failed=0
	trap 'rm -rf "$scratch"' EXIT
	mkdir -p "$scratch"/{src/{base,codec,policy,sys,odd},include/hyco} \
		"$scratch"/build/obj/src/{base,codec,policy,hyco,sys}
	cd "$scratch"
	echo '#include "codec/ws.h"' >src/base/a.c
	printf '#include <stdio.h>\n # include "sys/log.h"\n' >src/policy/b.c
	printf '#include "c.h"\n#include <codec/c.h>\n' >src/codec/c.c
	echo 'void c(void);' >src/codec/c.h
	echo '#include <hyco/uri.h>' >src/sys/d.c
	printf '#include "steward/nft.h"\n#include "base/a.h"\n' >src/main.c
	echo '#include "base/a.h"' >src/odd/e.c
	printf '#include <curl/curl.h>\n#include <stddef.h>\n' \
		>include/hyco/f.h
	cat >g.c <<-'END'
		#include <stdio.h>
		#include <string.h>
		extern int other(void);
		int counter;
		static int hidden = 1;
		static const char *const table[] = {"a", "b"};
		int f(const char *s) { printf("%s", table[counter++ & 1]);
			return hidden++ + other() + (int)strlen(s); }
	END
	${CC:-cc} -O0 -fPIE -c -o build/obj/src/base/g.o g.c
	(ROOT=. BUILD=build check_all >said) && failed=1
	expect 'src/base/a.c:1: base must not include "codec/ws.h"'
	expect 'src/policy/b.c:2: policy must not include "sys/log.h"'
	expect 'src/codec/c.c:1: write "c.h" as "FOLDER/FILE.h"'
	expect 'src/codec/c.c:2: write "codec/c.h", not <codec/c.h>'
	expect 'src/sys/d.c:1: sys must not include <hyco/uri.h>'
	expect 'src/odd/e.c:1: folder src/odd is on no level'
	expect 'f.h:1: a public header must not include <curl/curl.h>'
	expect 'src/base/g.o: pure code must not call printf()'
	expect 'src/base/g.o: pure code must not call other()'
	expect 'src/base/g.o: counter is a mutable variable'
	expect 'src/base/g.o: hidden is a mutable variable'
	if [ "$(wc -l <said)" != 11 ]; then
		echo "self-test: 11 violations expected, found:"
		cat said
		failed=1
	fi
	cd "$OLDPWD"
	return "$failed"
}

check_all() {
	check_sources
	check_public_headers
	check_calls
	check_variables
	return "$bad"
}

self_test
[ "${1:-}" = --self-test ] || check_all

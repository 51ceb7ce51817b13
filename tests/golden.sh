#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# golden.sh - relaytun check as a person runs it: output, errors, exit codes
#
# What the languages mean is pinned by tests/unit/test_golden_policy.c; here are
# the command line, files that cannot be read, and errors of two files at once.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
relaytun=$PWD/${BUILD:-build}/bin/relaytun
golden=$PWD/tests/golden
dir=$(mktemp -d "${TMPDIR:-/tmp}/relaytun-golden.XXXXXX")
trap 'rm -rf "$dir"' EXIT
bad=0

# run CODE ARGUMENT...: check with these; its outputs are in out and err
run() {
	local want=$1 code=0
	shift
	"$relaytun" check "$@" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
	name="check $*"
	[ "$code" = "$want" ] || fail "exit code $code, not $want"
}

# fail TEXT
fail() {
	echo "FAIL ${name//$dir/DIR}: $1"
	sed 's/^/    /' "$dir/err"
	bad=1
}

# says TEXT: is it exactly what stands on stderr?
says() {
	[ "$(sed "s|$dir|DIR|g" "$dir/err")" = "$1" ] || fail "expected: $1"
}

# prints FILE: is it exactly what stands on stdout?
prints() {
	diff -u "$1" "$dir/out" >>"$dir/err" || fail "stdout differs"
}

# A policy alone, and with the gateway that uses it.
cat >"$dir/gateway.cfg" <<END
name        = "edge-1";
policy      = "$dir/policy.cfg";
credentials = { key_name = "send"; key_file = "$dir/send.key"; };
user        = "nobody";
state_file  = "$dir/state";
END
(umask 077 && echo "a key" >"$dir/send.key")
cp etc/policy.cfg "$dir/policy.cfg"
run 0 etc/policy.cfg
prints "$golden/policy/example.ok"
says ''
run 0 -c "$dir/gateway.cfg"
prints "$golden/policy/example.ok"
run 0 -c "$dir/gateway.cfg" "$golden/policy/example.ok"
prints "$golden/policy/example.ok"
run 0 "$golden/policy/warnings.cfg"
prints "$golden/policy/warnings.ok"
grep -q '^[^ ]*:11: warning: ' "$dir/err" || fail 'no warning'

# The ruleset: of a first start, and with what a gateway remembers.
run 0 -c "$dir/gateway.cfg" --show-nft
grep -q '^table inet relaytun_edge-1 {' "$dir/out" || fail 'no ruleset'
says ''
printf 'id oslo/dns 12345\nforwarding eth7\nforwarding x";\n' >"$dir/state"
run 0 -c "$dir/gateway.cfg" --show-nft
grep -q 12345 "$dir/out" || fail 'a known id is not used'
grep -q eth7 "$dir/out" || fail 'an opened interface is not shown'
! grep -q 'x";' "$dir/out" || fail 'a bad interface name is shown'
rm "$dir/state"
mkdir "$dir/state"
run 0 -c "$dir/gateway.cfg" --show-nft
says 'DIR/state: warning: cannot be read: Is a directory; the ruleset is that of a first start'
rmdir "$dir/state"

# A proxy that the tunnel would swallow.
cp etc/policy.cfg "$dir/policy.cfg"
sed 's|^name|proxy = "http://10.1.0.200:3128"; name|' "$dir/gateway.cfg" >"$dir/proxy.cfg"
run 2 -c "$dir/proxy.cfg"
says "DIR/proxy.cfg: proxy \"http://10.1.0.200:3128\" lies in 10.1.0.0/24, which is routed into the tunnel: the tunnel's own connection would end up in itself; use an address outside of it"
sed 's/"edge-1"/"oslo-a"/' "$dir/proxy.cfg" >"$dir/proxy-site.cfg"
run 0 -c "$dir/proxy-site.cfg"

# What a start needs of this machine besides: judged as there, as far as it is here.
echo "no certificate" >"$dir/ca.pem"
# with EDIT: gateway.cfg with that, in with.cfg
with() {
	sed "$1" "$dir/gateway.cfg" >"$dir/with.cfg"
}
chmod 640 "$dir/send.key"
run 2 -c "$dir/gateway.cfg"
says 'DIR/send.key: key_file: group or others may read or change it; chmod 600 makes it private'
chmod 600 "$dir/send.key"
: >"$dir/empty"
with 's|send.key|empty|'
run 2 -c "$dir/with.cfg"
says 'DIR/empty: key_file: empty; write the key there'
with 's|send.key|none.key|'
run 0 -c "$dir/with.cfg"
says 'DIR/none.key: warning: key_file was not looked at: No such file or directory; where the gateway runs, it must be there and good'
with 's|"[^"]*send.key|"$CREDENTIALS_DIRECTORY/send|'
run 0 -c "$dir/with.cfg"
says '$CREDENTIALS_DIRECTORY/send: warning: key_file was not looked at: only the gateway'\''s unit sees what is in $CREDENTIALS_DIRECTORY'
with "s|^name|tls = { ca_file = \"$dir/ca.pem\"; }; name|"
run 2 -c "$dir/with.cfg"
says 'DIR/ca.pem: ca_file: it holds no certificate in PEM form'
with 's|credentials.*|credentials = { token_file = "'"$dir/send.key"'"; };|'
run 2 -c "$dir/with.cfg"
says 'DIR/send.key: token_file: it holds neither a shared access signature nor an Entra token'
[ ! -s "$dir/out" ] || fail 'prints something in spite of errors'
with 's|"nobody"|"nobody-at-all"|'
run 0 -c "$dir/with.cfg"
says 'DIR/with.cfg: warning: user "nobody-at-all" does not exist here; where the gateway runs, it must'

# What relays must bear, with the channels that gateway.cfg says.
run 0 --show-relays etc/policy.cfg
grep -q '^contoso.servicebus.windows.net  *1  *1  *1/25  *2/5000$' "$dir/out" ||
	fail 'what relays must bear is not shown'
grep -q ' over each relay: 2 (default)$' "$dir/out" || fail 'no default of channels'
sed 's/^name/channels = 7; name/' "$dir/gateway.cfg" >"$dir/channels.cfg"
run 0 -c "$dir/channels.cfg" --show-relays
grep -q ' 7/5000$' "$dir/out" || fail 'channels of gateway.cfg are not counted'
grep -q ' over each relay: 7 (set in gateway.cfg)$' "$dir/out" ||
	fail 'channels of gateway.cfg are not told'

# Fewer channels where there is no room for two; more are warned of.
urls=$(printf '"wss://r%d/oslo-a", ' {1..17})
sed "s|^ *relays *= .*|relays = [ ${urls%, } ]; }|" etc/policy.cfg >"$dir/policy.cfg"
run 0 -c "$dir/gateway.cfg" --show-relays
grep -q ' over each relay: 1 ("oslo-a" has 17 relays)$' "$dir/out" ||
	fail 'as many channels as a pair does not have'
grep -q 'policy.cfg:[0-9]*: warning: "oslo-a" listens at 17 relays: 2 channels over each are 34, and two gateways may have 32; 17 are dialled, so that each relay has fewer$' "$dir/err" ||
	fail 'no warning of fewer channels'
run 0 -c "$dir/channels.cfg"
grep -q ': 7 channels over each are 119, and two gateways may have 32; 32 are dialled, so that some relays have fewer or none$' "$dir/err" ||
	fail 'no warning of too many channels'
cp etc/policy.cfg "$dir/policy.cfg"

# Files that are not there, or are none.
run 2 "$dir/none.cfg"
says 'DIR/none.cfg: cannot be read: No such file or directory'
run 2 "$dir"
says 'DIR: cannot be read: Is a directory'
printf 'version = 1;\0' >"$dir/nul.cfg"
run 2 "$dir/nul.cfg"
says 'DIR/nul.cfg: cannot be read: it has NUL bytes in it; it must be a text file'
truncate -s 17M "$dir/large.cfg"
run 2 "$dir/large.cfg"
says 'DIR/large.cfg: is larger than 16777216 bytes, the most a configuration may have'
run 2 -c "$dir/none.cfg" etc/policy.cfg
says 'DIR/none.cfg: cannot be read: No such file or directory'
[ ! -s "$dir/out" ] || fail 'prints something in spite of errors'

# Errors of both files come in one run, also when gateway.cfg names the policy.
cat >"$dir/bad.cfg" <<END
policy      = "$dir/policy.cfg";
credentials = { key_name = "send"; key_file = "send.key"; };
END
printf 'version = 2; gateways = ();\nsites = ( 1 );' >"$dir/policy.cfg"
run 2 -c "$dir/bad.cfg"
says 'DIR/bad.cfg: gateway.cfg needs "name"
DIR/bad.cfg:2: key_file "send.key": it must be an absolute path, beginning with '\''/'\''
DIR/policy.cfg:1: version 2 is unknown; this program reads version 1
DIR/policy.cfg:2: each site must be a group { }, not a number'
run 2 -c "$dir/gateway.cfg" etc/policy.cfg --no-such-option
run 0 -c "$dir/gateway.cfg" "$golden/policy/example.ok"
sed 's/edge-1/edge-2/' "$dir/gateway.cfg" >"$dir/other.cfg"
run 2 -c "$dir/other.cfg" etc/policy.cfg
says 'DIR/other.cfg:1: name "edge-2" is none of the policy'\''s gateways; these are: edge-1, oslo-a'

# More errors than are worth printing.
{
	echo 'version = 1; gateways = (); sites = (); x = ('
	seq -s , 3
	echo ');'
	seq -f 'key%g = 1;' 300
} >"$dir/many.cfg"
run 2 "$dir/many.cfg"
[ "$(wc -l <"$dir/err")" = 201 ] || fail 'not 200 errors and one line more'
[ "$(tail -n 1 "$dir/err")" = '... and 101 more' ] || fail 'no count of the rest'

# Large ones are checked in less than a second of processor time, 10,000 services
# as well as 100,000 sources from an included file.
awk 'BEGIN {
	print "version = 1; gateways = (); sites = ( { name = \"oslo\";"
	print "networks = \"10.1.0.0/16\"; services = ("
	for (i = 0; i < 10000; i++)
		printf("%s{ name = \"service-%d\"; public = \"tcp/%d\"; " \
		       "target = \"10.1.%d.%d:443\"; from = \"203.0.%d.0/24\"; }\n",
		       i ? "," : "", i, i + 1024, i / 250, i % 250 + 1, i % 250)
	print "); } );"
}' >"$dir/services.cfg"
awk 'BEGIN {
	for (i = 0; i < 100000; i++)
		printf("%s\"%d.%d.%d.0/24\"\n", i ? "," : "",
		       i * 7919 % 199 + 1, i * 31 % 256, i * 17 % 253)
}' >"$dir/sources.inc"
cat >"$dir/sources.cfg" <<'END'
version = 1; gateways = (); sites = ( { name = "oslo"; networks = "10.1.0.0/16";
services = ( { name = "a"; public = "tcp/1"; target = "10.1.0.1:1"; from = [
@include "sources.inc"
]; } ); } );
END
TIMEFORMAT='%U %S'
for file in services sources; do
	name="check $file.cfg" code=0
	took=$({ time "$relaytun" check "$dir/$file.cfg" >"$dir/out" \
		2>"$dir/err"; } 2>&1) || code=$?
	[ "$code" = 0 ] || fail "exit code $code, not 0"
	[ "$(wc -l <"$dir/out")" -gt 10000 ] || fail "much is missing"
	awk -v took="$took" 'BEGIN { split(took, t); exit !(t[1] + t[2] < 1) }' ||
		fail "took $took seconds (user, system)"
done

# Usage.
run 0 --help
grep -q '^Usage: relaytun check' "$dir/out" || fail 'no help on stdout'
run 2 a b
says 'relaytun check: one policy at a time'
run 2 --show-nft etc/policy.cfg
says 'relaytun check: --show-nft needs -c GATEWAY.cfg: a ruleset is a gateway'\''s'
run 2 -c
[ ! -s "$dir/out" ] || fail 'usage error on stdout'

# A full disk is no success.
name='check >/dev/full'
code=0
"$relaytun" check etc/policy.cfg >/dev/full 2>"$dir/err" || code=$?
[ "$code" = 1 ] || fail "exit code $code, not 1"
says 'relaytun check: cannot print: No space left on device'

exit "$bad"

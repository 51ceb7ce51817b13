#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever is wrong at the start, a program says it in one line that names the
# thing and the remedy, ends with the right code, and leaves nothing half done.

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

# untouched WHAT: the cloud gateway's machine is as it was before.
untouched() {
	snapshot cloud "$DIR/after"
	expect_file "the machine after $1" "$DIR/after" "$DIR/before"
}

# gateway_refuses WHAT CODE REGEX [COMMAND...]: start the cloud gateway, perhaps
# through a COMMAND that takes something from it.
gateway_refuses() {
	local what=$1 code=$2 regex=$3
	shift 3
	refused "$what" "$code" "$regex" at cloud timeout 20 "$@" "$RELAYTUN" gateway \
		-c "$DIR/edge-1.cfg"
	untouched "$what"
}

topo_up
configure
at cloud nft list ruleset >/dev/null # what it loads at first use, it loads now
snapshot cloud "$DIR/before"

# Policy and configuration: file, line, exit code 2.
cp "$DIR/policy.cfg" "$DIR/good.cfg"
line=$(grep -n 10.1.0.9:5432 "$DIR/good.cfg" | cut -d : -f 1)
sed 's|10.1.0.9:5432|10.2.0.9:5432|' "$DIR/good.cfg" >"$DIR/policy.cfg"
gateway_refuses "a target outside the site" 2 "policy.cfg:$line: .*10.2.0.9"
refused "a target outside the site, checked" 2 "policy.cfg:$line: .*10.2.0.9" \
	"$RELAYTUN" check -c "$DIR/edge-1.cfg"
echo "sites = (;" >"$DIR/policy.cfg"
gateway_refuses "a syntax error" 2 "policy.cfg:1: "
rm "$DIR/policy.cfg"
gateway_refuses "no policy" 2 "policy.cfg: .*[Nn]o such file"
mkfifo "$DIR/policy.cfg"
gateway_refuses "a FIFO as policy" 2 "policy.cfg: .*no regular file"
rm "$DIR/policy.cfg"
cp "$DIR/good.cfg" "$DIR/policy.cfg"
sed -i 's|"edge-1"|"edge-2"|' "$DIR/edge-1.cfg"
gateway_refuses "a name that the policy does not have" 2 \
	"edge-1.cfg:[0-9]+: .*edge-2"
write_gateway cloud

# Secrets.
mv "$DIR/send.key" "$DIR/hidden"
gateway_refuses "no key file" 2 "send.key: .*[Nn]o such file"
install -m 644 "$DIR/hidden" "$DIR/send.key"
gateway_refuses "a key file that all may read" 2 "send.key: .*chmod 600"
install -m 600 /dev/null "$DIR/send.key"
gateway_refuses "an empty key file" 2 "send.key: .*empty"
rm "$DIR/send.key"
mkdir "$DIR/send.key"
gateway_refuses "a folder as key file" 2 "send.key: "
rmdir "$DIR/send.key"
mv "$DIR/hidden" "$DIR/send.key"
chown nobody "$DIR/send.key"
gateway_refuses "a key file of another user" 2 "send.key: .*another user"
chown root "$DIR/send.key"
echo "more" >>"$DIR/send.key" # it had no line end
echo "and more" >>"$DIR/send.key"
gateway_refuses "a key of two lines" 2 "send.key: .*one line"
make_key send
sed -i "s|ca.pem|nowhere.pem|" "$DIR/edge-1.cfg"
gateway_refuses "no CA file" 2 "nowhere.pem: .*[Nn]o such file"
sed -i "s|nowhere.pem|odd.pem|" "$DIR/edge-1.cfg"
echo "no certificate" >"$DIR/tls/odd.pem"
gateway_refuses "a CA file of another kind" 2 "odd.pem: .*no certificate"
{
	cat "$DIR/tls/ca.pem"
	printf -- '-----BEGIN CERTIFICATE-----\ngarbage\n'
} >"$DIR/tls/odd.pem"
gateway_refuses "a damaged CA file" 2 "odd.pem:[0-9]+: .*damaged"
write_gateway cloud

# What is in them is judged as well, by a check as by a start.
# gives WHAT REGEX CREDENTIALS [TLS]: the file $DIR/secret is refused as what these say
gives() {
	sed -i -e '/key_file/d' -e "s|^credentials.*|credentials = { $3 };|" \
		-e "s|^tls.*|tls = { ca_file = \"$DIR/tls/ca.pem\"; ${4:-} };|" \
		"$DIR/edge-1.cfg"
	gateway_refuses "$1" 2 "secret:?[0-9]*: $2"
	refused "$1, checked" 2 "secret:?[0-9]*: $2" \
		"$RELAYTUN" check -c "$DIR/edge-1.cfg"
	write_gateway cloud
}
(umask 077 && echo "garbage" >"$DIR/secret")
gives "a connection string that is none" "connection_string_file: .* no '='" \
	"connection_string_file = \"$DIR/secret\";"
gives "a token that is none" "token_file: .*neither" "token_file = \"$DIR/secret\";"
entra="entra = { tenant = \"t\"; client_id = \"c\"; certificate_file = \"$DIR/secret\"; };"
gives "an application's certificate that is none" "certificate_file: .*no certificate" \
	"$entra"
key="key_name = \"send\"; key_file = \"$DIR/send.key\";"
gives "a client certificate that is none" "tls.certificate_file: .*no certificate" \
	"$key" "certificate_file = \"$DIR/secret\";"
cp "$DIR/tls/relay.pem" "$DIR/secret"
gives "a client certificate without key" "tls.certificate_file: .*no private key" \
	"$key" "certificate_file = \"$DIR/secret\";"
cat "$DIR/tls/relay.key" >>"$DIR/secret" # an EC key, as all of ours
gives "an application's key that is not of RSA" "certificate_file: .*RSA" "$entra"
echo "Endpoint=sb://relay.test/;SharedAccessKeyName=send" >"$DIR/secret"
gives "a connection string without key" \
	"connection_string_file: SharedAccessKey is missing" \
	"connection_string_file = \"$DIR/secret\";"

# What the machine does not give.
gateway_refuses "no capabilities" 1 "CAP_NET_ADMIN" \
	setpriv --bounding-set=-all --inh-caps=-all
# shellcheck disable=SC2016 # expanded by the inner shell
gateway_refuses "no /dev/net/tun" 1 "/dev/net/tun.*modprobe tun" \
	sh -c 'mount -t tmpfs none /dev/net && exec "$@"' -
sed -i 's|"nobody"|"nobody-at-all"|' "$DIR/edge-1.cfg"
gateway_refuses "an unknown user" 2 "nobody-at-all"
write_gateway cloud

ip -n "$NS-cloud" link add rt0 type veth peer name rt0-peer
cp "$DIR/before" "$DIR/untaken"
snapshot cloud "$DIR/before"
gateway_refuses "a device of another kind with that name" 1 "rt0.*name"
ip -n "$NS-cloud" link del rt0
ip -n "$NS-cloud" tuntap add rt0 mode tun
snapshot cloud "$DIR/before"
gateway_refuses "a TUN device of somebody else" 1 "rt0.*name"
ip -n "$NS-cloud" link del rt0
cp "$DIR/untaken" "$DIR/before"

# Files of others at the paths of ours are refused, and left also by a removal.
echo precious >"$DIR/precious"
left() {
	refused "a removal with $1" "$2" "$3" \
		at cloud timeout 20 "$RELAYTUN" down -c "$DIR/edge-1.cfg"
	expect "what was there before $1" "$(cat "$DIR/precious")" precious
	untouched "a removal with $1"
}
sed -i "s|$DIR/run/edge-1.sock|$DIR/precious|" "$DIR/edge-1.cfg"
gateway_refuses "a file in place of the socket" 1 "precious: .*no socket"
at cloud "$RELAYTUN" down -c "$DIR/edge-1.cfg" >"$DIR/log/down.log" || fail "down"
expect "what was in place of the socket" "$(cat "$DIR/precious")" precious
write_gateway cloud
sed -i "s|$DIR/run/edge-1.state|$DIR/precious|" "$DIR/edge-1.cfg"
gateway_refuses "a file in place of the state file" 1 "precious: .*no state file"
left "a file in place of the state file" 1 "precious: .*no state file"
printf 'binary\0precious' >"$DIR/precious"
gateway_refuses "a file with NULs in place of the state file" 1 \
	"precious: .*no state file"
expect "bytes of the file with NULs" "$(wc -c <"$DIR/precious")" 15
for suffix in rules policy conf; do
	echo precious >"$DIR/precious.$suffix"
done
printf '# relaytun gateway edge-10\nid oslo/web 7\n' >"$DIR/precious"
gateway_refuses "the state file of another gateway" 1 \
	"precious: state file of gateway edge-10"
refused "a removal with that" 1 "precious: state file of gateway edge-10" \
	at cloud timeout 20 "$RELAYTUN" down -c "$DIR/edge-1.cfg"
expect "files of the other gateway" "$(cat "$DIR"/precious* | sort -u | tail -n 1)" \
	precious
expect "how many" "$(find "$DIR" -name 'precious*' | wc -l)" 4
rm "$DIR"/precious*
write_gateway cloud

# A disk that is full or read-only: one line, and nothing else.
mkdir "$DIR/odd" && sed -i "s|$DIR/run/edge-1.state|$DIR/odd/edge-1.state|" "$DIR/edge-1.cfg"
for options in "size=4k" ro; do
	# shellcheck disable=SC2016 # expanded by the inner shell
	said=$(at cloud timeout 20 sh -c 'mount -t tmpfs -o "$1" none "$2" || exit 77
		[ "$1" = ro ] || head -c 8192 /dev/zero >"$2/zero" 2>/dev/null
		shift 2; exec "$@"' - "$options" "$DIR/odd" "$RELAYTUN" gateway \
		-c "$DIR/edge-1.cfg" 2>&1) && fail "a gateway starts with $options"
	expect_match "what is said with $options" "$said" \
		'edge-1.state: state file cannot be written: (No space|Read-only)'
	expect "lines with $options ($said)" "$(grep -c . <<<"$said")" 1
	untouched "a disk with $options"
done
write_gateway cloud

# The relay: its port, its files.
spawn relay other python3 "$HERE/lib/echo.py" serve 192.0.2.1 443
wait_for 5 relay_listens || fail "nobody takes the relay's port"
refused "a port in use" 1 "192.0.2.1.*443.* in use" \
	at relay timeout 20 "$RELAYTUN" relay -c "$DIR/relay.cfg"
stop other || :
sed -i "s|listen.key|nowhere.key|" "$DIR/relay.cfg"
refused "no key file for the relay" 2 "nowhere.key.*[Nn]o such file" \
	at relay timeout 20 "$RELAYTUN" relay -c "$DIR/relay.cfg"
write_relay
sed -i "s|relay.pem|relay.key|" "$DIR/relay.cfg"
relay_refuses() {
	refused "$1" 2 "$2" at relay timeout 20 "$RELAYTUN" relay -c "$DIR/relay.cfg"
	refused "$1, checked" 2 "$2" "$RELAYTUN" relay --check -c "$DIR/relay.cfg"
	write_relay
}
relay_refuses "no certificate in the certificate's file" \
	"relay.key, .*: the certificate is not accepted"
sed -i "s|relay.key|ca.key|" "$DIR/relay.cfg"
relay_refuses "another certificate's key" "ca.key: the key is not accepted"
openssl ec -aes128 -passout pass:secret -in "$DIR/tls/relay.key" \
	-out "$DIR/tls/locked.key" 2>>"$DIR/log/openssl.log"
sed -i "s|relay.key|locked.key|" "$DIR/relay.cfg"
relay_refuses "a key with a passphrase" "locked.key: the key .*without a passphrase"

mkfifo "$DIR/tls/fifo"
sed -i "s|relay.pem|fifo|" "$DIR/relay.cfg"
refused "a FIFO as the relay's certificate" 2 "certificate.*no regular file" \
	at relay timeout 20 "$RELAYTUN" relay -c "$DIR/relay.cfg"
write_relay

# A second gateway of the same name leaves the first alone.
relay_up
gateway_up cloud
snapshot cloud "$DIR/running"
refused "a second gateway of the same name" 1 "edge-1.* runs" \
	at cloud timeout 20 "$RELAYTUN" gateway -c "$DIR/edge-1.cfg"
snapshot cloud "$DIR/after"
expect_file "the machine with a second gateway" "$DIR/after" "$DIR/running"
alive edge-1 || fail "the first gateway ended"

# impostor WHAT: a relay with another certificate gets no channel.
impostor() {
	write_relay
	sed -i 's|relay.pem|impostor.pem|; s|relay.key|impostor.key|' \
		"$DIR/relay.cfg"
	relay_down TERM
	relay_up
	: >"$DIR/log/edge-1.log"
	gateway_up cloud
	await_status 10 cloud '.channels[0].last_error | test("certificate"; "i")'
	grep -qi "reason=.*certificate" "$DIR/log/edge-1.log" ||
		fail "the log does not tell of the certificate for $1"
	expect "channels to a relay with a certificate for $1" \
		"$(status_json cloud '.channels[0].opened')" 0
	gateway_down cloud INT
}

# Relay with a certificate for another name, with one of another CA, and with one
# that signed itself; name and keys are right in the last two.
gateway_up onprem
wait_for $DIAL_S tunnel_is_up || fail "the tunnel does not come up"
gateway_down cloud INT
certificate impostor DNS:elsewhere.test
impostor "another name"
mv "$DIR/tls" "$DIR/tls-ours"
certificate impostor DNS:relay.test,IP:192.0.2.1
cp "$DIR/tls"/impostor.* "$DIR/tls-ours"
rm -r "$DIR/tls"
mv "$DIR/tls-ours" "$DIR/tls"
impostor "the right name by another CA"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj "/CN=relay.test" -addext subjectAltName=DNS:relay.test \
	-keyout "$DIR/tls/impostor.key" -out "$DIR/tls/impostor.pem" \
	2>>"$DIR/log/openssl.log"
impostor "the right name by itself"
untouched "everything"

# status without a gateway: its own exit code
refused "status of a gateway that does not run" 3 "edge-1" \
	at cloud "$RELAYTUN" status -c "$DIR/edge-1.cfg"

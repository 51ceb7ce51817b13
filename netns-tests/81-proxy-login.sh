#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proxies that want a login by Digest or by NTLM, from a real squid: with the right
# password the tunnel goes through it, with a wrong one the error says so; the
# password is on no wire, and nothing leaves beside the proxy.  One that offers
# Negotiate before them is given the password all the same.
#
#  oslo-a -- CONNECT relay.test:443 --> squid at 198.18.0.1 --> relay at 192.0.2.1
#             3128: Digest   3129: NTLM   3130: Negotiate, or Basic

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=netns-tests/lib/proxy.sh
. "$HERE/lib/proxy.sh"
not_plain
need squid tcpdump

helpers=/usr/lib/squid
proxy_world 3128 3129 3130
secret right.password "secretofproxy"
secret wrong.password "wrong"
echo "me:secretofproxy" >"$DIR/users"
echo "me:$(openssl passwd -apr1 secretofproxy)" >"$DIR/crypted"
cp "$HERE/lib/ntlm.py" "$DIR/" # where squid's user can read it
chmod 644 "$DIR/users" "$DIR/crypted" "$DIR/ntlm.py"
squid_up 3128 "auth_param digest program $helpers/digest_file_auth $DIR/users" \
	"auth_param digest children 2" "auth_param digest realm test"
squid_up 3129 \
	"auth_param ntlm program /usr/bin/python3 $DIR/ntlm.py $DIR/users" \
	"auth_param ntlm children 4"
squid_up 3130 \
	"auth_param negotiate program $helpers/negotiate_kerberos_auth" \
	"auth_param negotiate children 1" \
	"auth_param basic program $helpers/basic_ncsa_auth $DIR/crypted" \
	"auth_param basic children 1"
spawn onprem wire tcpdump -i up0 -U -w "$DIR/wire.pcap" "tcp port 3128 or 3129"

# login PORT NAME: with a wrong password, then with the right one
login() {
	gateway "proxy = \"http://me@198.18.0.1:$1\";" \
		"proxy_password_file = \"$DIR/wrong.password\";"
	not_through "$2 with a wrong password" "407.*the proxy wants"
	gateway "proxy = \"http://me@198.18.0.1:$1\";" \
		"proxy_password_file = \"$DIR/right.password\";"
	through "$2"
	gateway_down onprem # a tunnel is logged when it ends
	wait_for 5 grep -q 'CONNECT relay.test:443 me ' \
		"$DIR/squid-$1/access.log" || fail "$2: squid knows nobody"
}

login 3128 Digest
login 3129 NTLM
login 3130 "Basic beside Negotiate"
stop wire || :
grep -qa "CONNECT relay.test:443" "$DIR/wire.pcap" || fail "nothing is heard"
! grep -qaE "secretofproxy|$(printf me:secretofproxy | base64)" \
	"$DIR/wire.pcap" || fail "the password is on the wire"
! grep -rqF "secretofproxy" "$DIR/log" || fail "the password is in a log"

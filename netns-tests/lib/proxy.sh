# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# proxy.sh - A site gateway whose only way out is a proxy
#
# For tests that source it after lib.sh.  The proxies are at 198.18.0.1, in the
# relay's namespace.  The gateway's machine knows no name but its own (and the
# proxy's), and a counter sees all that leaves for anywhere else, DNS included.

# proxy_world PORT...: topology, relay, edge-1; what may leave the site are
# connections to these ports of 198.18.0.1
proxy_world() {
	local ports=$*
	topo_up
	services_up web
	configure
	printf '%s\n' "127.0.0.1 localhost" "198.18.0.1 proxy.test" \
		>"$DIR/no-hosts"
	echo "nameserver 198.18.0.1" >"$DIR/resolv.conf"
	chmod 644 "$DIR/no-hosts" "$DIR/resolv.conf"
	at onprem nft -f - <<-END
		table inet way {
			counter beside { }
			chain out {
				type filter hook output priority 300
				oifname != "up0" accept
				ip daddr 198.18.0.1 tcp dport { ${ports// /, } } accept
				meta l4proto { tcp, udp } counter name beside drop
				ip protocol icmp counter name beside drop
			}
		}
	END
	relay_up
	gateway_up cloud
}

# secret FILE TEXT: a password in $DIR/FILE
secret() {
	(umask 077 && echo "$2" >"$DIR/$1")
}

# proxy_up PORT [USER PASSWORD]: a tinyproxy that connects to port 443 and the
# login endpoint's
proxy_up() {
	local conf=$DIR/tinyproxy-$1.conf
	{
		echo "Port $1"
		echo "Listen 198.18.0.1"
		echo "Timeout 600"
		echo "ConnectPort 443"
		echo "ConnectPort 8443"
		[ -z "${2:-}" ] || echo "BasicAuth $2 $3"
	} >"$conf"
	spawn relay "proxy-$1" tinyproxy -d -c "$conf"
	wait_for 5 listens relay "$1" ||
		fail "the proxy at port $1 does not come up"
}

# squid_up PORT LINE...: a squid that asks as its auth_param lines say, and lets
# only the user "me" through, to port 443
squid_up() {
	local port=$1
	shift
	mkdir -m 777 "$DIR/squid-$port"
	{
		printf '%s\n' "$@"
		cat <<-END
			acl me proxy_auth me me@RELAY.TEST
			acl relay port 443
			http_access deny !me
			http_access allow relay
			http_access deny all
			http_port 198.18.0.1:$port
			pid_filename none
			cache deny all
			cache_log stdio:$DIR/squid-$port/cache.log
			access_log stdio:$DIR/squid-$port/access.log
			coredump_dir none
			pinger_enable off
			shutdown_lifetime 0 seconds
			visible_hostname proxy.test
			hosts_file $DIR/hosts
			dns_nameservers 127.0.0.1
		END
	} >"$DIR/squid-$port.conf"
	spawn relay "squid-$port" env TMPDIR="$DIR/squid-$port" \
		squid -N -f "$DIR/squid-$port.conf"
	wait_for 10 listens relay "$port" || fail "squid does not come up:
$(cat "$DIR/log/squid-$port.log" "$DIR/squid-$port/cache.log")"
}

# squid_negotiates PORT: a squid that wants Kerberos, after kdc_up
squid_negotiates() {
	squid_up "$1" \
		"auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -k $DIR/squid.keytab -s HTTP/proxy.test@RELAY.TEST" \
		"auth_param negotiate children 2"
}

# kdc_up: principals me and HTTP/proxy.test of RELAY.TEST, a keytab for squid
kdc_up() {
	mkdir "$DIR/kdc"
	cat >"$DIR/krb5.conf" <<-END
		[libdefaults]
			default_realm = RELAY.TEST
			dns_lookup_kdc = false
			dns_canonicalize_hostname = false
			rdns = false
		[realms]
			RELAY.TEST = {
				kdc = 198.18.0.1
				database_name = $DIR/kdc/principal
				key_stash_file = $DIR/kdc/stash
				acl_file = $DIR/kdc/acl
				kdc_listen = 198.18.0.1
				kdc_tcp_listen = ""
			}
		[domain_realm]
			.test = RELAY.TEST
		[logging]
			kdc = FILE:$DIR/log/kdc.log
	END
	chmod 644 "$DIR/krb5.conf"
	export KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/krb5.conf
	kdb5_util create -s -W -r RELAY.TEST -P master
	kadmin.local -r RELAY.TEST addprinc -pw secretofproxy me
	kadmin.local -r RELAY.TEST addprinc -randkey HTTP/proxy.test
	kadmin.local -r RELAY.TEST ktadd -k "$DIR/squid.keytab" HTTP/proxy.test
	chmod 644 "$DIR/squid.keytab" # squid has a user of its own
	spawn relay kdc krb5kdc -n -r RELAY.TEST
}

# ticket WORDS...: log in at the KDC with kinit's options
ticket() {
	at onprem sh -c 'echo secretofproxy | kinit "$@" me' sh "$@" &&
		chown nobody "$DIR/ticket"
}

# gateway LINE...: (re)start oslo-a with further lines of gateway.cfg, in a place
# where no name can be resolved.  $GATEWAY_ENV are words for env(1), $CREDENTIALS
# takes the place of its key.
gateway() {
	[ ! -e "$DIR/pid/oslo-a" ] || gateway_down onprem
	write_gateway onprem
	[ -z "${CREDENTIALS:-}" ] || sed -i -e '/key_file/d' \
		-e "s|^credentials.*|credentials = { $CREDENTIALS };|" \
		"$DIR/oslo-a.cfg"
	printf '%s\n' "$@" >>"$DIR/oslo-a.cfg"
	: >"$DIR/log/oslo-a.log"
	# shellcheck disable=SC2016,SC2086 # expanded by the inner shell; words
	spawn onprem oslo-a env ${GATEWAY_ENV:-} sh -c '
		mount --bind "$0/no-hosts" /etc/hosts &&
		mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"' \
		"$DIR" "$RELAYTUN" gateway -c "$DIR/oslo-a.cfg"
	wait_for 10 status_json onprem . || fail "oslo-a does not come up"
}

# beside: packets that went elsewhere
beside() {
	at onprem nft -j list counter inet way beside |
		jq '.nftables[] | select(.counter).counter.packets'
}

# through WHAT: the tunnel is up, a page passes, and nothing went beside.  (An
# edge-1 that saw oslo-a restart many times would wait before it dials again.)
through() {
	gateway_down cloud
	gateway_up cloud
	wait_for $DIAL_S tunnel_is_up || fail "no tunnel through $1:
$(status_json onprem '.listeners[0].last_error')"
	expect "page through $1" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
	expect "packets beside $1" "$(beside)" 0
}

# not_through WHAT REGEX: it is refused, the error says so, nothing went beside
not_through() {
	await_status 15 onprem ".listeners[0].last_error | test(\"$2\")"
	! tunnel_is_up || fail "a tunnel through $1"
	expect "packets beside $1" "$(beside)" 0
}

# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# services.sh - What the on-prem LAN offers, and how a client asks for it

WEB_TEXT="Hello from the web server in Oslo."

# services_up SERVICE...: of web, sql, dns, echo, stream; returns when they answer.
services_up() {
	local service
	for service; do
		"service_$service"
	done
	for service; do
		wait_for 20 "service_${service}_ready" ||
			fail "$service does not come up in the LAN"
	done
}

# authority: a CA of this run's own, in $DIR/tls
authority() {
	[ ! -e "$DIR/tls/ca.pem" ] || return 0
	mkdir -p "$DIR/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=CA of a test" -keyout "$DIR/tls/ca.key" \
		-out "$DIR/tls/ca.pem" 2>"$DIR/log/openssl.log"
}

# certificate NAME SUBJECT-ALTERNATIVES: $DIR/tls/NAME.pem and .key
certificate() {
	authority
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -keyout "$DIR/tls/$1.key" \
		-out "$DIR/tls/$1.csr" 2>>"$DIR/log/openssl.log"
	openssl x509 -req -days 2 -in "$DIR/tls/$1.csr" -CA "$DIR/tls/ca.pem" \
		-CAkey "$DIR/tls/ca.key" -out "$DIR/tls/$1.pem" \
		-extfile <(echo "subjectAltName=$2") 2>>"$DIR/log/openssl.log"
}

# service_web: nginx at 10.1.0.5, ports 80 and 443, and where $WEB_ALSO says
service_web() {
	need nginx
	certificate www DNS:edge.test,DNS:www.oslo.test,IP:203.0.113.1
	mkdir -p "$DIR/web/page" "$DIR/web/tmp"
	echo "$WEB_TEXT" >"$DIR/web/page/index.html"
	chmod -R a+rX "$DIR/web"
	cat >"$DIR/web/nginx.conf" <<-END
		daemon off;
		user nobody nogroup;
		worker_processes 1;
		pid $DIR/web/pid;
		error_log stderr;
		events { }
		http {
			access_log off;
			client_body_temp_path $DIR/web/tmp;
			proxy_temp_path $DIR/web/tmp;
			fastcgi_temp_path $DIR/web/tmp;
			uwsgi_temp_path $DIR/web/tmp;
			scgi_temp_path $DIR/web/tmp;
			server {
				listen 10.1.0.5:80;
				listen 10.1.0.5:443 ssl;
				${WEB_ALSO:+$(printf 'listen %s; ' $WEB_ALSO)}
				ssl_certificate $DIR/tls/www.pem;
				ssl_certificate_key $DIR/tls/www.key;
				root $DIR/web/page;
				location = /whoami {
					default_type text/plain;
					return 200 \$remote_addr;
				}
			}
		}
	END
	spawn lan web nginx -p "$DIR/web" -c "$DIR/web/nginx.conf" -e stderr
}

service_web_ready() {
	at lan curl -fsS -m 2 http://10.1.0.5/
}

# service_sql: PostgreSQL at 10.1.0.9, one table
service_sql() {
	local bin
	bin=$(find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null |
		sort -V | tail -n 1)
	[ -n "$bin" ] || skip "PostgreSQL is missing; run: sudo make deps"
	install -d -o postgres -m 700 "$DIR/sql"
	as_postgres "$bin/initdb" -D "$DIR/sql" -A trust -U postgres \
		--no-sync --no-instructions >"$DIR/log/initdb.log" 2>&1
	echo "host all all 10.1.0.0/24 trust" >>"$DIR/sql/pg_hba.conf"
	spawn lan sql setpriv --reuid postgres --regid postgres --clear-groups \
		"$bin/postgres" -D "$DIR/sql" -h 10.1.0.9 -p 5432 -F \
		-c unix_socket_directories= -c shared_buffers=16MB
}

# as_postgres COMMAND...: in a folder that this user may enter
as_postgres() (
	cd /
	setpriv --reuid postgres --regid postgres --clear-groups "$@"
)

service_sql_ready() {
	at lan psql -h 10.1.0.9 -U postgres -Atqc 'select 1'
}

# service_dns: dnsmasq at 10.1.0.2
service_dns() {
	need dnsmasq dig
	spawn lan dns dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--no-resolv --no-hosts --bind-interfaces --user=root \
		--listen-address=10.1.0.2 --except-interface=lo \
		--pid-file="$DIR/dns.pid" --log-facility=- \
		--host-record=intranet.oslo.test,10.1.0.5
}

service_dns_ready() {
	at lan dig +short +time=1 +tries=1 @10.1.0.2 intranet.oslo.test |
		said .
}

# service_echo: what is sent to 10.1.0.7 port 7 comes back, TCP and UDP
service_echo() {
	spawn lan echo python3 "$HERE/lib/echo.py" serve 10.1.0.7 7
}

service_echo_ready() {
	at lan python3 "$HERE/lib/echo.py" ask 10.1.0.7 7
}

# service_stream: checksummed streams at 10.1.0.7 port 9000
service_stream() {
	spawn lan stream python3 "$HERE/lib/stream.py" serve 10.1.0.7 9000
}

service_stream_ready() {
	at lan python3 "$HERE/lib/stream.py" run 10.1.0.7 9000 --up 1 --down 1
}

# fetch URL [OPTION...]: as the client, with this run's CA
fetch() {
	local url=$1
	shift
	at client curl -fsS -m 20 --cacert "$DIR/tls/ca.pem" "$@" "$url"
}

# query SQL: as the client, one value a line
query() {
	at client env PGCONNECT_TIMEOUT=10 psql -h edge.test -p 5432 \
		-U postgres -Atqc "$1"
}

# resolve NAME: as the client
resolve() {
	at client dig +short +time=2 +tries=3 @198.51.100.7 "$1"
}

# ask tcp|udp: as the client, one word to the echo service and back
ask() {
	at client python3 "$HERE/lib/echo.py" ask edge.test 7 "$1"
}

# no_echo WHERE ADDRESS PORT [tcp|udp]: does nobody send back a word within a second?
no_echo() {
	local where=$1
	shift
	! at "$where" env ECHO_PATIENCE_S=1 python3 "$HERE/lib/echo.py" ask "$@" \
		2>/dev/null
}

# stream OPTION...: as the client, through public port 9000; see stream.py
stream() {
	at client python3 "$HERE/lib/stream.py" run edge.test 9000 "$@"
}

# long_stream_up: one slow transfer both ways, 1 MB/s, until long_stream_ends;
# returns when the first MB has come down.
long_stream_up() {
	spawn client survivor python3 "$HERE/lib/stream.py" run edge.test 9000 \
		--rate 1000000
	wait_for 15 grep -q '^flows' "$DIR/log/survivor.log" ||
		fail "the long stream does not begin"
	port=$(sed -n 's/^port //p' "$DIR/log/survivor.log")
	long_stream_lives || fail "no connection has the client's port $port"
}

# long_stream_lives: does the client still have the connection it began with?
long_stream_lives() {
	at client ss -Htn state established "sport = :$port" | said .
}

# long_stream_ends: it was alive until now, is told to end, and does so with equal
# checksums, over the same connection and without a reset on the client's link.
long_stream_ends() {
	alive survivor || fail "the long stream broke: see survivor.log"
	long_stream_lives || fail "the client lost its connection"
	kill -s USR1 "$(pid_of survivor)"
	ended survivor 60 || fail "the long stream broke: see survivor.log"
	grep -q '^up [0-9]\{7,\} ' "$DIR/log/survivor.log" ||
		fail "the long stream is not complete"
	expect "resets on the client's link" "$(seen client resets)" 0
}

# tell_up NAME ADDRESS PORT[-PORT]...: a service of the LAN that says who reached
# it where, TCP and UDP; see tell.py
tell_up() {
	local name=$1
	shift
	spawn lan "$name" python3 "$HERE/lib/tell.py" serve "$@"
	wait_for 10 grep -q '^ready' "$DIR/log/$name.log" ||
		fail "$name does not come up in the LAN"
}

# told HOST PORT tcp|udp [SOURCE]: as the client, who reached what; "nothing"
# when no answer comes
told() {
	at client python3 "$HERE/lib/tell.py" ask "$@" 2>/dev/null ||
		echo nothing
}

# nobody_at HOST PORT tcp|udp [SOURCE]: as the client, is nobody there who answers
# within a second?
nobody_at() {
	! at client env TELL_PATIENCE_S=1 python3 "$HERE/lib/tell.py" ask "$@" \
		2>/dev/null
}

# silent WHAT HOST PORT tcp|udp [SOURCE]: so it has to be
silent() {
	local what=$1 answer
	shift
	answer=$(nobody_at "$@") || fail "$what: got \"$answer\", want nothing"
}

# crowd_up NAME HOST COUNT PORT...: as the client, many flows that ask again and
# again; see crowd.py.  Returns when all have been answered.
crowd_up() {
	local name=$1
	shift
	spawn client "$name" python3 "$HERE/lib/crowd.py" "$@"
	wait_for 20 grep -q '^open' "$DIR/log/$name.log" ||
		fail "not all flows of $name open"
}

# crowd_lives NAME COUNT: end it; so many flows lived until now, and none broke.
crowd_lives() {
	stop "$1" TERM || fail "$1 failed"
	! grep '^ended' "$DIR/log/$1.log" >&2 || fail "a flow of $1 broke"
	expect "living flows of $1" "$(sed -n 's/^alive //p' "$DIR/log/$1.log")" "$2"
}

# flows_begin COUNT SECONDS: as the client, connections to the echo service that are
# watched for pauses; see flows.py
flows_begin() {
	rm -f "$DIR/log/flows.log"
	spawn client flows python3 "$HERE/lib/flows.py" edge.test 7 "$1" "$2"
	wait_for 20 grep -q open "$DIR/log/flows.log" ||
		fail "the connections do not come up"
}

# flows_end WHAT PAUSE_MS: none was reset, none paused for longer
flows_end() {
	local pause
	ended flows 60 ||
		fail "$1: connections broke: $(cat "$DIR/log/flows.log")"
	pause=$(sed -n 's/^pause_ms //p' "$DIR/log/flows.log")
	echo "$1: the longest pause was $pause ms"
	((pause < $2)) || fail "$1: a connection paused for $pause ms"
	expect "$1: resets on the client's link" "$(seen client resets)" 0
}

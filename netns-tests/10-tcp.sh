#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A web server and a database of the LAN answer through public TCP ports.
#
#  client -- edge.test:8443 =tunnel=> oslo-a -- 10.1.0.5:443 nginx
#  client -- edge.test:5432 =tunnel=> oslo-a -- 10.1.0.9:5432 PostgreSQL

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"

topo_up
services_up web sql
tunnel_up

expect "page" "$(fetch https://edge.test:8443/)" "$WEB_TEXT"
expect "page by plain HTTP" "$(fetch http://edge.test:8080/)" "$WEB_TEXT"
expect "answer of the database" "$(query 'select 6 * 7')" 42

# The LAN sees its own gateway: it needs no route back.
expect "client as nginx sees it" "$(fetch http://edge.test:8080/whoami)" \
	10.1.0.1
expect "client as PostgreSQL sees it" \
	"$(query 'select host(inet_client_addr())')" 10.1.0.1

# Connections are cheap and don't disturb each other: forty at a time.
fetch "http://edge.test:8080/?[1-40]" -Z --parallel-max 40 >"$DIR/pages" \
	2>"$DIR/log/curl.log"
expect "pages of forty parallel requests" \
	"$(sort "$DIR/pages" | uniq -c | xargs)" "40 $WEB_TEXT"

expect "resets on the client's link" "$(seen client resets)" 0

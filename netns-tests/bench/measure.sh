# shellcheck shell=bash disable=SC2016 # jq programs
# SPDX-License-Identifier: GPL-2.0-or-later
#
# measure.sh - One figure of one path; each is a line in $DIR/series.NAME

CLOCK_TICKS=$(getconf CLK_TCK)

# take SERIES COMMAND...: one figure more
take() {
	local series=$1
	shift
	"$@" >>"$DIR/series.$series"
}

# median SERIES: of its figures so far
median() {
	sort -n "$DIR/series.$1" | awk '{ v[NR] = $1 }
		END { print v[int((NR + 1) / 2)] }'
}

# spread SERIES: "LEAST-MOST"
spread() {
	sort -n "$DIR/series.$1" | awk 'NR == 1 { least = $1 } { most = $1 }
		END { print least "-" most }'
}

# ratio SERIES SERIES: median of the ratios of each round, in percent
ratio() {
	paste "$DIR/series.$1" "$DIR/series.$2" |
		awk '{ print int(100 * $1 / $2) }' | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# rtt PATH PROTO: median round trip of an idle line, in us
rtt() {
	at client python3 "$HERE/lib/echo.py" rtt "${IPERF_AT[$1]}" 7 "$2" 300
}

# cpu_ticks PATH: CPU time its processes have used
cpu_ticks() {
	local pid sum=0
	while read -r _ _ pid; do
		sum=$((sum + $(awk '{ print $14 + $15 }' "/proc/$pid/stat")))
	done < <(carriers "$1")
	echo $sum
}

# load PATH NAME OPTION...: iperf3 over TCP, and a datagram every 2 ms to the echo
# service meanwhile.  Series of NAME: Mbit/s that arrived; p99 of the
# datagrams' round trips, in us; CPU time of the path's processes, ms per GB.  A
# datagram that is lost is told.
load() {
	local path=$1 name=$2 out=$DIR/iperf.json ticks pinger lost
	shift 2
	lost=$DIR/log/lost-$name-$path.log
	ticks=$(cpu_ticks "$path")
	at client python3 "$HERE/lib/echo.py" rtt "${IPERF_AT[$path]}" 7 udp \
		$((EACH * 200)) 99 >>"$DIR/series.p99-$name-$path" \
		2>>"$lost" &
	pinger=$!
	at client iperf3 -J -c "${IPERF_AT[$path]}" -t "$EACH" -O 1 "$@" \
		>"$out" ||
		fail "iperf3: $(jq -r .error "$out")"
	ticks=$(($(cpu_ticks "$path") - ticks))
	wait $pinger || fail "round trips under load of $path"
	sed "s/^/$name over $path: /" "$lost" >&2
	rm "$lost"
	take "$name-$path" jq \
		'.end.sum_received.bits_per_second / 1e6 | round' "$out"
	take "cpu-$name-$path" jq --argjson ticks "$ticks" \
		--argjson hz "$CLOCK_TICKS" '$ticks / $hz * 1000 /
		(.end.sum_received.bytes / 1e9) | round' "$out"
}

# connections PATH: new connections a second, a small page each
connections() {
	at client wrk -t 1 -c 64 -d 2s -H 'Connection: close' \
		"http://${WEB_AT[$1]}/" >"$DIR/wrk.txt"
	awk '/^Requests\/sec/ { print int($2) }' "$DIR/wrk.txt"
}

# peaks: "WHERE PROGRAM KB", the peak RSS of each process of the tunnel
peaks() {
	local where program pid
	while read -r where program pid; do
		echo "$where $program $(awk '/VmHWM/ { print $2 }' \
			"/proc/$pid/status")"
	done < <(carriers tunnel)
}

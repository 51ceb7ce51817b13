# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# process.sh - Running things in namespaces, and ending them
#
# Every process of a test lives in one of its namespaces, so these are also the
# list of what must be ended: nothing is ever killed by name.

WHERE="client cloud relay onprem lan" # namespaces, in order of a packet's way

# at WHERE COMMAND...: run COMMAND in a namespace and wait for it.
#
# A private /etc/hosts carries the topology's names (`ip netns exec` gives the
# process a mount namespace of its own, so no file of the machine changes).
at() {
	local where=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$NS-$where" sh -c '
		mount --bind "$0" /etc/hosts && exec "$@"' \
		"$DIR/hosts" "$@"
}

# spawn WHERE NAME COMMAND...: run COMMAND in the background.
#
# Its output goes to $DIR/log/NAME.log, its process id to $DIR/pid/NAME.  It has
# a session of its own (a Ctrl-C at the terminal is not for it) and the signal
# dispositions of a program started by hand; the shell would have SIGINT ignored.
spawn() {
	local where=$1 name=$2
	shift 2
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$NS-$where" setsid env --default-signal=INT,QUIT sh -c '
		mount --bind "$0" /etc/hosts && exec "$@"' \
		"$DIR/hosts" "$@" </dev/null >>"$DIR/log/$name.log" 2>&1 &
	echo $! >"$DIR/pid/$name"
}

# pid_of NAME: the process id of what spawn started
pid_of() {
	cat "$DIR/pid/$1"
}

# alive NAME: is it running?
alive() {
	kill -0 "$(pid_of "$1")" 2>/dev/null
}

# gone PID: is there no such process any more?
gone() {
	! kill -0 "$1" 2>/dev/null
}

# stop NAME [SIGNAL]: signal it, wait until it is gone, give its exit code.
stop() {
	local pid signal=${2:-TERM} code=0
	pid=$(pid_of "$1")
	kill -s "$signal" "$pid" 2>/dev/null || :
	wait_for 10 gone "$pid" || fail "$1 ignores SIG$signal"
	wait "$pid" || code=$?
	rm -f "$DIR/pid/$1"
	return "$code"
}

# ended NAME SECONDS: wait for its own end, give its exit code.
ended() {
	local pid code=0
	pid=$(pid_of "$1")
	wait_for "$2" gone "$pid" || fail "$1 still runs after $2 s"
	wait "$pid" || code=$?
	return "$code"
}

# program_pid WHERE PROGRAM: the one process of a namespace that executes it
program_pid() {
	local pid
	for pid in $(ip netns pids "$NS-$1"); do
		case $(readlink "/proc/$pid/exe" || :) in
		*/"$2") echo "$pid" && return ;;
		esac
	done
	return 1
}

# listens WHERE PORT: does somebody there wait for TCP connections?
listens() {
	at "$1" ss -Hltn "sport = :$2" | said .
}

# now_ms: milliseconds of the wall clock
now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# wait_for SECONDS COMMAND...: poll COMMAND until it succeeds; 1 when it never
# does.  Its output is dropped.
wait_for() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		(($(now_ms) < end)) || return 1
		sleep 0.03
	done
}

# empty_namespace NAME: kill what still runs in it.
empty_namespace() {
	local pids
	pids=$(ip netns pids "$1" 2>/dev/null) || return 0
	[ -z "$pids" ] || echo "$pids" | xargs -r kill -s KILL 2>/dev/null || :
}

# on_error COMMAND: say where a command failed that no assertion was about.
on_error() {
	[ "$BASHPID" = $$ ] || return 0
	echo "${0##*/}:${BASH_LINENO[-2]}: failed: $1" >&2
}

# bugs: what assertions, sanitizers and the carrier's sandbox said, in any log
bugs() {
	grep -hE 'Assertion|Sanitizer|runtime error|Segmentation|stack smashing|event=forbidden' \
		"$DIR"/log/*.log
}

# cleanup: trap of every end.  Logs first while they are whole.
#
# After a good end and when all is removed, $AFTERWORD is printed.  $VERDICT is an
# exit code that judges what was found, and tells of no failure of the script.
cleanup() {
	local code=$? where
	trap - EXIT ERR
	trap '' HUP INT TERM
	set +e
	[ $code != 0 ] || ! bugs >&2 || code=1
	case $code in
	0 | 129 | 130 | "$SKIPPED" | "${VERDICT:-0}") ;; # fine, or ended by hand
	*) show_logs "$code" ;;
	esac
	exec 2>/dev/null # the shell would tell of each process it killed
	for where in $WHERE; do
		empty_namespace "$NS-$where"
		ip netns del "$NS-$where"
	done
	jobs -p | xargs -r kill # what a test itself put into the background
	wait
	case $code in
	0 | 129 | 130 | "$SKIPPED" | "${VERDICT:-0}") rm -rf "$DIR" ;;
	esac
	[ "$code" != 0 ] || [ -z "${AFTERWORD:-}" ] || echo "$AFTERWORD"
	exit "$code"
}

# show_logs CODE: what happened, for whoever has only this output
show_logs() {
	local log where
	[ -z "${QUIET_FAILURE:-}" ] || return 0
	{
		for log in "$DIR"/log/*.log; do
			[ -s "$log" ] || continue
			echo "--- ${log##*/} (its end)"
			tail -n 25 "$log"
		done
		for where in cloud onprem; do
			echo "--- $where: routes and relaytun's tables"
			ip -n "$NS-$where" route show table all 2>&1 | grep -v local
			ip netns exec "$NS-$where" nft list ruleset 2>&1
		done >"$DIR/log/kernel.txt"
		echo "--- exit code $1; everything is kept in $DIR"
	} >&2
}

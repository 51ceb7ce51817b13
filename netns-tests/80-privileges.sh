#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who holds a privilege has no socket to the network, and who has one holds no
# privilege.
#
#  steward  CAP_NET_ADMIN                     no socket of TCP, UDP or raw
#  spawner  CAP_KILL, CAP_SETGID, CAP_SETUID  none either
#  carrier  nobody, nothing                   the connections
#  relay    nobody, nothing                   the connections
#
# Carrier and relay have system calls of a list only (test_confine tells which).

# shellcheck source=netns-tests/lib.sh
. "$(dirname "$0")/lib.sh"
not_plain

NET_ADMIN=0000000000001000
SPAWNING=00000000000000e0 # kill, setgid, setuid
NOTHING=0000000000000000

# field PID NAME: a line of its /proc status, one space between values
field() {
	awk -v name="$2:" '$1 == name { $1 = ""; print substr($0, 2) }' \
		"/proc/$1/status"
}

# holds NAME PID CAPABILITIES: these and no more, with no way to get others
holds() {
	expect "effective capabilities of the $1" "$(field "$2" CapEff)" "$3"
	expect "permitted capabilities of the $1" "$(field "$2" CapPrm)" "$3"
	expect "inheritable capabilities of the $1" \
		"$(field "$2" CapInh)" $NOTHING
	expect "ambient capabilities of the $1" "$(field "$2" CapAmb)" $NOTHING
	expect "no_new_privs of the $1" "$(field "$2" NoNewPrivs)" 1
}

# is_nobody NAME PID
is_nobody() {
	local id
	id=$(id -u nobody)
	expect "user of the $1" "$(field "$2" Uid)" "$id $id $id $id"
	id=$(id -g nobody)
	expect "group of the $1" "$(field "$2" Gid)" "$id $id $id $id"
	expect "further groups of the $1" "$(field "$2" Groups)" ""
}

# is_confined NAME PID LOG: do all its threads have a filter (mode 2)?
is_confined() {
	local task
	for task in "/proc/$2/task"/*; do
		expect "$1: Seccomp of thread $(<"$task/comm")" \
			"$(awk '$1 == "Seccomp:" { print $2 }' "$task/status")" 2
	done
	grep -q 'event=confined seccomp=yes landlock=[0-9]' "$DIR/log/$3.log" ||
		fail "the log of the $1 does not say so"
}

# talks WHERE PID: has it a socket that could reach the network?
talks() {
	at "$1" ss -Htunawp | said "pid=$2,"
}

topo_up
tunnel_up

for where in cloud onprem; do
	steward=$(steward_pid $where)
	carrier=$(carrier_pid $where)
	spawner=$(field "$carrier" PPid)
	expect "$where: parent of the spawner" "$(field "$spawner" PPid)" \
		"$steward"
	expect "$where: name of the spawner in ps" \
		"$(ps -o comm= -p "$spawner")" relaytun-spawn
	holds steward "$steward" $NET_ADMIN
	holds spawner "$spawner" $SPAWNING
	holds carrier "$carrier" $NOTHING
	is_nobody carrier "$carrier"
	is_confined carrier "$carrier" "${GATEWAY[$where]}"
	talks $where "$carrier" || fail "the carrier's connection is not seen"
	! talks $where "$steward" || fail "the steward has a network socket"
	! talks $where "$spawner" || fail "the spawner has a network socket"
done

relay=$(pid_of relay)
holds relay "$relay" $NOTHING
is_nobody relay "$relay"
is_confined relay "$relay" relay
talks relay "$relay" || fail "the relay's connections are not seen"

# The keys are nobody's to read.
for key in listen send; do
	! setpriv --reuid nobody --regid nogroup --clear-groups \
		cat "$DIR/$key.key" 2>/dev/null || fail "nobody can read a key"
done
! at cloud setpriv --reuid nobody --regid nogroup --clear-groups \
	ls "/proc/$carrier/fd" 2>/dev/null ||
	fail "another process of the carrier's user can look into it"

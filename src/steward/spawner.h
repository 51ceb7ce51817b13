/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * spawner.h - The process that starts and stops the carrier
 *
 * Forked early, so that the steward itself can give up the right to become
 * another user.  Both talk in struct handover_msg over a SOCK_SEQPACKET pair;
 * the spawner ends, and its carrier with it, when the steward's end closes.
 */

#ifndef STEWARD_SPAWNER_H
#define STEWARD_SPAWNER_H

#include <sys/types.h>

#include "base/diag.h"

/**
 * enum spawner_type - handover_msg.type between steward and spawner
 *
 * SPAWNER_START	To the spawner: start the carrier with this descriptor
 *			as HANDOVER_FD
 * SPAWNER_SIGNAL	To the spawner: send it the signal @value
 * SPAWNER_STARTED	From it: runs, @value is the process
 * SPAWNER_FAILED	From it: not started, @value is the errno
 * SPAWNER_EXITED	From it: ended, @value is the status of wait(2)
 */
enum spawner_type {
	SPAWNER_START = 100,
	SPAWNER_SIGNAL,
	SPAWNER_STARTED,
	SPAWNER_FAILED,
	SPAWNER_EXITED,
};

/**
 * struct spawner - As the steward holds it
 * @sock:	The steward's end, non-blocking
 * @pid:	The process
 */
struct spawner {
	int sock;
	pid_t pid;
};

/**
 * spawner_open() - Fork it
 * @spawner:	Receives it
 * @program:	Full path of the carrier
 * @uid:	User to become, with the group @gid and no other
 *
 * Call after privilege_seal(), with the capabilities to set user and group, and
 * before anything secret is in memory.
 */
int spawner_open(struct spawner *spawner, const char *program, uid_t uid,
		 gid_t gid, struct diag *diag)
	__attribute__((warn_unused_result));

/** spawner_close() - Let it end, and its carrier; waits for it */
void spawner_close(struct spawner *spawner);

#endif /* STEWARD_SPAWNER_H */

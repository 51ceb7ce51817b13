/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * supervise.h - The steward's loop while the gateway runs
 */

#ifndef STEWARD_SUPERVISE_H
#define STEWARD_SUPERVISE_H

#include "steward/apply.h"
#include "steward/feed.h"
#include "steward/reload.h"
#include "steward/spawner.h"

/**
 * enum supervise_end - Why the loop ended
 *
 * SUPERVISE_LEAVE	SIGTERM: everything stays standing
 * SUPERVISE_REMOVE	SIGINT: everything is to be removed
 */
enum supervise_end {
	SUPERVISE_LEAVE,
	SUPERVISE_REMOVE,
};

/** supervise_block_signals() - Before anything is started: signals come through
 *  the loop */
void supervise_block_signals(void);

/**
 * supervise_run() - Keep a carrier running until told to stop
 * @host:	What stands
 * @feed:	What carriers are handed
 * @spawner:	Who starts them
 * @lock:	The lock's socket
 * @reload:	For SIGHUP; works on @host and @feed
 *
 * Return: enum supervise_end, or negative errno
 */
int supervise_run(struct host *host, const struct feed *feed,
		  const struct spawner *spawner, int lock,
		  struct reload *reload) __attribute__((warn_unused_result));

#endif /* STEWARD_SUPERVISE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * drain.h - The queues of the TUN device while no carrier reads them
 */

#ifndef STEWARD_DRAIN_H
#define STEWARD_DRAIN_H

#include "base/limits.h"
#include "steward/link.h"
#include "sys/loop.h"

/** struct drain_queue - One of them */
struct drain_queue {
	struct loop_source source;
	struct loop *loop;
};

/** struct drain - All of them; caller's storage, which stays where it is */
struct drain {
	struct drain_queue queues[WORKER_CNT_MAX];
};

void drain_init(struct drain *drain, struct loop *loop);

/** drain_begin() - From now on packets are read and thrown away
 *  @device:	Its name, for the log */
void drain_begin(struct drain *drain, const struct link_tun *tun,
		 const char *device);

/** drain_end() - Somebody else reads them, or they are gone */
void drain_end(struct drain *drain);

#endif /* STEWARD_DRAIN_H */

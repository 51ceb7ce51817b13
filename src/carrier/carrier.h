/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * carrier.h - The control thread: setups, registrations, status
 */

#ifndef CARRIER_CARRIER_H
#define CARRIER_CARRIER_H

#include "carrier/listen.h"
#include "carrier/refresh.h"
#include "carrier/setup.h"
#include "carrier/status.h"
#include "carrier/team.h"
#include "sys/handover.h"
#include "sys/loop.h"

/**
 * struct carrier - The process
 * @setup:	In force
 * @next:	Posted to the workers, not yet taken by all; NULL for none
 * @gathering:	What the steward is sending, not complete; NULL for none
 * @loop:	The control thread's
 * @handover:	The steward's socket; not read while there is a @next
 * @team:	The workers
 * @notices:	What the steward wants shown, a line each; NULL for nothing
 * @ended:	What the steward says of carriers before this one: HANDOVER_ENDED
 * @hung_cnt:	How many of them hung
 * @refresh:	Entra tokens
 * @lost_log:	When an accept was last said to be lost
 * @listeners:	Site gateway: one for each of its relays
 */
struct carrier {
	struct setup *setup;
	struct setup *next;
	struct setup *gathering;
	struct loop loop;
	struct loop_source handover;
	struct loop_source signals;
	struct team team;
	struct retry_log lost_log;
	struct refresh refresh;
	struct listener **listeners;
	size_t listener_cnt;
	struct status status;
	char *notices;
	struct handover_msg ended;
	uint32_t hung_cnt;
};

/**
 * carrier_run() - Serve from a complete setup to the end
 * @setup:	The first, consumed
 *
 * Return: 0 after a signal or when the steward left, or negative errno
 */
int carrier_run(struct setup *setup) __attribute__((warn_unused_result));

#endif /* CARRIER_CARRIER_H */

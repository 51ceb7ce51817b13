/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * carrier.h - The control thread: what it holds, for status
 */

#ifndef CARRIER_CARRIER_H
#define CARRIER_CARRIER_H

#include "carrier/listen.h"
#include "carrier/setup.h"
#include "carrier/worker.h"
#include "sys/loop.h"

/**
 * struct carrier - The process
 * @setup:	What the steward said
 * @loop:	The control thread's
 * @worker:	The one worker
 * @listeners:	Site gateway: one for each of its relays
 * @started:	When packets began to move
 */
struct carrier {
	struct setup setup;
	struct loop loop;
	struct loop_source handover;
	struct worker worker;
	struct listener *listeners;
	size_t listener_cnt;
	mono_t started;
};

#endif /* CARRIER_CARRIER_H */

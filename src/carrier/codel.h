/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * codel.h - When a flow's packets wait too long, and its sender is to know (RFC 8289)
 *
 * Pure.  Is asked of each packet that leaves a flow's queue; marks and drops none.
 */

#ifndef CARRIER_CODEL_H
#define CARRIER_CODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

/* A wait that is no standing queue: what a turn of a slow channel takes. */
#define CODEL_TARGET_MS 20
/* It stands when all packets of so long waited longer. */
#define CODEL_INTERVAL_MS 100
/* What may always stay behind: a packet. */
#define CODEL_BYTES_MIN 1514

/**
 * struct codel - One flow's; all 0 at first
 * @above_ns:	When its packets will have waited too long for an interval; 0: the last
 *		one did not
 * @next_ns:	While @dropping: when the next is due, else when it would have been
 * @cnt:	Signals since @dropping began
 * @cnt_before:	What @cnt began at
 * @dropping:	The queue stands
 */
struct codel {
	int64_t above_ns;
	int64_t next_ns;
	uint32_t cnt;
	uint32_t cnt_before;
	bool dropping;
};

/**
 * codel_signals() - Is the packet that leaves the queue to be marked, or dropped?
 * @waited_ns:	How long it was in the queue
 * @behind_len:	Bytes that stay
 *
 * To be asked once for each packet, and at once for the next when one is dropped.
 */
bool codel_signals(struct codel *codel, int64_t waited_ns, size_t behind_len,
		   mono_t now);

#endif /* CARRIER_CODEL_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * balance.h - Which flow should take another channel, so that all have alike
 *
 * Pure.  Knows what flows sent of late, and where each belongs; moves none.
 */

#ifndef CARRIER_BALANCE_H
#define CARRIER_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "carrier/queue.h"
#include "carrier/spread.h"

/**
 * struct balance - Flows of one peer, by buckets
 * @sent:	Bytes between the last two looks
 * @served:	The same of some looks, the older the less
 * @away:	Number of the channel that a bucket was moved to, and 1; 0 when it is
 *		where the draw put it
 */
struct balance {
	uint32_t sent[SPREAD_BUCKET_CNT];
	uint32_t served[SPREAD_BUCKET_CNT];
	uint8_t away[SPREAD_BUCKET_CNT];
};

/**
 * struct balance_channel - One of the peer's, in the order of the spread's members
 * @takes:	Flows may move to it
 * @pressed:	Something waited for it much of the time
 * @bytes, @cnt: Of its heavy flows; balance_pick() fills them in
 */
struct balance_channel {
	bool takes;
	bool pressed;
	uint64_t bytes;
	unsigned int cnt;
};

/**
 * balance_look() - See what was sent since the last look
 *
 * Buckets that sent nothing may go home.
 *
 * Return: whether some that were away do: the spread is to be filled anew
 */
bool balance_look(struct balance *balance, struct queue_flows *flows);

/**
 * balance_pick() - Which flow should move
 * @spread:	Which channel each belongs to
 * @channels:	Of which there are @cnt
 * @to:		Set to the index of the channel it should move to
 *
 * Return: its bucket, or QUEUE_NONE
 */
uint16_t balance_pick(const struct balance *balance,
		      const struct spread *spread,
		      struct balance_channel *channels, size_t cnt, size_t *to);

#endif /* CARRIER_BALANCE_H */

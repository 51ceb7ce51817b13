/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * codel.c - When a flow's packets wait too long, and its sender is to know (RFC 8289)
 */

/**
 * DOC: Theory of operation
 *
 * A sender fills what it finds, for it learns of a path's rate by loss alone.  A
 * flow of its own queue delays nobody else, but itself, and all that an application
 * sends over the same connection.
 *
 * Stands	Not how much waits says that a queue is too long, but that even the
 *		packet that waited least, of an interval, waited longer than
 *		the target.  Bursts pass.
 * Signals	Then one packet is marked or lost, and while that is so, more, each
 *		time a little sooner: an interval by the root of their number,
 *		which is how a TCP's rate depends on loss.
 * Again	When it stands again soon after, it goes on where it was.
 * Pause	While nothing leaves nobody can be told.  What was due in a pause of
 *		more than an interval is not made up for: a channel that hung for
 *		three seconds would cost 400 packets at once.
 */

#include "carrier/codel.h"

#define TARGET_NS   (CODEL_TARGET_MS * NS_PER_MS)
#define INTERVAL_NS (CODEL_INTERVAL_MS * NS_PER_MS)
/* Soon. */
#define AGAIN_CNT 16

/** root() - Whole part of a square root */
static uint64_t root(uint64_t square)
{
	uint64_t guess = square;
	uint64_t next = square / 2 + 1;

	/* Newton's steps only go down until they have arrived. */
	while (next < guess) {
		guess = next;
		next = (guess + square / guess) / 2;
	}
	return guess;
}

/** after() - When the next signal is due after one at @at_ns */
static int64_t after(int64_t at_ns, uint32_t cnt)
{
	const uint64_t square = (uint64_t)INTERVAL_NS * (uint64_t)INTERVAL_NS;

	return at_ns + (int64_t)root(square / cnt);
}

/** stands() - Have all packets of an interval waited too long? */
static bool stands(struct codel *codel, int64_t waited_ns, size_t behind_len,
		   mono_t now)
{
	if (waited_ns < TARGET_NS || behind_len <= CODEL_BYTES_MIN) {
		codel->above_ns = 0;
		return false;
	}
	if (!codel->above_ns) {
		codel->above_ns = now.ns + INTERVAL_NS;
		return false;
	}
	return now.ns >= codel->above_ns;
}

/** begin() - The queue stands since now */
static void begin(struct codel *codel, mono_t now)
{
	uint32_t more = codel->cnt - codel->cnt_before;

	codel->dropping = true;
	codel->cnt = 1;
	if (more > 1 && now.ns - codel->next_ns < AGAIN_CNT * INTERVAL_NS)
		codel->cnt = more;
	codel->cnt_before = codel->cnt;
	codel->next_ns = after(now.ns, codel->cnt);
}

bool codel_signals(struct codel *codel, int64_t waited_ns, size_t behind_len,
		   mono_t now)
{
	if (!stands(codel, waited_ns, behind_len, now)) {
		codel->dropping = false;
		return false;
	}
	if (!codel->dropping) {
		begin(codel, now);
		return true;
	}
	if (now.ns < codel->next_ns)
		return false;
	codel->cnt++;
	if (now.ns - codel->next_ns > INTERVAL_NS)
		codel->next_ns = now.ns;
	codel->next_ns = after(codel->next_ns, codel->cnt);
	return true;
}

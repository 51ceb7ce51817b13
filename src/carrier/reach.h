/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * reach.h - Which worker has an open channel to which peer
 *
 * Each worker writes its own row, and reads those of the others without a lock: a
 * row that is a moment old does no harm.  Pure but for its memory.
 */

#ifndef CARRIER_REACH_H
#define CARRIER_REACH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/time.h"

/**
 * struct reach_row - One worker's, which alone writes it
 * @filled:	It has taken the setup up; before, nobody knows what it reaches
 * @change_cnt:	How often the row was written
 * @open:	By peer: has an open channel, one at least that is not suspect
 * @proven_ns:	By peer: when a PING went that was answered; 0 for none
 */
struct reach_row {
	atomic_bool filled;
	atomic_uint change_cnt;
	atomic_bool *open;
	atomic_llong *proven_ns;
};

/** struct reach - Of one setup, whose numbers of peers it has */
struct reach {
	size_t worker_cnt;
	struct reach_row rows[WORKER_CNT_MAX];
};

/** reach_new() - No row is filled; Return: memory of the arena */
struct reach *reach_new(size_t worker_cnt, size_t peer_cnt,
			struct arena *arena);

/** reach_set() - A worker reaches a peer, or does not any more */
void reach_set(struct reach *reach, unsigned int worker, int peer, bool open);

/** reach_is_set() - What reach_set() said last */
bool reach_is_set(const struct reach *reach, unsigned int worker, int peer);

/** reach_prove() - A peer has answered a worker's PING that went at @asked */
void reach_prove(struct reach *reach, unsigned int worker, int peer,
		 mono_t asked);

/** reach_proven() - The latest that other workers have proven; 0 ns: nothing */
mono_t reach_proven(const struct reach *reach, unsigned int worker, int peer);

/** reach_fill() - A worker's row says all there is */
void reach_fill(struct reach *reach, unsigned int worker);

/** reach_is_filled() - Are all rows? */
bool reach_is_filled(const struct reach *reach);

/**
 * reach_find() - Another worker that reaches a peer
 * @worker:	Who asks
 *
 * Several share the work of those that do not.  One that has not filled its row
 * counts when there is no other.
 *
 * Return: its number, -1 when there is none
 */
int reach_find(const struct reach *reach, unsigned int worker, int peer);

/** reach_change_cnt() - Differs from what it was when another worker has written;
 *  what it wrote is seen by who sees the difference */
unsigned int reach_change_cnt(const struct reach *reach, unsigned int worker);

#endif /* CARRIER_REACH_H */

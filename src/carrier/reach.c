/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * reach.c - Which worker has an open channel to which peer
 */

#include "carrier/reach.h"

struct reach *reach_new(size_t worker_cnt, size_t peer_cnt, struct arena *arena)
{
	struct reach *reach = arena_alloc(arena, sizeof(*reach));
	size_t i;
	size_t k;

	reach->worker_cnt = worker_cnt;
	for (i = 0; i < worker_cnt; i++) {
		struct reach_row *row = &reach->rows[i];

		atomic_init(&row->filled, false);
		atomic_init(&row->change_cnt, 0);
		row->open =
			arena_array(arena, peer_cnt + 1, sizeof(*row->open));
		row->proven_ns = arena_array(arena, peer_cnt + 1,
					     sizeof(*row->proven_ns));
		for (k = 0; k < peer_cnt; k++) {
			atomic_init(&row->open[k], false);
			atomic_init(&row->proven_ns[k], 0);
		}
	}
	return reach;
}

/** changed() - What was written before is seen by who sees this */
static void changed(struct reach_row *row)
{
	atomic_fetch_add_explicit(&row->change_cnt, 1, memory_order_release);
}

void reach_set(struct reach *reach, unsigned int worker, int peer, bool open)
{
	struct reach_row *row = &reach->rows[worker];

	atomic_store_explicit(&row->open[peer], open, memory_order_relaxed);
	changed(row);
}

bool reach_is_set(const struct reach *reach, unsigned int worker, int peer)
{
	return atomic_load_explicit(&reach->rows[worker].open[peer],
				    memory_order_relaxed);
}

void reach_prove(struct reach *reach, unsigned int worker, int peer,
		 mono_t asked)
{
	atomic_store_explicit(&reach->rows[worker].proven_ns[peer], asked.ns,
			      memory_order_relaxed);
}

mono_t reach_proven(const struct reach *reach, unsigned int worker, int peer)
{
	mono_t latest = {0};
	size_t i;

	for (i = 0; i < reach->worker_cnt; i++) {
		long long ns = atomic_load_explicit(
			&reach->rows[i].proven_ns[peer], memory_order_relaxed);

		if (i != worker && ns > latest.ns)
			latest.ns = ns;
	}
	return latest;
}

void reach_fill(struct reach *reach, unsigned int worker)
{
	struct reach_row *row = &reach->rows[worker];

	atomic_store_explicit(&row->filled, true, memory_order_relaxed);
	changed(row);
}

bool reach_is_filled(const struct reach *reach)
{
	size_t i;

	for (i = 0; i < reach->worker_cnt; i++) {
		if (!atomic_load_explicit(&reach->rows[i].filled,
					  memory_order_relaxed))
			return false;
	}
	return true;
}

/** enum known - What a row says of a peer */
enum known {
	KNOWN_CLOSED,
	KNOWN_NOTHING,
	KNOWN_OPEN,
};

static enum known look(const struct reach_row *row, int peer)
{
	if (!atomic_load_explicit(&row->filled, memory_order_relaxed))
		return KNOWN_NOTHING;
	return atomic_load_explicit(&row->open[peer], memory_order_relaxed)
		       ? KNOWN_OPEN
		       : KNOWN_CLOSED;
}

int reach_find(const struct reach *reach, unsigned int worker, int peer)
{
	int found[WORKER_CNT_MAX];
	enum known best = KNOWN_NOTHING;
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < reach->worker_cnt; i++) {
		enum known known = i == worker ? KNOWN_CLOSED
					       : look(&reach->rows[i], peer);

		if (known < best)
			continue;
		if (known > best)
			cnt = 0;
		best = known;
		found[cnt++] = (int)i;
	}
	return cnt ? found[worker % cnt] : -1;
}

unsigned int reach_change_cnt(const struct reach *reach, unsigned int worker)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < reach->worker_cnt; i++) {
		if (i != worker)
			sum += atomic_load_explicit(&reach->rows[i].change_cnt,
						    memory_order_acquire);
	}
	return sum;
}

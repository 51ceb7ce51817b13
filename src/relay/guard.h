/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * guard.h - How often one address may come
 *
 * Pure: an address and the time in, yes or no out.
 */

#ifndef RELAY_GUARD_H
#define RELAY_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/time.h"

/* Sets of four: more addresses than that at a time, and the one that was quiet
 * longest is forgotten.  48 kB in all. */
#define GUARD_SET_CNT 512
#define GUARD_WAY_CNT 4

/** struct guard_entry - One address, or /64 of IPv6
 * @key:	Hash of the address, 0: free
 * @left_milli:	Thousandths of connections that it may make at @seen
 */
struct guard_entry {
	uint64_t key;
	mono_t seen;
	uint64_t left_milli;
};

/**
 * struct guard - All addresses
 * @seed:	Unpredictable, so that nobody can choose who is forgotten
 */
struct guard {
	uint64_t seed;
	struct guard_entry entries[GUARD_SET_CNT][GUARD_WAY_CNT];
};

/**
 * guard_admit() - May this address connect now?
 * @rate:	Connections a second, which is also how many may come at once;
 *		0: any number
 */
bool guard_admit(struct guard *guard, const struct ip_addr *addr, size_t rate,
		 mono_t now);

#endif /* RELAY_GUARD_H */

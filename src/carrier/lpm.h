/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * lpm.h - Longest-prefix match over a fixed set of prefixes
 *
 * Pure.  Both families in one table; knows nothing of what its values mean.
 */

#ifndef CARRIER_LPM_H
#define CARRIER_LPM_H

#include <stddef.h>

#include "base/addr.h"
#include "base/arena.h"

#define LPM_NONE (-1)

/** struct lpm_entry - A prefix and what is found for it, 0 or more */
struct lpm_entry {
	struct ip_prefix prefix;
	int value;
};

struct lpm;

/**
 * lpm_new() - Build a table
 * @entries:	Prefixes in any order, nested as they like; of two equal ones
 *		the first counts (borrowed for the call)
 * @cnt:	Entries there, may be 0
 * @arena:	Receives the table
 */
const struct lpm *lpm_new(const struct lpm_entry *entries, size_t cnt,
			  struct arena *arena);

/**
 * lpm_find() - Value of the longest prefix that holds @addr
 *
 * Return: the value, or LPM_NONE
 */
int lpm_find(const struct lpm *lpm, const struct ip_addr *addr);

#endif /* CARRIER_LPM_H */

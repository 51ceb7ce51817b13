/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * guard.c - How often one address may come
 */

#include "relay/guard.h"

#include <string.h>

/* An IPv6 client has a /64 to choose addresses from. */
#define V6_PREFIX_LEN 8

/** hash() - FNV-1a from a secret start, and its bits stirred */
static uint64_t hash(const struct guard *guard, const struct ip_addr *addr)
{
	size_t len = addr->family == IP_V4 ? 4 : V6_PREFIX_LEN;
	uint64_t h = guard->seed ^ (uint64_t)addr->family;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ addr->bytes[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	h ^= h >> 32;
	return h ? h : 1;
}

/** find() - The entry of an address, or one to take for it */
static struct guard_entry *find(struct guard *guard, uint64_t key)
{
	struct guard_entry *set = guard->entries[key % GUARD_SET_CNT];
	struct guard_entry *oldest = set;
	size_t i;

	for (i = 0; i < GUARD_WAY_CNT; i++) {
		if (set[i].key == key)
			return &set[i];
		if (!set[i].key || mono_before(set[i].seen, oldest->seen))
			oldest = &set[i];
		if (!oldest->key)
			break;
	}
	return oldest;
}

bool guard_admit(struct guard *guard, const struct ip_addr *addr, size_t rate,
		 mono_t now)
{
	uint64_t full = (uint64_t)rate * 1000;
	uint64_t key = hash(guard, addr);
	struct guard_entry *entry;
	uint64_t gained;

	if (!rate)
		return true;
	entry = find(guard, key);
	if (entry->key != key)
		*entry = (struct guard_entry){key, now, full};
	gained = (uint64_t)mono_diff_ms(now, entry->seen) * rate;
	/* What is less than a thousandth yet is not lost. */
	if (gained)
		entry->seen = now;
	entry->left_milli += gained;
	if (entry->left_milli > full)
		entry->left_milli = full;
	if (entry->left_milli < 1000)
		return false;
	entry->left_milli -= 1000;
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * memo.c - A small number for a key, remembered as long as there is room
 */

#include "carrier/memo.h"

#include <stddef.h>

/** set_of() - The entries among which a key may be (splitmix64's finish: keys
 *  need not be hashes themselves) */
static struct memo_entry *set_of(struct memo *memo, uint64_t key)
{
	key ^= key >> 30;
	key *= UINT64_C(0xbf58476d1ce4e5b9);
	key ^= key >> 27;
	return memo->entries[key % MEMO_SET_CNT];
}

/** ms_of() - Never 0, which marks a free entry */
static int64_t ms_of(mono_t now)
{
	return now.ns / NS_PER_MS + 1;
}

static struct memo_entry *find(struct memo_entry *set, uint64_t key)
{
	size_t i;

	for (i = 0; i < MEMO_WAY_CNT; i++) {
		if (set[i].used_ms && set[i].key == key)
			return &set[i];
	}
	return NULL;
}

bool memo_find(struct memo *memo, uint64_t key, mono_t now, int64_t life_ms,
	       uint32_t *value)
{
	struct memo_entry *entry = find(set_of(memo, key), key);

	if (!entry || ms_of(now) - entry->used_ms > life_ms)
		return false;
	entry->used_ms = ms_of(now);
	*value = entry->value;
	return true;
}

void memo_put(struct memo *memo, uint64_t key, mono_t now, uint32_t value)
{
	struct memo_entry *set = set_of(memo, key);
	struct memo_entry *entry = find(set, key);
	size_t i;

	for (i = 0; !entry && i < MEMO_WAY_CNT; i++) {
		if (!set[i].used_ms)
			entry = &set[i];
	}
	if (!entry) {
		entry = set;
		for (i = 1; i < MEMO_WAY_CNT; i++) {
			if (set[i].used_ms < entry->used_ms)
				entry = &set[i];
		}
	}
	*entry = (struct memo_entry){key, ms_of(now), value};
	memo->put_cnt++;
}

bool memo_is_unused(const struct memo *memo)
{
	return memo->put_cnt == 0;
}

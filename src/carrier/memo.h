/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * memo.h - A small number for a key, remembered as long as there is room
 *
 * Pure, and bounded: a new entry takes the place of the one that was not asked
 * for longest.  Whoever uses it must be able to live without an entry.
 */

#ifndef CARRIER_MEMO_H
#define CARRIER_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* Sets of entries; a key's hash says which. */
#define MEMO_SET_CNT 256
#define MEMO_WAY_CNT 8

/** struct memo_entry - @used_ms: when it was put or found last; 0: free */
struct memo_entry {
	uint64_t key;
	int64_t used_ms;
	uint32_t value;
};

/** struct memo - 2,048 entries, 48 KB; zeros are an empty one */
struct memo {
	struct memo_entry entries[MEMO_SET_CNT][MEMO_WAY_CNT];
	uint64_t put_cnt;
};

/**
 * memo_find() - What was put for a key
 * @now:	Entries that were neither put nor found for @life_ms are not found
 * @value:	Set when there is one
 *
 * Return: was there one?
 */
bool memo_find(struct memo *memo, uint64_t key, mono_t now, int64_t life_ms,
	       uint32_t *value);

/** memo_put() - Remember @value for a key, in place of what was there */
void memo_put(struct memo *memo, uint64_t key, mono_t now, uint32_t value);

/** memo_is_unused() - Was nothing ever put? */
bool memo_is_unused(const struct memo *memo);

#endif /* CARRIER_MEMO_H */

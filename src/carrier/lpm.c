/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * lpm.c - Longest-prefix match over a fixed set of prefixes
 */

/**
 * DOC: Theory of operation
 *
 * Nested prefixes cut the address space into spans, in each of which the same
 * longest prefix matches.  lpm_new() finds the spans once; a lookup is a binary
 * search for the span an address lies in, and never looks at a prefix again.
 * n prefixes make at most 2n + 1 spans.
 *
 * Spans are found by a walk over the prefixes, sorted by first address and,
 * where that is equal, shortest first.  Prefixes that hold the place the walk
 * has come to lie on a stack, the longest on top: each begins a span where it
 * begins, and hands back to the one below it where it ends.  Prefixes never
 * overlap in part, so the stack is no deeper than there are lengths.
 *
 * An address is a number of 128 bits, IPv4 in the topmost 32 of them, so that
 * both families share all of this but the spans themselves.
 */

#include "carrier/lpm.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct key {
	uint64_t hi;
	uint64_t lo;
};

struct span {
	struct key start;
	int value;
};

/** struct spans - Sorted by start; the first starts at 0 */
struct spans {
	struct span *items;
	size_t cnt;
};

struct lpm {
	struct spans v4;
	struct spans v6;
};

/** struct range - A prefix on its way to spans */
struct range {
	struct key first;
	struct key last;
	int value;
	size_t order; /* of its entry: the first of equal ones counts */
};

/* One range of each length, from 0 to 128 bits. */
#define DEPTH_MAX 129

/** struct walk - See above; the ranges in @stack are borrowed */
struct walk {
	const struct range *stack[DEPTH_MAX];
	size_t depth;
	struct spans *spans;
};

/** key_compare() - Order of two keys, for sorting */
static int key_compare(const struct key *a, const struct key *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return 0;
}

/** key_load() - Address as a number */
static struct key key_load(const struct ip_addr *addr)
{
	struct key key = {0, 0};
	size_t i;

	for (i = 0; i < 8; i++) {
		key.hi = key.hi << 8 | addr->bytes[i];
		key.lo = key.lo << 8 | addr->bytes[8 + i];
	}
	return key;
}

/** low_bits() - A number of which all but the topmost @len bits are set */
static uint64_t low_bits(unsigned int len)
{
	return len >= 64 ? 0 : UINT64_MAX >> len;
}

/** range_of() - First and last address of a prefix */
static struct range range_of(const struct lpm_entry *entry, size_t order)
{
	unsigned int len = entry->prefix.len;
	struct range range = {
		.first = key_load(&entry->prefix.addr),
		.value = entry->value,
		.order = order,
	};

	range.last.hi = range.first.hi | low_bits(len);
	range.last.lo = range.first.lo | low_bits(len > 64 ? len - 64 : 0);
	return range;
}

/** range_compare() - By first address, then the larger, then as given */
static int range_compare(const void *a, const void *b)
{
	const struct range *x = a;
	const struct range *y = b;
	int order = key_compare(&x->first, &y->first);

	if (!order)
		order = key_compare(&y->last, &x->last);
	if (!order)
		order = x->order < y->order ? -1 : 1;
	return order;
}

/** span_add() - From @start on it is @value; replaces one that starts there */
static void span_add(struct spans *spans, struct key start, int value)
{
	struct span *last = &spans->items[spans->cnt];

	if (spans->cnt && !key_compare(&last[-1].start, &start))
		last--;
	else
		spans->cnt++;
	*last = (struct span){start, value};
}

/** walk_pop() - Behind the end of the innermost range counts the next one */
static void walk_pop(struct walk *walk)
{
	struct key end = walk->stack[--walk->depth]->last;
	int value =
		walk->depth ? walk->stack[walk->depth - 1]->value : LPM_NONE;

	if (!++end.lo)
		end.hi++;
	if (end.hi || end.lo) /* there is something behind it */
		span_add(walk->spans, end, value);
}

/** walk_push() - Come to the begin of a range */
static void walk_push(struct walk *walk, const struct range *range)
{
	const struct range *top;

	while (walk->depth && key_compare(&walk->stack[walk->depth - 1]->last,
					  &range->first) < 0)
		walk_pop(walk);

	top = walk->depth ? walk->stack[walk->depth - 1] : NULL;
	if (top && !key_compare(&top->first, &range->first) &&
	    !key_compare(&top->last, &range->last))
		return; /* the same prefix again */
	walk->stack[walk->depth++] = range;
	span_add(walk->spans, range->first, range->value);
}

/**
 * spans_build() - Spans of all prefixes of one family
 * @spans:	Receives them
 * @family:	Which entries to take
 * @entries:	As in lpm_new()
 * @cnt:	As in lpm_new()
 * @arena:	As in lpm_new(); ranges stay in it as well
 */
static void spans_build(struct spans *spans, enum ip_family family,
			const struct lpm_entry *entries, size_t cnt,
			struct arena *arena)
{
	struct range *ranges = arena_array(arena, cnt, sizeof(*ranges));
	struct walk walk = {.spans = spans};
	size_t range_cnt = 0;
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (entries[i].prefix.addr.family == family)
			ranges[range_cnt++] = range_of(&entries[i], i);
	}
	qsort(ranges, range_cnt, sizeof(*ranges), range_compare);

	spans->items =
		arena_array(arena, 2 * range_cnt + 1, sizeof(*spans->items));
	span_add(spans, (struct key){0, 0}, LPM_NONE);
	for (i = 0; i < range_cnt; i++)
		walk_push(&walk, &ranges[i]);
	while (walk.depth)
		walk_pop(&walk);
}

const struct lpm *lpm_new(const struct lpm_entry *entries, size_t cnt,
			  struct arena *arena)
{
	struct lpm *lpm = arena_alloc(arena, sizeof(*lpm));

	spans_build(&lpm->v4, IP_V4, entries, cnt, arena);
	spans_build(&lpm->v6, IP_V6, entries, cnt, arena);
	return lpm;
}

int lpm_find(const struct lpm *lpm, const struct ip_addr *addr)
{
	const struct spans *spans = addr->family == IP_V4 ? &lpm->v4 : &lpm->v6;
	struct key key = key_load(addr);
	size_t low = 0;           /* its span starts at or before the key */
	size_t high = spans->cnt; /* all from here on start behind it */

	if (addr->family == IP_NONE)
		return LPM_NONE;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (key_compare(&spans->items[mid].start, &key) <= 0)
			low = mid;
		else
			high = mid;
	}
	return spans->items[low].value;
}

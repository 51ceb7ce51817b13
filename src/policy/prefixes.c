/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * prefixes.c - Lists of prefixes: merged, compared, shared
 */

#include "policy/prefixes.h"

#include <stdlib.h>

int prefix_compare(const struct ip_prefix *a, const struct ip_prefix *b)
{
	int order = ip_addr_compare(&a->addr, &b->addr);

	return order ? order : (int)a->len - (int)b->len;
}

/**
 * by_prefix() - prefix_compare() for qsort()
 * @a:		One struct ip_prefix
 * @b:		Another
 */
static int by_prefix(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/**
 * parent() - The prefix of one bit less
 * @prefix:	Of one bit at least
 */
static struct ip_prefix parent(const struct ip_prefix *prefix)
{
	struct ip_prefix half = *prefix;

	half.len--;
	half.addr.bytes[half.len / 8] &= (uint8_t) ~(0x80u >> half.len % 8);
	return half;
}

/**
 * are_halves() - Are two prefixes the halves of one?
 * @a:		The lower one
 * @b:		Another
 */
static bool are_halves(const struct ip_prefix *a, const struct ip_prefix *b)
{
	struct ip_prefix of_a;
	struct ip_prefix of_b;

	if (!a->len || a->len != b->len || a->addr.family != b->addr.family)
		return false;
	of_a = parent(a);
	of_b = parent(b);
	return prefix_compare(&of_a, &of_b) == 0;
}

/*
 * In order of value, a prefix comes before those inside it, and the upper half
 * of one directly behind the lower half with all that is inside.  So what is
 * merged already is a stack whose top alone can swallow the next one, and two
 * halves may make a half again.
 */
size_t prefixes_merge(struct ip_prefix *prefixes, size_t cnt)
{
	size_t top = 0;
	size_t i;

	if (cnt)
		qsort(prefixes, cnt, sizeof(*prefixes), by_prefix);
	for (i = 0; i < cnt; i++) {
		if (top && ip_prefix_overlaps(&prefixes[top - 1], &prefixes[i]))
			continue;
		prefixes[top++] = prefixes[i];
		while (top > 1 &&
		       are_halves(&prefixes[top - 2], &prefixes[top - 1])) {
			top--;
			prefixes[top - 1] = parent(&prefixes[top - 1]);
		}
	}
	return top;
}

bool prefixes_have(const struct prefix_list *list, enum ip_family family)
{
	/* IPv4 first. */
	return list->cnt &&
	       (list->prefixes[0].addr.family == family ||
		list->prefixes[list->cnt - 1].addr.family == family);
}

/**
 * by_list() - Order of lists, for qsort(): equal ones are neighbours
 * @a:		One struct prefix_list *
 * @b:		Another
 */
static int by_list(const void *a, const void *b)
{
	const struct prefix_list *one = *(struct prefix_list *const *)a;
	const struct prefix_list *two = *(struct prefix_list *const *)b;
	int order = 0;
	size_t i;

	if (one->cnt != two->cnt)
		return one->cnt < two->cnt ? -1 : 1;
	for (i = 0; !order && i < one->cnt; i++)
		order = prefix_compare(&one->prefixes[i], &two->prefixes[i]);
	return order;
}

void prefixes_share(struct prefix_list **lists, size_t cnt)
{
	size_t i;

	if (cnt)
		qsort(lists, cnt, sizeof(*lists), by_list);
	for (i = 1; i < cnt; i++) {
		if (by_list(&lists[i], &lists[i - 1]) == 0)
			lists[i]->prefixes = lists[i - 1]->prefixes;
	}
}

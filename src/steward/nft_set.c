/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft_set.c - Sets of prefixes
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steward/nft_work.h"

/**
 * DOC: Lists of sources
 *
 * Thousands of services may share a list, and a list may hold 100,000 prefixes.
 * A list becomes one plain interval set whose name is a digest of its content:
 * equal lists are one set, and a list that changes is another set, so that no
 * set with intervals is ever changed in place.  Services that share a list
 * mostly share its memory as well; it is then read once.
 *
 * A service's list of a few prefixes stands in the rule that drops everybody else,
 * and needs no set: the kernel looks sets up by name one after the other, so that
 * the time goes with the square of their number (8.5 s of the processor for 10,000,
 * 1.0 s for 4,000, where 10,000 rules with as many prefixes take 0.8 s).
 */

/* Prefixes that a rule compares with one by one, once a flow.  The kernel takes
 * 4 KB of expressions in a rule: 24 prefixes of IPv6 and little else. */
#define SHORT_CNT_MAX      16

#define FNV64_OFFSET_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV64_PRIME        UINT64_C(0x100000001b3)

void nft_prefixes_add(struct nft_prefixes *list, const struct ip_prefix *prefix,
		      enum ip_family family)
{
	if (prefix->addr.family != family)
		return;
	if (list->cnt == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		struct ip_prefix *larger =
			reallocarray(list->prefixes, size, sizeof(*larger));

		if (!larger)
			abort();
		list->prefixes = larger;
		list->size = size;
	}
	list->prefixes[list->cnt++] = *prefix;
}

/** by_value() - Order of prefixes: a longer one follows what it lies in */
static int by_value(const void *a, const void *b)
{
	const struct ip_prefix *x = a;
	const struct ip_prefix *y = b;
	int order = ip_addr_compare(&x->addr, &y->addr);

	return order ? order : (int)x->len - (int)y->len;
}

void nft_prefixes_set(struct nft_work *work, struct nft_prefixes *list,
		      const char *name, const char *why,
		      const struct nft_family *family)
{
	const struct ip_prefix *last = NULL;
	char text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	nft_set(work, TABLE_SET, name, why, family->type, "interval");
	if (list->cnt)
		qsort(list->prefixes, list->cnt, sizeof(*list->prefixes),
		      by_value);
	for (i = 0; i < list->cnt; i++) {
		const struct ip_prefix *prefix = &list->prefixes[i];

		if (last && ip_prefix_overlaps(last, prefix))
			continue;
		last = prefix;
		table_line(work->table, ip_prefix_format(prefix, text), NULL);
	}
	free(list->prefixes);
	*list = (struct nft_prefixes){0};
}

void nft_from_name(const struct prefix_list *from,
		   const struct nft_family *family, char name[NFT_NAME_SIZE])
{
	uint64_t sum = FNV64_OFFSET_BASIS;
	size_t i;
	size_t b;

	for (i = 0; i < from->cnt; i++) {
		const struct ip_prefix *prefix = &from->prefixes[i];

		if (prefix->addr.family != family->family)
			continue;
		for (b = 0; b < ip_addr_len(family->family); b++)
			sum = (sum ^ prefix->addr.bytes[b]) * FNV64_PRIME;
		sum = (sum ^ prefix->len) * FNV64_PRIME;
	}
	snprintf(name, NFT_NAME_SIZE, "from_%016" PRIx64 "_%s", sum,
		 family->tag);
}

/** count_of() - Prefixes of one family */
static size_t count_of(const struct prefix_list *from, enum ip_family family)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < from->cnt; i++)
		cnt += from->prefixes[i].addr.family == family;
	return cnt;
}

/** is_short() - Does it stand in the rule?  One of the other family only, which
 *  is nobody, does not */
static bool is_short(const struct prefix_list *from, enum ip_family family)
{
	size_t cnt = count_of(from, family);

	return cnt > 0 && cnt <= SHORT_CNT_MAX;
}

void nft_from_others(const struct prefix_list *from,
		     const struct nft_family *family, struct strbuf *out)
{
	char text[IP_PREFIX_TEXT_SIZE];
	char name[NFT_NAME_SIZE];
	size_t i;

	if (!is_short(from, family->family)) {
		nft_from_name(from, family, name);
		strbuf_printf(out, "%s saddr != @%s ", family->ip, name);
		return;
	}
	for (i = 0; i < from->cnt; i++) {
		if (from->prefixes[i].addr.family == family->family)
			strbuf_printf(
				out, "%s saddr != %s ", family->ip,
				ip_prefix_format(&from->prefixes[i], text));
	}
}

/** struct from_use - A list with the families it is used in */
struct from_use {
	const struct prefix_list *from;
	const struct nft_family *family;
	char name[NFT_NAME_SIZE];
};

/** by_memory() - Lists that share their prefixes come together */
static int by_memory(const void *a, const void *b)
{
	const struct from_use *x = a;
	const struct from_use *y = b;

	if (x->from->prefixes != y->from->prefixes)
		return (uintptr_t)x->from->prefixes <
				       (uintptr_t)y->from->prefixes
			       ? -1
			       : 1;
	if (x->from->cnt != y->from->cnt)
		return x->from->cnt < y->from->cnt ? -1 : 1;
	return (int)x->family->family - (int)y->family->family;
}

static int by_set_name(const void *a, const void *b)
{
	const struct from_use *x = a;
	const struct from_use *y = b;

	return strcmp(x->name, y->name);
}

/** from_set() - The set of one list */
static void from_set(struct nft_work *work, const struct from_use *use)
{
	struct nft_prefixes list = {0};
	size_t i;

	for (i = 0; i < use->from->cnt; i++)
		nft_prefixes_add(&list, &use->from->prefixes[i],
				 use->family->family);
	nft_prefixes_set(work, &list, use->name, "who may use it: `from`",
			 use->family);
}

/** add_use() - Note a list, if it says anything */
static size_t add_use(const struct nft_work *work, struct from_use *uses,
		      size_t cnt, const struct prefix_list *from,
		      enum ip_family family)
{
	size_t i;

	for (i = 0; i < work->family_cnt && from->cnt; i++) {
		if (work->families[i]->family != family)
			continue;
		uses[cnt++] = (struct from_use){.from = from,
						.family = work->families[i]};
	}
	return cnt;
}

/** gather_uses() - All lists of the plan that need a set; Return: how many */
static size_t gather_uses(const struct nft_work *work, bool services,
			  struct from_use *uses)
{
	const struct plan *plan = work->plan;
	size_t cnt = 0;
	size_t i;

	for (i = 0; services && i < plan->service_cnt; i++) {
		const struct policy_service *service =
			plan->services[i].service;

		if (!is_short(&service->from, service->target.family))
			cnt = add_use(work, uses, cnt, &service->from,
				      service->target.family);
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		const struct policy_route *route = plan->grants[i].route;

		if (services || !route->nat)
			cnt = add_use(work, uses, cnt, &route->from,
				      route->to.addr.family);
	}
	return cnt;
}

void nft_from_sets(struct nft_work *work, bool services)
{
	const struct plan *plan = work->plan;
	struct from_use *uses =
		calloc(plan->service_cnt + plan->grant_cnt + 1, sizeof(*uses));
	size_t kept = 0;
	size_t cnt;
	size_t i;

	if (!uses)
		abort();
	cnt = gather_uses(work, services, uses);
	qsort(uses, cnt, sizeof(*uses), by_memory);
	for (i = 0; i < cnt; i++) {
		if (kept && !by_memory(&uses[kept - 1], &uses[i]))
			continue;
		uses[kept] = uses[i];
		nft_from_name(uses[kept].from, uses[kept].family,
			      uses[kept].name);
		kept++;
	}
	qsort(uses, kept, sizeof(*uses), by_set_name);
	for (i = 0; i < kept; i++) {
		if (!i || strcmp(uses[i - 1].name, uses[i].name) != 0)
			from_set(work, &uses[i]);
	}
	free(uses);
}

void nft_peers_set(struct nft_work *work, const struct nft_family *family)
{
	const struct plan *plan = work->plan;
	struct nft_prefixes list = {0};
	char name[NFT_NAME_SIZE];
	size_t i;

	for (i = 0; i < plan->peer_cnt; i++) {
		const struct ip_prefix *pool =
			gateway_pool(plan->peers[i], family->family);

		if (pool)
			nft_prefixes_add(&list, pool, family->family);
	}
	snprintf(name, sizeof(name), "peers_%s", family->tag);
	nft_prefixes_set(work, &list, name,
			 "tunnel addresses of the gateways at the other end",
			 family);
}

void nft_ending_set(struct nft_work *work, struct nft_prefixes *list,
		    const struct nft_family *family)
{
	char name[NFT_NAME_SIZE];

	snprintf(name, sizeof(name), "ending_%s", family->tag);
	nft_prefixes_set(work, list, name,
			 "whose flows may be about to end, a second long also "
			 "of the policy before",
			 family);
}

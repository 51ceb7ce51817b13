/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * finish.c - A draft without errors to the constant table, in normal order
 *
 * Gateways, sites and services are ordered by name, networks and addresses by
 * value, relays stay as they stand: most preferred first.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/draft.h"

/**
 * by_prefix() - Order of networks, for qsort()
 * @a:		One struct ip_prefix
 * @b:		Another
 */
static int by_prefix(const void *a, const void *b)
{
	const struct ip_prefix *one = a;
	const struct ip_prefix *two = b;

	return ip_addr_compare(&one->addr, &two->addr);
}

/**
 * by_addr() - Order of addresses, for qsort()
 * @a:		One struct ip_addr
 * @b:		Another
 */
static int by_addr(const void *a, const void *b)
{
	return ip_addr_compare(a, b);
}

/**
 * by_service() - Order of services, for qsort()
 * @a:		One struct policy_service
 * @b:		Another
 */
static int by_service(const void *a, const void *b)
{
	const struct policy_service *one = a;
	const struct policy_service *two = b;

	return strcmp(one->name, two->name);
}

/**
 * by_site() - Order of sites, for qsort() and bsearch()
 * @a:		One struct policy_site
 * @b:		Another
 */
static int by_site(const void *a, const void *b)
{
	const struct policy_site *one = a;
	const struct policy_site *two = b;

	return strcmp(one->name, two->name);
}

/**
 * by_gateway() - Order of gateways, for qsort()
 * @a:		One struct policy_gateway
 * @b:		Another
 */
static int by_gateway(const void *a, const void *b)
{
	const struct policy_gateway *one = a;
	const struct policy_gateway *two = b;

	return strcmp(one->name, two->name);
}

/**
 * sort() - qsort() that takes nothing as well
 * @items:	Array, may be NULL when @cnt is 0
 * @cnt:	Items
 * @size:	Bytes of one
 * @order:	Compares two
 */
static void sort(void *items, size_t cnt, size_t size,
		 int (*order)(const void *, const void *))
{
	if (cnt)
		qsort(items, cnt, size, order);
}

/**
 * finish_site() - One site
 * @draft:	Without errors
 * @arena:	Receives its arrays
 *
 * Return: the site
 */
static struct policy_site finish_site(const struct draft_site *draft,
				      struct arena *arena)
{
	struct policy_service *services =
		arena_array(arena, draft->service_cnt, sizeof(*services));
	struct ip_prefix *networks =
		arena_array(arena, draft->network_cnt, sizeof(*networks));
	size_t i;

	for (i = 0; i < draft->service_cnt; i++)
		services[i] = draft->services[i].service;
	sort(services, draft->service_cnt, sizeof(*services), by_service);
	for (i = 0; i < draft->network_cnt; i++)
		networks[i] = draft->networks[i].prefix;
	sort(networks, draft->network_cnt, sizeof(*networks), by_prefix);

	return (struct policy_site){
		.name = draft->name.text,
		.networks = networks,
		.network_cnt = draft->network_cnt,
		.services = services,
		.service_cnt = draft->service_cnt,
		.masquerade = draft->masquerade,
		.line = draft->line,
	};
}

/**
 * finish_gateway() - One gateway
 * @draft:	Without errors
 * @policy:	With its sites, in order
 * @arena:	Receives its arrays
 *
 * Return: the gateway
 */
static struct policy_gateway finish_gateway(const struct draft_gateway *draft,
					    const struct policy *policy,
					    struct arena *arena)
{
	struct ip_addr *addrs =
		arena_array(arena, draft->addr_cnt, sizeof(*addrs));
	struct ip_prefix *pools =
		arena_array(arena, draft->addr_cnt, sizeof(*pools));
	const char **relays =
		arena_array(arena, draft->relay_cnt, sizeof(*relays));
	const struct policy_site key = {.name = draft->site.text};
	const struct policy_site *site = NULL;
	size_t i;

	for (i = 0; i < draft->addr_cnt; i++)
		addrs[i] = draft->addrs[i].addr;
	sort(addrs, draft->addr_cnt, sizeof(*addrs), by_addr);
	for (i = 0; i < draft->addr_cnt; i++)
		pools[i] = ip_prefix_of(&addrs[i]);
	for (i = 0; i < draft->relay_cnt; i++)
		relays[i] = draft->relays[i].text;
	if (draft->role == ROLE_SITE)
		site = bsearch(&key, policy->sites, policy->site_cnt,
			       sizeof(key), by_site);

	return (struct policy_gateway){
		.name = draft->name.text,
		.role = draft->role,
		.site = site,
		.addrs = addrs,
		.pools = pools,
		.addr_cnt = draft->addr_cnt,
		.relays = relays,
		.relay_cnt = draft->relay_cnt,
		.line = draft->line,
	};
}

const struct policy *draft_finish(const struct draft *draft,
				  struct arena *arena)
{
	struct policy *policy = arena_alloc(arena, sizeof(*policy));
	struct policy_gateway *gateways =
		arena_array(arena, draft->gateway_cnt, sizeof(*gateways));
	struct policy_site *sites =
		arena_array(arena, draft->site_cnt, sizeof(*sites));
	size_t i;

	for (i = 0; i < draft->site_cnt; i++)
		sites[i] = finish_site(&draft->sites[i], arena);
	sort(sites, draft->site_cnt, sizeof(*sites), by_site);
	policy->sites = sites;
	policy->site_cnt = draft->site_cnt;

	for (i = 0; i < draft->gateway_cnt; i++)
		gateways[i] =
			finish_gateway(&draft->gateways[i], policy, arena);
	sort(gateways, draft->gateway_cnt, sizeof(*gateways), by_gateway);
	policy->gateways = gateways;
	policy->gateway_cnt = draft->gateway_cnt;
	return policy;
}

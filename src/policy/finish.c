/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * finish.c - A draft without errors to the constant table, in normal order
 *
 * Gateways, sites, services and routes are ordered by name, networks (each with
 * its alias) and addresses (each with its pool) by value; relays stay as they
 * stand: channels are numbered in that order.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/draft.h"
#include "policy/prefixes.h"

/** struct network - A network with its alias, if the site has any */
struct network {
	struct ip_prefix prefix;
	struct ip_prefix alias;
};

/**
 * by_network() - Order of networks, for qsort()
 * @a:		One struct network
 * @b:		Another
 */
static int by_network(const void *a, const void *b)
{
	const struct network *one = a;
	const struct network *two = b;

	return prefix_compare(&one->prefix, &two->prefix);
}

/**
 * by_addr() - Order of addresses, for qsort()
 * @a:		One struct draft_addr
 * @b:		Another
 */
static int by_addr(const void *a, const void *b)
{
	const struct draft_addr *one = a;
	const struct draft_addr *two = b;

	return ip_addr_compare(&one->addr, &two->addr);
}

/**
 * by_route() - Order of routes, for qsort()
 * @a:		One struct policy_route
 * @b:		Another
 */
static int by_route(const void *a, const void *b)
{
	const struct policy_route *one = a;
	const struct policy_route *two = b;

	return strcmp(one->name, two->name);
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
 * finish_networks() - The networks of a site, and their aliases
 * @draft:	Without errors
 * @site:	Receives them
 * @arena:	Receives the arrays
 */
static void finish_networks(const struct draft_site *draft,
			    struct policy_site *site, struct arena *arena)
{
	size_t cnt = draft->network_cnt;
	struct network *both = arena_array(arena, cnt, sizeof(*both));
	struct ip_prefix *networks = arena_array(arena, cnt, sizeof(*networks));
	struct ip_prefix *aliases = NULL;
	size_t i;

	for (i = 0; i < cnt; i++) {
		both[i].prefix = draft->networks[i].prefix;
		if (draft->alias_set)
			both[i].alias = draft->aliases[i].prefix;
	}
	sort(both, cnt, sizeof(*both), by_network);
	if (draft->alias_set)
		aliases = arena_array(arena, cnt, sizeof(*aliases));
	for (i = 0; i < cnt; i++) {
		networks[i] = both[i].prefix;
		if (aliases)
			aliases[i] = both[i].alias;
	}
	site->networks = networks;
	site->aliases = aliases;
	site->network_cnt = cnt;
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
	struct policy_route *routes =
		arena_array(arena, draft->route_cnt, sizeof(*routes));
	struct policy_site site = {
		.name = draft->name.text,
		.services = services,
		.service_cnt = draft->service_cnt,
		.routes = routes,
		.route_cnt = draft->route_cnt,
		.masquerade = draft->masquerade,
		.line = draft->line,
	};
	size_t i;

	for (i = 0; i < draft->service_cnt; i++)
		services[i] = draft->services[i].service;
	sort(services, draft->service_cnt, sizeof(*services), by_service);
	for (i = 0; i < draft->route_cnt; i++)
		routes[i] = draft->routes[i].route;
	sort(routes, draft->route_cnt, sizeof(*routes), by_route);
	finish_networks(draft, &site, arena);
	return site;
}

/**
 * share_sources() - Equal "from" lists are one in memory
 * @draft:	Without errors; its lists are changed
 * @arena:	Memory to work with
 */
static void share_sources(const struct draft *draft, struct arena *arena)
{
	struct prefix_list **lists;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->site_cnt; i++)
		cnt += draft->sites[i].service_cnt + draft->sites[i].route_cnt;
	lists = arena_array(arena, cnt, sizeof(struct prefix_list *));
	for (i = 0, cnt = 0; i < draft->site_cnt; i++) {
		struct draft_site *site = &draft->sites[i];

		for (k = 0; k < site->service_cnt; k++)
			lists[cnt++] = &site->services[k].service.from;
		for (k = 0; k < site->route_cnt; k++)
			lists[cnt++] = &site->routes[k].route.from;
	}
	prefixes_share(lists, cnt);
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

	sort(draft->addrs, draft->addr_cnt, sizeof(*draft->addrs), by_addr);
	for (i = 0; i < draft->addr_cnt; i++) {
		addrs[i] = draft->addrs[i].addr;
		pools[i] = draft->addrs[i].pool;
	}
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

	policy->source = *draft->source;
	policy->source.text = NULL;
	share_sources(draft, arena);
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

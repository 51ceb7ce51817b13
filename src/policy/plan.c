/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * plan.c - The kernel state that a policy wants on one gateway
 */

/**
 * DOC: Ids of services and routes
 *
 * An id stands in the connection mark of flows, so it must not change while
 * they live: not by a reload, a restart, or another service coming or going.
 *
 * Known	A name that had an id keeps it.  An id whose name is gone stays
 *		taken: flows may still carry it.
 * New		A new name gets the id its hash says, so that both ends and a
 *		gateway that lost its memory mostly agree; when it is taken, the
 *		next free one.
 * Full		When there are not enough ids for all names there ever were,
 *		those of names that are gone are free again.
 */

#include "policy/plan.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "policy/prefixes.h"

/* "SITE/SERVICE" or "SITE/ROUTE" with NUL. */
#define FULL_NAME_SIZE   (2 * NAME_LEN_MAX + 2)

#define FNV_OFFSET_BASIS 2166136261u
#define FNV_PRIME        16777619u

/**
 * struct id_space - Who has which id
 * @taken:	Per id: given to a name
 * @known:	Ids given before, by name
 * @known_cnt:	Entries there
 */
struct id_space {
	bool taken[PLAN_ID_MAX + 1];
	struct plan_id *known;
	size_t known_cnt;
};

/**
 * struct numbered - What gets an id
 * @site:	Name of its site
 * @name:	Name of the service or route
 * @id:		The id, 0 as long as it has none
 */
struct numbered {
	const char *site;
	const char *name;
	uint32_t id;
};

/**
 * plan_peers() - The gateways at the other end
 * @plan:	Plan to fill in
 * @arena:	Receives the list
 */
static void plan_peers(struct plan *plan, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	const struct policy_gateway **peers =
		arena_array(arena, policy->gateway_cnt, sizeof(*peers));
	size_t i;

	for (i = 0; i < policy->gateway_cnt; i++) {
		if (policy->gateways[i].role != plan->gateway->role)
			peers[plan->peer_cnt++] = &policy->gateways[i];
	}
	plan->peers = peers;
}

/**
 * add_route() - Append a route, if we have an address of its family
 * @plan:	Plan
 * @routes:	Its routes, with room
 * @to:		Destination
 */
static void add_route(struct plan *plan, struct plan_route *routes,
		      const struct ip_prefix *to)
{
	const struct ip_addr *src =
		gateway_addr(plan->gateway, to->addr.family);

	if (src)
		routes[plan->route_cnt++] = (struct plan_route){*to, *src};
}

/**
 * tunnel_cnt() - How many prefixes all sites have in the tunnel
 * @policy:	Policy
 */
static size_t tunnel_cnt(const struct policy *policy)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < policy->site_cnt; i++)
		cnt += policy->sites[i].network_cnt;
	return cnt;
}

/**
 * sources() - Where flows come from that reach a site with their own source
 * @site:	Site, or NULL: none
 * @arena:	Receives the list
 *
 * Return: what its routes without NAT say, merged
 */
static struct prefix_list sources(const struct policy_site *site,
				  struct arena *arena)
{
	struct ip_prefix *all;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; site && i < site->route_cnt; i++)
		cnt += site->routes[i].nat ? 0 : site->routes[i].from.cnt;
	all = arena_array(arena, cnt, sizeof(*all));
	for (i = 0, cnt = 0; site && i < site->route_cnt; i++) {
		const struct policy_route *route = &site->routes[i];

		for (k = 0; !route->nat && k < route->from.cnt; k++)
			all[cnt++] = route->from.prefixes[k];
	}
	return (struct prefix_list){all, prefixes_merge(all, cnt)};
}

/**
 * plan_routes() - What goes into the TUN: what stands for networks, then peers'
 * pools, then sources beyond them
 * @plan:	Plan to fill in, with its peers
 * @arena:	Receives the list
 */
static void plan_routes(struct plan *plan, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	const struct prefix_list from = sources(plan->gateway->site, arena);
	size_t cnt = tunnel_cnt(policy) + from.cnt;
	struct plan_route *routes;
	size_t i;
	size_t k;

	for (i = 0; i < plan->peer_cnt; i++)
		cnt += plan->peers[i]->addr_cnt;
	routes = arena_array(arena, cnt, sizeof(*routes));

	for (i = 0; plan->gateway->role == ROLE_CLOUD && i < policy->site_cnt;
	     i++) {
		const struct policy_site *site = &policy->sites[i];

		for (k = 0; k < site->network_cnt; k++)
			add_route(plan, routes, &site_tunnel_prefixes(site)[k]);
	}
	for (i = 0; i < plan->peer_cnt; i++) {
		for (k = 0; k < plan->peers[i]->addr_cnt; k++)
			add_route(plan, routes, &plan->peers[i]->pools[k]);
	}
	for (i = 0; i < from.cnt; i++)
		add_route(plan, routes, &from.prefixes[i]);
	plan->routes = routes;
}

/**
 * full_name() - "SITE/SERVICE" or "SITE/ROUTE"
 * @numbered:	Service or route
 * @name:	Receives it
 *
 * Return: @name
 */
static const char *full_name(const struct numbered *numbered,
			     char name[FULL_NAME_SIZE])
{
	snprintf(name, FULL_NAME_SIZE, "%s/%s", numbered->site, numbered->name);
	return name;
}

/**
 * hash_id() - The id that a name gets if nothing is in its way
 * @name:	Full name
 *
 * FNV-1a, 32 bits, folded to 16.  Never change it: gateways of different
 * releases and goldens of rulesets rely on it.
 *
 * Return: 1 to PLAN_ID_CUT, which is none
 */
static uint32_t hash_id(const char *name)
{
	uint32_t hash = FNV_OFFSET_BASIS;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * FNV_PRIME;
	return (hash ^ hash >> 16) % PLAN_MARK_MASK + 1;
}

/**
 * known_compare() - Order of known ids by name, for qsort() and bsearch()
 * @a:		One struct plan_id
 * @b:		Another
 */
static int known_compare(const void *a, const void *b)
{
	const struct plan_id *one = a;
	const struct plan_id *two = b;

	return strcmp(one->name, two->name);
}

/**
 * ids_init() - Take note of the ids given before
 * @ids:	Id space, all free
 * @known:	Ids given before; invalid ones and the second of two names with
 *		the same id are passed over (the file may be damaged)
 * @known_cnt:	Entries there
 * @arena:	Memory for a sorted copy
 */
static void ids_init(struct id_space *ids, const struct plan_id *known,
		     size_t known_cnt, struct arena *arena)
{
	size_t i;

	ids->known = arena_array(arena, known_cnt, sizeof(*ids->known));
	for (i = 0; i < known_cnt; i++) {
		if (known[i].id == 0 || known[i].id > PLAN_ID_MAX ||
		    ids->taken[known[i].id])
			continue;
		ids->taken[known[i].id] = true;
		ids->known[ids->known_cnt++] = known[i];
	}
	if (ids->known_cnt)
		qsort(ids->known, ids->known_cnt, sizeof(*ids->known),
		      known_compare);
}

/**
 * known_id() - The id that a name had before
 * @ids:	Id space
 * @name:	Full name
 *
 * Return: the id, or 0
 */
static uint32_t known_id(const struct id_space *ids, const char *name)
{
	const struct plan_id key = {.name = name};
	const struct plan_id *found = NULL;

	if (ids->known_cnt)
		found = bsearch(&key, ids->known, ids->known_cnt, sizeof(key),
				known_compare);
	return found ? found->id : 0;
}

/**
 * new_id() - An id for a new name; there is a free one
 * @ids:	Id space; the id is taken afterwards
 * @name:	Full name
 *
 * Return: the id
 */
static uint32_t new_id(struct id_space *ids, const char *name)
{
	uint32_t id = hash_id(name);

	while (id > PLAN_ID_MAX || ids->taken[id])
		id = id % PLAN_ID_MAX + 1;
	ids->taken[id] = true;
	return id;
}

/**
 * give_ids() - Each service and route gets its id
 * @all:	Services by name, then routes by name
 * @cnt:	Entries there, fewer than there are ids (check_service.c)
 * @known:	Ids given before
 * @known_cnt:	Entries there
 * @arena:	Memory to work with
 */
static void give_ids(struct numbered *all, size_t cnt,
		     const struct plan_id *known, size_t known_cnt,
		     struct arena *arena)
{
	struct id_space *ids = arena_alloc(arena, sizeof(*ids));
	char name[FULL_NAME_SIZE];
	size_t i;

	ids_init(ids, known, known_cnt, arena);
	for (i = 0; i < cnt; i++)
		all[i].id = known_id(ids, full_name(&all[i], name));

	if (cnt + ids->known_cnt > PLAN_ID_MAX) {
		memset(ids->taken, 0, sizeof(ids->taken));
		for (i = 0; i < cnt; i++)
			ids->taken[all[i].id] = true;
	}
	for (i = 0; i < cnt; i++) {
		if (!all[i].id)
			all[i].id = new_id(ids, full_name(&all[i], name));
	}
}

/**
 * is_ours() - Does what a site has lead through this gateway?
 * @plan:	Plan
 * @site:	Site
 */
static bool is_ours(const struct plan *plan, const struct policy_site *site)
{
	return !plan->gateway->site || plan->gateway->site == site;
}

/**
 * plan_services() - Services that lead through this gateway
 * @plan:	Plan to fill in
 * @arena:	Receives the list
 *
 * The policy has them in order already.
 *
 * Return: the list, to give ids
 */
static struct plan_service *plan_services(struct plan *plan,
					  struct arena *arena)
{
	const struct policy *policy = plan->policy;
	struct plan_service *services;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < policy->site_cnt; i++)
		cnt += policy->sites[i].service_cnt;
	services = arena_array(arena, cnt, sizeof(*services));
	for (i = 0; i < policy->site_cnt; i++) {
		const struct policy_site *site = &policy->sites[i];

		for (k = 0; is_ours(plan, site) && k < site->service_cnt; k++)
			services[plan->service_cnt++] = (struct plan_service){
				.site = site, .service = &site->services[k]};
	}
	plan->services = services;
	return services;
}

/**
 * plan_grants() - Routes that lead through this gateway
 * @plan:	Plan to fill in
 * @arena:	Receives the list
 *
 * Return: the list, to give ids
 */
static struct plan_grant *plan_grants(struct plan *plan, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	const struct policy_gateway *gateway = plan->gateway;
	struct plan_grant *grants;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < policy->site_cnt; i++)
		cnt += policy->sites[i].route_cnt;
	grants = arena_array(arena, cnt, sizeof(*grants));
	for (i = 0; i < policy->site_cnt; i++) {
		const struct policy_site *site = &policy->sites[i];

		for (k = 0; is_ours(plan, site) && k < site->route_cnt; k++) {
			const struct policy_route *route = &site->routes[k];

			if (gateway->role == ROLE_CLOUD && !route->nat &&
			    strcmp(route->via, gateway->name))
				continue;
			grants[plan->grant_cnt++] = (struct plan_grant){
				.site = site, .route = route};
		}
	}
	plan->grants = grants;
	return grants;
}

/**
 * plan_ids() - Services and grants, with their ids
 * @plan:	Plan to fill in
 * @known:	Ids given before
 * @known_cnt:	Entries there
 * @arena:	Receives the lists
 */
static void plan_ids(struct plan *plan, const struct plan_id *known,
		     size_t known_cnt, struct arena *arena)
{
	struct plan_service *services = plan_services(plan, arena);
	struct plan_grant *grants = plan_grants(plan, arena);
	size_t cnt = plan->service_cnt + plan->grant_cnt;
	struct numbered *all = arena_array(arena, cnt, sizeof(*all));
	struct numbered *of_grants = &all[plan->service_cnt];
	size_t i;

	for (i = 0; i < plan->service_cnt; i++)
		all[i] = (struct numbered){services[i].site->name,
					   services[i].service->name, 0};
	for (i = 0; i < plan->grant_cnt; i++)
		of_grants[i] = (struct numbered){grants[i].site->name,
						 grants[i].route->name, 0};
	give_ids(all, cnt, known, known_cnt, arena);
	for (i = 0; i < plan->service_cnt; i++)
		services[i].id = all[i].id;
	for (i = 0; i < plan->grant_cnt; i++)
		grants[i].id = of_grants[i].id;
}

const struct plan *plan_make(const struct policy *policy,
			     const struct policy_gateway *gateway,
			     const struct gateway_conf *conf,
			     const struct plan_id *known, size_t known_cnt,
			     struct arena *arena)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));

	plan->policy = policy;
	plan->gateway = gateway;
	plan->conf = conf;
	plan_peers(plan, arena);
	plan_routes(plan, arena);
	plan_ids(plan, known, known_cnt, arena);
	return plan;
}

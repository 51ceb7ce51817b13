/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * plan.c - The kernel state that a policy wants on one gateway
 */

#include "policy/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** is_peer() - Is it at the other end of @gateway? */
static bool is_peer(const struct policy_gateway *gateway,
		    const struct policy_gateway *other)
{
	return other->role != gateway->role;
}

static void plan_peers(struct plan *plan, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	const struct policy_gateway **peers =
		arena_array(arena, policy->gateway_cnt + 1, sizeof(*peers));
	size_t i;

	for (i = 0; i < policy->gateway_cnt; i++) {
		if (is_peer(plan->gateway, &policy->gateways[i]))
			peers[plan->peer_cnt++] = &policy->gateways[i];
	}
	plan->peers = peers;
}

/** add_route() - One route, unless we lack an address of its family */
static void add_route(struct plan *plan, struct plan_route *routes,
		      const struct ip_prefix *to)
{
	const struct ip_addr *src =
		gateway_addr(plan->gateway, to->addr.family);

	if (src)
		routes[plan->route_cnt++] = (struct plan_route){*to, *src};
}

static void add_peer_routes(struct plan *plan, struct plan_route *routes)
{
	size_t i;
	size_t a;

	for (i = 0; i < plan->peer_cnt; i++) {
		for (a = 0; a < plan->peers[i]->addr_cnt; a++) {
			struct ip_prefix host = {plan->peers[i]->addrs[a], 0};

			host.len = (uint8_t)(8 * ip_addr_len(host.addr.family));
			add_route(plan, routes, &host);
		}
	}
}

static void plan_routes(struct plan *plan, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	struct plan_route *routes;
	size_t cnt = 2 * plan->peer_cnt;
	size_t i;
	size_t n;

	for (i = 0; i < policy->site_cnt; i++)
		cnt += policy->sites[i].network_cnt;
	routes = arena_array(arena, cnt + 1, sizeof(*routes));
	plan->routes = routes;
	if (plan->gateway->role == ROLE_CLOUD) {
		for (i = 0; i < policy->site_cnt; i++) {
			for (n = 0; n < policy->sites[i].network_cnt; n++)
				add_route(plan, routes,
					  &policy->sites[i].networks[n]);
		}
	}
	add_peer_routes(plan, routes);
}

static int by_name(const void *a, const void *b)
{
	const struct plan_service *x = a;
	const struct plan_service *y = b;
	int order = strcmp(x->site->name, y->site->name);

	return order ? order : strcmp(x->service->name, y->service->name);
}

/** full_name() - "SITE/SERVICE" */
static void full_name(const struct plan_service *entry, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", entry->site->name, entry->service->name);
}

/** hash_id() - FNV-1a of a name, folded into the range of ids */
static uint32_t hash_id(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return (hash ^ hash >> 16) % PLAN_ID_MAX + 1;
}

static int known_by_name(const void *a, const void *b)
{
	return strcmp(((const struct plan_id *)a)->name,
		      ((const struct plan_id *)b)->name);
}

/** struct id_space - Which ids are given, and to whom they were given before */
struct id_space {
	uint8_t taken[PLAN_ID_MAX + 1];
	struct plan_id *known; /* sorted by name */
	size_t known_cnt;
};

/** known_id() - The id a name had before, 0 when it had none */
static uint32_t known_id(const struct id_space *ids, const char *name)
{
	struct plan_id key = {.name = name};
	const struct plan_id *found =
		ids->known_cnt ? bsearch(&key, ids->known, ids->known_cnt,
					 sizeof(key), known_by_name)
			       : NULL;

	return found ? found->id : 0;
}

/** free_id() - The id that a new name's hash says, or the next free one */
static uint32_t free_id(const struct id_space *ids, const char *name)
{
	uint32_t id = hash_id(name);
	uint32_t tries;

	for (tries = 0; tries < PLAN_ID_MAX && ids->taken[id]; tries++)
		id = id % PLAN_ID_MAX + 1;
	return id;
}

/**
 * give_ids() - Known names keep theirs, the others take what is free
 *
 * All known ids count as taken, also those of names that are gone: flows may
 * still carry them.
 */
static void give_ids(struct plan_service *services, size_t cnt,
		     const struct plan_id *known, size_t known_cnt,
		     struct arena *arena)
{
	struct id_space *ids = arena_alloc(arena, sizeof(*ids));
	char name[160];
	size_t i;

	ids->known = arena_array(arena, known_cnt + 1, sizeof(*known));
	for (i = 0; i < known_cnt; i++) {
		if (known[i].id == 0 || known[i].id > PLAN_ID_MAX ||
		    ids->taken[known[i].id])
			continue;
		ids->taken[known[i].id] = 1;
		ids->known[ids->known_cnt++] = known[i];
	}
	if (ids->known_cnt)
		qsort(ids->known, ids->known_cnt, sizeof(*known),
		      known_by_name);
	for (i = 0; i < cnt; i++) {
		full_name(&services[i], name, sizeof(name));
		services[i].id = known_id(ids, name);
		if (services[i].id)
			continue;
		services[i].id = free_id(ids, name);
		ids->taken[services[i].id] = 1;
	}
}

static void plan_services(struct plan *plan, const struct plan_id *known,
			  size_t known_cnt, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	struct plan_service *services;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < policy->site_cnt; i++)
		cnt += policy->sites[i].service_cnt;
	services = arena_array(arena, cnt + 1, sizeof(*services));
	for (i = 0; i < policy->site_cnt; i++) {
		const struct policy_site *site = &policy->sites[i];

		if (plan->gateway->site && plan->gateway->site != site)
			continue;
		for (k = 0; k < site->service_cnt; k++)
			services[plan->service_cnt++] = (struct plan_service){
				site, &site->services[k], 0};
	}
	if (plan->service_cnt)
		qsort(services, plan->service_cnt, sizeof(*services), by_name);
	give_ids(services, plan->service_cnt, known, known_cnt, arena);
	plan->services = services;
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
	plan_services(plan, known, known_cnt, arena);
	return plan;
}

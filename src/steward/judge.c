/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * judge.c - Does a policy let a flow be that is already there?
 */

#include "steward/judge.h"

#include <stdlib.h>

#define ICMP_V6 58

/**
 * DOC: From a flow to its service
 *
 * Most flows bear the id of what lets them be, and one look is enough.  For the
 * others (after a target was changed: all of them) services are found by where they
 * lead: a service of one port by its key, which a flow of its must have; services
 * of ranges, which are few, one after the other.
 */

/**
 * struct place - Where the flows of a service of one port lead
 * @target:	As a flow has it: on a cloud gateway its address in the tunnel
 * @public_port: 0 on a site gateway, which does not know it
 */
struct place {
	struct ip_addr target;
	uint8_t proto;
	uint16_t target_port;
	uint16_t public_port;
	const struct plan_service *service;
};

/**
 * struct judge - A plan with an index
 * @services:	By id
 * @grants:	By id
 * @places:	Services of one port, by place and then as in the plan
 * @ranges:	The others, as in the plan
 */
struct judge {
	const struct plan *plan;
	const struct plan_service *services[PLAN_ID_MAX + 1];
	const struct plan_grant *grants[PLAN_ID_MAX + 1];
	struct place *places;
	size_t place_cnt;
	const struct plan_service **ranges;
	size_t range_cnt;
};

/** compare_places() - Order by place alone */
static int compare_places(const struct place *a, const struct place *b)
{
	int order = ip_addr_compare(&a->target, &b->target);

	if (!order)
		order = (int)a->proto - (int)b->proto;
	if (!order)
		order = (int)a->target_port - (int)b->target_port;
	if (!order)
		order = (int)a->public_port - (int)b->public_port;
	return order;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;
	int order = compare_places(x, y);

	if (!order)
		order = x->service < y->service ? -1 : x->service > y->service;
	return order;
}

/** place_of() - Of a service of one port */
static struct place place_of(const struct plan *plan,
			     const struct plan_service *entry)
{
	const struct policy_service *service = entry->service;
	bool cloud = plan->gateway->role == ROLE_CLOUD;

	return (struct place){
		.target =
			cloud ? site_tunnel_addr(entry->site, &service->target)
			      : service->target,
		.proto = (uint8_t)service->proto,
		.target_port = service->target_port,
		.public_port = cloud ? service->public_port : 0,
		.service = entry,
	};
}

/** place_at() - Where a flow leads */
static struct place place_at(const struct plan *plan, const struct flow *flow)
{
	bool cloud = plan->gateway->role == ROLE_CLOUD;

	return (struct place){
		.target = flow->reply.src,
		.proto = flow->proto,
		.target_port = flow->reply.sport,
		.public_port = cloud ? flow->orig.dport : 0,
	};
}

/** index_places() - Fill @places and @ranges */
static void index_places(struct judge *judge)
{
	const struct plan *plan = judge->plan;
	size_t i;

	judge->places = calloc(plan->service_cnt + 1, sizeof(*judge->places));
	judge->ranges = calloc(plan->service_cnt + 1, sizeof(*judge->ranges));
	if (!judge->places || !judge->ranges)
		abort();
	for (i = 0; i < plan->service_cnt; i++) {
		const struct plan_service *entry = &plan->services[i];

		if (entry->service->target_last > entry->service->target_port)
			judge->ranges[judge->range_cnt++] = entry;
		else
			judge->places[judge->place_cnt++] =
				place_of(plan, entry);
	}
	qsort(judge->places, judge->place_cnt, sizeof(*judge->places),
	      by_place);
}

struct judge *judge_new(const struct plan *plan)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	size_t i;

	if (!judge)
		abort();
	judge->plan = plan;
	index_places(judge);
	for (i = 0; i < plan->service_cnt; i++)
		judge->services[plan->services[i].id] = &plan->services[i];
	for (i = 0; i < plan->grant_cnt; i++)
		judge->grants[plan->grants[i].id] = &plan->grants[i];
	return judge;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	free(judge->places);
	free(judge->ranges);
	free(judge);
}

/** list_has() - Is an address in a list?  An empty one is everybody */
static bool list_has(const struct prefix_list *list, const struct ip_addr *addr)
{
	size_t low = 0;
	size_t high = list->cnt;

	/* They do not overlap: only the last one that begins before it may. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ip_addr_compare(&list->prefixes[middle].addr, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return !list->cnt ||
	       (low && ip_prefix_contains(&list->prefixes[low - 1], addr));
}

/** is_peer() - Is an address one of the gateways' at the other end? */
static bool is_peer(const struct plan *plan, const struct ip_addr *addr)
{
	size_t i;

	for (i = 0; i < plan->peer_cnt; i++) {
		const struct ip_prefix *pool =
			gateway_pool(plan->peers[i], addr->family);

		if (pool && ip_prefix_contains(pool, addr))
			return true;
	}
	return false;
}

/** is_own() - Is an address one that this gateway gives to flows? */
static bool is_own(const struct plan *plan, const struct ip_addr *addr)
{
	const struct ip_prefix *pool =
		gateway_pool(plan->gateway, addr->family);

	return pool && ip_prefix_contains(pool, addr);
}

/** is_at_site() - Does an address stand for one of a site, in the tunnel? */
static bool is_at_site(const struct plan *plan, const struct ip_addr *addr)
{
	const struct policy *policy = plan->policy;
	size_t i;
	size_t n;

	for (i = 0; i < policy->site_cnt; i++) {
		const struct ip_prefix *prefixes =
			site_tunnel_prefixes(&policy->sites[i]);

		for (n = 0; n < policy->sites[i].network_cnt; n++) {
			if (ip_prefix_contains(&prefixes[n], addr))
				return true;
		}
	}
	return false;
}

bool judge_is_ours(const struct judge *judge, const struct flow *flow)
{
	const struct plan *plan = judge->plan;
	size_t i;

	if (plan->gateway->role == ROLE_CLOUD)
		return is_own(plan, &flow->reply.dst) ||
		       is_at_site(plan, &flow->reply.src);
	if (is_peer(plan, &flow->orig.src))
		return true;
	for (i = 0; i < plan->grant_cnt; i++) {
		const struct policy_route *route = plan->grants[i].route;

		if (!route->nat && list_has(&route->from, &flow->orig.src))
			return true;
	}
	return false;
}

/** last_of() - The last port of a range; a single one may leave it 0 */
static uint16_t last_of(uint16_t first, uint16_t last)
{
	return last > first ? last : first;
}

/** serves_cloud() - Would this service take a flow there, on a cloud gateway? */
static bool serves_cloud(const struct plan *plan,
			 const struct plan_service *entry,
			 const struct flow *flow)
{
	const struct policy_service *service = entry->service;
	struct ip_addr target = site_tunnel_addr(entry->site, &service->target);
	uint16_t port = flow->orig.dport;

	return flow->proto == (uint8_t)service->proto &&
	       port >= service->public_port &&
	       port <= last_of(service->public_port, service->public_last) &&
	       flow->reply.sport ==
		       service->target_port + (port - service->public_port) &&
	       ip_addr_equal(&flow->reply.src, &target) &&
	       is_own(plan, &flow->reply.dst) &&
	       (service->public_addr.family == IP_NONE ||
		ip_addr_equal(&flow->orig.dst, &service->public_addr)) &&
	       list_has(&service->from, &flow->orig.src);
}

/** serves_site() - Likewise on a site gateway */
static bool serves_site(const struct plan *plan,
			const struct plan_service *entry,
			const struct flow *flow)
{
	const struct policy_service *service = entry->service;
	uint16_t port = flow->reply.sport;

	return flow->proto == (uint8_t)service->proto &&
	       port >= service->target_port &&
	       port <= last_of(service->target_port, service->target_last) &&
	       ip_addr_equal(&flow->reply.src, &service->target) &&
	       is_peer(plan, &flow->orig.src);
}

static bool serves(const struct plan *plan, const struct plan_service *entry,
		   const struct flow *flow)
{
	if (plan->gateway->role == ROLE_CLOUD)
		return serves_cloud(plan, entry, flow);
	return serves_site(plan, entry, flow);
}

/** allows() - Is what a flow is among what a route lets through? */
static bool allows(const struct policy_route *route, const struct flow *flow)
{
	bool ping = flow->proto == PROTO_ICMP || flow->proto == ICMP_V6;
	size_t i;

	for (i = 0; i < route->allow_cnt; i++) {
		const struct policy_allow *allow = &route->allow[i];

		if (allow->proto == PROTO_ICMP && ping)
			return true;
		if (flow->proto == (uint8_t)allow->proto && !ping &&
		    flow->reply.sport >= allow->first &&
		    flow->reply.sport <= allow->last)
			return true;
	}
	return false;
}

/** grants() - Would this route take a flow there? */
static bool grants(const struct plan *plan, const struct plan_grant *entry,
		   const struct flow *flow)
{
	const struct policy_route *route = entry->route;
	struct ip_prefix to = route->to;

	if (!allows(route, flow))
		return false;
	if (plan->gateway->role == ROLE_CLOUD) {
		to.addr = site_tunnel_addr(entry->site, &to.addr);
		return ip_prefix_contains(&to, &flow->reply.src) &&
		       list_has(&route->from, &flow->orig.src) &&
		       (route->nat ? is_own(plan, &flow->reply.dst)
				   : ip_addr_equal(&flow->reply.dst,
						   &flow->orig.src));
	}
	return ip_prefix_contains(&to, &flow->reply.src) &&
	       (route->nat ? is_peer(plan, &flow->orig.src)
			   : list_has(&route->from, &flow->orig.src));
}

/** first_place() - The first that does not come before a place */
static size_t first_place(const struct judge *judge, const struct place *place)
{
	size_t low = 0;
	size_t high = judge->place_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(&judge->places[middle], place) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** find_service() - The first of the plan that would take a flow; or NULL */
static const struct plan_service *find_service(const struct judge *judge,
					       const struct flow *flow)
{
	const struct place place = place_at(judge->plan, flow);
	const struct plan_service *found = NULL;
	size_t i;

	for (i = first_place(judge, &place);
	     i < judge->place_cnt && !found &&
	     !compare_places(&judge->places[i], &place);
	     i++) {
		if (serves(judge->plan, judge->places[i].service, flow))
			found = judge->places[i].service;
	}
	for (i = 0; i < judge->range_cnt; i++) {
		if (found && found < judge->ranges[i])
			break;
		if (serves(judge->plan, judge->ranges[i], flow))
			return judge->ranges[i];
	}
	return found;
}

uint32_t judge_flow(const struct judge *judge, const struct flow *flow)
{
	const struct plan *plan = judge->plan;
	const struct plan_service *service;
	uint32_t id = flow->mark & PLAN_MARK_MASK;
	size_t i;

	if (id <= PLAN_ID_MAX && judge->services[id] &&
	    serves(plan, judge->services[id], flow))
		return id;
	if (id <= PLAN_ID_MAX && judge->grants[id] &&
	    grants(plan, judge->grants[id], flow))
		return id;
	service = find_service(judge, flow);
	if (service)
		return service->id;
	/* On a cloud gateway a flow that was translated came by a public port;
	 * on a site gateway it went to an alias. */
	if (plan->gateway->role == ROLE_CLOUD &&
	    !ip_addr_equal(&flow->orig.dst, &flow->reply.src))
		return 0;
	for (i = 0; i < plan->grant_cnt; i++) {
		if (grants(plan, &plan->grants[i], flow))
			return plan->grants[i].id;
	}
	return 0;
}

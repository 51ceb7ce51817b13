/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * judge.c - Does a policy let a flow be that is already there?
 */

#include "steward/judge.h"

#include <stdlib.h>

#define ICMP_V6 58

/**
 * struct judge - A plan with an index
 * @services:	By id
 * @grants:	By id
 */
struct judge {
	const struct plan *plan;
	const struct plan_service *services[PLAN_ID_MAX + 1];
	const struct plan_grant *grants[PLAN_ID_MAX + 1];
};

struct judge *judge_new(const struct plan *plan)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	size_t i;

	if (!judge)
		abort();
	judge->plan = plan;
	for (i = 0; i < plan->service_cnt; i++)
		judge->services[plan->services[i].id] = &plan->services[i];
	for (i = 0; i < plan->grant_cnt; i++)
		judge->grants[plan->grants[i].id] = &plan->grants[i];
	return judge;
}

void judge_free(struct judge *judge)
{
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

uint32_t judge_flow(const struct judge *judge, const struct flow *flow)
{
	const struct plan *plan = judge->plan;
	uint32_t id = flow->mark & PLAN_MARK_MASK;
	size_t i;

	if (id <= PLAN_ID_MAX && judge->services[id] &&
	    serves(plan, judge->services[id], flow))
		return id;
	if (id <= PLAN_ID_MAX && judge->grants[id] &&
	    grants(plan, judge->grants[id], flow))
		return id;
	for (i = 0; i < plan->service_cnt; i++) {
		if (serves(plan, &plan->services[i], flow))
			return plan->services[i].id;
	}
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

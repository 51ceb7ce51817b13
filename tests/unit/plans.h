/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * plans.h - Plans that use everything the policy knows, made of numbers
 *
 * The same numbers give the same plan, on any machine.
 */

#ifndef TESTS_PLANS_H
#define TESTS_PLANS_H

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "policy/plan.h"

/** struct dice - Numbers that look random */
struct dice {
	uint64_t state;
};

/** roll() - Return: 0 to @sides - 1 */
static inline uint32_t roll(struct dice *dice, uint32_t sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice->state >> 33) % sides;
}

static inline struct ip_addr plans_addr(const char *text)
{
	struct ip_addr addr = {.family = IP_NONE};

	if (ip_addr_parse(text, &addr))
		memset(&addr, 0, sizeof(addr));
	return addr;
}

static inline struct ip_prefix plans_prefix(const char *text)
{
	struct ip_prefix prefix = {.len = 0};

	if (ip_prefix_parse(text, &prefix))
		memset(&prefix, 0, sizeof(prefix));
	return prefix;
}

static inline struct ip_prefix *plans_prefixes(struct arena *arena, size_t cnt,
					       const char *const *texts)
{
	struct ip_prefix *prefixes = arena_array(arena, cnt, sizeof(*prefixes));
	size_t i;

	for (i = 0; i < cnt; i++)
		prefixes[i] = plans_prefix(texts[i]);
	return prefixes;
}

/** plans_from() - A list of sources of either family, often one of a few */
static inline struct prefix_list plans_from(struct dice *dice,
					    struct arena *arena)
{
	static const char *const lists[][18] = {
		{"172.16.0.0/16", "203.0.113.0/24", "2001:db8:1::/48"},
		{"192.0.2.1/32", "198.51.100.0/24", "2001:db8:2::/48"},
		{"0.0.0.0/1", "128.0.0.0/2", "::/0"},
		/* Too many to stand in a rule. */
		{"203.0.113.7/32", "203.0.113.9/32", "203.0.113.10/31",
		 "203.0.113.64/26", "203.0.113.200/32", "203.0.113.202/32",
		 "203.0.113.204/32", "203.0.113.206/32", "203.0.113.208/32",
		 "203.0.113.210/32", "203.0.113.212/32", "203.0.113.214/32",
		 "203.0.113.216/32", "203.0.113.218/32", "203.0.113.220/32",
		 "203.0.113.222/32", "203.0.113.224/32"},
	};
	const char *const *list = lists[roll(dice, 4)];
	size_t cnt = 0;

	while (cnt < sizeof(lists[0]) / sizeof(*lists[0]) && list[cnt])
		cnt++;
	return (struct prefix_list){plans_prefixes(arena, cnt, list), cnt};
}

/** plans_service() - Number @n of a site whose networks end in .0.0/16 and so */
static inline void plans_service(struct dice *dice, struct arena *arena,
				 struct policy_service *service, uint32_t n,
				 uint32_t net)
{
	bool v6 = roll(dice, 3) == 0;
	uint16_t port = (uint16_t)(1000 + 20 * n);
	char text[64];

	snprintf(text, sizeof(text), "s%u", n);
	*service = (struct policy_service){
		.name = arena_strdup(arena, text),
		.proto = roll(dice, 2) ? PROTO_TCP : PROTO_UDP,
		.public_port = port,
		.public_last = port,
		.idle_timeout_s = roll(dice, 4) ? 0 : 30 * (1 + roll(dice, 3)),
	};
	snprintf(text, sizeof(text), v6 ? "fd00:%u::%u" : "10.%u.0.%u", net,
		 1 + roll(dice, 200));
	service->target = plans_addr(text);
	if (roll(dice, 3) == 0)
		service->public_addr =
			plans_addr(v6 ? "2001:db8::7" : "198.51.100.7");
	service->target_port =
		roll(dice, 2) ? port : (uint16_t)(2000 + roll(dice, 100));
	service->target_last = service->target_port;
	if (roll(dice, 4) == 0) {
		uint16_t more = (uint16_t)(1 + roll(dice, 15));

		service->public_last = (uint16_t)(port + more);
		service->target_last = (uint16_t)(service->target_port + more);
	}
	if (roll(dice, 3) == 0)
		service->from = plans_from(dice, arena);
}

/** plans_route() - Number @n of a site; they lie within each other */
static inline void plans_route(struct dice *dice, struct arena *arena,
			       struct policy_route *route, uint32_t n,
			       uint32_t net)
{
	static const struct policy_allow allows[] = {{PROTO_ICMP, 0, 0},
						     {PROTO_TCP, 22, 22},
						     {PROTO_TCP, 8000, 8100},
						     {PROTO_UDP, 1, 65535}};
	bool v6 = roll(dice, 3) == 0;
	uint32_t first = roll(dice, 3);
	char text[64];

	snprintf(text, sizeof(text), "r%u", n);
	*route = (struct policy_route){
		.name = arena_strdup(arena, text),
		.allow = &allows[first],
		.allow_cnt = 1 + roll(dice, 4 - first),
		.nat = roll(dice, 3) != 0,
	};
	if (v6)
		snprintf(text, sizeof(text), "fd00:%u::%x00/%u", net,
			 roll(dice, 4), 120);
	else
		snprintf(text, sizeof(text), "10.%u.0.%u/%u", net,
			 64 * roll(dice, 4), 26 + 2 * roll(dice, 4));
	route->to = plans_prefix(text);
	if (!route->nat || roll(dice, 2))
		route->from = plans_from(dice, arena);
}

/** plans_site() - Number @net, 1 or more; odd ones have an alias */
static inline void plans_site(struct dice *dice, struct arena *arena,
			      struct policy_site *site, uint32_t net)
{
	struct policy_service *services;
	struct policy_route *routes;
	char v4[64];
	char v6[64];
	const char *const texts[] = {v4, v6};
	uint32_t i;

	snprintf(v4, sizeof(v4), "site%u", net);
	*site = (struct policy_site){
		.name = arena_strdup(arena, v4),
		.network_cnt = 2,
		.service_cnt = 2 + roll(dice, 12),
		.route_cnt = roll(dice, 6),
		.masquerade = roll(dice, 2),
	};
	snprintf(v4, sizeof(v4), "10.%u.0.0/24", net);
	snprintf(v6, sizeof(v6), "fd00:%u::/112", net);
	site->networks = plans_prefixes(arena, 2, texts);
	if (net % 2) {
		snprintf(v4, sizeof(v4), "100.80.%u.0/24", net);
		snprintf(v6, sizeof(v6), "fd80:%u::/112", net);
		site->aliases = plans_prefixes(arena, 2, texts);
	}
	services = arena_array(arena, site->service_cnt, sizeof(*services));
	for (i = 0; i < site->service_cnt; i++)
		plans_service(dice, arena, &services[i], 100 * net + i, net);
	site->services = services;
	routes = arena_array(arena, site->route_cnt, sizeof(*routes));
	for (i = 0; i < site->route_cnt; i++)
		plans_route(dice, arena, &routes[i], i, net);
	site->routes = routes;
}

/** plans_gateway() - With addresses of both families, and pools around them */
static inline void plans_gateway(struct arena *arena,
				 struct policy_gateway *gateway,
				 const char *name, const char *v4,
				 const char *v6, const struct policy_site *site)
{
	struct ip_addr *addrs = arena_array(arena, 2, sizeof(*addrs));
	struct ip_prefix *pools = arena_array(arena, 2, sizeof(*pools));

	addrs[0] = plans_addr(v4);
	addrs[1] = plans_addr(v6);
	pools[0] = ip_prefix_of(&addrs[0]);
	pools[1] = ip_prefix_of(&addrs[1]);
	if (!site) {
		pools[0].len = 28;
		pools[0].addr.bytes[3] &= 0xf0;
		pools[1].len = 124;
		pools[1].addr.bytes[15] &= 0xf0;
	}
	*gateway = (struct policy_gateway){
		.name = name,
		.role = site ? ROLE_SITE : ROLE_CLOUD,
		.site = site,
		.addrs = addrs,
		.pools = pools,
		.addr_cnt = 2,
	};
}

/** plans_ids() - Number services and routes: by name, whatever else there is */
static inline void plans_ids(struct plan *plan, struct arena *arena)
{
	const struct policy *policy = plan->policy;
	struct plan_service *services =
		arena_array(arena, 64, sizeof(*services));
	struct plan_grant *grants = arena_array(arena, 32, sizeof(*grants));
	size_t i;
	size_t k;

	for (i = 0; i < policy->site_cnt; i++) {
		const struct policy_site *site = &policy->sites[i];

		if (plan->gateway->site && plan->gateway->site != site)
			continue;
		for (k = 0; k < site->service_cnt; k++)
			services[plan->service_cnt++] = (struct plan_service){
				site, &site->services[k],
				(uint32_t)(100 * (i + 1) + k)};
		for (k = 0; k < site->route_cnt; k++)
			grants[plan->grant_cnt++] = (struct plan_grant){
				site, &site->routes[k],
				(uint32_t)(1000 + 100 * i + k)};
	}
	plan->services = services;
	plan->grants = grants;
}

/** plans_make() - Of the gateway that @role names: "edge-1" or "site1-a" */
static inline const struct plan *plans_make(uint64_t seed,
					    enum gateway_role role,
					    struct arena *arena)
{
	struct dice dice = {seed};
	struct policy_gateway *gateways =
		arena_array(arena, 4, sizeof(*gateways));
	struct policy_site *sites = arena_array(arena, 2, sizeof(*sites));
	struct policy *policy = arena_alloc(arena, sizeof(*policy));
	struct gateway_conf *conf = arena_alloc(arena, sizeof(*conf));
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	const struct policy_gateway **peers =
		arena_array(arena, 4, sizeof(*peers));
	size_t i;

	plans_site(&dice, arena, &sites[0], 1);
	plans_site(&dice, arena, &sites[1], 2);
	plans_gateway(arena, &gateways[0], "edge-1", "100.64.0.1", "fd64:1::1",
		      NULL);
	plans_gateway(arena, &gateways[1], "edge-2", "100.64.1.1", "fd64:2::1",
		      NULL);
	plans_gateway(arena, &gateways[2], "site1-a", "100.64.2.1", "fd64:3::1",
		      &sites[0]);
	plans_gateway(arena, &gateways[3], "site2-a", "100.64.2.2", "fd64:3::2",
		      &sites[1]);
	*policy = (struct policy){.gateways = gateways,
				  .gateway_cnt = 4,
				  .sites = sites,
				  .site_cnt = 2};
	conf->tun_name = "rt0";
	*plan = (struct plan){
		.policy = policy,
		.gateway = &gateways[role == ROLE_CLOUD ? 0 : 2],
		.conf = conf,
		.peers = peers,
	};
	conf->name = plan->gateway->name;
	for (i = 0; i < 4; i++) {
		if (gateways[i].role != role)
			peers[plan->peer_cnt++] = &gateways[i];
	}
	plans_ids(plan, arena);
	return plan;
}

#endif /* TESTS_PLANS_H */

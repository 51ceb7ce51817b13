/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_judge.c - Does a policy let a flow be that is already there?
 */

#include "steward/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "plans.h"
#include "policy/parse.h"

static const char policy_text[] =
	"version = 1;\n"
	"gateways = (\n"
	" { name = \"edge-1\"; role = \"cloud\"; address = \"100.64.0.17/28\"; "
	"},\n"
	" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\";\n"
	"   address = \"100.64.1.1\"; relays = \"wss://h/oslo-a\"; } );\n"
	"sites = ( { name = \"oslo\"; networks = \"10.1.0.0/24\";\n"
	" alias = \"100.80.1.0/24\"; services = (\n"
	" { name = \"web\"; public = \"tcp/8443\"; target = \"10.1.0.5:443\"; "
	"},\n"
	" { name = \"sql\"; public = \"198.51.100.7:tcp/5432\";\n"
	"   target = \"10.1.0.9:5432\"; from = [ \"203.0.113.0/24\",\n"
	"   \"192.0.2.1\" ]; },\n"
	" { name = \"media\"; public = \"udp/1000-1010\";\n"
	"   target = \"10.1.0.7:2000-2010\"; },\n"
	" { name = \"early\"; public = \"udp/3005\"; "
	"target = \"10.1.0.7:2005\"; },\n"
	" { name = \"oracle\"; public = \"udp/3006\"; "
	"target = \"10.1.0.7:2006\"; },\n"
	" { name = \"twin\"; public = \"198.51.100.9:tcp/5432\"; "
	"target = \"10.1.0.9:5432\"; } );\n"
	" routes = (\n"
	" { name = \"plain\"; to = \"10.1.0.0/25\"; allow = [ \"tcp/22\", "
	"\"icmp\" ]; },\n"
	" { name = \"kept\"; to = \"10.1.0.9\"; allow = \"udp\"; nat = false;\n"
	"   via = \"edge-1\"; from = \"172.16.0.0/16\"; } ); } );\n";

/** struct fixture - Both ends' plans */
struct fixture {
	struct arena arena;
	struct gateway_conf conf;
	const struct plan *cloud;
	const struct plan *site;
};

static void fixture_open(struct fixture *f)
{
	const struct policy *policy;
	struct diag diag;

	arena_init(&f->arena);
	diag_init(&diag);
	memset(&f->conf, 0, sizeof(f->conf));
	policy = policy_parse(policy_text, "p", &f->arena, &diag);
	diag_fini(&diag);
	assert_non_null(policy);
	f->cloud = plan_make(policy, policy_gateway_find(policy, "edge-1"),
			     &f->conf, NULL, 0, &f->arena);
	f->site = plan_make(policy, policy_gateway_find(policy, "oslo-a"),
			    &f->conf, NULL, 0, &f->arena);
}

/** id_of() - Of a service or route, 0 for "" */
static uint32_t id_of(const struct plan *plan, const char *name)
{
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		if (!strcmp(plan->services[i].service->name, name))
			return plan->services[i].id;
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		if (!strcmp(plan->grants[i].route->name, name))
			return plan->grants[i].id;
	}
	assert_string_equal(name, "");
	return 0;
}

/**
 * struct seen - A flow in short
 * @mark:	Name of whose it bears
 * @flow:	"PROTOCOL CLIENT DESTINATION:PORT > TARGET:PORT as ADDRESS", where
 *		the last is what the target takes for the client; without it, an
 *		address that the gateway uses
 * @by:		Who lets it be
 */
struct seen {
	const char *mark;
	const char *flow;
	const char *by;
};

/** proto_of() - "tcp", "udp" or "icmp" */
static uint8_t proto_of(const char *name)
{
	if (!strcmp(name, "tcp"))
		return PROTO_TCP;
	return !strcmp(name, "udp") ? PROTO_UDP : 1;
}

static struct flow flow_of(const struct plan *plan, const struct seen *seen)
{
	bool cloud = plan->gateway->role == ROLE_CLOUD;
	const char *own = cloud ? "100.64.0.20" : "10.1.0.1";
	char proto[8];
	char src[16];
	char dst[16];
	char target[16];
	char back[16];
	unsigned int dport;
	unsigned int target_port;
	int cnt = sscanf(seen->flow, "%7s %15s %15[^:]:%u > %15[^:]:%u as %15s",
			 proto, src, dst, &dport, target, &target_port, back);

	assert_true(cnt >= 6);
	return (struct flow){
		.proto = proto_of(proto),
		.mark = 0xabcd0000 | id_of(plan, seen->mark),
		.orig = {plans_addr(src), plans_addr(dst), 50000,
			 (uint16_t)dport},
		.reply = {plans_addr(target), plans_addr(cnt == 7 ? back : own),
			  (uint16_t)target_port, 40000},
	};
}

static void expect_all(const struct plan *plan, const struct seen *table,
		       size_t cnt)
{
	struct judge *judge = judge_new(plan);
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct flow flow = flow_of(plan, &table[i]);
		uint32_t want = id_of(plan, table[i].by);

		if (judge_flow(judge, &flow) != want)
			fail_msg("line %zu: %u, not %u", i,
				 judge_flow(judge, &flow), want);
	}
	judge_free(judge);
}

static const struct seen cloud_flows[] = {
	{"web", "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:443", "web"},
	/* renamed: nobody has the mark, but it leads there */
	{"sql", "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:443", "web"},
	{"", "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:443", "web"},
	/* another target, its port, the real address, another proto */
	{"web", "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.6:443", ""},
	{"web", "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:444", ""},
	{"web", "tcp 203.0.113.2 203.0.113.1:8443 > 10.1.0.5:443", ""},
	{"web", "udp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:443", ""},
	/* our address is another now */
	{"web",
	 "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:443 as 100.64.0.33",
	 ""},
	/* from, and the one public address */
	{"sql", "tcp 203.0.113.2 198.51.100.7:5432 > 100.80.1.9:5432", "sql"},
	{"sql", "tcp 192.0.2.1 198.51.100.7:5432 > 100.80.1.9:5432", "sql"},
	{"sql", "tcp 192.0.2.2 198.51.100.7:5432 > 100.80.1.9:5432", ""},
	{"sql", "tcp 10.0.0.1 198.51.100.7:5432 > 100.80.1.9:5432", ""},
	{"sql", "tcp 203.0.113.2 198.51.100.8:5432 > 100.80.1.9:5432", ""},
	/* what differs in that address only */
	{"", "tcp 203.0.113.2 198.51.100.9:5432 > 100.80.1.9:5432", "twin"},
	{"", "tcp 203.0.113.2 198.51.100.7:5432 > 100.80.1.9:5432", "sql"},
	/* a shifted range */
	{"media", "udp 10.0.0.1 203.0.113.1:1010 > 100.80.1.7:2010", "media"},
	{"media", "udp 10.0.0.1 203.0.113.1:1010 > 100.80.1.7:2009", ""},
	{"media", "udp 10.0.0.1 203.0.113.1:1011 > 100.80.1.7:2011", ""},
	/* routes */
	{"plain", "tcp 10.0.0.1 100.80.1.5:22 > 100.80.1.5:22", "plain"},
	{"plain", "icmp 10.0.0.1 100.80.1.5:0 > 100.80.1.5:0", "plain"},
	{"plain", "tcp 10.0.0.1 100.80.1.5:23 > 100.80.1.5:23", ""},
	{"plain", "tcp 10.0.0.1 100.80.1.200:22 > 100.80.1.200:22", ""},
	{"kept", "udp 172.16.0.1 100.80.1.9:5 > 100.80.1.9:5 as 172.16.0.1",
	 "kept"},
	{"kept", "udp 172.17.0.1 100.80.1.9:5 > 100.80.1.9:5 as 172.17.0.1",
	 ""},
	{"kept", "udp 172.16.0.1 100.80.1.9:5 > 100.80.1.9:5", ""},
	/* a service that is gone is not a route's */
	{"web", "tcp 203.0.113.2 203.0.113.1:22 > 100.80.1.5:22", ""},
};

static void a_cloud_gateway_lets_be_what_it_would_let_in(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	expect_all(f.cloud, cloud_flows,
		   sizeof(cloud_flows) / sizeof(*cloud_flows));
	arena_fini(&f.arena);
}

static const struct seen site_flows[] = {
	{"web", "tcp 100.64.0.20 100.80.1.5:443 > 10.1.0.5:443", "web"},
	{"media", "tcp 100.64.0.20 100.80.1.5:443 > 10.1.0.5:443", "web"},
	{"web", "tcp 100.64.0.20 100.80.1.5:444 > 10.1.0.5:444", ""},
	{"web", "tcp 100.64.0.40 100.80.1.5:443 > 10.1.0.5:443", ""},
	{"media", "udp 100.64.0.20 100.80.1.7:2003 > 10.1.0.7:2003", "media"},
	/* a port inside a range: whichever comes first in the plan */
	{"", "udp 100.64.0.20 100.80.1.7:2005 > 10.1.0.7:2005", "early"},
	{"", "udp 100.64.0.20 100.80.1.7:2006 > 10.1.0.7:2006", "media"},
	{"plain", "tcp 100.64.0.20 100.80.1.5:22 > 10.1.0.5:22", "plain"},
	{"plain", "tcp 172.16.0.1 100.80.1.5:22 > 10.1.0.5:22 as 172.16.0.1",
	 ""},
	{"kept", "udp 172.16.0.1 100.80.1.9:5 > 10.1.0.9:5 as 172.16.0.1",
	 "kept"},
};

static void a_site_gateway_lets_be_what_it_would_let_in(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	expect_all(f.site, site_flows,
		   sizeof(site_flows) / sizeof(*site_flows));
	arena_fini(&f.arena);
}

static void others_flows_are_not_ours_whatever_their_mark(void **state)
{
	static const struct seen ours = {
		"web", "tcp 203.0.113.2 203.0.113.1:8443 > 100.80.1.5:443", ""};
	static const struct seen kept = {
		"kept",
		"udp 172.16.0.1 100.80.1.9:5 > 100.80.1.9:5 as 172.16.0.1", ""};
	static const struct seen other = {"web",
					  "tcp 203.0.113.2 203.0.113.1:8443 > "
					  "10.1.0.5:443 as 192.168.0.1",
					  ""};
	struct fixture f;
	struct judge *judge;
	struct flow flow;

	(void)state;
	fixture_open(&f);
	judge = judge_new(f.cloud);
	flow = flow_of(f.cloud, &ours);
	assert_true(judge_is_ours(judge, &flow));
	flow = flow_of(f.cloud, &kept);
	assert_true(judge_is_ours(judge, &flow));
	flow = flow_of(f.cloud, &other);
	assert_false(judge_is_ours(judge, &flow));
	judge_free(judge);
	judge = judge_new(f.site);
	assert_false(judge_is_ours(judge, &flow));
	flow = flow_of(f.cloud, &kept);
	assert_true(judge_is_ours(judge, &flow));
	judge_free(judge);
	arena_fini(&f.arena);
}

/** near() - A flow that some service of a plan takes, or would but for a trifle */
static struct flow near(struct dice *dice, const struct plan *plan)
{
	const struct plan_service *entry =
		&plan->services[roll(dice, (uint32_t)plan->service_cnt)];
	const struct policy_service *service = entry->service;
	bool cloud = plan->gateway->role == ROLE_CLOUD;
	uint16_t step = (uint16_t)(roll(dice, 3) ? 0 : roll(dice, 17));
	struct flow flow = {
		.proto = (uint8_t)service->proto,
		.orig = {.dport = (uint16_t)(service->public_port + step)},
		.reply = {.src = cloud ? site_tunnel_addr(entry->site,
							  &service->target)
				       : service->target,
			  .sport = (uint16_t)(service->target_port + step)},
	};
	enum ip_family family = service->target.family;

	flow.orig.src = cloud ? service->from.cnt
					? service->from.prefixes[0].addr
					: plans_addr("9.9.9.9")
			      : *gateway_addr(plan->peers[0], family);
	flow.orig.dst = service->public_addr;
	flow.reply.dst = *gateway_addr(plan->gateway, family);
	if (!roll(dice, 8))
		flow.orig.src = plans_addr("203.0.113.9");
	if (!roll(dice, 8))
		flow.reply.src.bytes[3] ^= 1;
	if (!roll(dice, 8))
		flow.orig.dport++;
	return flow;
}

/** judged_slowly() - As judge_flow() of a flow without mark: each service of the
 *  plan alone, one after the other, then all routes */
static uint32_t judged_slowly(const struct plan *plan, const struct flow *flow)
{
	uint32_t id = 0;
	size_t i;

	for (i = 0; i <= plan->service_cnt && !id; i++) {
		bool services = i < plan->service_cnt;
		struct plan part = *plan;
		struct judge *judge;

		part.services = services ? &plan->services[i] : NULL;
		part.service_cnt = services;
		if (services)
			part.grant_cnt = 0;
		judge = judge_new(&part);
		id = judge_flow(judge, flow);
		judge_free(judge);
	}
	return id;
}

static void the_index_finds_the_first_of_the_plan(void **state)
{
	struct dice dice = {20261124};
	size_t taken = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 40; seed++) {
		struct arena arena;
		const struct plan *plan;
		struct judge *judge;
		int i;

		arena_init(&arena);
		plan = plans_make(seed, seed % 2 ? ROLE_SITE : ROLE_CLOUD,
				  &arena);
		judge = judge_new(plan);
		for (i = 0; i < 20; i++) {
			struct flow flow = near(&dice, plan);
			uint32_t id = judge_flow(judge, &flow);

			assert_int_equal(id, judged_slowly(plan, &flow));
			taken += id != 0;
		}
		judge_free(judge);
		arena_fini(&arena);
	}
	/* Both answers were tried. */
	assert_in_range(taken, 200, 700);
}

#define MANY 10000

static void of_many_services_only_those_that_lead_there_are_asked(void **state)
{
	struct ip_prefix network = plans_prefix("10.0.0.0/8");
	struct ip_addr addr = plans_addr("100.64.0.1");
	struct ip_prefix pool = ip_prefix_of(&addr);
	struct policy_gateway gateway = {
		.addrs = &addr, .pools = &pool, .addr_cnt = 1};
	struct policy_site site = {.networks = &network, .network_cnt = 1};
	struct policy policy = {.sites = &site, .site_cnt = 1};
	struct policy_service *services = calloc(MANY, sizeof(*services));
	struct plan_service *entries = calloc(MANY, sizeof(*entries));
	struct plan plan = {.policy = &policy,
			    .gateway = &gateway,
			    .services = entries,
			    .service_cnt = MANY};
	struct flow flow = {.proto = PROTO_TCP};
	clock_t begin = clock();
	struct judge *judge;
	unsigned int i;

	(void)state;
	gateway.role = ROLE_CLOUD;
	assert_true(services && entries);
	for (i = 0; i < MANY; i++) {
		services[i] = (struct policy_service){
			.proto = PROTO_TCP,
			.public_port = (uint16_t)(i + 1),
			.target_port = (uint16_t)(i + 1),
			.target = plans_addr("10.1.0.7"),
		};
		entries[i] = (struct plan_service){&site, &services[i], i + 1};
	}
	judge = judge_new(&plan);
	flow.reply.src = services[0].target;
	flow.reply.dst = addr;
	for (i = 0; i < 10 * MANY; i++) {
		flow.orig.dport = (uint16_t)(i % 60000);
		flow.reply.sport = (uint16_t)(i % 60000);
		assert_int_equal(judge_flow(judge, &flow),
				 i % 60000 <= MANY ? i % 60000 : 0);
	}
	/* One after the other took a minute with sanitizers. */
	assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
	judge_free(judge);
	free(services);
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cloud_gateway_lets_be_what_it_would_let_in),
		cmocka_unit_test(a_site_gateway_lets_be_what_it_would_let_in),
		cmocka_unit_test(others_flows_are_not_ours_whatever_their_mark),
		cmocka_unit_test(the_index_finds_the_first_of_the_plan),
		cmocka_unit_test(
			of_many_services_only_those_that_lead_there_are_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

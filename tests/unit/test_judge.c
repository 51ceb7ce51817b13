/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_judge.c - Does a policy let a flow be that is already there?
 */

#include "steward/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
	"   target = \"10.1.0.7:2000-2010\"; } );\n"
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

/** struct seen - A flow in short: the mark it bears, and who lets it be */
struct seen {
	const char *mark;
	uint8_t proto;
	const char *src;
	const char *dst;
	uint16_t dport;
	const char *target;
	uint16_t target_port;
	const char *back;
	const char *by;
};

static struct flow flow_of(const struct plan *plan, const struct seen *seen)
{
	return (struct flow){
		.proto = seen->proto,
		.mark = 0xabcd0000 | id_of(plan, seen->mark),
		.orig = {plans_addr(seen->src), plans_addr(seen->dst), 50000,
			 seen->dport},
		.reply = {plans_addr(seen->target), plans_addr(seen->back),
			  seen->target_port, 40000},
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

static void a_cloud_gateway_lets_be_what_it_would_let_in(void **state)
{
	static const struct seen table[] = {
		{"web", 6, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.5",
		 443, "100.64.0.20", "web"},
		/* renamed: nobody has the mark, but it leads there */
		{"sql", 6, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.5",
		 443, "100.64.0.20", "web"},
		{"", 6, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.5", 443,
		 "100.64.0.20", "web"},
		/* another target, its port, the real address, another proto */
		{"web", 6, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.6",
		 443, "100.64.0.20", ""},
		{"web", 6, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.5",
		 444, "100.64.0.20", ""},
		{"web", 6, "203.0.113.2", "203.0.113.1", 8443, "10.1.0.5", 443,
		 "100.64.0.20", ""},
		{"web", 17, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.5",
		 443, "100.64.0.20", ""},
		/* our address is another now */
		{"web", 6, "203.0.113.2", "203.0.113.1", 8443, "100.80.1.5",
		 443, "100.64.0.33", ""},
		/* from, and the one public address */
		{"sql", 6, "203.0.113.2", "198.51.100.7", 5432, "100.80.1.9",
		 5432, "100.64.0.20", "sql"},
		{"sql", 6, "192.0.2.1", "198.51.100.7", 5432, "100.80.1.9",
		 5432, "100.64.0.20", "sql"},
		{"sql", 6, "192.0.2.2", "198.51.100.7", 5432, "100.80.1.9",
		 5432, "100.64.0.20", ""},
		{"sql", 6, "10.0.0.1", "198.51.100.7", 5432, "100.80.1.9", 5432,
		 "100.64.0.20", ""},
		{"sql", 6, "203.0.113.2", "198.51.100.8", 5432, "100.80.1.9",
		 5432, "100.64.0.20", ""},
		/* a shifted range */
		{"media", 17, "10.0.0.1", "203.0.113.1", 1010, "100.80.1.7",
		 2010, "100.64.0.20", "media"},
		{"media", 17, "10.0.0.1", "203.0.113.1", 1010, "100.80.1.7",
		 2009, "100.64.0.20", ""},
		{"media", 17, "10.0.0.1", "203.0.113.1", 1011, "100.80.1.7",
		 2011, "100.64.0.20", ""},
		/* routes */
		{"plain", 6, "10.0.0.1", "100.80.1.5", 22, "100.80.1.5", 22,
		 "100.64.0.20", "plain"},
		{"plain", 1, "10.0.0.1", "100.80.1.5", 0, "100.80.1.5", 0,
		 "100.64.0.20", "plain"},
		{"plain", 6, "10.0.0.1", "100.80.1.5", 23, "100.80.1.5", 23,
		 "100.64.0.20", ""},
		{"plain", 6, "10.0.0.1", "100.80.1.200", 22, "100.80.1.200", 22,
		 "100.64.0.20", ""},
		{"kept", 17, "172.16.0.1", "100.80.1.9", 5, "100.80.1.9", 5,
		 "172.16.0.1", "kept"},
		{"kept", 17, "172.17.0.1", "100.80.1.9", 5, "100.80.1.9", 5,
		 "172.17.0.1", ""},
		{"kept", 17, "172.16.0.1", "100.80.1.9", 5, "100.80.1.9", 5,
		 "100.64.0.20", ""},
		/* a service that is gone is not a route's */
		{"web", 6, "203.0.113.2", "203.0.113.1", 22, "100.80.1.5", 22,
		 "100.64.0.20", ""},
	};
	struct fixture f;

	(void)state;
	fixture_open(&f);
	expect_all(f.cloud, table, sizeof(table) / sizeof(*table));
	arena_fini(&f.arena);
}

static void a_site_gateway_lets_be_what_it_would_let_in(void **state)
{
	static const struct seen table[] = {
		{"web", 6, "100.64.0.20", "100.80.1.5", 443, "10.1.0.5", 443,
		 "10.1.0.1", "web"},
		{"media", 6, "100.64.0.20", "100.80.1.5", 443, "10.1.0.5", 443,
		 "10.1.0.1", "web"},
		{"web", 6, "100.64.0.20", "100.80.1.5", 444, "10.1.0.5", 444,
		 "10.1.0.1", ""},
		{"web", 6, "100.64.0.40", "100.80.1.5", 443, "10.1.0.5", 443,
		 "10.1.0.1", ""},
		{"media", 17, "100.64.0.20", "100.80.1.7", 2003, "10.1.0.7",
		 2003, "10.1.0.1", "media"},
		{"plain", 6, "100.64.0.20", "100.80.1.5", 22, "10.1.0.5", 22,
		 "10.1.0.1", "plain"},
		{"plain", 6, "172.16.0.1", "100.80.1.5", 22, "10.1.0.5", 22,
		 "172.16.0.1", ""},
		{"kept", 17, "172.16.0.1", "100.80.1.9", 5, "10.1.0.9", 5,
		 "172.16.0.1", "kept"},
	};
	struct fixture f;

	(void)state;
	fixture_open(&f);
	expect_all(f.site, table, sizeof(table) / sizeof(*table));
	arena_fini(&f.arena);
}

static void others_flows_are_not_ours_whatever_their_mark(void **state)
{
	static const struct seen ours = {"web",
					 6,
					 "203.0.113.2",
					 "203.0.113.1",
					 8443,
					 "100.80.1.5",
					 443,
					 "100.64.0.20",
					 ""};
	static const struct seen kept = {"kept",
					 17,
					 "172.16.0.1",
					 "100.80.1.9",
					 5,
					 "100.80.1.9",
					 5,
					 "172.16.0.1",
					 ""};
	static const struct seen other = {
		"web", 6,          "203.0.113.2", "203.0.113.1",
		8443,  "10.1.0.5", 443,           "192.168.0.1",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cloud_gateway_lets_be_what_it_would_let_in),
		cmocka_unit_test(a_site_gateway_lets_be_what_it_would_let_in),
		cmocka_unit_test(others_flows_are_not_ours_whatever_their_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

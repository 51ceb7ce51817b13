/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_change.c - What differs between two plans
 */

#include "steward/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plans.h"
#include "policy/parse.h"

/**
 * plan_in() - Of the cloud gateway
 * @cloud:	Address of edge-1
 * @site:	Keys of gateway oslo-a
 * @networks:	Keys of site oslo
 */
static const struct plan *plan_in(const char *cloud, const char *site,
				  const char *networks, const char *services,
				  const char *routes, struct arena *arena)
{
	static const struct gateway_conf conf = {.name = "edge-1"};
	const struct policy *policy;
	struct strbuf text;
	struct diag diag;

	strbuf_init(&text);
	strbuf_printf(
		&text,
		"version = 1; gateways = (\n"
		" { name = \"edge-1\"; role = \"cloud\";\n"
		"   address = \"%s\"; },\n"
		" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\"; %s }\n"
		"); sites = ( { name = \"oslo\";\n"
		" %s services = ( %s );\n"
		" routes = ( %s ); } );\n",
		cloud, site, networks, services, routes);
	diag_init(&diag);
	policy = policy_parse(strbuf_str(&text), "p", arena, &diag);
	diag_fini(&diag);
	strbuf_fini(&text);
	assert_non_null(policy);
	return plan_make(policy, policy_gateway_find(policy, "edge-1"), &conf,
			 NULL, 0, arena);
}

#define CLOUD    "100.64.0.1"
#define SITE     "address = \"100.64.1.1\"; relays = \"wss://h/o\"; "
#define NETWORKS "networks = \"10.1.0.0/24\"; "

/** plan_of() - With these services and routes */
static const struct plan *plan_of(const char *services, const char *routes,
				  struct arena *arena)
{
	return plan_in(CLOUD, SITE, NETWORKS, services, routes, arena);
}

#define WEB "{ name = \"web\"; public = \"tcp/80\"; target = \"10.1.0.5:80\"; "
#define SQL "{ name = \"sql\"; public = \"tcp/81\"; target = \"10.1.0.6:80\"; "
#define LAN "{ name = \"lan\"; to = \"10.1.0.0/25\"; allow = \"tcp/22\"; "

static void expect(const char *services, const char *routes,
		   const char *other_services, const char *other_routes,
		   const char *names)
{
	struct change change;
	struct arena arena;
	struct strbuf out;

	arena_init(&arena);
	strbuf_init(&out);

	change = change_of(plan_of(services, routes, &arena),
			   plan_of(other_services, other_routes, &arena), &out);

	assert_string_equal(strbuf_str(&out), names);
	assert_int_equal(change.added + change.removed + change.altered,
			 strlen(names) / strlen("+ oslo/xyz\n"));
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void what_came_and_went_is_named(void **state)
{
	(void)state;
	expect(WEB "}", "", WEB "}, " SQL "}", LAN "}",
	       "+ oslo/lan\n+ oslo/sql\n");
	expect(WEB "}, " SQL "}", LAN "}", SQL "}", "",
	       "- oslo/lan\n- oslo/web\n");
}

static void order_and_spelling_are_no_change(void **state)
{
	(void)state;
	expect(WEB "}, " SQL "from = [ \"10.0.0.0/9\", \"10.128.0.0/9\" ]; }",
	       LAN "}", SQL "from = \"10.0.0.0/8\"; }, " WEB "}", LAN "}", "");
}

static void each_setting_of_a_service_counts(void **state)
{
	static const char *const settings[] = {
		"from = \"192.0.2.1\"; ",
		"idle_timeout = \"90s\"; ",
		"audit = true; ",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		char text[256];

		snprintf(text, sizeof(text), WEB "%s}", settings[i]);
		expect(WEB "}", "", text, "", "~ oslo/web\n");
	}
	expect(WEB "}", "",
	       "{ name = \"web\"; public = \"tcp/80\"; "
	       "target = \"10.1.0.5:81\"; }",
	       "", "~ oslo/web\n");
	expect(WEB "}", "",
	       "{ name = \"web\"; public = \"192.0.2.1:tcp/80\"; "
	       "target = \"10.1.0.5:80\"; }",
	       "", "~ oslo/web\n");
}

static void each_setting_of_a_route_counts(void **state)
{
	(void)state;
	expect("", LAN "}", "", LAN "from = \"192.0.2.1\"; }", "~ oslo/lan\n");
	expect("", LAN "}", "",
	       "{ name = \"lan\"; to = \"10.1.0.0/25\"; "
	       "allow = [ \"tcp/22\", \"icmp\" ]; }",
	       "~ oslo/lan\n");
	expect("", LAN "}", "",
	       "{ name = \"lan\"; to = \"10.1.0.0/26\"; allow = \"tcp/22\"; }",
	       "~ oslo/lan\n");
	expect("", LAN "from = \"192.0.2.1\"; }", "",
	       LAN "from = \"192.0.2.1\"; nat = false; via = \"edge-1\"; }",
	       "~ oslo/lan\n");
}

/** expect_around() - With one service, what stands around it is another */
static void expect_around(const char *cloud, const char *site,
			  const char *networks, const char *names)
{
	struct change change;
	struct arena arena;
	struct strbuf out;

	arena_init(&arena);
	strbuf_init(&out);

	change = change_of(plan_of(WEB "}", "", &arena),
			   plan_in(cloud, site, networks, WEB "}", "", &arena),
			   &out);

	assert_string_equal(strbuf_str(&out), names);
	assert_int_equal(change.added + change.removed, 0);
	assert_int_equal(change.altered, *names ? 1 : 0);
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void gateways_and_sites_that_are_others_are_named(void **state)
{
	(void)state;
	expect_around(CLOUD, SITE, NETWORKS, "");
	expect_around("100.64.0.2", SITE, NETWORKS, "~ gateway edge-1\n");
	expect_around("100.64.0.1/28", SITE, NETWORKS, "~ gateway edge-1\n");
	expect_around(CLOUD,
		      "address = \"100.64.1.2\"; relays = \"wss://h/o\"; ",
		      NETWORKS, "~ gateway oslo-a\n");
	expect_around(CLOUD,
		      "address = \"100.64.1.1\"; relays = \"wss://h/p\"; ",
		      NETWORKS, "~ gateway oslo-a\n");
	expect_around(CLOUD, SITE,
		      "networks = [ \"10.1.0.0/24\", \"10.2.0.0/24\" ]; ",
		      "~ site oslo\n");
	expect_around(CLOUD, SITE, NETWORKS "alias = \"10.9.0.0/24\"; ",
		      "~ site oslo\n");
	expect_around(CLOUD, SITE, NETWORKS "masquerade = false; ",
		      "~ site oslo\n");
}

static void gateways_and_sites_that_come_or_go_are_named(void **state)
{
	static const char two[] = SITE
		"}, { name = \"rome-a\"; role = \"site\"; site = \"rome\"; "
		"address = \"100.64.1.2\"; relays = \"wss://h/r\"; ";
	static const char rome[] =
		NETWORKS "}, { name = \"rome\"; networks = \"10.3.0.0/24\"; ";
	const struct plan *small;
	const struct plan *large;
	struct change change;
	struct arena arena;
	struct strbuf out;

	(void)state;
	arena_init(&arena);
	small = plan_in(CLOUD, SITE, NETWORKS, "", "", &arena);
	large = plan_in(CLOUD, two, rome, "", "", &arena);

	strbuf_init(&out);
	change = change_of(small, large, &out);
	assert_string_equal(strbuf_str(&out),
			    "+ gateway rome-a\n+ site rome\n");
	assert_int_equal(change.added, 2);
	assert_int_equal(change.removed + change.altered, 0);
	strbuf_fini(&out);

	strbuf_init(&out);
	change = change_of(large, small, &out);
	assert_string_equal(strbuf_str(&out),
			    "- gateway rome-a\n- site rome\n");
	assert_int_equal(change.removed, 2);
	assert_int_equal(change.added + change.altered, 0);
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void against_nothing_all_is_new(void **state)
{
	struct change change;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	change = change_of(NULL, plan_of(WEB "}", LAN "}", &arena), NULL);
	assert_int_equal(change.added, 2);
	assert_int_equal(change.removed + change.altered, 0);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_and_went_is_named),
		cmocka_unit_test(order_and_spelling_are_no_change),
		cmocka_unit_test(each_setting_of_a_service_counts),
		cmocka_unit_test(each_setting_of_a_route_counts),
		cmocka_unit_test(gateways_and_sites_that_are_others_are_named),
		cmocka_unit_test(gateways_and_sites_that_come_or_go_are_named),
		cmocka_unit_test(against_nothing_all_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_plan.c - From a policy to the kernel state of one gateway
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/parse.h"
#include "policy/plan.h"

/* fnv1a32("oslo/web") and so on, (h ^ h >> 16) % 65535 + 1, computed outside:
 * marks of living flows and goldens of rulesets rely on them. */
#define OSLO_WEB 65088
#define OSLO_DNS 63317
#define ROME_WEB 51818

/* oslo-b has no IPv6 address, edge-2 neither. */
static const char policy_text[] =
	"version = 1;\n"
	"gateways = (\n"
	" { name = \"edge-1\"; role = \"cloud\";\n"
	"   address = [ \"100.64.0.1\", \"fd64:1::1\" ]; },\n"
	" { name = \"edge-2\"; role = \"cloud\"; address = \"100.64.0.2\"; },\n"
	" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\";\n"
	"   address = [ \"100.64.0.11\", \"fd64:1::11\" ];\n"
	"   relays = \"wss://h/oslo-a\"; },\n"
	" { name = \"oslo-b\"; role = \"site\"; site = \"oslo\";\n"
	"   address = \"100.64.0.12\"; relays = \"wss://h/oslo-b\"; },\n"
	" { name = \"rome-a\"; role = \"site\"; site = \"rome\";\n"
	"   address = \"100.64.0.13\"; relays = \"wss://h/rome-a\"; } );\n"
	"sites = (\n"
	" { name = \"rome\"; networks = \"10.2.0.0/24\"; services = (\n"
	"   { name = \"web\"; public = \"tcp/81\"; target = \"10.2.0.1:80\"; "
	"}\n"
	" ); },\n"
	" { name = \"oslo\"; networks = [ \"10.1.1.0/24\", \"10.1.0.0/24\" ];\n"
	"   services = (\n"
	"   { name = \"web\"; public = \"tcp/80\"; target = \"10.1.0.1:80\"; "
	"},\n"
	"   { name = \"dns\"; public = \"udp/53\"; target = \"10.1.0.2:53\"; "
	"}\n"
	" ); } );\n";

/* Everything that makes routes other than networks and single addresses. */
static const char wide_text[] =
	"version = 1;\n"
	"gateways = (\n"
	" { name = \"edge-1\"; role = \"cloud\";\n"
	"   address = [ \"100.64.0.17/28\", \"fd64:1::1\" ]; },\n"
	" { name = \"edge-2\"; role = \"cloud\";\n"
	"   address = [ \"100.64.0.2\", \"fd64:1::2\" ]; },\n"
	" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\";\n"
	"   address = [ \"100.64.0.11\", \"fd64:1::11\" ];\n"
	"   relays = \"wss://h/oslo-a\"; },\n"
	" { name = \"rome-a\"; role = \"site\"; site = \"rome\";\n"
	"   address = \"100.64.0.33/27\"; relays = \"wss://h/rome-a\"; } );\n"
	"sites = (\n"
	" { name = \"rome\"; networks = \"10.1.0.0/24\";\n"
	"   alias = \"100.80.1.0/24\";\n"
	"   routes = ( { name = \"web\"; to = \"10.1.0.0/25\";\n"
	"     allow = \"tcp\"; } ); },\n"
	" { name = \"oslo\"; networks = [ \"fd01::/64\", \"10.1.0.0/24\" ];\n"
	"   services = ( { name = \"web\"; public = \"tcp/80\";\n"
	"     target = \"10.1.0.1:80\"; } );\n"
	"   routes = (\n"
	"    { name = \"c\"; to = \"fd01::/64\"; allow = \"tcp\";\n"
	"      nat = false; via = \"edge-2\"; from = \"fd07::/48\"; },\n"
	"    { name = \"b\"; to = \"10.1.0.0/24\"; allow = \"tcp\";\n"
	"      nat = false; via = \"edge-1\"; from = \"172.17.0.0/16\"; },\n"
	"    { name = \"a\"; to = \"10.1.0.0/24\"; allow = \"udp\";\n"
	"      nat = false; via = \"edge-1\";\n"
	"      from = [ \"172.16.0.0/16\", \"172.17.1.0/24\" ]; },\n"
	"    { name = \"all\"; to = \"10.1.0.0/24\"; allow = \"udp\";\n"
	"      from = \"172.18.0.0/16\"; } ); } );\n";

/** struct fixture - A policy and a plan of one of its gateways */
struct fixture {
	struct arena arena;
	struct diag diag;
	const struct policy *policy;
	struct gateway_conf conf;
	const struct plan *plan;
};

static void fixture_open_text(struct fixture *f, const char *text,
			      const char *gateway, const struct plan_id *known,
			      size_t known_cnt)
{
	arena_init(&f->arena);
	diag_init(&f->diag);
	f->policy = policy_parse(text, "p.cfg", &f->arena, &f->diag);
	assert_non_null(f->policy);
	f->conf = (struct gateway_conf){.name = gateway};
	f->plan = plan_make(f->policy, policy_gateway_find(f->policy, gateway),
			    &f->conf, known, known_cnt, &f->arena);
}

static void fixture_open(struct fixture *f, const char *gateway,
			 const struct plan_id *known, size_t known_cnt)
{
	fixture_open_text(f, policy_text, gateway, known, known_cnt);
}

static void fixture_close(struct fixture *f)
{
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

/** assert_routes() - Are the routes these, one "TO src SRC" a line? */
static void assert_routes(const struct plan *plan, const char *expected)
{
	char to[IP_PREFIX_TEXT_SIZE];
	char src[IP_ADDR_TEXT_SIZE];
	struct strbuf text;
	size_t i;

	strbuf_init(&text);
	for (i = 0; i < plan->route_cnt; i++)
		strbuf_printf(&text, "%s src %s\n",
			      ip_prefix_format(&plan->routes[i].to, to),
			      ip_addr_format(&plan->routes[i].src, src));
	assert_string_equal(strbuf_str(&text), expected);
	strbuf_fini(&text);
}

/** expect_routes() - The same of a gateway's plan of a policy */
static void expect_routes(const char *text, const char *gateway,
			  const char *expected)
{
	struct fixture f;

	fixture_open_text(&f, text, gateway, NULL, 0);
	assert_routes(f.plan, expected);
	fixture_close(&f);
}

/** id_of() - Id of a service in a plan */
static uint32_t id_of(const struct plan *plan, const char *site,
		      const char *service)
{
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		if (!strcmp(plan->services[i].site->name, site) &&
		    !strcmp(plan->services[i].service->name, service))
			return plan->services[i].id;
	}
	fail_msg("no service %s/%s", site, service);
	return 0;
}

static void a_cloud_gateway_routes_networks_and_site_gateways(void **state)
{
	(void)state;
	expect_routes(policy_text, "edge-1",
		      "10.1.0.0/24 src 100.64.0.1\n"
		      "10.1.1.0/24 src 100.64.0.1\n"
		      "10.2.0.0/24 src 100.64.0.1\n"
		      "100.64.0.11/32 src 100.64.0.1\n"
		      "fd64:1::11/128 src fd64:1::1\n"
		      "100.64.0.12/32 src 100.64.0.1\n"
		      "100.64.0.13/32 src 100.64.0.1\n");
}

static void a_site_gateway_routes_the_cloud_gateways_only(void **state)
{
	(void)state;
	expect_routes(policy_text, "oslo-a",
		      "100.64.0.1/32 src 100.64.0.11\n"
		      "fd64:1::1/128 src fd64:1::11\n"
		      "100.64.0.2/32 src 100.64.0.11\n");
}

static void no_route_of_a_family_that_the_gateway_has_not(void **state)
{
	(void)state;
	expect_routes(policy_text, "oslo-b",
		      "100.64.0.1/32 src 100.64.0.12\n"
		      "100.64.0.2/32 src 100.64.0.12\n");
}

static void peers_are_the_gateways_at_the_other_end(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "edge-2", NULL, 0);
	assert_int_equal(f.plan->peer_cnt, 3);
	assert_string_equal(f.plan->peers[0]->name, "oslo-a");
	assert_string_equal(f.plan->peers[1]->name, "oslo-b");
	assert_string_equal(f.plan->peers[2]->name, "rome-a");
	fixture_close(&f);

	fixture_open(&f, "rome-a", NULL, 0);
	assert_int_equal(f.plan->peer_cnt, 2);
	assert_string_equal(f.plan->peers[0]->name, "edge-1");
	assert_string_equal(f.plan->peers[1]->name, "edge-2");
	fixture_close(&f);
}

static void a_cloud_gateway_has_all_services_in_order_of_names(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "edge-1", NULL, 0);

	assert_int_equal(f.plan->service_cnt, 3);
	assert_string_equal(f.plan->services[0].site->name, "oslo");
	assert_string_equal(f.plan->services[0].service->name, "dns");
	assert_string_equal(f.plan->services[1].service->name, "web");
	assert_string_equal(f.plan->services[2].site->name, "rome");
	fixture_close(&f);
}

static void a_site_gateway_has_the_services_of_its_site(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "rome-a", NULL, 0);

	assert_int_equal(f.plan->service_cnt, 1);
	assert_string_equal(f.plan->services[0].site->name, "rome");
	fixture_close(&f);
}

static void an_id_is_the_folded_fnv_hash_of_the_name(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "edge-1", NULL, 0);

	assert_int_equal(id_of(f.plan, "oslo", "web"), OSLO_WEB);
	assert_int_equal(id_of(f.plan, "oslo", "dns"), OSLO_DNS);
	assert_int_equal(id_of(f.plan, "rome", "web"), ROME_WEB);
	fixture_close(&f);
}

static void both_ends_give_a_service_the_same_id(void **state)
{
	struct fixture cloud;
	struct fixture site;

	(void)state;
	fixture_open(&cloud, "edge-1", NULL, 0);
	fixture_open(&site, "rome-a", NULL, 0);

	assert_int_equal(id_of(cloud.plan, "rome", "web"),
			 id_of(site.plan, "rome", "web"));
	fixture_close(&site);
	fixture_close(&cloud);
}

static void a_known_name_keeps_its_id(void **state)
{
	static const struct plan_id known[] = {{"rome/web", 7},
					       {"oslo/web", PLAN_ID_MAX}};
	struct fixture f;

	(void)state;
	fixture_open(&f, "edge-1", known, 2);

	assert_int_equal(id_of(f.plan, "rome", "web"), 7);
	assert_int_equal(id_of(f.plan, "oslo", "web"), PLAN_ID_MAX);
	assert_int_equal(id_of(f.plan, "oslo", "dns"), OSLO_DNS);
	fixture_close(&f);
}

static void an_id_of_a_name_that_is_gone_stays_taken(void **state)
{
	static const struct plan_id known[] = {{"gone/1", OSLO_DNS},
					       {"gone/2", OSLO_DNS + 1}};
	struct fixture f;

	(void)state;
	fixture_open(&f, "edge-1", known, 2);

	assert_int_equal(id_of(f.plan, "oslo", "dns"), OSLO_DNS + 2);
	fixture_close(&f);
}

static void probing_goes_on_at_1_behind_the_last_id(void **state)
{
	struct plan_id *known;
	struct fixture f;
	struct arena arena;
	uint32_t id;

	(void)state;
	arena_init(&arena);
	known = arena_array(&arena, PLAN_ID_MAX, sizeof(*known));
	for (id = OSLO_DNS; id <= PLAN_ID_MAX; id++)
		known[id - OSLO_DNS] = (struct plan_id){"gone/x", id};

	fixture_open(&f, "edge-1", known, PLAN_ID_MAX - OSLO_DNS + 1);

	assert_int_equal(id_of(f.plan, "oslo", "dns"), 1);
	fixture_close(&f);
	arena_fini(&arena);
}

static void known_ids_that_cannot_be_are_passed_over(void **state)
{
	static const struct plan_id known[] = {{"oslo/web", 0},
					       {"rome/web", PLAN_ID_MAX + 1},
					       {"x/y", 7},
					       {"oslo/dns", 7}};
	struct fixture f;

	(void)state;
	fixture_open(&f, "edge-1", known, 4);

	assert_int_equal(id_of(f.plan, "oslo", "web"), OSLO_WEB);
	assert_int_equal(id_of(f.plan, "rome", "web"), ROME_WEB);
	assert_int_equal(id_of(f.plan, "oslo", "dns"), OSLO_DNS);
	fixture_close(&f);
}

static void ids_of_gone_names_are_free_again_when_all_are_taken(void **state)
{
	struct plan_id *known;
	struct fixture f;
	struct arena arena;
	uint32_t id;

	(void)state;
	arena_init(&arena);
	known = arena_array(&arena, PLAN_ID_MAX, sizeof(*known));
	for (id = 1; id <= PLAN_ID_MAX; id++)
		known[id - 1] = (struct plan_id){"gone/x", id};
	known[OSLO_DNS - 1].name = "oslo/web";

	fixture_open(&f, "edge-1", known, PLAN_ID_MAX);

	assert_int_equal(id_of(f.plan, "oslo", "web"), OSLO_DNS);
	assert_int_equal(id_of(f.plan, "oslo", "dns"), OSLO_DNS + 1);
	assert_int_equal(id_of(f.plan, "rome", "web"), ROME_WEB);
	fixture_close(&f);
	arena_fini(&arena);
}

static void a_cloud_gateway_routes_aliases_and_pools(void **state)
{
	(void)state;
	expect_routes(wide_text, "edge-2",
		      "10.1.0.0/24 src 100.64.0.2\n"
		      "fd01::/64 src fd64:1::2\n"
		      "100.80.1.0/24 src 100.64.0.2\n"
		      "100.64.0.11/32 src 100.64.0.2\n"
		      "fd64:1::11/128 src fd64:1::2\n"
		      "100.64.0.32/27 src 100.64.0.2\n");
}

static void a_site_gateway_routes_sources_that_are_kept_and_no_others(
	void **state)
{
	(void)state;
	expect_routes(wide_text, "oslo-a",
		      "100.64.0.16/28 src 100.64.0.11\n"
		      "fd64:1::1/128 src fd64:1::11\n"
		      "100.64.0.2/32 src 100.64.0.11\n"
		      "fd64:1::2/128 src fd64:1::11\n"
		      "172.16.0.0/15 src 100.64.0.11\n"
		      "fd07::/48 src fd64:1::11\n");
	expect_routes(wide_text, "rome-a",
		      "100.64.0.16/28 src 100.64.0.33\n"
		      "100.64.0.2/32 src 100.64.0.33\n");
}

/** assert_grants() - Are the grants these, "SITE/NAME " each? */
static void assert_grants(const struct plan *plan, const char *expected)
{
	struct strbuf text;
	size_t i;

	strbuf_init(&text);
	for (i = 0; i < plan->grant_cnt; i++)
		strbuf_printf(&text, "%s/%s ", plan->grants[i].site->name,
			      plan->grants[i].route->name);
	assert_string_equal(strbuf_str(&text), expected);
	strbuf_fini(&text);
}

static void a_route_without_nat_is_a_grant_where_its_users_are(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open_text(&f, wide_text, "edge-1", NULL, 0);
	assert_grants(f.plan, "oslo/a oslo/all oslo/b rome/web ");
	fixture_close(&f);

	fixture_open_text(&f, wide_text, "edge-2", NULL, 0);
	assert_grants(f.plan, "oslo/all oslo/c rome/web ");
	fixture_close(&f);

	fixture_open_text(&f, wide_text, "oslo-a", NULL, 0);
	assert_grants(f.plan, "oslo/a oslo/all oslo/b oslo/c ");
	fixture_close(&f);
}

static void services_and_grants_share_one_space_of_ids(void **state)
{
	static const struct plan_id known[] = {{"rome/web", OSLO_WEB}};
	struct fixture f;

	(void)state;
	fixture_open_text(&f, wide_text, "edge-1", NULL, 0);
	assert_int_equal(id_of(f.plan, "oslo", "web"), OSLO_WEB);
	assert_int_equal(f.plan->grants[3].id, ROME_WEB);
	fixture_close(&f);

	fixture_open_text(&f, wide_text, "edge-1", known, 1);
	assert_int_equal(f.plan->grants[3].id, OSLO_WEB);
	assert_int_equal(id_of(f.plan, "oslo", "web"), OSLO_WEB + 1);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_cloud_gateway_routes_networks_and_site_gateways),
		cmocka_unit_test(a_site_gateway_routes_the_cloud_gateways_only),
		cmocka_unit_test(no_route_of_a_family_that_the_gateway_has_not),
		cmocka_unit_test(peers_are_the_gateways_at_the_other_end),
		cmocka_unit_test(
			a_cloud_gateway_has_all_services_in_order_of_names),
		cmocka_unit_test(a_site_gateway_has_the_services_of_its_site),
		cmocka_unit_test(an_id_is_the_folded_fnv_hash_of_the_name),
		cmocka_unit_test(both_ends_give_a_service_the_same_id),
		cmocka_unit_test(a_known_name_keeps_its_id),
		cmocka_unit_test(an_id_of_a_name_that_is_gone_stays_taken),
		cmocka_unit_test(probing_goes_on_at_1_behind_the_last_id),
		cmocka_unit_test(known_ids_that_cannot_be_are_passed_over),
		cmocka_unit_test(
			ids_of_gone_names_are_free_again_when_all_are_taken),
		cmocka_unit_test(a_cloud_gateway_routes_aliases_and_pools),
		cmocka_unit_test(
			a_site_gateway_routes_sources_that_are_kept_and_no_others),
		cmocka_unit_test(
			a_route_without_nat_is_a_grant_where_its_users_are),
		cmocka_unit_test(services_and_grants_share_one_space_of_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

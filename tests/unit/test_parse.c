/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_parse.c - From text to table: what the table holds
 *
 * Errors and normal forms are pinned by test_golden_policy.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "policy/parse.h"
#include "policy/print.h"

#define HEAD "version = 1;\n"
#define GATEWAYS                                                               \
	"gateways = (\n"                                                       \
	" { name = \"oslo-a\"; role = \"site\"; site = \"oslo\";\n"            \
	"   address = [ \"fd64:1::11\", \"100.64.0.11\" ];\n"                  \
	"   relays = [ \"wss://b/2\", \"wss://a/1\" ]; },\n"                   \
	" { name = \"edge-1\"; role = \"cloud\"; address = \"100.64.0.1\"; }"  \
	"\n);\n"
#define SITES                                                                  \
	"sites = (\n"                                                          \
	" { name = \"rome\"; networks = \"10.2.0.0/24\"; },\n"                 \
	" { name = \"oslo\"; networks = [ \"10.1.1.0/24\", \"10.1.0.0/24\" ];" \
	"\n   masquerade = false;\n"                                           \
	"   services = (\n"                                                    \
	"     { name = \"web\"; public = \"tcp/8443\"; target = "              \
	"\"10.1.0.5:443\"; },\n"                                               \
	"     { name = \"dns\"; public = \"192.0.2.7:udp/53\"; target = "      \
	"\"10.1.1.2:5353\"; } ); }\n);\n"

/** struct fixture - A parsed text, with all it needs */
struct fixture {
	struct arena arena;
	struct diag diag;
	const struct policy *policy;
};

static void fixture_open(struct fixture *f, const char *text)
{
	arena_init(&f->arena);
	diag_init(&f->diag);
	f->policy = policy_parse(text, "p.cfg", &f->arena, &f->diag);
}

static void fixture_close(struct fixture *f)
{
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

static void a_gateway_has_role_site_addresses_and_relays(void **state)
{
	const struct policy_gateway *gateway;
	char buf[IP_ADDR_TEXT_SIZE];
	struct fixture f;

	(void)state;
	fixture_open(&f, HEAD GATEWAYS SITES);
	assert_non_null(f.policy);

	assert_int_equal(f.policy->gateway_cnt, 2);
	gateway = policy_gateway_find(f.policy, "oslo-a");
	assert_int_equal(gateway->role, ROLE_SITE);
	assert_string_equal(gateway->site->name, "oslo");
	assert_int_equal(gateway->line, 3);
	assert_int_equal(gateway->addr_cnt, 2);
	assert_string_equal(ip_addr_format(gateway_addr(gateway, IP_V4), buf),
			    "100.64.0.11");
	assert_string_equal(ip_addr_format(gateway_addr(gateway, IP_V6), buf),
			    "fd64:1::11");
	assert_int_equal(gateway->relay_cnt, 2);
	assert_string_equal(gateway->relays[0], "wss://b/2");
	assert_string_equal(gateway->relays[1], "wss://a/1");

	gateway = policy_gateway_find(f.policy, "edge-1");
	assert_int_equal(gateway->role, ROLE_CLOUD);
	assert_null(gateway->site);
	assert_null(gateway_addr(gateway, IP_V6));
	assert_null(policy_gateway_find(f.policy, "edge"));
	fixture_close(&f);
}

static void a_site_has_networks_and_services(void **state)
{
	const struct policy_service *service;
	const struct policy_site *site;
	char buf[IP_PREFIX_TEXT_SIZE];
	struct fixture f;

	(void)state;
	fixture_open(&f, HEAD GATEWAYS SITES);
	assert_non_null(f.policy);
	site = policy_gateway_find(f.policy, "oslo-a")->site;

	assert_int_equal(site->line, 10);
	assert_false(site->masquerade);
	assert_int_equal(site->network_cnt, 2);
	assert_string_equal(ip_prefix_format(&site->networks[0], buf),
			    "10.1.0.0/24");
	assert_int_equal(site->service_cnt, 2);
	service = &site->services[0];
	assert_string_equal(service->name, "dns");
	assert_int_equal(service->proto, PROTO_UDP);
	assert_int_equal(service->public_port, 53);
	assert_string_equal(ip_addr_format(&service->public_addr, buf),
			    "192.0.2.7");
	assert_int_equal(service->target_port, 5353);
	assert_int_equal(service->line, 14);
	fixture_close(&f);
}

static void masquerade_is_on_and_services_are_none_by_default(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, HEAD GATEWAYS SITES);
	assert_non_null(f.policy);

	assert_string_equal(f.policy->sites[1].name, "rome");
	assert_true(f.policy->sites[1].masquerade);
	assert_int_equal(f.policy->sites[1].service_cnt, 0);
	fixture_close(&f);
}

static void entries_are_in_normal_order_whatever_the_text_has(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, HEAD SITES GATEWAYS);
	assert_non_null(f.policy);

	assert_string_equal(f.policy->gateways[0].name, "edge-1");
	assert_string_equal(f.policy->gateways[1].name, "oslo-a");
	assert_string_equal(f.policy->sites[0].name, "oslo");
	assert_string_equal(f.policy->sites[1].name, "rome");
	assert_ptr_equal(f.policy->gateways[1].site, &f.policy->sites[0]);
	assert_int_equal(f.policy->gateways[1].addrs[0].family, IP_V4);
	fixture_close(&f);
}

static void any_error_gives_no_table_and_errors_in_order_of_lines(void **state)
{
	struct fixture f;
	char buf[512];

	(void)state;
	fixture_open(&f, "sites = (\n{ name = \"oslo\"; networks = \"x\"; "
			 "} );\ngateways = ();\nversion = 3;\n");

	assert_null(f.policy);
	assert_int_equal(f.diag.error_cnt, 2);
	diag_text(&f.diag, 0, buf, sizeof(buf));
	assert_string_equal(buf, "p.cfg:2: network \"x\": it must be a prefix, "
				 "like 10.1.0.0/24 or fd00:1::/64");
	fixture_close(&f);
}

static void errors_of_another_file_do_not_make_a_policy_invalid(void **state)
{
	struct arena arena;
	struct diag diag;

	(void)state;
	arena_init(&arena);
	diag_init(&diag);
	diag_error(&diag, "gateway.cfg", 1, "wrong");

	assert_non_null(
		policy_parse(HEAD GATEWAYS SITES, "p.cfg", &arena, &diag));
	assert_int_equal(diag.error_cnt, 1);
	diag_fini(&diag);
	arena_fini(&arena);
}

static void every_prefix_of_a_text_is_an_error_or_a_policy(void **state)
{
	static const char whole[] = HEAD GATEWAYS SITES;
	char text[sizeof(whole)];
	struct fixture f;
	size_t valid = 0;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(whole); len++) {
		memcpy(text, whole, len);
		text[len] = '\0';
		fixture_open(&f, text);

		assert_int_equal(!f.policy, f.diag.error_cnt != 0);
		valid += f.policy != NULL;
		fixture_close(&f);
	}
	/* Without the last newline, and without ';' before it. */
	assert_int_equal(valid, 3);
}

/** many_services() - A text with two sites of @cnt services each */
static void many_services(struct strbuf *text, unsigned int cnt, bool dup)
{
	unsigned int i;

	strbuf_printf(text, HEAD GATEWAYS "sites = (\n");
	for (i = 0; i < 2 * cnt; i++) {
		if (i % cnt == 0)
			strbuf_printf(text,
				      "%s { name = \"%s\"; networks = "
				      "\"10.%u.0.0/16\"; services = (\n",
				      i ? "); },\n" : "", i ? "rome" : "oslo",
				      i / cnt);
		strbuf_printf(text,
			      "%s  { name = \"service-%u\"; public = "
			      "\"%s/%u\"; target = \"10.%u.%u.%u:443\"; }\n",
			      i % cnt ? "," : "", dup ? 7 : i,
			      i < cnt ? "tcp" : "udp", dup ? 7 : i % cnt + 23,
			      i / cnt, i % cnt / 250, i % 250 + 1);
	}
	strbuf_printf(text, "); }\n);\n");
}

/** parse_ms() - Milliseconds of processor time that parsing takes */
static long parse_ms(const char *text, bool valid)
{
	clock_t start = clock();
	struct fixture f;

	fixture_open(&f, text);
	assert_int_equal(f.policy != NULL, valid);
	fixture_close(&f);
	return (long)((clock() - start) * 1000 / CLOCKS_PER_SEC);
}

static void ten_thousand_services_are_parsed_within_a_second(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text);
	many_services(&text, 5000, false);
	assert_in_range(parse_ms(strbuf_str(&text), true), 0, 1000);
	strbuf_fini(&text);
}

static void forty_thousand_services_take_little_more_than_four_times_as_long(
	void **state)
{
	struct strbuf few;
	struct strbuf many;
	long few_ms;

	(void)state;
	strbuf_init(&few);
	strbuf_init(&many);
	many_services(&few, 5000, false);
	many_services(&many, 20000, false);

	few_ms = parse_ms(strbuf_str(&few), true);

	/* Quadratic would be 16 times. */
	assert_in_range(parse_ms(strbuf_str(&many), true), 0,
			(few_ms + 20) * 10);
	strbuf_fini(&few);
	strbuf_fini(&many);
}

static void ten_thousand_times_the_same_mistake_is_found_within_a_second(
	void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text);
	many_services(&text, 5000, true);
	assert_in_range(parse_ms(strbuf_str(&text), false), 0, 1000);
	strbuf_fini(&text);
}

static void more_services_than_there_are_ids_are_refused(void **state)
{
	struct strbuf text;
	struct fixture f;
	char buf[512];

	(void)state;
	strbuf_init(&text);
	many_services(&text, 24576, false);
	fixture_open(&f, strbuf_str(&text));

	assert_null(f.policy);
	assert_int_equal(f.diag.error_cnt, 1);
	diag_text(&f.diag, 0, buf, sizeof(buf));
	assert_string_equal(buf,
			    "p.cfg: policy has 49152 services and 0 routes; "
			    "49149 are the most in all");
	fixture_close(&f);
	strbuf_fini(&text);
}

static void a_gateway_cfg_must_name_one_of_the_gateways(void **state)
{
	static const char credentials[] =
		"credentials = { key_name = \"k\"; key_file = \"/k\"; };";
	const struct gateway_conf *conf;
	struct strbuf text;
	struct fixture f;
	char buf[512];

	(void)state;
	fixture_open(&f, HEAD GATEWAYS SITES);
	strbuf_init(&text);
	strbuf_printf(&text, "\nname = \"oslo-a\"; %s", credentials);
	conf = gateway_conf_parse(strbuf_str(&text), "g.cfg", &f.arena,
				  &f.diag);
	assert_non_null(conf);
	assert_ptr_equal(gateway_conf_check(f.policy, conf, "g.cfg", &f.diag),
			 &f.policy->gateways[1]);
	strbuf_fini(&text);

	strbuf_printf(&text, "\nname = \"edge-2\"; %s", credentials);
	conf = gateway_conf_parse(strbuf_str(&text), "g.cfg", &f.arena,
				  &f.diag);
	assert_non_null(conf);
	assert_null(gateway_conf_check(f.policy, conf, "g.cfg", &f.diag));
	diag_text(&f.diag, f.diag.cnt - 1, buf, sizeof(buf));
	assert_string_equal(buf,
			    "g.cfg:2: name \"edge-2\" is none of the policy's "
			    "gateways; these are: edge-1, oslo-a");
	strbuf_fini(&text);
	fixture_close(&f);
}

static void the_slice_of_a_site_does_not_depend_on_other_sites(void **state)
{
	static const char other_sites[] =
		"sites = ( { name = \"bern\"; networks = \"10.9.0.0/16\"; },\n"
		" { name = \"oslo\"; networks = [ \"10.1.0.0/24\", "
		"\"10.1.1.0/24\" ]; masquerade = false; services = (\n"
		" { name = \"dns\"; public = \"192.0.2.7:udp/53\"; target = "
		"\"10.1.1.2:5353\"; },\n"
		" { name = \"web\"; public = \"tcp/8443\"; target = "
		"\"10.1.0.5:443\"; } ); } );";
	struct strbuf one;
	struct strbuf two;
	struct fixture f;
	struct fixture g;

	(void)state;
	strbuf_init(&one);
	strbuf_init(&two);
	fixture_open(&f, HEAD GATEWAYS SITES);
	strbuf_printf(&two, HEAD GATEWAYS "%s", other_sites);
	fixture_open(&g, strbuf_str(&two));
	assert_non_null(g.policy);
	strbuf_fini(&two);

	policy_print_site(f.policy, &f.policy->sites[0], &one);
	policy_print_site(g.policy, &g.policy->sites[1], &two);

	assert_string_equal(strbuf_str(&one), strbuf_str(&two));
	assert_null(strstr(strbuf_str(&one), "rome"));
	assert_non_null(strstr(strbuf_str(&one), "edge-1"));
	strbuf_fini(&one);
	strbuf_fini(&two);
	fixture_close(&g);
	fixture_close(&f);
}

static void the_policy_path_is_found_in_a_gateway_cfg_with_errors(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);

	assert_string_equal(gateway_conf_policy_path("name = 7; policy = "
						     "\"/p\";",
						     &arena),
			    "/p");
	assert_string_equal(gateway_conf_policy_path("", &arena),
			    "/etc/relaytun/policy.cfg");
	assert_null(gateway_conf_policy_path("policy = (", &arena));
	arena_fini(&arena);
}

static void a_hundred_thousand_sources_are_merged_within_seconds(void **state)
{
	struct strbuf text;
	struct fixture f;
	clock_t start;
	unsigned int i;

	(void)state;
	strbuf_init(&text);
	strbuf_printf(
		&text, HEAD GATEWAYS
		"sites = ( { name = \"oslo\"; networks = \"10.1.0.0/24\"; "
		"services = ( { name = \"a\"; public = \"tcp/1\"; target = "
		"\"10.1.0.1:1\"; from = [\n");
	/* Out of order; every second one is the half of another. */
	for (i = 0; i < 100000; i++) {
		unsigned int n = i * 7919 % 100000;

		strbuf_printf(&text, "%s\"%u.%u.%u.0/24\"\n", i ? "," : "",
			      20 + n / 65536, n / 256 % 256, n % 256);
	}
	strbuf_printf(&text, "]; } ); } );");
	start = clock();
	fixture_open(&f, strbuf_str(&text));

	/* AddressSanitizer copies libconfig's list 6,000 times while it grows;
	 * without it, tests/golden.sh asks for less than a second. */
	assert_in_range((clock() - start) / CLOCKS_PER_SEC, 0, 10);
	assert_non_null(f.policy);
	/* 100000 = 0b11000011010100000: as many prefixes as it has ones. */
	assert_int_equal(f.policy->sites[0].services[0].from.cnt, 6);
	fixture_close(&f);
	strbuf_fini(&text);
}

static void thousands_of_sites_with_the_same_network_take_their_aliases_time(
	void **state)
{
	struct strbuf text;
	unsigned int i;

	(void)state;
	strbuf_init(&text);
	strbuf_printf(&text, "version = 1; gateways = (); sites = (\n");
	for (i = 0; i < 20000; i++)
		strbuf_printf(&text,
			      "%s{ name = \"s%u\"; networks = "
			      "\"192.168.0.0/24\"; alias = "
			      "\"100.%u.%u.0/24\"; }\n",
			      i ? "," : "", i, 64 + i / 256, i % 256);
	strbuf_printf(&text, ");");

	assert_in_range(parse_ms(strbuf_str(&text), true), 0, 2000);
	strbuf_fini(&text);
}

#define WIDE                                                                   \
	HEAD "gateways = (\n"                                                  \
	     " { name = \"s\"; role = \"site\"; site = \"s\"; relays = "       \
	     "\"wss://h/s\";\n"                                                \
	     "   address = [ \"fd64::1\", \"100.64.0.1\" ]; },\n"              \
	     " { name = \"c\"; role = \"cloud\";\n"                            \
	     "   address = [ \"100.64.0.17/28\", \"fd64::2\" ]; } );\n"        \
	     "sites = ( { name = \"s\";\n"                                     \
	     " networks = [ \"fd01::/64\", \"10.2.0.0/24\", \"10.1.0.0/25\" "  \
	     "];\n"                                                            \
	     " alias = [ \"fd80::/64\", \"100.80.2.0/24\", \"100.80.1.0/25\" " \
	     "];\n"                                                            \
	     " services = (\n"                                                 \
	     "  { name = \"b\"; public = \"tcp/443\"; target = "               \
	     "\"[fd01::5]:443\"; },\n"                                         \
	     "  { name = \"a\"; public = \"udp/10-19\"; target = "             \
	     "\"10.1.0.5:20-29\";\n"                                           \
	     "    from = [ \"192.0.2.1\", \"192.0.2.0\" ]; idle_timeout = "    \
	     "\"5m\";\n"                                                       \
	     "    audit = true; } );\n"                                        \
	     " routes = (\n"                                                   \
	     "  { to = \"10.1.0.0/26\"; allow = [ \"udp\", \"icmp\", "         \
	     "\"tcp/22\" ];\n"                                                 \
	     "    from = \"192.0.2.0/31\"; },\n"                               \
	     "  { name = \"1\"; to = \"10.2.0.1\"; allow = \"tcp\"; nat = "    \
	     "false;\n"                                                        \
	     "    via = \"c\"; from = \"172.16.0.0/16\"; } ); } );\n"

static void a_service_has_its_range_sources_timeout_and_audit(void **state)
{
	const struct policy_service *service;
	char buf[IP_PREFIX_TEXT_SIZE];
	struct fixture f;

	(void)state;
	fixture_open(&f, WIDE);
	assert_non_null(f.policy);
	service = &f.policy->sites[0].services[0];

	assert_string_equal(service->name, "a");
	assert_int_equal(service->public_port, 10);
	assert_int_equal(service->public_last, 19);
	assert_int_equal(service->target_port, 20);
	assert_int_equal(service->target_last, 29);
	assert_int_equal(service->from.cnt, 1);
	assert_string_equal(ip_prefix_format(service->from.prefixes, buf),
			    "192.0.2.0/31");
	assert_int_equal(service->idle_timeout_s, 300);
	assert_true(service->audit);

	service = &f.policy->sites[0].services[1];
	assert_int_equal(service->target.family, IP_V6);
	assert_int_equal(service->public_last, 443);
	assert_int_equal(service->from.cnt, 0);
	assert_int_equal(service->idle_timeout_s, 0);
	assert_false(service->audit);
	fixture_close(&f);
}

static void a_route_has_what_it_allows_in_order_and_a_name(void **state)
{
	const struct policy_route *route;
	const struct policy_site *site;
	struct fixture f;

	(void)state;
	fixture_open(&f, WIDE);
	assert_non_null(f.policy);
	site = &f.policy->sites[0];
	assert_int_equal(site->route_cnt, 2);

	route = &site->routes[0];
	assert_string_equal(route->name, "1");
	assert_false(route->nat);
	assert_string_equal(route->via, "c");
	assert_int_equal(route->from.cnt, 1);

	route = &site->routes[1];
	assert_string_equal(route->name, "10.1.0.0/26");
	assert_true(route->nat);
	assert_null(route->via);
	assert_int_equal(route->allow_cnt, 3);
	assert_int_equal(route->allow[0].proto, PROTO_ICMP);
	assert_int_equal(route->allow[1].proto, PROTO_TCP);
	assert_int_equal(route->allow[1].first, 22);
	assert_int_equal(route->allow[2].proto, PROTO_UDP);
	assert_int_equal(route->allow[2].last, 65535);
	assert_ptr_equal(route->from.prefixes, site->services[0].from.prefixes);
	fixture_close(&f);
}

static void an_alias_stays_with_its_network_and_a_pool_with_its_address(
	void **state)
{
	const struct policy_gateway *gateway;
	const struct policy_site *site;
	char buf[IP_PREFIX_TEXT_SIZE];
	struct ip_addr addr;
	struct fixture f;

	(void)state;
	fixture_open(&f, WIDE);
	assert_non_null(f.policy);
	site = &f.policy->sites[0];

	assert_int_equal(site->network_cnt, 3);
	assert_string_equal(ip_prefix_format(&site->networks[0], buf),
			    "10.1.0.0/25");
	assert_string_equal(ip_prefix_format(&site->aliases[0], buf),
			    "100.80.1.0/25");
	assert_string_equal(ip_prefix_format(&site->aliases[1], buf),
			    "100.80.2.0/24");
	assert_int_equal(ip_addr_parse("10.1.0.101", &addr), 0);
	addr = site_tunnel_addr(site, &addr);
	assert_string_equal(ip_addr_format(&addr, buf), "100.80.1.101");
	assert_int_equal(ip_addr_parse("fd01::5:6:7:8", &addr), 0);
	addr = site_tunnel_addr(site, &addr);
	assert_string_equal(ip_addr_format(&addr, buf), "fd80::5:6:7:8");

	gateway = policy_gateway_find(f.policy, "c");
	assert_string_equal(ip_prefix_format(gateway_pool(gateway, IP_V4), buf),
			    "100.64.0.16/28");
	assert_string_equal(ip_prefix_format(gateway_pool(gateway, IP_V6), buf),
			    "fd64::2/128");
	fixture_close(&f);
}

static void errors_name_the_file_and_line_that_a_line_of_the_text_is_from(
	void **state)
{
	static const struct cfg_piece pieces[] = {
		{1, "a.cfg", 1}, {3, "b.inc", 10}, {5, "a.cfg", 2}};
	const struct cfg_source source = {
		.text = "version = 1;\n"
			"gateways = (\n"
			"{ name = \"x\"; role = \"cloud\"; address = "
			"\"1.0.0.1\"; },\n"
			"{ name = \"x\"; role = \"cloud\"; address = "
			"\"1.0.0.2\"; }\n"
			"); sites = 7;\n",
		.path = "a.cfg",
		.pieces = pieces,
		.piece_cnt = 3};
	struct arena arena;
	struct diag diag;
	char buf[512];

	(void)state;
	arena_init(&arena);
	diag_init(&diag);

	assert_null(policy_parse_source(&source, &arena, &diag));

	assert_int_equal(diag.error_cnt, 2);
	diag_text(&diag, 0, buf, sizeof(buf));
	assert_string_equal(buf, "a.cfg:2: \"sites\" must be a list ( ), not a "
				 "number");
	diag_text(&diag, 1, buf, sizeof(buf));
	assert_string_equal(buf, "b.inc:11: gateway name \"x\" is taken by the "
				 "one of line 10; use another");
	diag_fini(&diag);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gateway_has_role_site_addresses_and_relays),
		cmocka_unit_test(a_site_has_networks_and_services),
		cmocka_unit_test(
			masquerade_is_on_and_services_are_none_by_default),
		cmocka_unit_test(
			entries_are_in_normal_order_whatever_the_text_has),
		cmocka_unit_test(
			any_error_gives_no_table_and_errors_in_order_of_lines),
		cmocka_unit_test(
			errors_of_another_file_do_not_make_a_policy_invalid),
		cmocka_unit_test(
			every_prefix_of_a_text_is_an_error_or_a_policy),
		cmocka_unit_test(
			ten_thousand_services_are_parsed_within_a_second),
		cmocka_unit_test(
			forty_thousand_services_take_little_more_than_four_times_as_long),
		cmocka_unit_test(
			ten_thousand_times_the_same_mistake_is_found_within_a_second),
		cmocka_unit_test(more_services_than_there_are_ids_are_refused),
		cmocka_unit_test(a_gateway_cfg_must_name_one_of_the_gateways),
		cmocka_unit_test(
			a_hundred_thousand_sources_are_merged_within_seconds),
		cmocka_unit_test(
			thousands_of_sites_with_the_same_network_take_their_aliases_time),
		cmocka_unit_test(
			a_service_has_its_range_sources_timeout_and_audit),
		cmocka_unit_test(
			a_route_has_what_it_allows_in_order_and_a_name),
		cmocka_unit_test(
			an_alias_stays_with_its_network_and_a_pool_with_its_address),
		cmocka_unit_test(
			errors_name_the_file_and_line_that_a_line_of_the_text_is_from),
		cmocka_unit_test(
			the_slice_of_a_site_does_not_depend_on_other_sites),
		cmocka_unit_test(
			the_policy_path_is_found_in_a_gateway_cfg_with_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

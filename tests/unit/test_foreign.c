/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What Docker, ufw and firewalld install is tried in netns-tests/46-foreign.sh. */

#include "steward/foreign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CHAIN(family, table, hook, policy)                                     \
	"{\"chain\": {\"family\": \"" family "\", \"table\": \"" table         \
	"\", \"name\": \"FORWARD\", \"type\": \"filter\", \"hook\": \"" hook   \
	"\", \"prio\": 0, \"policy\": \"" policy "\"}}"
#define RULE(table, expr)                                                      \
	", {\"rule\": {\"family\": \"inet\", \"table\": \"" table              \
	"\", \"chain\": \"FORWARD\", \"handle\": 5, \"expr\": [" expr "]}}"
#define SADDR                                                                  \
	"{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": " \
	"\"ip\", \"field\": \"saddr\"}}, \"right\": \"192.0.2.1\"}}, "
#define IIF(name)                                                              \
	"{\"match\": {\"op\": \"==\", \"left\": {\"meta\": {\"key\": "         \
	"\"iifname\"}}, \"right\": \"" name "\"}}, "

static const struct ip_addr addrs[] = {{IP_V4, {100, 64, 0, 1}},
				       {IP_V6, {0xfd, 0x64}}};
static const struct policy_service services[] = {
	{.name = "four",
	 .proto = PROTO_TCP,
	 .target = {IP_V4, {10, 1, 0, 5}},
	 .target_port = 80},
	{.name = "six",
	 .proto = PROTO_TCP,
	 .target = {IP_V6, {0xfd, 0x01}},
	 .target_port = 80},
};
static const struct policy_site site = {.name = "oslo"};
static const struct plan_service entries[] = {{&site, &services[0], 1},
					      {&site, &services[1], 2}};
static const struct policy_gateway gateway = {
	.name = "edge-1", .role = ROLE_CLOUD, .addrs = addrs, .addr_cnt = 2};
static const struct gateway_conf conf = {.tun_name = "rt0"};
static const struct plan plan = {
	.gateway = &gateway,
	.conf = &conf,
	.services = entries,
	.service_cnt = 2,
};

/** judge() - What is found in some objects */
static struct foreign judge(const char *objects)
{
	static const char *const ifnames[] = {"eth0", "eth1"};
	struct sim *sim = sim_new();
	struct foreign found;
	struct strbuf json;

	strbuf_init(&json);
	strbuf_printf(&json, "{\"nftables\": [%s]}", objects);
	assert_int_equal(sim_add(sim, strbuf_str(&json)), 0);
	foreign_judge(sim, &plan, ifnames, 2, &found);
	strbuf_fini(&json);
	sim_free(sim);
	return found;
}

static void a_drop_policy_is_told_once_a_way_and_family(void **state)
{
	struct foreign found = judge(CHAIN("ip6", "filter", "forward", "drop"));
	struct strbuf text;

	(void)state;
	assert_int_equal(found.cnt, 2);
	assert_true(found.findings[0].family6);
	assert_true(found.findings[0].certain);
	strbuf_init(&text);
	foreign_tell(&found.findings[0], "", "docker", "rt0", &text);
	assert_string_equal(
		strbuf_str(&text),
		"table ip6 filter, chain FORWARD, policy drop "
		"(docker): drops packets into the tunnel (IPv6 at "
		"eth0); remedy: ip6tables -I DOCKER-USER -i rt0 -j "
		"ACCEPT; ip6tables -I DOCKER-USER -o rt0 -j ACCEPT");
	strbuf_fini(&text);
	assert_int_equal(judge(CHAIN("inet", "filter", "forward", "drop")).cnt,
			 4);
}

static void a_list_of_banned_addresses_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(judge(CHAIN("inet", "t", "forward", "accept")
				       RULE("t", SADDR "{\"drop\": null}"))
				 .cnt,
			 0);
}

static void what_may_be_accepted_before_is_said(void **state)
{
	struct foreign found = judge(CHAIN("inet", "t", "forward", "drop") RULE(
		"t", SADDR "{\"accept\": null}"));
	struct strbuf text;

	(void)state;
	assert_false(found.findings[0].certain);
	strbuf_init(&text);
	foreign_tell(&found.findings[0], "", "", "rt0", &text);
	assert_non_null(strstr(strbuf_str(&text),
			       "drops most packets into the tunnel, unless a "
			       "rule before it accepts"));
	strbuf_fini(&text);
}

static void what_drops_at_one_interface_names_it(void **state)
{
	struct foreign found =
		judge(CHAIN("inet", "t", "forward", "accept")
			      RULE("t", IIF("eth1") "{\"reject\": "
						    "null}"));

	(void)state;
	assert_int_equal(found.cnt, 2);
	assert_string_equal(found.findings[0].ifname, "eth1");
	assert_int_equal(found.findings[0].handle, 5);
	assert_true(found.findings[0].rejects);
	assert_int_equal(found.findings[0].way, FOREIGN_INTO);
}

static void the_way_to_relays_is_tried_as_well(void **state)
{
	struct foreign found = judge(CHAIN("inet", "t", "output", "drop"));

	(void)state;
	assert_int_equal(found.cnt, 1);
	assert_int_equal(found.findings[0].way, FOREIGN_DIAL);
	assert_int_equal(judge(CHAIN("inet", "t", "input", "accept")).cnt, 0);
}

static void what_keeps_flows_from_being_tracked_is_told(void **state)
{
	static const char early[] =
		"{\"chain\": {\"family\": \"inet\", \"table\": \"t\", "
		"\"name\": \"FORWARD\", \"type\": \"filter\", \"hook\": "
		"\"prerouting\", \"prio\": %d, \"policy\": \"accept\"}}%s";
	char objects[1024];
	struct foreign found;
	struct strbuf text;

	(void)state;
	snprintf(objects, sizeof(objects), early, -300,
		 RULE("t", IIF("eth1") "{\"notrack\": null}"));
	found = judge(objects);
	assert_int_equal(found.cnt, 2); /* IPv4 and IPv6 */
	strbuf_init(&text);
	foreign_tell(&found.findings[0], "notrack", "", "rt0", &text);
	assert_non_null(strstr(strbuf_str(&text), "at eth1"));
	assert_non_null(strstr(strbuf_str(&text), "connection tracking"));
	assert_non_null(strstr(strbuf_str(&text),
			       "delete rule inet t FORWARD handle 5"));
	strbuf_fini(&text);

	/* For some clients only. */
	snprintf(objects, sizeof(objects), early, -300,
		 RULE("t", SADDR "{\"notrack\": null}"));
	assert_int_equal(judge(objects).cnt, 0);
	/* Too late: the packet is tracked already. */
	snprintf(objects, sizeof(objects), early, -150,
		 RULE("t", "{\"notrack\": null}"));
	assert_int_equal(judge(objects).cnt, 0);
}

static void tables_of_relaytun_are_passed_over(void **state)
{
	(void)state;
	assert_int_equal(
		judge(CHAIN("inet", "relaytun_x", "forward", "drop")).cnt, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_policy_is_told_once_a_way_and_family),
		cmocka_unit_test(a_list_of_banned_addresses_is_not_told),
		cmocka_unit_test(what_may_be_accepted_before_is_said),
		cmocka_unit_test(what_drops_at_one_interface_names_it),
		cmocka_unit_test(the_way_to_relays_is_tried_as_well),
		cmocka_unit_test(what_keeps_flows_from_being_tracked_is_told),
		cmocka_unit_test(tables_of_relaytun_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What we rely on in nf_tables and libnftables, in a namespace of our own.
 */

#include "steward/ruleset.h"

#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../unit/plans.h"
#include "base/limits.h"
#include "listing.h"
#include "steward/nft.h"
#include "steward/table_diff.h"
#include "steward/table_listing.h"
#include "sys/file.h"

#define GOLDEN_DIR "tests/golden/nft"

static int new_namespace(void **state)
{
	static bool have;

	if (unshare(CLONE_NEWNET) == 0)
		have = true;
	*state = have ? &have : NULL;
	return 0;
}

/** need_namespace() - Skip without root */
static void need_namespace(void **state)
{
	if (!*state)
		skip();
}

/** load() - Load a script that must be accepted */
static void load(const char *what, const char *script)
{
	char line[DIAG_TEXT_LEN_MAX + 16] = "";
	struct diag diag;
	int err;

	diag_init(&diag);
	err = ruleset_load(script, &diag);
	if (diag.cnt)
		diag_text(&diag, 0, line, sizeof(line));
	diag_fini(&diag);
	if (err)
		fail_msg("%s: %s", what, line);
}

/** refuses() - Does the kernel refuse a script, and is it said why? */
static bool refuses(const char *script)
{
	struct diag diag;
	bool refused;

	diag_init(&diag);
	refused = ruleset_load(script, &diag) < 0;
	assert_int_equal(diag.error_cnt, refused);
	diag_fini(&diag);
	return refused;
}

static void every_golden_ruleset_loads_also_over_itself(void **state)
{
	struct dirent *entry;
	unsigned int cnt = 0;
	DIR *dir;

	need_namespace(state);
	dir = opendir(GOLDEN_DIR);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[300];
		char *script;

		if (!strstr(entry->d_name, ".nft"))
			continue;
		snprintf(path, sizeof(path), GOLDEN_DIR "/%s", entry->d_name);
		assert_true(file_read(path, POLICY_LEN_MAX, &script) > 0);
		load(path, script);
		load(path, script);
		free(script);
		cnt++;
	}
	closedir(dir);
	assert_true(cnt >= 4);
}

static void a_refused_script_leaves_nothing_of_itself(void **state)
{
	need_namespace(state);

	assert_true(refuses("table inet half { chain a { jump nowhere; } }"));
	assert_true(refuses("table inet half { nonsense }"));

	assert_true(refuses("list table inet half"));
}

static void a_removal_is_accepted_with_and_without_the_table(void **state)
{
	struct strbuf script;

	need_namespace(state);
	strbuf_init(&script);
	nft_render_removal("relaytun_gone-1", &script);

	load("without", strbuf_str(&script));
	load("table", "table inet relaytun_gone-1 { }");
	load("with", strbuf_str(&script));

	assert_true(refuses("list table inet relaytun_gone-1"));
	strbuf_fini(&script);
}

/** load_table() - All of it */
static void load_table(const struct table *table)
{
	struct strbuf script;

	strbuf_init(&script);
	table_print(table, &script);
	load(table->name, strbuf_str(&script));
	strbuf_fini(&script);
}

/** load_difference() - From what stands; Return: how that is done */
static enum table_diff load_difference(const struct table *stands,
				       const struct table *wanted)
{
	enum table_diff how;
	struct strbuf script;

	strbuf_init(&script);
	how = table_diff(stands, wanted, &script);
	if (how == TABLE_DIFF_SCRIPT)
		load(strbuf_str(&script), strbuf_str(&script));
	strbuf_fini(&script);
	return how;
}

/** expect_same() - What stands after a difference and after a full load */
static void expect_same(const struct listing *difference,
			const struct listing *full)
{
	size_t i;

	for (i = 0; i < difference->cnt && i < full->cnt; i++)
		assert_string_equal(difference->facts[i], full->facts[i]);
	assert_int_equal(difference->cnt, full->cnt);
}

/** expect_whole() - What stands is recognised as what was wanted */
static void expect_whole(const struct table *before, const struct table *wanted)
{
	struct strbuf listing;

	strbuf_init(&listing);
	ruleset_list_table(wanted->name, &listing);
	assert_true(table_matches(wanted, strbuf_str(&listing)));
	assert_false(table_matches(before, strbuf_str(&listing)));
	strbuf_fini(&listing);
}

/** take_walk() - Through random policies by differences; at each step what
 *  stands must be what a full load gives */
static void take_walk(enum gateway_role role, uint64_t seed, unsigned int steps)
{
	struct table *stands = NULL;
	unsigned int i;

	for (i = 0; i < steps; i++) {
		const struct nft_opened opened = {.v6_all = i % 3 == 0,
						  .v6_off = i % 5 == 4};
		struct listing difference;
		struct listing full;
		struct table *wanted;
		struct arena arena;

		arena_init(&arena);
		wanted = nft_table(plans_make(seed + i, role, &arena), &opened);
		if (!stands) {
			load_table(wanted);
		} else {
			enum table_diff how = load_difference(stands, wanted);

			assert_int_equal(how, TABLE_DIFF_SCRIPT);
			expect_whole(stands, wanted);
			listing_of(wanted->name, &difference);
			load_table(wanted);
			listing_of(wanted->name, &full);
			expect_same(&difference, &full);
			listing_free(&difference);
			listing_free(&full);
		}
		table_free(stands);
		stands = wanted;
		arena_fini(&arena);
	}
	table_free(stands);
}

static void differences_lead_where_a_full_load_leads(void **state)
{
	need_namespace(state);
	take_walk(ROLE_CLOUD, 100, 40);
	take_walk(ROLE_SITE, 200, 40);
}

/* Instruments take their time as well; measured figures are in
 * docs/architecture.md. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PATIENCE 4
#else
#define PATIENCE 1
#endif

/** spent_ms() - Processor time since \p start, in the kernel too
 *
 * Unlike time that passes it does not depend on what else the machine does.
 */
static int64_t spent_ms(clock_t start)
{
	return (int64_t)(clock() - start) * 1000 / CLOCKS_PER_SEC;
}

/** load_and_change_one() - All of a plan, then what one service differs */
static void load_and_change_one(const struct plan *plan,
				struct policy_service *service)
{
	const struct nft_opened opened = {0};
	struct table *stands = nft_table(plan, &opened);
	clock_t start = clock();
	struct table *wanted;

	load_table(stands);
	assert_true(spent_ms(start) < PATIENCE * 3000);
	service->target_port++;
	start = clock();
	wanted = nft_table(plan, &opened);
	assert_int_equal(load_difference(stands, wanted), TABLE_DIFF_SCRIPT);
	assert_true(spent_ms(start) < PATIENCE * 500);
	table_free(stands);
	table_free(wanted);
}

/** struct big - A plan of many services, and all it points to */
struct big {
	struct policy_service services[10000];
	struct plan_service entries[10000];
	struct ip_addr self;
	struct ip_prefix pool;
	struct policy_site site;
	struct policy_gateway gateway;
	struct policy policy;
	struct gateway_conf conf;
	struct plan plan;
};

/** big_init() - Without services yet; of a cloud gateway */
static void big_init(struct big *big, const struct ip_addr *self)
{
	big->self = *self;
	big->pool = ip_prefix_of(self);
	big->site = (struct policy_site){.name = "oslo"};
	big->gateway = (struct policy_gateway){.name = "big",
					       .role = ROLE_CLOUD,
					       .site = &big->site,
					       .addrs = &big->self,
					       .pools = &big->pool,
					       .addr_cnt = 1};
	big->policy = (struct policy){.gateways = &big->gateway,
				      .gateway_cnt = 1,
				      .sites = &big->site,
				      .site_cnt = 1};
	big->conf = (struct gateway_conf){.name = "big", .tun_name = "rt0"};
	big->plan = (struct plan){.policy = &big->policy,
				  .gateway = &big->gateway,
				  .conf = &big->conf,
				  .services = big->entries};
}

/* As long as a list may be that stands in a rule; see nft_set.c. */
#define LIST_CNT 16

static void a_rule_has_room_for_a_list_that_needs_no_set(void **state)
{
	static struct big big;
	struct ip_prefix from[LIST_CNT];
	const struct nft_opened opened = {0};
	struct table *table;
	struct strbuf text;
	size_t i;

	need_namespace(state);
	big_init(&big, &(struct ip_addr){IP_V6, {0xfd}});
	for (i = 0; i < LIST_CNT; i++)
		from[i] = (struct ip_prefix){
			{IP_V6, {0x20, 1, 0xd, 0xb8, (uint8_t)i, 1}}, 47};
	big.services[0] = (struct policy_service){
		.name = "s",
		.proto = PROTO_TCP,
		.public_port = 80,
		.target = {IP_V6, {0xfd, 1}},
		.target_port = 80,
		.from = {from, LIST_CNT},
	};
	big.entries[0] = (struct plan_service){&big.site, &big.services[0], 1};
	big.plan.service_cnt = 1;
	table = nft_table(&big.plan, &opened);
	strbuf_init(&text);
	table_print(table, &text);
	assert_null(strstr(strbuf_str(&text), "set from_"));
	load_table(table);
	strbuf_fini(&text);
	table_free(table);
}

static void ten_thousand_services_load_and_one_of_them_changes(void **state)
{
	static struct big big;
	const enum gateway_role roles[] = {ROLE_CLOUD, ROLE_SITE};
	struct policy_service *services = big.services;
	size_t i;

	need_namespace(state);
	big_init(&big, &(struct ip_addr){IP_V4, {100, 64, 0, 1}});
	big.plan.service_cnt = 10000;
	for (i = 0; i < 10000; i++) {
		services[i] = (struct policy_service){
			.name = "s",
			.proto = PROTO_TCP,
			.public_port = (uint16_t)(i + 1),
			.target = {IP_V4,
				   {10, 0, (uint8_t)(i >> 8), (uint8_t)i}},
			.target_port = 80,
		};
		big.entries[i] = (struct plan_service){&big.site, &services[i],
						       (uint32_t)i + 1};
	}
	for (i = 0; i < 2; i++) {
		big.gateway.role = roles[i];
		services[5000].target_port = 80;
		load_and_change_one(&big.plan, &services[5000]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_ruleset_loads_also_over_itself),
		cmocka_unit_test(a_refused_script_leaves_nothing_of_itself),
		cmocka_unit_test(
			a_removal_is_accepted_with_and_without_the_table),
		cmocka_unit_test(differences_lead_where_a_full_load_leads),
		cmocka_unit_test(a_rule_has_room_for_a_list_that_needs_no_set),
		cmocka_unit_test(
			ten_thousand_services_load_and_one_of_them_changes),
	};

	return cmocka_run_group_tests(tests, new_namespace, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_needs.c - What a policy needs of relays
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy/needs.h"
#include "policy/parse.h"

/** struct fixture - A policy and what it needs */
struct fixture {
	struct arena arena;
	struct diag diag;
	struct strbuf text;
	const struct policy *policy;
	const struct relay_needs *needs;
	size_t cnt;
};

/**
 * fixture_open() - A policy with so many gateways
 * @clouds:	Cloud gateways
 * @relays:	Per site gateway its "relays" value
 * @site_cnt:	Site gateways
 * @channels:	As of gateway.cfg
 */
static void fixture_open(struct fixture *f, unsigned int clouds,
			 const char *const *relays, unsigned int site_cnt,
			 uint32_t channels)
{
	unsigned int i;

	arena_init(&f->arena);
	diag_init(&f->diag);
	strbuf_init(&f->text);
	strbuf_printf(&f->text, "version = 1; gateways = (\n");
	for (i = 0; i < clouds; i++)
		strbuf_printf(&f->text,
			      "{ name = \"c%u\"; role = \"cloud\"; address = "
			      "\"100.64.%u.%u\"; },\n",
			      i, i / 250, i % 250 + 1);
	for (i = 0; i < site_cnt; i++)
		strbuf_printf(&f->text,
			      "%s{ name = \"s%u\"; role = \"site\"; site = "
			      "\"s\"; address = \"100.65.%u.%u\"; relays = %s; "
			      "}\n",
			      i ? "," : "", i, i / 250, i % 250 + 1, relays[i]);
	strbuf_printf(&f->text, "); sites = ( { name = \"s\"; networks = "
				"\"10.1.0.0/24\"; } );");
	f->policy = policy_parse(strbuf_str(&f->text), "p.cfg", &f->arena,
				 &f->diag);
	assert_non_null(f->policy);
	/* Warnings of relays that are shared. */
	diag_fini(&f->diag);
	f->needs = needs_of(f->policy, channels, &f->arena, &f->cnt);
	needs_check(f->policy, f->needs, f->cnt, &f->diag);
}

static void fixture_close(struct fixture *f)
{
	strbuf_fini(&f->text);
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

/** expect_warning() - There is one, which is this */
static void expect_warning(const struct fixture *f, const char *words)
{
	char text[512];

	assert_int_equal(f->diag.warning_cnt, 1);
	diag_text(&f->diag, 0, text, sizeof(text));
	assert_string_equal(text, words);
}

static void needs_are_counted_for_each_host(void **state)
{
	static const char *const relays[] = {
		"[ \"wss://b/1\", \"wss://a/1\" ]",
		"[ \"wss://a/2\", \"wss://a.b/1\" ]",
		"[ \"wss://a/1\", \"wss://a:444/1\" ]"};
	struct strbuf out;
	struct fixture f;

	(void)state;
	fixture_open(&f, 2, relays, 3, 4);

	assert_int_equal(f.cnt, 4);
	assert_string_equal(f.needs[0].host, "a");
	assert_int_equal(f.needs[0].path_cnt, 2);
	assert_int_equal(f.needs[0].listener_cnt, 3);
	assert_string_equal(f.needs[0].busiest, "wss://a/1");
	assert_int_equal(f.needs[0].busiest_cnt, 2);
	assert_int_equal(f.needs[0].connection_cnt, 3 * 2 * 4);
	assert_string_equal(f.needs[3].host, "b");
	assert_int_equal(f.needs[3].connection_cnt, 8);
	assert_int_equal(f.diag.warning_cnt, 0);

	strbuf_init(&out);
	needs_print(f.needs, 1, &out);
	assert_string_equal(
		strbuf_str(&out),
		"RELAY  HYBRID CONNECTIONS  LISTENERS  MOST AT ONE  "
		"CONNECTIONS\n"
		"a                       2          3         2/25      "
		"24/5000\n");
	strbuf_fini(&out);
	fixture_close(&f);
}

static void a_policy_without_relays_needs_none(void **state)
{
	struct arena arena;
	struct diag diag;
	size_t cnt = 7;

	(void)state;
	arena_init(&arena);
	diag_init(&diag);
	needs_of(policy_parse("version = 1; gateways = (); sites = ();", "p",
			      &arena, &diag),
		 2, &arena, &cnt);

	assert_int_equal(cnt, 0);
	diag_fini(&diag);
	arena_fini(&arena);
}

static void the_26th_listener_at_one_hybrid_connection_is_warned_of(
	void **state)
{
	const char *relays[26];
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < 26; i++)
		relays[i] = "\"wss://ns.servicebus.windows.net/x\"";
	fixture_open(&f, 1, relays, 25, 2);
	assert_int_equal(f.needs[0].busiest_cnt, 25);
	assert_int_equal(f.diag.warning_cnt, 0);
	fixture_close(&f);

	fixture_open(&f, 1, relays, 26, 2);
	expect_warning(
		&f, "p.cfg:12: warning: 26 gateways listen at "
		    "\"wss://ns.servicebus.windows.net/x\"; Azure takes 25 at "
		    "one hybrid connection, so give each gateway its own");
	fixture_close(&f);
}

static void the_5001st_connection_of_a_namespace_is_warned_of(void **state)
{
	static char texts[1667][64];
	const char *relays[1667];
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < 1667; i++) {
		snprintf(texts[i], sizeof(texts[i]),
			 "\"wss://ns.servicebus.windows.net/%zu\"", i);
		relays[i] = texts[i];
	}
	fixture_open(&f, 50, relays, 50, 2);
	assert_int_equal(f.needs[0].connection_cnt, 5000);
	assert_int_equal(f.diag.warning_cnt, 0);
	fixture_close(&f);

	fixture_open(&f, 3, relays, 1667, 1);
	assert_int_equal(f.needs[0].connection_cnt, 5001);
	expect_warning(
		&f, "p.cfg: warning: the channels through "
		    "ns.servicebus.windows.net are 5001 connections; Azure "
		    "takes 5000 in a namespace, so set fewer \"channels\" in "
		    "gateway.cfg, or use more namespaces");
	fixture_close(&f);
}

/** choose() - needs_channels() of a policy of cloud and site gateways, all at one
 *  namespace */
static struct channel_choice choose(struct fixture *f, unsigned int clouds,
				    unsigned int site_cnt, uint32_t set,
				    uint32_t workers)
{
	static const char *const names[] = {
		"\"wss://ns.servicebus.windows.net/1\""};
	const char *relays[100];
	unsigned int i;

	for (i = 0; i < site_cnt; i++)
		relays[i] = names[0];
	fixture_open(f, clouds, relays, site_cnt, 1);
	diag_fini(&f->diag);
	return needs_channels(f->policy, set, workers, &f->arena);
}

static void two_channels_are_the_default_where_there_is_room(void **state)
{
	struct channel_choice choice;
	struct fixture f;

	(void)state;
	choice = choose(&f, 50, 50, 0, 1);
	assert_int_equal(choice.cnt, 2);
	assert_null(choice.host);
	channel_choice_check(f.policy, &choice, &f.diag);
	assert_int_equal(f.diag.warning_cnt, 0);
	fixture_close(&f);
}

static void default_is_lowered_to_what_a_namespace_takes(void **state)
{
	struct channel_choice choice;
	struct fixture f;

	(void)state;
	choice = choose(&f, 51, 50, 0, 1);
	assert_int_equal(choice.cnt, 1);
	assert_int_equal(choice.wanted, 2);
	channel_choice_check(f.policy, &choice, &f.diag);
	expect_warning(
		&f, "p.cfg: warning: there is room for 1 channel between two "
		    "gateways over each relay only: Azure takes 5000 "
		    "connections in a namespace, and 2 channels would need "
		    "more at ns.servicebus.windows.net");
	fixture_close(&f);
}

/** expect_channels() - So many are chosen */
static void expect_channels(unsigned int clouds, unsigned int site_cnt,
			    uint32_t set, uint32_t workers, uint32_t cnt)
{
	struct fixture f;

	assert_int_equal(choose(&f, clouds, site_cnt, set, workers).cnt, cnt);
	fixture_close(&f);
}

static void every_worker_gets_a_channel(void **state)
{
	(void)state;
	expect_channels(1, 1, 0, 4, 4);
	expect_channels(1, 1, 3, 4, 4);
	expect_channels(51, 50, 0, 3, 3);
	expect_channels(25, 50, 0, 8, 8);
	expect_channels(1, 1, 0, 0, 2);
}

static void one_channel_is_needed_whether_there_is_room_or_not(void **state)
{
	(void)state;
	expect_channels(100, 60, 0, 1, 1);
}

static void channels_that_are_set_are_taken(void **state)
{
	struct channel_choice choice;
	struct fixture f;

	(void)state;
	choice = choose(&f, 100, 50, 16, 1);
	assert_int_equal(choice.cnt, 16);
	assert_true(choice.is_set);
	/* needs_check() warns of these. */
	assert_null(choice.host);
	fixture_close(&f);
}

static void a_pair_has_no_more_than_its_channels(void **state)
{
	static const char relays17[] =
		"[ \"wss://1/a\", \"wss://2/a\", \"wss://3/a\", "
		"\"wss://4/a\", \"wss://5/a\", \"wss://6/a\", "
		"\"wss://7/a\", \"wss://8/a\", \"wss://9/a\", "
		"\"wss://10/a\", \"wss://11/a\", \"wss://12/a\", "
		"\"wss://13/a\", \"wss://14/a\", \"wss://15/a\", "
		"\"wss://16/a\", \"wss://17/a\" ]";
	const char *relays[] = {"\"wss://1/b\"", relays17};
	struct channel_choice choice;
	struct fixture f;

	(void)state;
	fixture_open(&f, 1, relays, 2, 1);
	choice = needs_channels(f.policy, 0, 1, &f.arena);
	assert_int_equal(choice.cnt, 1);
	assert_string_equal(choice.gateway->name, "s1");
	choice = needs_channels(f.policy, 1, 1, &f.arena);
	assert_null(choice.gateway);
	choice = needs_channels(f.policy, 2, 1, &f.arena);
	assert_int_equal(choice.cnt, 2);
	assert_string_equal(choice.gateway->name, "s1");
	fixture_close(&f);
}

static void relays_that_workers_leave_no_channel_for_are_warned_of(void **state)
{
	const char *relays[] = {
		"[ \"wss://1/a\", \"wss://2/a\", \"wss://3/a\", "
		"\"wss://4/a\", \"wss://5/a\" ]"};
	struct channel_choice choice;
	struct fixture f;

	(void)state;
	fixture_open(&f, 1, relays, 1, 1);
	diag_fini(&f.diag);
	choice = needs_channels(f.policy, 0, 6, &f.arena);
	assert_null(choice.gateway);
	choice = needs_channels(f.policy, 0, 8, &f.arena);
	assert_int_equal(choice.cnt, 8);
	channel_choice_check(f.policy, &choice, &f.diag);
	expect_warning(&f,
		       "p.cfg:3: warning: \"s0\" listens at 5 relays: 8 "
		       "channels over each are 40, and two gateways may have "
		       "32, dealt out to 8 workers; 32 are dialled, so that "
		       "some relays have fewer or none");
	fixture_close(&f);
}

static void channels_that_cannot_be_dealt_out_evenly_are_warned_of(void **state)
{
	const char *relays[] = {
		"[ \"wss://1/a\", \"wss://2/a\", \"wss://3/a\", "
		"\"wss://4/a\", \"wss://5/a\", \"wss://6/a\", "
		"\"wss://7/a\", \"wss://8/a\" ]"};
	struct channel_choice choice;
	struct fixture f;

	(void)state;
	fixture_open(&f, 1, relays, 1, 1);
	diag_fini(&f.diag);
	/* 32, but the worker that has two over each relay would need 16 numbers
	 * of the 11 that it has. */
	choice = needs_channels(f.policy, 4, 3, &f.arena);
	channel_choice_check(f.policy, &choice, &f.diag);
	expect_warning(
		&f, "p.cfg:3: warning: \"s0\" listens at 8 relays: 4 channels "
		    "over each are 32, and two gateways may have 32, dealt out "
		    "to 3 workers; 27 are dialled, so that some relays have "
		    "fewer or none");
	assert_int_equal(needs_dialled(4, 3, 0, 8), 11);
	assert_int_equal(needs_dialled(4, 3, 1, 8), 8);
	assert_int_equal(needs_dialled(4, 3, 2, 8), 8);

	assert_null(needs_channels(f.policy, 4, 4, &f.arena).gateway);
	assert_null(needs_channels(f.policy, 3, 3, &f.arena).gateway);
	fixture_close(&f);
}

static void who_decided_how_many_channels_is_told(void **state)
{
	static const struct {
		uint32_t set;
		uint32_t workers;
		const char *text;
	} cases[] = {
		{0, 1, "2 (default)\n"},
		{0, 2, "2 (default)\n"},
		{0, 3, "3 (as many as workers)\n"},
		{2, 3, "3 (as many as workers)\n"},
		{3, 3, "3 (set in gateway.cfg)\n"},
		{4, 3, "4 (set in gateway.cfg)\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture f;
		struct channel_choice choice =
			choose(&f, 1, 1, cases[i].set, cases[i].workers);
		struct strbuf out;

		strbuf_init(&out);
		channel_choice_print(&choice, &out);
		assert_string_equal(strrchr(strbuf_str(&out), ':') + 2,
				    cases[i].text);
		strbuf_fini(&out);
		fixture_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_are_counted_for_each_host),
		cmocka_unit_test(
			relays_that_workers_leave_no_channel_for_are_warned_of),
		cmocka_unit_test(
			channels_that_cannot_be_dealt_out_evenly_are_warned_of),
		cmocka_unit_test(who_decided_how_many_channels_is_told),
		cmocka_unit_test(a_policy_without_relays_needs_none),
		cmocka_unit_test(
			the_26th_listener_at_one_hybrid_connection_is_warned_of),
		cmocka_unit_test(
			the_5001st_connection_of_a_namespace_is_warned_of),
		cmocka_unit_test(
			two_channels_are_the_default_where_there_is_room),
		cmocka_unit_test(default_is_lowered_to_what_a_namespace_takes),
		cmocka_unit_test(
			one_channel_is_needed_whether_there_is_room_or_not),
		cmocka_unit_test(every_worker_gets_a_channel),
		cmocka_unit_test(channels_that_are_set_are_taken),
		cmocka_unit_test(a_pair_has_no_more_than_its_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "steward/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char two_lines_each[] =
	"# relaytun: what this gateway must put back, and the marks it gave.\n"
	"# \"forwarding IF\": was off before it came.\n"
	"forwarding eth0\n"
	"forwarding eth1.100\n"
	"forwarding6 eth0\n"
	"forwarding6 *\n"
	"lro eth1\n"
	"setting net/ipv6/conf/eth1.100/accept_ra 1 2\n"
	"id oslo/dns 7\n"
	"id oslo/web 65534\n";

static void a_state_prints_as_it_was_read(void **unused)
{
	struct arena arena;
	struct state state;
	struct strbuf out;

	(void)unused;
	arena_init(&arena);
	strbuf_init(&out);
	state_init(&state, &arena);

	assert_int_equal(state_parse(&state, two_lines_each), 0);
	state_print(&state, &out);

	assert_string_equal(strbuf_str(&out), two_lines_each);
	assert_true(name_list_has(&state.opened, "eth0"));
	assert_false(name_list_has(&state.opened, "eth1"));
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void lines_that_mean_nothing_are_skipped_and_counted(void **unused)
{
	static const char *const bad[] = {
		"forwarding ",
		"forwarding 0123456789abcdef",
		"forwarding a b",
		"id ",
		"id name",
		"id name 0",
		"id name 65536",
		"id name 99999999999999999999",
		"id name -1",
		"id name +1",
		"id name 1x",
		"id  1",
		"other eth0",
		"setting ",
		"setting net/a",
		"setting net/a 1",
		"setting net/a 1 ",
		"setting net/a x 1",
		"setting net/a 1 2 ",
		"setting net/a 1 2x",
		"setting net/a -1 2",
		"setting net/a 12345678901 2",
		"setting net/../kernel/a 1 2",
		"setting kernel/a 1 2",
		"lro ",
		"lro a b",
		"forwarding6 0123456789abcdef",
	};
	struct arena arena;
	struct state state;
	char text[64];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		arena_init(&arena);
		state_init(&state, &arena);
		strcpy(text, bad[i]);
		strcat(text, "\nforwarding eth9\n");

		assert_int_equal(state_parse(&state, text), 1);

		assert_int_equal(state.opened.cnt, 1);
		assert_string_equal(state.opened.names[0], "eth9");
		assert_int_equal(state.id_cnt, 0);
		arena_fini(&arena);
	}
}

static void every_truncation_of_a_state_is_read_without_harm(void **unused)
{
	char text[sizeof(two_lines_each)];
	struct arena arena;
	struct state state;
	size_t len;

	(void)unused;
	for (len = 0; len < sizeof(two_lines_each); len++) {
		memcpy(text, two_lines_each, len);
		text[len] = '\0';
		arena_init(&arena);
		state_init(&state, &arena);

		assert_true(state_parse(&state, text) <= 1);

		assert_true(state.opened.cnt <= 2 && state.id_cnt <= 2);
		arena_fini(&arena);
	}
}

static bool is_kept(const char *name)
{
	return strcmp(name, "veth00") != 0 && strcmp(name, "veth19") != 0;
}

static void a_setting_keeps_the_value_it_had_at_first(void **unused)
{
	struct arena arena;
	struct state state;
	char path[] = "net/00";
	int i;

	(void)unused;
	arena_init(&arena);
	state_init(&state, &arena);

	for (i = 0; i < 40; i++) {
		path[4] = (char)('0' + i % 20 / 10);
		path[5] = (char)('0' + i % 10);
		state_set(&state, path, i, 7);
	}

	assert_int_equal(state.setting_cnt, 20);
	assert_string_equal(state.settings[19].path, "net/19");
	assert_int_equal(state.settings[19].before, 19);
	assert_int_equal(state.settings[19].found, 7);
	arena_fini(&arena);
}

static void an_interface_is_remembered_once_until_it_is_forgotten(void **unused)
{
	char name[] = "veth00";
	struct arena arena;
	struct state state;
	int i;

	(void)unused;
	arena_init(&arena);
	state_init(&state, &arena);

	for (i = 0; i < 40; i++) {
		name[4] = (char)('0' + i % 20 / 10);
		name[5] = (char)('0' + i % 10);
		state_add(&state, &state.opened, name);
	}
	state_keep(&state.opened, is_kept);

	assert_int_equal(state.opened.cnt, 18);
	assert_string_equal(state.opened.names[0], "veth01");
	assert_string_equal(state.opened.names[17], "veth18");
	arena_fini(&arena);
}

static void names_with_spaces_and_routes_keep_their_ids(void **unused)
{
	const struct policy_site oslo = {.name = "oslo"};
	const struct policy_service web = {.name = "the \"web\" 1"};
	const struct policy_route lan = {.name = "10.1.0.0/24"};
	const struct plan_service services[] = {{&oslo, &web, 9}};
	const struct plan_grant grants[] = {{&oslo, &lan, 10}};
	const struct plan plan = {.services = services,
				  .service_cnt = 1,
				  .grants = grants,
				  .grant_cnt = 1};
	struct state again;
	struct arena arena;
	struct state state;
	struct strbuf out;

	(void)unused;
	arena_init(&arena);
	strbuf_init(&out);
	state_init(&state, &arena);
	state_init(&again, &arena);

	state_take_ids(&state, &plan);
	state_print(&state, &out);

	assert_int_equal(state_parse(&again, strbuf_str(&out)), 0);
	assert_int_equal(again.id_cnt, 2);
	assert_string_equal(again.ids[0].name, "oslo/the \"web\" 1");
	assert_int_equal(again.ids[0].id, 9);
	assert_string_equal(again.ids[1].name, "oslo/10.1.0.0/24");
	assert_int_equal(again.ids[1].id, 10);
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void new_ids_come_beside_the_old_which_stay_for_ever(void **unused)
{
	const struct policy_site oslo = {.name = "oslo"};
	const struct policy_service web = {.name = "web"};
	const struct policy_service fresh = {.name = "fresh"};
	const struct plan_service services[] = {
		{&oslo, &fresh, 9},
		{&oslo, &web, 65534},
	};
	const struct plan plan = {.services = services, .service_cnt = 2};
	struct arena arena;
	struct state state;
	struct strbuf out;

	(void)unused;
	arena_init(&arena);
	strbuf_init(&out);
	state_init(&state, &arena);
	assert_int_equal(state_parse(&state, two_lines_each), 0);

	state_take_ids(&state, &plan);
	state_take_ids(&state, &plan);
	state_print(&state, &out);

	assert_non_null(strstr(strbuf_str(&out), "id oslo/dns 7\n"
						 "id oslo/web 65534\n"
						 "id oslo/fresh 9\n") ||
					strstr(strbuf_str(&out),
					       "id oslo/dns 7\n"
					       "id oslo/fresh 9\n"
					       "id oslo/web 65534\n")
				? strbuf_str(&out)
				: NULL);
	assert_int_equal(state.id_cnt, 3);
	strbuf_fini(&out);
	arena_fini(&arena);
}

static void a_listed_set_tells_what_is_opened(void **unused)
{
	static const char *const listings[] = {
		"table inet relaytun_x {\n\tset opened {\n\t\ttype ifname\n"
		"\t\telements = { \"eth0\",\n\t\t\t     \"eth1.100\" "
		"}\n\t}\n}\n",
		"table inet relaytun_x {\n\tset opened {\n\t\ttype "
		"ifname\n\t}\n}\n",
		"elements = { \"a-name-that-is-too-long\", \"",
		"elements = { \"\" }",
		"elements = {",
		"",
	};
	struct arena arena;
	struct state state;
	size_t i;

	(void)unused;
	arena_init(&arena);
	state_init(&state, &arena);
	for (i = 0; i < sizeof(listings) / sizeof(*listings); i++)
		state_take_listing(&state, &state.opened, listings[i]);

	assert_int_equal(state.opened.cnt, 2);
	assert_string_equal(state.opened.names[0], "eth0");
	assert_string_equal(state.opened.names[1], "eth1.100");
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_setting_keeps_the_value_it_had_at_first),
		cmocka_unit_test(a_listed_set_tells_what_is_opened),
		cmocka_unit_test(a_state_prints_as_it_was_read),
		cmocka_unit_test(
			lines_that_mean_nothing_are_skipped_and_counted),
		cmocka_unit_test(
			every_truncation_of_a_state_is_read_without_harm),
		cmocka_unit_test(
			an_interface_is_remembered_once_until_it_is_forgotten),
		cmocka_unit_test(names_with_spaces_and_routes_keep_their_ids),
		cmocka_unit_test(
			new_ids_come_beside_the_old_which_stay_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "steward/flowlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct policy_site site = {.name = "oslo"};
static const struct policy_service service = {.name = "web"};
static const struct policy_route route = {.name = "plain"};
static const struct plan_service services[] = {{&site, &service, 7}};
static const struct plan_grant grants[] = {{&site, &route, 9}};
static const struct policy_gateway gateway = {.name = "edge-1"};
static const struct plan plan = {
	.gateway = &gateway,
	.services = services,
	.service_cnt = 1,
	.grants = grants,
	.grant_cnt = 1,
};

static const struct flow web = {
	.proto = 6,
	.mark = 0x10007,
	.orig = {.src = {IP_V4, {203, 0, 113, 2}},
		 .dst = {IP_V4, {203, 0, 113, 1}},
		 .sport = 40000,
		 .dport = 8080},
	.reply = {.src = {IP_V4, {10, 1, 0, 5}},
		  .dst = {IP_V4, {100, 64, 0, 1}},
		  .sport = 80,
		  .dport = 40000},
	.tcp_state = 3,
	.counted = true,
	.bytes = {1536, 3u << 20},
	.packets = {3, 4},
	.start_ns = 1000000000,
};

static const struct flow ping = {
	.proto = 58,
	.mark = 9,
	.orig = {.src = {IP_V6, {0xfd}}, .dst = {IP_V6, {0xfe}}},
	.reply = {.src = {IP_V6, {0xfe}}, .dst = {IP_V6, {0xfd}}},
};

static void fill(struct flowlist *list)
{
	flowlist_init(list, &plan);
	list->now_ns = 3726000000000; /* an hour and some later */
	assert_true(flowlist_add(list, &ping));
	assert_true(flowlist_add(list, &web));
}

static void a_table_names_service_client_target_state_age_and_bytes(
	void **state)
{
	struct flowlist list;
	struct strbuf out;
	const char *line;

	(void)state;
	fill(&list);
	strbuf_init(&out);
	flowlist_print(&list, &out);

	line = strchr(strbuf_str(&out), '\n') + 1;
	assert_memory_equal(
		line,
		"oslo/web                 tcp   203.0.113.2:40000          "
		"10.1.0.5:80            established  1h2m    1.5K     3.0M\n",
		116);
	line = strchr(line, '\n') + 1;
	assert_string_equal(
		line,
		"oslo/plain               icmp6 fd00::                     "
		"fe00::                 open         -       -        -\n");
	strbuf_fini(&out);
	flowlist_fini(&list);
}

static void the_json_says_null_for_what_is_not_known(void **state)
{
	struct flowlist list;
	char *json;

	(void)state;
	fill(&list);
	json = flowlist_json(&list);

	assert_non_null(strstr(json, "\"version\": 1"));
	assert_non_null(strstr(json, "\"age_s\": 3725"));
	assert_non_null(strstr(json, "\"bytes_received\": 3145728"));
	assert_non_null(strstr(json, "\"age_s\": null"));
	assert_non_null(strstr(json, "\"bytes_received\": null"));
	free(json);
	flowlist_fini(&list);
}

static void an_ended_flow_leaves_one_line(void **state)
{
	struct flow ended = web;
	struct strbuf out;

	(void)state;
	strbuf_init(&out);
	ended.stop_ns = ended.start_ns + 1234567890;
	flowlist_audit(&plan, &ended, &out);
	assert_string_equal(strbuf_str(&out),
			    "flow event=ended service=\"oslo/web\" "
			    "protocol=tcp client=203.0.113.2:40000 "
			    "target=10.1.0.5:80 duration_ms=1234 "
			    "bytes_sent=1536 bytes_received=3145728");
	strbuf_fini(&out);
}

static void an_id_without_a_name_is_a_question_mark(void **state)
{
	char name[8];

	(void)state;
	assert_string_equal(flowlist_name(&plan, 8, name, sizeof(name)), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_table_names_service_client_target_state_age_and_bytes),
		cmocka_unit_test(the_json_says_null_for_what_is_not_known),
		cmocka_unit_test(an_ended_flow_leaves_one_line),
		cmocka_unit_test(an_id_without_a_name_is_a_question_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

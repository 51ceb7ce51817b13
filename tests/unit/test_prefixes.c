/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_prefixes.c - Lists of prefixes: merged, compared, shared
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/prefixes.h"

#define CNT_MAX 64

/** read_list() - Prefixes of a text, separated by spaces */
static size_t read_list(const char *text, struct ip_prefix prefixes[CNT_MAX])
{
	char *copy = strdup(text);
	char *save = NULL;
	size_t cnt = 0;
	char *word;

	assert_non_null(copy);
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		assert_true(cnt < CNT_MAX);
		assert_int_equal(ip_prefix_parse(word, &prefixes[cnt++]), 0);
	}
	free(copy);
	return cnt;
}

/** assert_merged() - Does a list become this one? */
static void assert_merged(const char *text, const char *expected)
{
	struct ip_prefix prefixes[CNT_MAX];
	size_t cnt = prefixes_merge(prefixes, read_list(text, prefixes));
	char buf[IP_PREFIX_TEXT_SIZE];
	struct strbuf out;
	size_t i;

	strbuf_init(&out);
	for (i = 0; i < cnt; i++)
		strbuf_printf(&out, "%s%s", i ? " " : "",
			      ip_prefix_format(&prefixes[i], buf));
	assert_string_equal(strbuf_str(&out), expected);
	strbuf_fini(&out);
}

static void what_lies_inside_another_goes(void **state)
{
	(void)state;
	assert_merged("10.1.2.0/24 10.0.0.0/8 10.0.0.0/8 10.9.9.9/32",
		      "10.0.0.0/8");
	assert_merged("2001:db8:1::/48 2001:db8::/32", "2001:db8::/32");
	assert_merged("1.2.3.4/32 0.0.0.0/0", "0.0.0.0/0");
}

static void halves_become_one_as_far_as_they_can(void **state)
{
	(void)state;
	assert_merged("10.0.1.0/24 10.0.0.0/24", "10.0.0.0/23");
	assert_merged("10.0.1.0/24 10.0.2.0/24", "10.0.1.0/24 10.0.2.0/24");
	assert_merged("10.0.0.0/24 10.0.1.0/25 10.0.1.128/26 10.0.1.192/27 "
		      "10.0.1.224/28 10.0.1.240/28",
		      "10.0.0.0/23");
	assert_merged("128.0.0.0/1 0.0.0.0/1", "0.0.0.0/0");
	assert_merged("::/1 8000::/1", "::/0");
	assert_merged("2001:db8::/128 2001:db8::1/128", "2001:db8::/127");
	/* The upper half is behind what lies inside the lower one. */
	assert_merged("10.0.0.0/24 10.0.0.7/32 10.0.1.0/24", "10.0.0.0/23");
}

static void families_stay_apart_ipv4_first(void **state)
{
	(void)state;
	assert_merged("::/0 0.0.0.0/0", "0.0.0.0/0 ::/0");
	assert_merged("", "");
}

/** is_in() - Does a list have an address? */
static bool is_in(const struct ip_prefix *prefixes, size_t cnt,
		  const struct ip_addr *addr)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (ip_prefix_contains(&prefixes[i], addr))
			return true;
	}
	return false;
}

static void a_merged_list_has_the_same_addresses_and_no_two_that_touch(
	void **state)
{
	struct ip_prefix before[CNT_MAX];
	struct ip_prefix after[CNT_MAX];
	struct ip_prefix both[2];
	struct ip_addr addr = {.family = IP_V4, .bytes = {10}};
	unsigned int round;
	size_t cnt;
	size_t i;

	(void)state;
	srandom(7);
	for (round = 0; round < 2000; round++) {
		size_t before_cnt = (size_t)random() % CNT_MAX;

		for (i = 0; i < before_cnt; i++) {
			unsigned int len = 24 + (unsigned int)random() % 9;
			unsigned int host = (unsigned int)random() & 0xff &
					    (0xff00u >> (len - 24));

			before[i] = (struct ip_prefix){
				{IP_V4, {10, 0, 0, (uint8_t)host}},
				(uint8_t)len};
		}
		memcpy(after, before, sizeof(before));
		cnt = prefixes_merge(after, before_cnt);

		for (i = 0; i < 256; i++) {
			addr.bytes[3] = (uint8_t)i;
			assert_int_equal(is_in(after, cnt, &addr),
					 is_in(before, before_cnt, &addr));
		}
		for (i = 1; i < cnt; i++) {
			assert_true(prefix_compare(&after[i - 1], &after[i]) <
				    0);
			memcpy(both, &after[i - 1], sizeof(both));
			assert_int_equal(prefixes_merge(both, 2), 2);
		}
	}
}

static void a_list_knows_of_which_families_it_has_any(void **state)
{
	struct ip_prefix prefixes[CNT_MAX];
	struct prefix_list list = {prefixes, 0};

	(void)state;
	assert_false(prefixes_have(&list, IP_V4));
	list.cnt = read_list("10.0.0.0/8 11.0.0.0/8", prefixes);
	assert_true(prefixes_have(&list, IP_V4));
	assert_false(prefixes_have(&list, IP_V6));
	list.cnt = read_list("10.0.0.0/8 ::/0", prefixes);
	assert_true(prefixes_have(&list, IP_V4));
	assert_true(prefixes_have(&list, IP_V6));
}

static void equal_lists_share_their_memory_and_others_do_not(void **state)
{
	static const char *const texts[] = {
		"10.0.0.0/8 ::/0", "10.0.0.0/8",         "",
		"10.0.0.0/9 ::/0", "10.0.0.0/8 ::/0",    "10.0.0.0/8",
		"10.0.0.0/8 ::/1", "10.0.0.0/8 fd00::/8"};
	struct ip_prefix prefixes[8][CNT_MAX];
	struct prefix_list lists[8];
	struct prefix_list *all[8];
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < 8; i++) {
		lists[i].prefixes = prefixes[i];
		lists[i].cnt = read_list(texts[i], prefixes[i]);
		all[i] = &lists[i];
	}

	prefixes_share(all, 8);

	for (i = 0; i < 8; i++) {
		for (k = 0; k < 8; k++)
			assert_int_equal(!strcmp(texts[i], texts[k]),
					 lists[i].prefixes ==
						 lists[k].prefixes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_inside_another_goes),
		cmocka_unit_test(halves_become_one_as_far_as_they_can),
		cmocka_unit_test(families_stay_apart_ipv4_first),
		cmocka_unit_test(
			a_merged_list_has_the_same_addresses_and_no_two_that_touch),
		cmocka_unit_test(a_list_knows_of_which_families_it_has_any),
		cmocka_unit_test(
			equal_lists_share_their_memory_and_others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

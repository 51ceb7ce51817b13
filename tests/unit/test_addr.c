/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_addr.c - Addresses and prefixes
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

/** addr() - Address of a valid text */
static struct ip_addr addr(const char *text)
{
	struct ip_addr addr;

	if (ip_addr_parse(text, &addr))
		fail_msg("not an address: %s", text);
	return addr;
}

/** prefix() - Prefix of a valid text */
static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix prefix;

	if (ip_prefix_parse(text, &prefix))
		fail_msg("not a prefix: %s", text);
	return prefix;
}

static void ip_addr_parse_reads_bytes_in_network_order(void **state)
{
	static const uint8_t v4[16] = {10, 1, 0, 5};
	static const uint8_t v6[16] = {0xfd, 0x64, 0, 1, 0, 0, 0, 0,
				       0,    0,    0, 0, 0, 0, 0, 0x11};
	struct ip_addr a;

	(void)state;
	a = addr("10.1.0.5");
	assert_int_equal(a.family, IP_V4);
	assert_memory_equal(a.bytes, v4, 16);

	a = addr("fd64:1::11");
	assert_int_equal(a.family, IP_V6);
	assert_memory_equal(a.bytes, v6, 16);
}

static void ip_addr_parse_refuses_what_is_not_exactly_an_address(void **state)
{
	static const char *const bad[] = {
		"",
		"10.1",
		"10.1.0.256",
		"10.1.0.05",
		" 10.1.0.5",
		"10.1.0.5 ",
		"0x0a.1.0.5",
		"10.1.0.5.6",
		"[::1]",
		"fe80::1%eth0",
		":::",
		"localhost",
		"10.1.0.5/32",
	};
	struct ip_addr before;
	struct ip_addr a;
	size_t i;

	(void)state;
	memset(&a, 0x5a, sizeof(a));
	before = a;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ip_addr_parse(bad[i], &a) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void ip_prefix_parse_reads_length_or_takes_a_whole_address(void **state)
{
	static const struct {
		const char *text;
		const char *normal;
	} cases[] = {
		{"10.1.0.0/24", "10.1.0.0/24"},
		{"10.1.0.5", "10.1.0.5/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"10.1.0.128/25", "10.1.0.128/25"},
		{"fd64:0001::/32", "fd64:1::/32"},
		{"::1", "::1/128"},
	};
	char buf[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = prefix(cases[i].text);
		assert_string_equal(ip_prefix_format(&p, buf), cases[i].normal);
	}
}

static void ip_prefix_parse_clears_host_bits_and_says_so(void **state)
{
	static const struct {
		const char *text;
		const char *right;
	} cases[] = {
		{"10.1.0.5/24", "10.1.0.0/24"},
		{"10.1.0.255/25", "10.1.0.128/25"},
		{"10.1.0.1/31", "10.1.0.0/31"},
		{"10.1.0.1/0", "0.0.0.0/0"},
		{"fd64:1::11/63", "fd64:1::/63"},
	};
	char buf[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ip_prefix_parse(cases[i].text, &p), -EDOM);
		assert_string_equal(ip_prefix_format(&p, buf), cases[i].right);
	}
}

static void ip_prefix_parse_refuses_bad_lengths(void **state)
{
	static const char *const bad[] = {
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/08",
		"10.0.0.0/8 ",
		"::/129",
		"10.0.0.0/8/8",
		"/8",
		"10.0.0.0/4294967304",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8",
	};
	struct ip_prefix p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ip_prefix_parse(bad[i], &p) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
}

static void ip_prefix_contains_is_exact_at_the_edges(void **state)
{
	static const struct {
		const char *prefix;
		const char *addr;
		bool inside;
	} cases[] = {
		{"10.1.0.0/24", "10.1.0.0", true},
		{"10.1.0.0/24", "10.1.0.255", true},
		{"10.1.0.0/24", "10.1.1.0", false},
		{"10.1.0.0/24", "10.0.255.255", false},
		{"10.1.0.0/25", "10.1.0.128", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::", false},
		{"fd64::/16", "fd64:ffff::1", true},
		{"fd64::/17", "fd64:8000::1", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip_prefix p = prefix(cases[i].prefix);
		struct ip_addr a = addr(cases[i].addr);

		if (ip_prefix_contains(&p, &a) != cases[i].inside)
			fail_msg("%s in %s", cases[i].addr, cases[i].prefix);
	}
}

static void ip_prefix_overlaps_does_not_depend_on_the_order(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool overlap;
	} cases[] = {
		{"10.1.0.0/24", "10.1.0.128/25", true},
		{"10.1.0.0/24", "10.1.0.0/24", true},
		{"10.1.0.0/25", "10.1.0.128/25", false},
		{"10.0.0.0/8", "10.255.255.255", true},
		{"0.0.0.0/0", "fd64::/16", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip_prefix a = prefix(cases[i].a);
		struct ip_prefix b = prefix(cases[i].b);

		if (ip_prefix_overlaps(&a, &b) != cases[i].overlap ||
		    ip_prefix_overlaps(&b, &a) != cases[i].overlap)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

static void ip_prefix_of_covers_one_address(void **state)
{
	char buf[IP_PREFIX_TEXT_SIZE];
	struct ip_addr v4 = addr("100.64.0.1");
	struct ip_addr v6 = addr("fd64:1::1");
	struct ip_prefix p;

	(void)state;
	p = ip_prefix_of(&v4);
	assert_string_equal(ip_prefix_format(&p, buf), "100.64.0.1/32");
	p = ip_prefix_of(&v6);
	assert_string_equal(ip_prefix_format(&p, buf), "fd64:1::1/128");
}

static void ip_addr_compare_orders_by_family_then_bytes(void **state)
{
	static const char *const sorted[] = {"1.2.3.4", "1.2.4.0", "200.0.0.1",
					     "::1", "fd64::1"};
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < 5; i++) {
		for (k = 0; k < 5; k++) {
			struct ip_addr a = addr(sorted[i]);
			struct ip_addr b = addr(sorted[k]);
			int order = ip_addr_compare(&a, &b);

			assert_true(i < k   ? order < 0
				    : i > k ? order > 0
					    : !order);
			assert_int_equal(ip_addr_equal(&a, &b), i == k);
		}
	}
}

static void ip_addr_format_gives_an_empty_text_for_no_address(void **state)
{
	const struct ip_addr none = {0};
	char buf[IP_ADDR_TEXT_SIZE];

	(void)state;
	assert_string_equal(ip_addr_format(&none, buf), "");
	assert_int_equal(ip_addr_len(IP_NONE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip_addr_parse_reads_bytes_in_network_order),
		cmocka_unit_test(
			ip_addr_parse_refuses_what_is_not_exactly_an_address),
		cmocka_unit_test(
			ip_prefix_parse_reads_length_or_takes_a_whole_address),
		cmocka_unit_test(ip_prefix_parse_clears_host_bits_and_says_so),
		cmocka_unit_test(ip_prefix_parse_refuses_bad_lengths),
		cmocka_unit_test(ip_prefix_contains_is_exact_at_the_edges),
		cmocka_unit_test(
			ip_prefix_overlaps_does_not_depend_on_the_order),
		cmocka_unit_test(ip_prefix_of_covers_one_address),
		cmocka_unit_test(ip_addr_compare_orders_by_family_then_bytes),
		cmocka_unit_test(
			ip_addr_format_gives_an_empty_text_for_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

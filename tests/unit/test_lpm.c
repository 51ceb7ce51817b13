/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/lpm.h"

/** entry() - From text */
static struct lpm_entry entry(const char *prefix, int value)
{
	struct lpm_entry e = {.value = value};

	assert_int_equal(ip_prefix_parse(prefix, &e.prefix), 0);
	return e;
}

/** find() - By text */
static int find(const struct lpm *lpm, const char *addr)
{
	struct ip_addr a;

	assert_int_equal(ip_addr_parse(addr, &a), 0);
	return lpm_find(lpm, &a);
}

/** twin_find() - The stupid twin: look at every prefix */
static int twin_find(const struct lpm_entry *entries, size_t cnt,
		     const struct ip_addr *addr)
{
	const struct lpm_entry *best = NULL;
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (ip_prefix_contains(&entries[i].prefix, addr) &&
		    (!best || entries[i].prefix.len > best->prefix.len))
			best = &entries[i];
	}
	return best ? best->value : LPM_NONE;
}

static void empty_table_finds_nothing(void **state)
{
	struct arena arena;
	const struct lpm *lpm;

	(void)state;
	arena_init(&arena);
	lpm = lpm_new(NULL, 0, &arena);
	assert_int_equal(find(lpm, "0.0.0.0"), LPM_NONE);
	assert_int_equal(find(lpm, "255.255.255.255"), LPM_NONE);
	assert_int_equal(find(lpm, "::"), LPM_NONE);
	assert_int_equal(lpm_find(lpm, &(struct ip_addr){IP_NONE, {0}}),
			 LPM_NONE);
	arena_fini(&arena);
}

static void longest_of_nested_prefixes_wins(void **state)
{
	const struct lpm_entry entries[] = {
		entry("10.0.0.0/8", 8),      entry("10.1.0.0/16", 16),
		entry("10.1.2.0/24", 24),    entry("10.1.2.3/32", 32),
		entry("fd00::/8", 108),      entry("fd64:1::/64", 164),
		entry("fd64:1::1/128", 228),
	};
	struct arena arena;
	const struct lpm *lpm;

	(void)state;
	arena_init(&arena);
	lpm = lpm_new(entries, 7, &arena);
	assert_int_equal(find(lpm, "9.255.255.255"), LPM_NONE);
	assert_int_equal(find(lpm, "10.0.0.0"), 8);
	assert_int_equal(find(lpm, "10.0.255.255"), 8);
	assert_int_equal(find(lpm, "10.1.0.0"), 16);
	assert_int_equal(find(lpm, "10.1.2.0"), 24);
	assert_int_equal(find(lpm, "10.1.2.2"), 24);
	assert_int_equal(find(lpm, "10.1.2.3"), 32);
	assert_int_equal(find(lpm, "10.1.2.4"), 24);
	assert_int_equal(find(lpm, "10.1.2.255"), 24);
	assert_int_equal(find(lpm, "10.1.3.0"), 16);
	assert_int_equal(find(lpm, "10.1.255.255"), 16);
	assert_int_equal(find(lpm, "10.2.0.0"), 8);
	assert_int_equal(find(lpm, "10.255.255.255"), 8);
	assert_int_equal(find(lpm, "11.0.0.0"), LPM_NONE);
	assert_int_equal(find(lpm, "fcff::"), LPM_NONE);
	assert_int_equal(find(lpm, "fd00::"), 108);
	assert_int_equal(find(lpm, "fd64:1::"), 164);
	assert_int_equal(find(lpm, "fd64:1::1"), 228);
	assert_int_equal(find(lpm, "fd64:1::2"), 164);
	assert_int_equal(find(lpm, "fd64:1:0:1::"), 108);
	assert_int_equal(find(lpm, "fe00::"), LPM_NONE);
	arena_fini(&arena);
}

static void families_do_not_mix(void **state)
{
	const struct lpm_entry entries[] = {entry("0.0.0.0/0", 4)};
	const struct lpm_entry sixes[] = {entry("::/0", 6)};
	struct arena arena;
	const struct lpm *lpm;

	(void)state;
	arena_init(&arena);
	lpm = lpm_new(entries, 1, &arena);
	assert_int_equal(find(lpm, "0.0.0.0"), 4);
	assert_int_equal(find(lpm, "255.255.255.255"), 4);
	assert_int_equal(find(lpm, "::"), LPM_NONE);
	lpm = lpm_new(sixes, 1, &arena);
	assert_int_equal(find(lpm, "10.0.0.1"), LPM_NONE);
	assert_int_equal(find(lpm, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
			 6);
	arena_fini(&arena);
}

static void first_of_equal_prefixes_counts(void **state)
{
	const struct lpm_entry entries[] = {
		entry("10.1.0.0/16", 1), entry("10.1.0.0/16", 2),
		entry("10.1.0.0/17", 3), entry("10.1.0.0/16", 4),
		entry("10.1.0.0/17", 5),
	};
	struct arena arena;
	const struct lpm *lpm;

	(void)state;
	arena_init(&arena);
	lpm = lpm_new(entries, 5, &arena);
	assert_int_equal(find(lpm, "10.1.0.1"), 3);
	assert_int_equal(find(lpm, "10.1.128.1"), 1);
	arena_fini(&arena);
}

static void prefixes_of_every_length_may_nest(void **state)
{
	struct lpm_entry entries[129];
	struct arena arena;
	const struct lpm *lpm;
	int len;

	(void)state;
	for (len = 0; len <= 128; len++)
		entries[len] = (struct lpm_entry){
			.prefix = {{IP_V6, {0}}, (uint8_t)len}, .value = len};
	arena_init(&arena);
	lpm = lpm_new(entries, 129, &arena);
	for (len = 0; len < 128; len++) {
		struct ip_addr addr = {IP_V6, {0}};

		/* The first bit that differs from 0 is bit @len. */
		addr.bytes[len / 8] = (uint8_t)(0x80 >> len % 8);
		assert_int_equal(lpm_find(lpm, &addr), len);
	}
	assert_int_equal(find(lpm, "::"), 128);
	arena_fini(&arena);
}

static void adjacent_prefixes_meet_without_a_gap(void **state)
{
	const struct lpm_entry entries[] = {
		entry("10.0.0.128/25", 2),
		entry("10.0.0.0/25", 1),
		entry("10.0.1.0/24", 3),
		entry("255.255.255.0/24", 4),
	};
	struct arena arena;
	const struct lpm *lpm;

	(void)state;
	arena_init(&arena);
	lpm = lpm_new(entries, 4, &arena);
	assert_int_equal(find(lpm, "10.0.0.127"), 1);
	assert_int_equal(find(lpm, "10.0.0.128"), 2);
	assert_int_equal(find(lpm, "10.0.0.255"), 2);
	assert_int_equal(find(lpm, "10.0.1.0"), 3);
	assert_int_equal(find(lpm, "10.0.2.0"), LPM_NONE);
	assert_int_equal(find(lpm, "255.255.254.255"), LPM_NONE);
	assert_int_equal(find(lpm, "255.255.255.255"), 4);
	arena_fini(&arena);
}

/** random_addr() - Few different bytes, so that prefixes nest and meet */
static struct ip_addr random_addr(enum ip_family family)
{
	static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
	struct ip_addr addr = {.family = family};
	size_t i;

	for (i = 0; i < ip_addr_len(family); i++)
		addr.bytes[i] = bytes[(size_t)random() % sizeof(bytes)];
	return addr;
}

/** random_prefix() - With its host bits cleared */
static struct ip_prefix random_prefix(enum ip_family family)
{
	unsigned int bits = family == IP_V4 ? 32 : 128;
	struct ip_prefix prefix = {.addr = random_addr(family)};
	unsigned int i;

	prefix.len = (uint8_t)((unsigned long)random() % (bits + 1));
	for (i = prefix.len; i < bits; i++)
		prefix.addr.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return prefix;
}

static void random_tables_agree_with_the_linear_twin(void **state)
{
	unsigned int found = 0;
	unsigned int round;

	(void)state;
	srandom(20261124);
	for (round = 0; round < 400; round++) {
		struct lpm_entry entries[200];
		size_t cnt = (size_t)random() % 200;
		struct arena arena;
		const struct lpm *lpm;
		size_t i;

		for (i = 0; i < cnt; i++) {
			entries[i].prefix =
				random_prefix(random() & 1 ? IP_V4 : IP_V6);
			entries[i].value = (int)i;
		}
		arena_init(&arena);
		lpm = lpm_new(entries, cnt, &arena);
		for (i = 0; i < 500; i++) {
			struct ip_addr addr =
				random_addr(i & 1 ? IP_V4 : IP_V6);
			int want = twin_find(entries, cnt, &addr);

			found += want != LPM_NONE;
			assert_int_equal(lpm_find(lpm, &addr), want);
		}
		/* The edges of each prefix, and what lies beside them. */
		for (i = 0; i < cnt; i++) {
			struct ip_addr addr = entries[i].prefix.addr;

			assert_int_equal(lpm_find(lpm, &addr),
					 twin_find(entries, cnt, &addr));
			addr.bytes[ip_addr_len(addr.family) - 1] ^= 1;
			assert_int_equal(lpm_find(lpm, &addr),
					 twin_find(entries, cnt, &addr));
		}
		arena_fini(&arena);
	}
	assert_true(found > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_finds_nothing),
		cmocka_unit_test(longest_of_nested_prefixes_wins),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(first_of_equal_prefixes_counts),
		cmocka_unit_test(prefixes_of_every_length_may_nest),
		cmocka_unit_test(adjacent_prefixes_meet_without_a_gap),
		cmocka_unit_test(random_tables_agree_with_the_linear_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

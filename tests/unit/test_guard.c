/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_guard.c - How often one address may come
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay/guard.h"

static struct ip_addr v4(uint8_t last)
{
	struct ip_addr addr = {.family = IP_V4, .bytes = {192, 0, 2, last}};

	return addr;
}

static mono_t at_ms(int64_t ms)
{
	return mono_add_ms((mono_t){INT64_C(1000000000000)}, ms);
}

/** burst() - How many of @cnt are admitted at one moment */
static size_t burst(struct guard *guard, const struct ip_addr *addr,
		    size_t rate, int64_t ms, size_t cnt)
{
	size_t admitted = 0;

	while (cnt--)
		admitted += guard_admit(guard, addr, rate, at_ms(ms));
	return admitted;
}

static void one_second_gives_as_many_as_the_rate_and_no_more(void **state)
{
	struct guard guard = {.seed = 1};
	struct ip_addr addr = v4(1);

	(void)state;
	assert_int_equal(burst(&guard, &addr, 10, 0, 9), 9);
	assert_int_equal(burst(&guard, &addr, 10, 0, 5), 1);
	assert_int_equal(burst(&guard, &addr, 10, 99, 5), 0);
	assert_int_equal(burst(&guard, &addr, 10, 100, 5), 1);
	assert_int_equal(burst(&guard, &addr, 10, 600, 50), 5);
	assert_int_equal(burst(&guard, &addr, 10, 60000, 50), 10);
}

static void no_rate_is_no_limit(void **state)
{
	struct guard guard = {.seed = 1};
	struct ip_addr addr = v4(1);

	(void)state;
	assert_int_equal(burst(&guard, &addr, 0, 0, 100000), 100000);
}

static void addresses_do_not_share_but_a_slash_64_does(void **state)
{
	struct guard guard = {.seed = 1};
	struct ip_addr a = {.family = IP_V6, .bytes = {0x20, 1}};
	struct ip_addr b = a;
	struct ip_addr one = v4(1);
	struct ip_addr two = v4(2);

	(void)state;
	assert_int_equal(burst(&guard, &one, 3, 0, 9), 3);
	assert_int_equal(burst(&guard, &two, 3, 0, 9), 3);
	b.bytes[15] = 9;
	assert_int_equal(burst(&guard, &a, 3, 0, 9), 3);
	assert_int_equal(burst(&guard, &b, 3, 0, 9), 0);
	b.bytes[7] = 9;
	assert_int_equal(burst(&guard, &b, 3, 0, 9), 3);
}

static void many_addresses_never_hold_up_one_that_is_quiet(void **state)
{
	struct guard guard = {.seed = 1};
	struct ip_addr addr = {.family = IP_V4};
	struct ip_addr quiet = v4(1);
	uint32_t i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		memcpy(addr.bytes, &i, 4);
		assert_true(guard_admit(&guard, &addr, 1, at_ms(i)));
	}
	assert_true(guard_admit(&guard, &quiet, 1, at_ms(i)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_second_gives_as_many_as_the_rate_and_no_more),
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(addresses_do_not_share_but_a_slash_64_does),
		cmocka_unit_test(
			many_addresses_never_hold_up_one_that_is_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

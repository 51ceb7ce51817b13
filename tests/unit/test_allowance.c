/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/allowance.h"

/** at() - A point in time */
static mono_t at(int64_t ms)
{
	return (mono_t){(1000000 + ms) * NS_PER_MS};
}

/** take() - As often as that goes, of 5 at once and 10 a second */
static int take(struct allowance *allowance, int64_t ms)
{
	int cnt = 0;

	while (cnt < 100 && allowance_take(allowance, at(ms), 5, 10))
		cnt++;
	return cnt;
}

static void a_burst_goes_at_once_and_then_the_rate(void **state)
{
	struct allowance allowance = {0};
	int64_t ms;
	int cnt = 0;

	(void)state;
	assert_int_equal(take(&allowance, 0), 5);
	assert_int_equal(take(&allowance, 99), 0);
	assert_int_equal(take(&allowance, 100), 1);
	for (ms = 101; ms <= 10100; ms++)
		cnt += take(&allowance, ms);
	assert_int_equal(cnt, 100);
}

static void a_rest_earns_a_burst_and_no_more(void **state)
{
	struct allowance allowance = {0};

	(void)state;
	assert_int_equal(take(&allowance, 0), 5);
	assert_int_equal(take(&allowance, 200), 2);
	assert_int_equal(take(&allowance, 86400000), 5);
	assert_int_equal(take(&allowance, 86400000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_goes_at_once_and_then_the_rate),
		cmocka_unit_test(a_rest_earns_a_burst_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

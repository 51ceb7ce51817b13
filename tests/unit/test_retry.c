/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_retry.c - Delays before connecting again (conformance case C11)
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/retry.h"

static void limit_doubles_from_the_base_up_to_the_cap(void **state)
{
	(void)state;

	assert_int_equal(retry_limit_ms(0, 0), 250);
	assert_int_equal(retry_limit_ms(1, 0), 500);
	assert_int_equal(retry_limit_ms(6, 0), 16000);
	assert_int_equal(retry_limit_ms(7, 0), 30000);
	assert_int_equal(retry_limit_ms(1000000, 0), 30000);
}

static void mistakes_in_the_configuration_wait_up_to_the_cap(void **state)
{
	(void)state;

	assert_int_equal(retry_limit_ms(0, 401), 30000);
	assert_int_equal(retry_limit_ms(0, 403), 30000);
}

static void an_absent_listener_is_tried_again_soon(void **state)
{
	(void)state;

	assert_int_equal(retry_limit_ms(0, 404), 250);
	assert_int_equal(retry_limit_ms(50, 404), 2000);
	assert_int_equal(retry_limit_ms(50, 504), 2000);
}

static void delay_has_full_jitter_within_the_limit(void **state)
{
	int64_t low = INT64_MAX;
	int64_t high = -1;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		int64_t delay_ms = retry_delay_ms(7, 0);

		assert_true(delay_ms >= 0);
		assert_true(delay_ms <= 30000);
		if (delay_ms < low)
			low = delay_ms;
		if (delay_ms > high)
			high = delay_ms;
	}
	/* 2000 draws miss a tenth of the range with chance 0.9^2000. */
	assert_true(low < 3000);
	assert_true(high > 27000);
}

static void a_failure_that_repeats_is_logged_once_a_minute(void **state)
{
	struct retry_log log = {0};
	mono_t now = {1};

	(void)state;
	assert_true(
		retry_log_due(&log, now, "relay answered 404 nobody, id 1"));
	assert_false(
		retry_log_due(&log, now, "relay answered 404 nobody, id 2"));
	now = mono_add_ms(now, 30000);
	assert_true(retry_log_due(&log, now, "cannot connect to 192.0.2.1"));
	assert_false(retry_log_due(&log, now, "cannot connect to 192.0.2.1"));
	now = mono_add_ms(now, RETRY_LOG_MS);
	assert_true(retry_log_due(&log, now, "cannot connect to 192.0.2.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_doubles_from_the_base_up_to_the_cap),
		cmocka_unit_test(
			mistakes_in_the_configuration_wait_up_to_the_cap),
		cmocka_unit_test(an_absent_listener_is_tried_again_soon),
		cmocka_unit_test(
			a_failure_that_repeats_is_logged_once_a_minute),
		cmocka_unit_test(delay_has_full_jitter_within_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

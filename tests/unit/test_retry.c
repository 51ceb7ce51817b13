/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_retry.c - How often a failure that repeats is logged
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/retry.h"

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
		cmocka_unit_test(
			a_failure_that_repeats_is_logged_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/pulse.h"

/** at() - A point in time */
static mono_t at(int64_t ms)
{
	return (mono_t){(1000000 + ms) * NS_PER_MS};
}

/** pulse_at() - One that begins */
static struct pulse pulse_at(int64_t ms)
{
	struct pulse pulse;

	pulse_init(&pulse, at(ms));
	return pulse;
}

static void who_was_not_asked_does_not_wait(void **state)
{
	struct pulse pulse = pulse_at(0);

	(void)state;
	assert_int_equal(pulse_wait_ms(&pulse, at(90000)), 0);
	pulse_asked(&pulse, at(90000));
	pulse_answered(&pulse, at(90000), at(90001));
	assert_int_equal(pulse_wait_ms(&pulse, at(99000)), 0);
}

static void wait_begins_with_the_first_ping(void **state)
{
	struct pulse pulse = pulse_at(0);

	(void)state;
	pulse_asked(&pulse, at(100));
	pulse_asked(&pulse, at(600));
	assert_int_equal(pulse_wait_ms(&pulse, at(700)), 600);
}

static void wait_begins_anew_with_each_pong_before_the_last(void **state)
{
	struct pulse pulse = pulse_at(0);

	(void)state;
	pulse_asked(&pulse, at(100));
	pulse_asked(&pulse, at(200));
	pulse_asked(&pulse, at(300));
	pulse_answered(&pulse, at(100), at(700));
	assert_int_equal(pulse_wait_ms(&pulse, at(710)), 10);
	pulse_answered(&pulse, at(200), at(720));
	assert_int_equal(pulse_wait_ms(&pulse, at(730)), 10);
	pulse_answered(&pulse, at(300), at(740));
	assert_int_equal(pulse_wait_ms(&pulse, at(900)), 0);
}

static void ping_that_went_after_it_was_due_is_answered(void **state)
{
	struct pulse pulse = pulse_at(0);

	(void)state;
	pulse_asked(&pulse, at(100));
	pulse_answered(&pulse, at(140), at(150));
	assert_int_equal(pulse_wait_ms(&pulse, at(900)), 0);
}

static void limit_is_twice_what_an_answer_took(void **state)
{
	struct pulse pulse = pulse_at(0);

	(void)state;
	/* Nothing is known. */
	assert_int_equal(pulse_limit_ms(&pulse), 3000);
	pulse_answered(&pulse, at(0), at(1));
	pulse_answered(&pulse, at(0), at(150));
	assert_int_equal(pulse_limit_ms(&pulse), 300);
	pulse_answered(&pulse, at(1000), at(1250));
	assert_int_equal(pulse_limit_ms(&pulse), 500);
	/* However long one took. */
	pulse_asked(&pulse, at(2000));
	pulse_answered(&pulse, at(2000), at(7000));
	assert_int_equal(pulse_limit_ms(&pulse), 600);
}

static void limit_is_three_times_what_a_long_path_takes(void **state)
{
	struct pulse pulse = pulse_at(0);

	(void)state;
	pulse_answered(&pulse, at(0), at(700));
	assert_int_equal(pulse_limit_ms(&pulse), 2100);
	pulse_answered(&pulse, at(1000), at(1600));
	assert_int_equal(pulse_limit_ms(&pulse), 1800);
	pulse_init(&pulse, at(0));
	pulse_answered(&pulse, at(0), at(1100));
	assert_int_equal(pulse_limit_ms(&pulse), 3000);
}

static void limit_forgets_after_ten_to_twenty_seconds(void **state)
{
	struct pulse pulse = pulse_at(0);
	int64_t ms;

	(void)state;
	pulse_answered(&pulse, at(0), at(1));
	pulse_answered(&pulse, at(0), at(400));
	for (ms = 500; ms <= 19500; ms += 500) {
		pulse_answered(&pulse, at(ms), at(ms + 1));
		assert_int_equal(pulse_limit_ms(&pulse), 600);
	}
	pulse_answered(&pulse, at(20000), at(20001));
	assert_int_equal(pulse_limit_ms(&pulse), 300);
}

static void only_an_answer_of_the_meantime_refutes(void **state)
{
	struct pulse waits = pulse_at(0);
	struct pulse other = pulse_at(0);

	(void)state;
	pulse_answered(&waits, at(0), at(10));
	pulse_asked(&waits, at(1000));
	pulse_asked(&other, at(1149));
	assert_false(pulse_is_asked(&other, &waits));
	pulse_answered(&other, at(1149), at(1600));
	assert_false(pulse_refutes(&other, &waits));
	pulse_asked(&other, at(1150));
	assert_true(pulse_is_asked(&other, &waits));
	assert_false(pulse_refutes(&other, &waits));
	pulse_answered(&other, at(1150), at(1601));
	assert_true(pulse_refutes(&other, &waits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_not_asked_does_not_wait),
		cmocka_unit_test(wait_begins_with_the_first_ping),
		cmocka_unit_test(
			wait_begins_anew_with_each_pong_before_the_last),
		cmocka_unit_test(ping_that_went_after_it_was_due_is_answered),
		cmocka_unit_test(limit_is_twice_what_an_answer_took),
		cmocka_unit_test(limit_is_three_times_what_a_long_path_takes),
		cmocka_unit_test(limit_forgets_after_ten_to_twenty_seconds),
		cmocka_unit_test(only_an_answer_of_the_meantime_refutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

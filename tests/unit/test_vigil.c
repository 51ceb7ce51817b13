/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_vigil.c - When a carrier is asked, and when it is given up
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "steward/vigil.h"

/** looks_until_given_up() - Looks without any answer, up to SIGABRT */
static unsigned int looks_until_given_up(struct vigil *vigil)
{
	unsigned int cnt = 1;

	while (vigil_look(vigil, true) != VIGIL_ABORT)
		cnt++;
	return cnt;
}

static void a_carrier_that_answers_lives_for_ever(void **state)
{
	struct vigil vigil;
	int i;

	(void)state;
	vigil_begin(&vigil);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
		vigil_answer(&vigil, 0, false);
	}
}

static void there_is_one_question_on_its_way_at_most(void **state)
{
	struct vigil vigil;

	(void)state;
	vigil_begin(&vigil);

	assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
	assert_int_equal(vigil_look(&vigil, true), VIGIL_WAIT);
	assert_int_equal(vigil_look(&vigil, true), VIGIL_WAIT);
	vigil_answer(&vigil, 0, false);
	assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
}

static void one_that_is_silent_for_30_looks_is_given_up(void **state)
{
	struct vigil vigil;
	char part[VIGIL_PART_SIZE];

	(void)state;
	vigil_begin(&vigil);
	assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
	vigil_answer(&vigil, 0, false);

	assert_int_equal(looks_until_given_up(&vigil), 30);
	assert_string_equal(vigil_part(&vigil, part), "control thread");
}

static void an_answer_at_the_last_moment_is_early_enough(void **state)
{
	struct vigil vigil;
	int i;

	(void)state;
	vigil_begin(&vigil);
	for (i = 0; i < 29; i++)
		(void)vigil_look(&vigil, true);
	vigil_answer(&vigil, 0, false);

	assert_int_equal(looks_until_given_up(&vigil), 30);
}

/** assert_given_up_in_spite_of() - One that gives the same answer each time
 *  @part:	What is to blame then */
static void assert_given_up_in_spite_of(uint32_t silent, bool owes,
					const char *part)
{
	struct vigil vigil;
	char got[VIGIL_PART_SIZE];
	int i;

	vigil_begin(&vigil);
	for (i = 0; i < 29; i++) {
		assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
		vigil_answer(&vigil, silent, owes);
	}

	assert_int_equal(vigil_look(&vigil, true), VIGIL_ABORT);
	assert_string_equal(vigil_part(&vigil, got), part);
}

static void a_worker_that_hangs_is_no_sign_of_life(void **state)
{
	(void)state;
	assert_given_up_in_spite_of(3, false, "worker 2");
}

static void a_worker_that_was_late_once_is_forgiven(void **state)
{
	struct vigil vigil;

	(void)state;
	vigil_begin(&vigil);
	assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
	vigil_answer(&vigil, 1, false);
	assert_int_equal(vigil_look(&vigil, true), VIGIL_ASK);
	vigil_answer(&vigil, 0, false);

	assert_int_equal(looks_until_given_up(&vigil), 30);
}

static void one_that_answers_all_but_its_set_is_given_up(void **state)
{
	(void)state;
	assert_given_up_in_spite_of(0, true, "reload");
}

static void one_that_takes_set_after_set_lives_for_ever(void **state)
{
	struct vigil vigil;
	int i;

	(void)state;
	vigil_begin(&vigil);
	for (i = 0; i < 1000; i++) {
		assert_int_not_equal(vigil_look(&vigil, true), VIGIL_ABORT);
		vigil_answer(&vigil, 0, true);
		if (i % 20 == 0)
			vigil_took(&vigil);
	}
}

static void one_that_is_not_ready_is_not_asked_but_given_up(void **state)
{
	struct vigil vigil;
	int i;

	(void)state;
	vigil_begin(&vigil);
	for (i = 0; i < 29; i++)
		assert_int_equal(vigil_look(&vigil, false), VIGIL_WAIT);

	assert_int_equal(vigil_look(&vigil, false), VIGIL_ABORT);
}

static void what_does_not_end_is_killed_and_an_answer_does_not_help(
	void **state)
{
	struct vigil vigil;
	int i;

	(void)state;
	vigil_begin(&vigil);
	(void)looks_until_given_up(&vigil);

	for (i = 0; i < 3; i++) {
		assert_int_not_equal(vigil_look(&vigil, true), VIGIL_KILL);
		vigil_took(&vigil);
		vigil_answer(&vigil, 0, false);
		assert_int_equal(vigil_look(&vigil, true), VIGIL_KILL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_carrier_that_answers_lives_for_ever),
		cmocka_unit_test(there_is_one_question_on_its_way_at_most),
		cmocka_unit_test(one_that_is_silent_for_30_looks_is_given_up),
		cmocka_unit_test(an_answer_at_the_last_moment_is_early_enough),
		cmocka_unit_test(a_worker_that_hangs_is_no_sign_of_life),
		cmocka_unit_test(a_worker_that_was_late_once_is_forgiven),
		cmocka_unit_test(one_that_answers_all_but_its_set_is_given_up),
		cmocka_unit_test(one_that_takes_set_after_set_lives_for_ever),
		cmocka_unit_test(
			one_that_is_not_ready_is_not_asked_but_given_up),
		cmocka_unit_test(
			what_does_not_end_is_killed_and_an_answer_does_not_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_reach.c - Which worker has an open channel to which peer
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/reach.h"

/** open_reach() - Of @cnt workers that have filled their rows, and 2 peers */
static struct reach *open_reach(struct arena *arena, unsigned int cnt)
{
	struct reach *reach;
	unsigned int i;

	arena_init(arena);
	reach = reach_new(cnt, 2, arena);
	for (i = 0; i < cnt; i++)
		reach_fill(reach, i);
	return reach;
}

static void nobody_is_found_who_reaches_nothing(void **state)
{
	struct arena arena;
	struct reach *reach = open_reach(&arena, 2);

	(void)state;
	reach_set(reach, 1, 1, true);

	assert_int_equal(reach_find(reach, 0, 0), -1);
	arena_fini(&arena);
}

static void another_worker_is_found_and_never_oneself(void **state)
{
	struct arena arena;
	struct reach *reach = open_reach(&arena, 2);

	(void)state;
	reach_set(reach, 1, 0, true);

	assert_int_equal(reach_find(reach, 0, 0), 1);
	assert_int_equal(reach_find(reach, 1, 0), -1);
	reach_set(reach, 1, 0, false);
	assert_int_equal(reach_find(reach, 0, 0), -1);
	arena_fini(&arena);
}

static void those_without_share_those_that_have(void **state)
{
	struct arena arena;
	struct reach *reach = open_reach(&arena, 4);

	(void)state;
	reach_set(reach, 0, 0, true);
	reach_set(reach, 1, 0, true);

	assert_int_equal(reach_find(reach, 2, 0), 0);
	assert_int_equal(reach_find(reach, 3, 0), 1);
	arena_fini(&arena);
}

static void who_has_not_told_yet_is_asked_when_nobody_else_can_be(void **state)
{
	struct arena arena;
	struct reach *reach;

	(void)state;
	arena_init(&arena);
	reach = reach_new(3, 2, &arena);
	reach_fill(reach, 0);
	reach_fill(reach, 2);

	assert_false(reach_is_filled(reach));
	assert_int_equal(reach_find(reach, 0, 0), 1);
	reach_set(reach, 2, 0, true);
	assert_int_equal(reach_find(reach, 0, 0), 2);
	reach_fill(reach, 1);
	assert_true(reach_is_filled(reach));
	arena_fini(&arena);
}

static void changes_of_others_are_seen_and_own_are_not(void **state)
{
	struct arena arena;
	struct reach *reach = open_reach(&arena, 3);
	unsigned int before = reach_change_cnt(reach, 0);

	(void)state;
	reach_set(reach, 0, 0, true);
	assert_int_equal(reach_change_cnt(reach, 0), before);
	reach_set(reach, 2, 0, true);
	assert_int_not_equal(reach_change_cnt(reach, 0), before);
	arena_fini(&arena);
}

static void what_is_proven_is_the_latest_of_the_others(void **state)
{
	struct arena arena;
	struct reach *reach = open_reach(&arena, 3);

	(void)state;
	assert_int_equal(reach_proven(reach, 0, 1).ns, 0);
	reach_prove(reach, 0, 1, (mono_t){90});
	reach_prove(reach, 1, 1, (mono_t){70});
	reach_prove(reach, 2, 1, (mono_t){50});

	assert_int_equal(reach_proven(reach, 0, 1).ns, 70);
	assert_int_equal(reach_proven(reach, 1, 1).ns, 90);
	assert_int_equal(reach_proven(reach, 0, 0).ns, 0);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_found_who_reaches_nothing),
		cmocka_unit_test(another_worker_is_found_and_never_oneself),
		cmocka_unit_test(those_without_share_those_that_have),
		cmocka_unit_test(
			who_has_not_told_yet_is_asked_when_nobody_else_can_be),
		cmocka_unit_test(changes_of_others_are_seen_and_own_are_not),
		cmocka_unit_test(what_is_proven_is_the_latest_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

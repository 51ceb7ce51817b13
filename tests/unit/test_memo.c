/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "carrier/memo.h"

#define LIFE_MS 1000

/** at() - A point in time */
static mono_t at(int64_t ms)
{
	return (mono_t){ms * NS_PER_MS};
}

static struct memo *new_memo(void)
{
	struct memo *memo = calloc(1, sizeof(*memo));

	assert_non_null(memo);
	return memo;
}

static void what_was_put_is_found(void **state)
{
	struct memo *memo = new_memo();
	uint32_t value;

	(void)state;
	assert_true(memo_is_unused(memo));
	assert_false(memo_find(memo, 0, at(0), LIFE_MS, &value));
	memo_put(memo, 0, at(0), 7);
	memo_put(memo, 1, at(0), 8);
	assert_false(memo_is_unused(memo));
	assert_true(memo_find(memo, 0, at(1), LIFE_MS, &value));
	assert_int_equal(value, 7);
	assert_true(memo_find(memo, 1, at(1), LIFE_MS, &value));
	assert_int_equal(value, 8);
	memo_put(memo, 0, at(2), 9);
	assert_true(memo_find(memo, 0, at(2), LIFE_MS, &value));
	assert_int_equal(value, 9);
	free(memo);
}

static void entry_lives_from_its_last_use(void **state)
{
	struct memo *memo = new_memo();
	uint32_t value;

	(void)state;
	memo_put(memo, 5, at(0), 7);
	assert_true(memo_find(memo, 5, at(LIFE_MS), LIFE_MS, &value));
	assert_true(memo_find(memo, 5, at(2 * LIFE_MS), LIFE_MS, &value));
	assert_false(memo_find(memo, 5, at(3 * LIFE_MS + 1), LIFE_MS, &value));
	free(memo);
}

static void the_one_not_used_for_longest_makes_room(void **state)
{
	struct memo *memo = new_memo();
	uint64_t key;
	uint32_t value;

	(void)state;
	memo_put(memo, 1, at(0), 1);
	for (key = 2; key < 100000; key++) {
		memo_put(memo, key, at((int64_t)key), 2);
		assert_true(
			memo_find(memo, 1, at((int64_t)key), LIFE_MS, &value));
		assert_true(memo_find(memo, key, at((int64_t)key), LIFE_MS,
				      &value));
	}
	assert_int_equal(value, 2);
	/* It did have to make room. */
	assert_false(memo_find(memo, 2, at(100000), 1000000, &value));
	free(memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found),
		cmocka_unit_test(entry_lives_from_its_last_use),
		cmocka_unit_test(the_one_not_used_for_longest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

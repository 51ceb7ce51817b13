/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/spread.h"

/** share() - How many buckets a member has */
static size_t share(const struct spread *spread, uint16_t member)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++)
		cnt += spread->member[i] == member;
	return cnt;
}

static void members_of_one_weight_share_evenly(void **state)
{
	const struct spread_member members[] = {{1, 1}, {2, 1}, {3, 1}, {4, 1}};
	struct spread spread;
	uint16_t i;

	(void)state;
	spread_fill(&spread, members, 4);
	/* 256 each, give or take four standard deviations. */
	for (i = 0; i < 4; i++)
		assert_in_range(share(&spread, i), 256 - 56, 256 + 56);
}

static void share_follows_the_weight(void **state)
{
	const struct spread_member members[] = {{1, 8}, {2, 8}, {3, 1}};
	struct spread spread;

	(void)state;
	spread_fill(&spread, members, 3);
	assert_in_range(share(&spread, 0), 482 - 64, 482 + 64);
	assert_in_range(share(&spread, 2), 60 - 31, 60 + 31);
}

static void only_buckets_of_the_one_that_goes_move(void **state)
{
	const struct spread_member four[] = {{1, 8}, {2, 8}, {3, 8}, {4, 8}};
	const struct spread_member three[] = {{1, 8}, {2, 8}, {4, 8}};
	static const uint16_t old_of[] = {0, 1, 3};
	struct spread before;
	struct spread after;
	size_t i;

	(void)state;
	spread_fill(&before, four, 4);
	spread_fill(&after, three, 3);
	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		if (before.member[i] != 2)
			assert_int_equal(before.member[i],
					 old_of[after.member[i]]);
	}
}

static void lost_weight_moves_buckets_away_only(void **state)
{
	struct spread_member members[] = {{1, 8}, {2, 8}, {3, 8}};
	struct spread before;
	struct spread after;
	size_t i;

	(void)state;
	spread_fill(&before, members, 3);
	members[1].weight = 4;
	spread_fill(&after, members, 3);
	assert_true(share(&after, 1) < share(&before, 1));
	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		if (before.member[i] != 1)
			assert_int_equal(before.member[i], after.member[i]);
	}
}

static void without_weight_there_is_no_bucket(void **state)
{
	const struct spread_member members[] = {{1, 0}, {2, 3}};
	struct spread spread;

	(void)state;
	spread_fill(&spread, members, 2);
	assert_int_equal(share(&spread, 1), SPREAD_BUCKET_CNT);
	spread_fill(&spread, members, 1);
	assert_int_equal(share(&spread, SPREAD_NONE), SPREAD_BUCKET_CNT);
	spread_fill(&spread, members, 0);
	assert_int_equal(share(&spread, SPREAD_NONE), SPREAD_BUCKET_CNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_one_weight_share_evenly),
		cmocka_unit_test(share_follows_the_weight),
		cmocka_unit_test(only_buckets_of_the_one_that_goes_move),
		cmocka_unit_test(lost_weight_moves_buckets_away_only),
		cmocka_unit_test(without_weight_there_is_no_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

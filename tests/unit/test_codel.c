/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/codel.h"

#define MS     NS_PER_MS
#define BEHIND 100000
#define LATE   (CODEL_TARGET_MS * MS)

/** at() - A point in time */
static mono_t at(int64_t ns)
{
	return (mono_t){1000000 * MS + ns};
}

/** signals() - Ask of a late packet */
static bool signals(struct codel *codel, int64_t ns)
{
	return codel_signals(codel, LATE, BEHIND, at(ns));
}

/** run() - Late packets, one a ms; Return: how many signals */
static int run(struct codel *codel, int64_t from_ms, int64_t to_ms)
{
	int cnt = 0;

	for (; from_ms < to_ms; from_ms++)
		cnt += signals(codel, from_ms * MS);
	return cnt;
}

static void packets_that_wait_less_than_the_target_pass(void **state)
{
	struct codel codel = {0};
	int64_t ms;

	(void)state;
	for (ms = 0; ms < 10000; ms++)
		assert_false(
			codel_signals(&codel, LATE - 1, BEHIND, at(ms * MS)));
}

static void last_packet_passes_however_late(void **state)
{
	struct codel codel = {0};
	int64_t ms;

	(void)state;
	for (ms = 0; ms < 10000; ms++)
		assert_false(codel_signals(&codel, 500 * MS, CODEL_BYTES_MIN,
					   at(ms * MS)));
}

static void burst_shorter_than_an_interval_passes(void **state)
{
	struct codel codel = {0};
	int64_t ms;

	(void)state;
	for (ms = 0; ms < 10000; ms += 100) {
		assert_int_equal(run(&codel, ms, ms + 99), 0);
		/* One that came through at once ends it. */
		assert_false(
			codel_signals(&codel, 0, BEHIND, at((ms + 99) * MS)));
	}
}

static void first_signal_comes_after_an_interval(void **state)
{
	struct codel codel = {0};

	(void)state;
	assert_false(signals(&codel, 0));
	assert_false(signals(&codel, 100 * MS - 1));
	assert_true(signals(&codel, 100 * MS));
	assert_false(signals(&codel, 100 * MS + 1));
}

/* RFC 8289, section 4.3: an interval by the root of their number. */
static void signals_come_sooner_by_the_root_of_their_number(void **state)
{
	static const int64_t pauses[] = {100000000, 70710678, 57735026,
					 50000000, 44721359};
	struct codel codel = {0};
	int64_t ns = 100 * MS;
	size_t i;

	(void)state;
	assert_false(signals(&codel, 0));
	assert_true(signals(&codel, ns));
	for (i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		ns += pauses[i];
		assert_false(signals(&codel, ns - 1));
		assert_true(signals(&codel, ns));
	}
}

static void one_packet_in_time_ends_the_signals(void **state)
{
	struct codel codel = {0};

	(void)state;
	assert_true(run(&codel, 0, 1000) > 5);
	assert_false(codel_signals(&codel, LATE - 1, BEHIND, at(1000 * MS)));
	assert_int_equal(run(&codel, 1001, 1101), 0);
	assert_true(signals(&codel, 1101 * MS));
}

static void queue_that_stands_again_soon_goes_on_where_it_was(void **state)
{
	struct codel soon = {0};
	struct codel later = {0};
	int first = run(&soon, 0, 1000);

	(void)state;
	later = soon;
	assert_false(codel_signals(&soon, 0, BEHIND, at(1000 * MS)));
	assert_true(run(&soon, 1001, 2001) > first * 3 / 2);
	/* Much later all begins anew. */
	assert_false(codel_signals(&later, 0, BEHIND, at(1000 * MS)));
	assert_int_equal(run(&later, 9000, 10000), first);
}

/** signals_after() - How many at once, after a pause of late packets */
static int signals_after(int64_t pause_ms)
{
	struct codel codel = {0};
	int cnt = 0;

	run(&codel, 0, 400);
	while (signals(&codel, (400 + pause_ms) * MS))
		cnt++;
	return cnt;
}

static void what_was_due_in_a_short_pause_is_made_up_for(void **state)
{
	(void)state;
	/* 422, 463, 501 */
	assert_int_equal(signals_after(120), 3);
}

static void what_was_due_in_a_long_pause_is_not(void **state)
{
	(void)state;
	assert_int_equal(signals_after(300), 1);
	assert_int_equal(signals_after(10000), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_that_wait_less_than_the_target_pass),
		cmocka_unit_test(last_packet_passes_however_late),
		cmocka_unit_test(burst_shorter_than_an_interval_passes),
		cmocka_unit_test(first_signal_comes_after_an_interval),
		cmocka_unit_test(
			signals_come_sooner_by_the_root_of_their_number),
		cmocka_unit_test(one_packet_in_time_ends_the_signals),
		cmocka_unit_test(
			queue_that_stands_again_soon_goes_on_where_it_was),
		cmocka_unit_test(what_was_due_in_a_short_pause_is_made_up_for),
		cmocka_unit_test(what_was_due_in_a_long_pause_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

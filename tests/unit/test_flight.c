/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier/flight.h"

#define MS NS_PER_MS

/** at() - A point in time */
static mono_t at(int64_t ms)
{
	return (mono_t){(1000000 + ms) * MS};
}

static void no_more_than_the_window_is_on_its_way(void **state)
{
	struct flight f;

	(void)state;
	flight_init(&f, at(0));
	assert_false(flight_is_full(&f, 0));
	assert_false(flight_is_full(&f, FLIGHT_BYTES_MIN - 1));
	assert_true(flight_is_full(&f, FLIGHT_BYTES_MIN));
	assert_true(flight_pong(&f, 1000, FLIGHT_BYTES_MIN, MS, at(1)));
	assert_false(flight_is_full(&f, FLIGHT_BYTES_MIN));
	assert_true(flight_is_full(&f, FLIGHT_BYTES_MIN + 1000));
}

static void pong_is_asked_for_by_quarters(void **state)
{
	struct flight f;

	(void)state;
	flight_init(&f, at(0));
	assert_false(flight_shall_ask(&f, FLIGHT_BYTES_MIN / 4 - 1));
	assert_true(flight_shall_ask(&f, FLIGHT_BYTES_MIN / 4));
	flight_asked(&f, FLIGHT_BYTES_MIN / 4);
	assert_false(flight_shall_ask(&f, FLIGHT_BYTES_MIN / 4 + 1));
}

static void pong_that_cannot_be_is_refused(void **state)
{
	struct flight f;

	(void)state;
	flight_init(&f, at(0));
	assert_false(flight_pong(&f, 101, 100, MS, at(1)));
	assert_true(flight_pong(&f, 100, 100, MS, at(1)));
	assert_false(flight_pong(&f, 99, 100, MS, at(1)));
}

/**
 * path() - Send all that may be sent over a path, for a while
 * @rate:	Bytes a ms that it takes
 * @rtt_ms:	Its round trip, without what queues
 * @ms:		How long
 *
 * Return: bytes that arrived in the last half
 */
static uint64_t path(struct flight *f, uint64_t rate, int64_t rtt_ms,
		     int64_t ms)
{
	static uint64_t sent_at[100000];
	uint64_t sent = f->acked;
	uint64_t arrived = sent;
	uint64_t half = 0;
	int64_t oldest = 0;
	int64_t now;

	assert_true(ms < 100000);
	for (now = 0; now < ms; now++) {
		while (!flight_is_full(f, sent))
			sent += 1000;
		sent_at[now] = sent;
		/* What was sent @rtt_ms ago arrives as fast as it can, and is
		 * acknowledged at once. */
		if (now < rtt_ms)
			continue;
		arrived += sent_at[now - rtt_ms] - arrived < rate
				   ? sent_at[now - rtt_ms] - arrived
				   : rate;
		while (sent_at[oldest] < arrived)
			oldest++;
		assert_true(flight_pong(f, arrived, sent,
					(now - oldest + 1) * MS, at(now)));
		if (now == ms / 2)
			half = arrived;
	}
	return arrived - half;
}

static void path_is_used_to_the_full_and_not_much_more(void **state)
{
	static const struct {
		uint64_t rate; /* bytes a ms */
		int64_t rtt_ms;
	} paths[] = {
		{300000, 1},  /* 2.4 Gbit/s beside us */
		{12500, 20},  /* 100 Mbit/s across a country */
		{25000, 100}, /* 200 Mbit/s across an ocean */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		uint64_t rate = paths[i].rate;
		uint64_t rtt = (uint64_t)paths[i].rtt_ms;
		struct flight f;
		uint64_t got;

		flight_init(&f, at(0));
		got = path(&f, rate, paths[i].rtt_ms, 20000);
		assert_true(got > rate * 10000 * 9 / 10);
		assert_in_range(f.window, rate * rtt,
				rate * (2 * rtt + 14) + FLIGHT_BYTES_MIN);
	}
}

static void slow_path_has_the_least_window(void **state)
{
	struct flight f;

	(void)state;
	flight_init(&f, at(0));
	path(&f, 1000, 5, 20000);
	assert_int_equal(f.window, FLIGHT_BYTES_MIN);
}

static void standing_queue_is_not_taken_for_distance(void **state)
{
	struct flight f;

	(void)state;
	/* Long enough for three generations of round trips. */
	flight_init(&f, at(0));
	path(&f, 50000, 5, 45000);
	assert_in_range(f.window, 50000 * 5, 50000 * 30);
}

static void pong_of_no_ping_of_ours_tells_of_no_round_trip(void **state)
{
	const int64_t max_ns = 15000 * MS;
	const mono_t now = at(0);
	const uint64_t now_ns = (uint64_t)now.ns;

	(void)state;
	assert_int_equal(flight_rtt_ns(now_ns - 1, now, max_ns), 1);
	assert_int_equal(flight_rtt_ns(now_ns - 15000 * MS, now, max_ns),
			 max_ns);
	assert_int_equal(flight_rtt_ns(now_ns - 15000 * MS - 1, now, max_ns),
			 0);
	assert_int_equal(flight_rtt_ns(now_ns, now, max_ns), 0);
	assert_int_equal(flight_rtt_ns(now_ns + 1, now, max_ns), 0);
	assert_int_equal(flight_rtt_ns(0, now, max_ns), 0);
	assert_int_equal(flight_rtt_ns(UINT64_MAX, now, max_ns), 0);
	assert_int_equal(flight_rtt_ns(INT64_MAX, now, max_ns), 0);
	assert_int_equal(flight_rtt_ns(UINT64_C(1) << 63, now, max_ns), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_than_the_window_is_on_its_way),
		cmocka_unit_test(pong_is_asked_for_by_quarters),
		cmocka_unit_test(pong_that_cannot_be_is_refused),
		cmocka_unit_test(path_is_used_to_the_full_and_not_much_more),
		cmocka_unit_test(slow_path_has_the_least_window),
		cmocka_unit_test(standing_queue_is_not_taken_for_distance),
		cmocka_unit_test(
			pong_of_no_ping_of_ours_tells_of_no_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

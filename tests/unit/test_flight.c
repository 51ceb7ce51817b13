/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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

/* Of the simulated path: items in its queue and after it, and channels. */
#define ITEM_CNT    (1 << 16)
#define CHANNEL_CNT 2
#define MESSAGE_LEN 16000

/** struct item - A message, or a PING (of no length) and later its PONG */
struct item {
	int channel;
	bool ping;
	uint64_t len;
	uint64_t acked;
	int64_t asked_ms;
	int64_t due_ms;
};

/** struct line - Items in order; @head and @tail only grow */
struct line {
	struct item items[ITEM_CNT];
	size_t head;
	size_t tail;
};

/**
 * struct path - A narrow place that channels share, with a buffer as large as they
 * fill it
 * @rate:	Bytes a ms that pass
 * @rtt_ms:	Its round trip, without what queues
 * @cnt:	Channels that send all they may
 * @left:	Of the first waiting message, what has passed already
 * @waits:	Bytes that wait
 */
struct path {
	uint64_t rate;
	int64_t rtt_ms;
	int cnt;
	int64_t now;
	uint64_t left;
	uint64_t waits;
	struct flight flights[CHANNEL_CNT];
	uint64_t sent[CHANNEL_CNT];
	uint64_t arrived[CHANNEL_CNT];
	struct line queue;
	struct line back;
};

static struct path *path_new(uint64_t rate, int64_t rtt_ms, int cnt)
{
	struct path *p = calloc(1, sizeof(*p));
	int i;

	assert_non_null(p);
	p->rate = rate;
	p->rtt_ms = rtt_ms;
	p->cnt = cnt;
	for (i = 0; i < cnt; i++)
		flight_init(&p->flights[i], at(0));
	return p;
}

static void line_put(struct line *line, struct item item)
{
	assert_true(line->tail - line->head < ITEM_CNT);
	line->items[line->tail++ % ITEM_CNT] = item;
}

/** path_ask() - A channel sends a PING, if it shall */
static void path_ask(struct path *p, int i)
{
	if (!flight_shall_ask(&p->flights[i], p->sent[i]))
		return;
	flight_asked(&p->flights[i], p->sent[i]);
	line_put(&p->queue,
		 (struct item){.channel = i, .ping = true, .asked_ms = p->now});
}

/** path_send() - A channel sends all that it may */
static void path_send(struct path *p, int i)
{
	path_ask(p, i);
	while (!flight_is_full(&p->flights[i], p->sent[i])) {
		line_put(&p->queue,
			 (struct item){.channel = i, .len = MESSAGE_LEN});
		p->sent[i] += MESSAGE_LEN;
		p->waits += MESSAGE_LEN;
		path_ask(p, i);
	}
}

/** path_pass() - What passes in a ms; answers are on their way for the rest */
static void path_pass(struct path *p)
{
	struct line *queue = &p->queue;
	uint64_t may = p->left + p->rate;

	for (; queue->head < queue->tail; queue->head++) {
		struct item item = queue->items[queue->head % ITEM_CNT];

		if (item.len > may)
			break;
		may -= item.len;
		p->waits -= item.len;
		p->arrived[item.channel] += item.len;
		item.acked = p->arrived[item.channel];
		item.due_ms = p->now + p->rtt_ms;
		if (item.ping)
			line_put(&p->back, item);
	}
	p->left = queue->head < queue->tail ? may : 0;
}

/** path_answer() - PONGs that come now */
static void path_answer(struct path *p)
{
	struct line *back = &p->back;

	for (; back->head < back->tail; back->head++) {
		const struct item *item = &back->items[back->head % ITEM_CNT];
		int i = item->channel;
		bool probed = p->flights[i].probe != FLIGHT_PROBE_NONE;

		if (item->due_ms > p->now)
			return;
		assert_true(flight_pong(&p->flights[i], item->acked, p->sent[i],
					(p->now - item->asked_ms) * MS,
					at(p->now)));
		if (!probed && p->flights[i].probe != FLIGHT_PROBE_NONE)
			flight_probe(&p->flights[p->cnt - 1 - i], at(p->now));
	}
}

/**
 * path_run() - Send all that may be sent, for a while
 * @worst_ms:	Set to the longest that a byte waited, in ms; may be NULL
 *
 * Return: bytes that arrived
 */
static uint64_t path_run(struct path *p, int64_t ms, uint64_t *worst_ms)
{
	int64_t end = p->now + ms;
	uint64_t before = p->arrived[0] + p->arrived[1];
	uint64_t worst = 0;
	int i;

	for (; p->now < end; p->now++) {
		path_answer(p);
		for (i = 0; i < p->cnt; i++)
			path_send(p, i);
		if (p->waits > worst)
			worst = p->waits;
		path_pass(p);
	}
	if (worst_ms)
		*worst_ms = worst / p->rate;
	return p->arrived[0] + p->arrived[1] - before;
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
		struct path *p = path_new(rate, paths[i].rtt_ms, 1);
		uint64_t worst;

		path_run(p, 10000, NULL);
		assert_true(path_run(p, 10000, &worst) > rate * 10000 * 9 / 10);
		assert_in_range(worst, 0, rtt + 30 + FLIGHT_BYTES_MIN / rate);
		free(p);
	}
}

static void slow_path_has_the_least_window(void **state)
{
	struct path *p = path_new(1000, 5, 1);

	(void)state;
	path_run(p, 20000, NULL);
	assert_int_equal(p->flights[0].window, FLIGHT_BYTES_MIN);
	free(p);
}

static void standing_queue_is_not_taken_for_distance(void **state)
{
	struct path *p = path_new(50000, 5, 1);
	uint64_t worst;
	int i;

	(void)state;
	/* Long enough for several generations of round trips. */
	for (i = 0; i < 9; i++) {
		path_run(p, 10000, &worst);
		assert_in_range(worst, 0, 5 + 10);
	}
	free(p);
}

static void queues_of_two_channels_do_not_add_up(void **state)
{
	struct path *p = path_new(50000, 20, 2);
	uint64_t worst;
	int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		uint64_t got = path_run(p, 10000, &worst);

		assert_true(got > 50000 * 10000 * UINT64_C(9) / 10);
		assert_in_range(worst, 0, 20 + 30);
	}
	free(p);
}

static void path_that_becomes_longer_is_full_again_in_seconds(void **state)
{
	struct path *p = path_new(25000, 20, 1);
	uint64_t worst;

	(void)state;
	path_run(p, 13000, NULL);
	p->rtt_ms = 80;
	path_run(p, 3000, NULL);
	assert_true(path_run(p, 1000, &worst) > 25000 * 1000 * 9 / 10);
	assert_true(path_run(p, 20000, &worst) >
		    25000 * 20000 * UINT64_C(9) / 10);
	assert_in_range(worst, 0, 80 + 30);
	/* And when it is short again, the queue goes. */
	p->rtt_ms = 20;
	path_run(p, 4000, NULL);
	path_run(p, 20000, &worst);
	assert_in_range(worst, 0, 20 + 20);
	free(p);
}

static void path_a_little_longer_is_full_again_in_seconds(void **state)
{
	static const int64_t longer[] = {30, 45, 50, 60};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
		struct path *p = path_new(25000, 20, 1);

		path_run(p, 13000, NULL);
		p->rtt_ms = longer[i];
		path_run(p, 6000, NULL);
		assert_true(path_run(p, 4000, NULL) >
			    25000 * 4000 * UINT64_C(9) / 10);
		free(p);
	}
}

static void path_that_becomes_slower_is_not_taken_for_a_longer_one(void **state)
{
	struct path *p = path_new(50000, 20, 1);
	uint64_t worst;

	(void)state;
	path_run(p, 13000, NULL);
	p->rate = 12500;
	/* What was on its way for the faster path, and then some probes. */
	path_run(p, 3000, NULL);
	assert_true(path_run(p, 20000, &worst) >
		    12500 * 20000 * UINT64_C(9) / 10);
	assert_in_range(worst, 0, 20 + 20 + FLIGHT_BYTES_MIN / 12500);
	free(p);
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
		cmocka_unit_test(queues_of_two_channels_do_not_add_up),
		cmocka_unit_test(
			path_that_becomes_longer_is_full_again_in_seconds),
		cmocka_unit_test(path_a_little_longer_is_full_again_in_seconds),
		cmocka_unit_test(
			path_that_becomes_slower_is_not_taken_for_a_longer_one),
		cmocka_unit_test(
			pong_of_no_ping_of_ours_tells_of_no_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
	uint64_t window;

	(void)state;
	flight_init(&f, at(0));
	window = f.window;
	assert_false(flight_is_full(&f, 0));
	assert_false(flight_is_full(&f, window - 1));
	assert_true(flight_is_full(&f, window));
	assert_true(flight_pong(&f, 1000, window, MS, at(1)));
	assert_false(flight_is_full(&f, f.window));
	assert_true(flight_is_full(&f, f.window + 1000));
}

static void pong_is_asked_for_by_parts(void **state)
{
	struct flight f;
	uint64_t part;

	(void)state;
	flight_init(&f, at(0));
	part = f.window / 2;
	assert_false(flight_shall_ask(&f, part - 1));
	assert_true(flight_shall_ask(&f, part));
	f.is_proven = true;
	part = f.window / 4;
	assert_false(flight_shall_ask(&f, part - 1));
	assert_true(flight_shall_ask(&f, part));
	flight_asked(&f, part, at(0));
	assert_false(flight_shall_ask(&f, part + 1));
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

static void messages_that_never_come_are_noticed_by_the_next_answer(
	void **state)
{
	struct flight f;

	(void)state;
	flight_init(&f, at(0));
	flight_asked(&f, 100, at(10));
	flight_asked(&f, 200, at(20));
	/* The answer to an older PING says nothing of what came after it. */
	assert_false(flight_has_lost(&f, 40, at(9)));
	/* All that was sent before the PING, and itself, have come. */
	assert_false(flight_has_lost(&f, 100, at(10)));
	assert_true(flight_has_lost(&f, 99, at(10)));
	/* An answer to a later one answers for it, though its own was lost. */
	assert_true(flight_has_lost(&f, 99, at(20)));
	assert_true(flight_pong(&f, 100, 200, MS, at(30)));
	assert_false(flight_has_lost(&f, 100, at(20)));
	flight_asked(&f, 30300, at(40));
	assert_true(flight_has_lost(&f, 30299, at(40)));
	assert_true(flight_pong(&f, 30300, 30300, MS, at(50)));
	assert_false(flight_has_lost(&f, 30300, at(40)));
}

/* Of the simulated path: items in its queue and after it, and channels. */
#define ITEM_CNT       (1 << 16)
#define CHANNEL_CNT    2
#define MESSAGE_LEN    16000
#define LIGHT_EVERY_MS 100

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
 * @modest:	If not 0, they send no more until less than that is on its way
 * @light:	They send one message every LIGHT_EVERY_MS instead
 * @left:	Of the first waiting message, what has passed already
 * @waits:	Bytes that wait
 */
struct path {
	uint64_t rate;
	int64_t rtt_ms;
	int cnt;
	uint64_t modest;
	bool light;
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
	for (i = 0; i < cnt; i++) {
		flight_init(&p->flights[i], at(0));
		/* A PING goes as soon as a channel is open. */
		assert_true(
			flight_pong(&p->flights[i], 0, 0, rtt_ms * MS, at(0)));
	}
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
	flight_asked(&p->flights[i], p->sent[i], at(p->now));
	line_put(&p->queue,
		 (struct item){.channel = i, .ping = true, .asked_ms = p->now});
}

/** path_put() - A message of a channel's */
static void path_put(struct path *p, int i)
{
	uint64_t len = flight_msg_len(&p->flights[i]);

	if (len > MESSAGE_LEN)
		len = MESSAGE_LEN;
	line_put(&p->queue, (struct item){.channel = i, .len = len});
	p->sent[i] += len;
	p->waits += len;
	path_ask(p, i);
}

/** path_send() - A channel sends all that it may and has */
static void path_send(struct path *p, int i)
{
	path_ask(p, i);
	while (!flight_is_full(&p->flights[i], p->sent[i])) {
		if ((p->light && p->now % LIGHT_EVERY_MS != i) ||
		    (p->modest && p->sent[i] - p->arrived[i] >= p->modest)) {
			flight_starves(&p->flights[i]);
			return;
		}
		path_put(p, i);
		if (p->light)
			return;
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
		assert_in_range(worst, 0, rtt + 40);
		free(p);
	}
}

static void slow_path_is_full_and_has_a_short_queue(void **state)
{
	static const struct {
		uint64_t rate; /* bytes a ms */
		int64_t rtt_ms;
		int cnt;
		uint64_t worst_ms;
	} paths[] = {
		{1250, 1, 1, 30},                    /* 10 Mbit/s beside us */
		{1250, 1, 2, 50}, {1250, 30, 1, 90}, /* and across a country */
		{6250, 5, 1, 40},                    /* 50 Mbit/s */
		{250, 1, 1, 50}, /* 2 Mbit/s: as good as it gets */
		{250, 1, 2, 90},  {250, 30, 1, 90},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		uint64_t rate = paths[i].rate;
		struct path *p = path_new(rate, paths[i].rtt_ms, paths[i].cnt);
		uint64_t worst;

		path_run(p, 10000, NULL);
		assert_true(path_run(p, 20000, &worst) > rate * 20000 * 9 / 10);
		assert_in_range(worst, 0, paths[i].worst_ms);
		free(p);
	}
}

static void slow_path_is_known_within_two_seconds(void **state)
{
	struct path *p = path_new(250, 1, 1);
	uint64_t worst;

	(void)state;
	path_run(p, 2000, NULL);
	path_run(p, 500, &worst);
	assert_in_range(worst, 0, 50);
	free(p);
}

static void slow_path_is_known_though_senders_are_modest(void **state)
{
	struct path *p = path_new(250, 1, 1);

	(void)state;
	p->modest = 13000;
	path_run(p, 5000, NULL);
	assert_in_range(flight_rate(&p->flights[0]), 200000, 350000);
	free(p);
}

static void little_to_send_does_not_make_the_path_slow(void **state)
{
	struct path *p = path_new(12500, 20, 1);
	uint64_t window;

	(void)state;
	path_run(p, 5000, NULL);
	window = p->flights[0].window;
	assert_true(window >= FLIGHT_BYTES_EASY);
	p->light = true;
	path_run(p, 60000, NULL);
	assert_int_equal(p->flights[0].window, FLIGHT_BYTES_EASY);
	/* And all of it is there at once. */
	p->light = false;
	assert_true(path_run(p, 200, NULL) > 12500 * 200 * UINT64_C(7) / 10);
	free(p);
}

static void message_is_a_part_of_the_window(void **state)
{
	struct flight f;

	(void)state;
	flight_init(&f, at(0));
	f.window = 64000;
	assert_int_equal(flight_msg_len(&f), 16000);
	f.window = FLIGHT_BYTES_MIN;
	assert_int_equal(flight_msg_len(&f), FLIGHT_MSG_MIN);
	f.window = 64000;
	flight_probe(&f, at(1));
	assert_in_range(flight_msg_len(&f), 1, FLIGHT_MSG_MIN);
}

static void long_packet_is_cut_on_a_path_that_is_known_to_be_slow(void **state)
{
	struct path *p = path_new(1250, 1, 1);

	(void)state;
	assert_false(flight_is_held_up(&p->flights[0], 60000));
	path_run(p, 5000, NULL);
	assert_true(flight_is_held_up(&p->flights[0], 60000));
	assert_false(flight_is_held_up(&p->flights[0], 1500));
	free(p);
}

static void long_packet_is_not_cut_because_a_fast_path_is_probed(void **state)
{
	struct path *p = path_new(100000, 20, 1);

	(void)state;
	path_run(p, 3000, NULL);
	assert_true(p->flights[0].is_proven);
	flight_probe(&p->flights[0], at(p->now));
	assert_false(flight_is_held_up(&p->flights[0], 60000));
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
		assert_in_range(worst, 0, 5 + 20);
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

static void slow_path_that_becomes_longer_is_full_again_in_seconds(void **state)
{
	static const int64_t longer[] = {5, 20, 30, 60, 150};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
		struct path *p = path_new(1250, 1, 1);

		path_run(p, 13000, NULL);
		p->rtt_ms = longer[i];
		path_run(p, 7000, NULL);
		assert_true(path_run(p, 4000, NULL) > 1250 * 4000 * 8 / 10);
		assert_true(path_run(p, 20000, NULL) > 1250 * 20000 * 9 / 10);
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
	assert_in_range(worst, 0, 20 + 40);
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
		cmocka_unit_test(pong_is_asked_for_by_parts),
		cmocka_unit_test(pong_that_cannot_be_is_refused),
		cmocka_unit_test(
			messages_that_never_come_are_noticed_by_the_next_answer),
		cmocka_unit_test(path_is_used_to_the_full_and_not_much_more),
		cmocka_unit_test(slow_path_is_full_and_has_a_short_queue),
		cmocka_unit_test(slow_path_is_known_within_two_seconds),
		cmocka_unit_test(slow_path_is_known_though_senders_are_modest),
		cmocka_unit_test(little_to_send_does_not_make_the_path_slow),
		cmocka_unit_test(message_is_a_part_of_the_window),
		cmocka_unit_test(
			long_packet_is_cut_on_a_path_that_is_known_to_be_slow),
		cmocka_unit_test(
			long_packet_is_not_cut_because_a_fast_path_is_probed),
		cmocka_unit_test(standing_queue_is_not_taken_for_distance),
		cmocka_unit_test(queues_of_two_channels_do_not_add_up),
		cmocka_unit_test(
			path_that_becomes_longer_is_full_again_in_seconds),
		cmocka_unit_test(path_a_little_longer_is_full_again_in_seconds),
		cmocka_unit_test(
			slow_path_that_becomes_longer_is_full_again_in_seconds),
		cmocka_unit_test(
			path_that_becomes_slower_is_not_taken_for_a_longer_one),
		cmocka_unit_test(
			pong_of_no_ping_of_ours_tells_of_no_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

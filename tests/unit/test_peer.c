/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "carrier/channel.h"
#include "carrier/peer.h"

#define CHANNEL_CNT 3

struct world {
	struct queue queue;
	struct queue_flows flows;
	struct peer peer;
	struct channel channels[CHANNEL_CNT];
};

/** at() - A point in time */
static mono_t at(int64_t ms)
{
	return (mono_t){(1000000 + ms) * NS_PER_MS};
}

/** world_bare() - A peer without channels */
static struct world *world_bare(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(queue_init(&w->queue), 0);
	queue_join(&w->queue, &w->flows);
	w->peer.flows = &w->flows;
	peer_init(&w->peer);
	return w;
}

/** world_new() - Three channels, 5 ms each */
static struct world *world_new(void)
{
	struct world *w = world_bare();
	unsigned int i;

	for (i = 0; i < CHANNEL_CNT; i++) {
		w->channels[i].number = i;
		w->channels[i].rtt_ns = 5 * NS_PER_MS;
		pulse_init(&w->channels[i].pulse, at(0));
		peer_attach(&w->peer, &w->channels[i]);
	}
	return w;
}

static void world_free(struct world *w)
{
	queue_leave(&w->queue, &w->flows);
	queue_fini(&w->queue);
	free(w);
}

/** share() - Of 1,024 flows, how many does a channel have? */
static size_t share(const struct world *w, unsigned int number)
{
	size_t cnt = 0;
	uint32_t flow;

	for (flow = 0; flow < 1024; flow++)
		cnt += peer_channel(&w->peer, flow) == &w->channels[number];
	return cnt;
}

static void look(struct world *w, unsigned int times)
{
	while (times-- > 0)
		peer_weigh(&w->peer);
}

static void peer_without_channels_has_none(void **state)
{
	struct world *w = world_bare();

	(void)state;
	assert_null(peer_channel(&w->peer, 7));
	peer_detach(&w->peer, &w->channels[0]);
	assert_null(peer_channel(&w->peer, 7));
	world_free(w);
}

static void flows_of_a_dead_channel_move_and_come_back(void **state)
{
	struct world *w = world_new();
	struct channel *before[1024];
	uint32_t flow;

	(void)state;
	for (flow = 0; flow < 1024; flow++)
		before[flow] = peer_channel(&w->peer, flow);
	peer_detach(&w->peer, &w->channels[1]);
	for (flow = 0; flow < 1024; flow++) {
		struct channel *now = peer_channel(&w->peer, flow);

		assert_ptr_not_equal(now, &w->channels[1]);
		if (before[flow] != &w->channels[1])
			assert_ptr_equal(now, before[flow]);
	}
	peer_attach(&w->peer, &w->channels[1]);
	for (flow = 0; flow < 1024; flow++)
		assert_ptr_equal(peer_channel(&w->peer, flow), before[flow]);
	world_free(w);
}

static void channels_share_alike_whatever_their_relay(void **state)
{
	struct world *w = world_new();
	unsigned int i;

	(void)state;
	w->channels[1].relay_idx = 1;
	w->channels[2].relay_idx = 2;
	look(w, 50);
	for (i = 0; i < CHANNEL_CNT; i++)
		assert_in_range(share(w, i), 300, 400);
	world_free(w);
}

static void slow_channel_loses_flows_and_keeps_some(void **state)
{
	struct world *w = world_new();
	size_t before = share(w, 1);

	(void)state;
	w->channels[1].rtt_ns = 200 * NS_PER_MS;
	look(w, 3);
	assert_int_equal(share(w, 1), before); /* no habit yet */
	look(w, 1);
	assert_true(share(w, 1) < before);
	look(w, 20);
	assert_in_range(share(w, 1), 20, before / 3);
	assert_int_equal(w->channels[1].weight, 1);
	world_free(w);
}

static void fast_channel_wins_its_flows_back_slowly(void **state)
{
	struct world *w = world_new();
	size_t before = share(w, 1);
	size_t low;

	(void)state;
	w->channels[1].rtt_ns = 200 * NS_PER_MS;
	look(w, 20);
	low = share(w, 1);
	w->channels[1].rtt_ns = 5 * NS_PER_MS;
	look(w, 9);
	assert_int_equal(share(w, 1), low);
	look(w, 1);
	assert_int_equal(w->channels[1].weight, 2);
	look(w, 200);
	assert_int_equal(share(w, 1), before);
	world_free(w);
}

static void nothing_moves_between_fast_and_slow(void **state)
{
	struct world *w = world_new();
	size_t before = share(w, 1);
	unsigned int i;

	(void)state;
	/* 45 ms and more would be slow, less than 22 fast. */
	for (i = 0; i < 100; i++) {
		w->channels[1].rtt_ns = (23 + i % 20) * NS_PER_MS;
		look(w, 1);
		assert_int_equal(share(w, 1), before);
	}
	world_free(w);
}

/**
 * pass() - Let time pass, with a look and, every 100 ms, PINGs
 * @from, @to:	Times in ms
 * @answers:	By number: is a PING answered, 10 ms later?
 */
static void pass(struct world *w, int64_t from, int64_t to, const bool *answers)
{
	int64_t ms;
	unsigned int i;

	for (ms = from; ms < to; ms += 10) {
		for (i = 0; i < CHANNEL_CNT; i++) {
			struct channel *channel = &w->channels[i];

			if (channel->pulse.waits.ns && answers[i])
				pulse_answered(&channel->pulse,
					       channel->pulse.asked, at(ms));
			if (ms % 100 == 0)
				pulse_asked(&channel->pulse, at(ms));
		}
		if ((ms + 30) % PEER_LOOK_MS == 0)
			peer_watch(&w->peer, at(ms));
	}
}

static const bool all_answer[] = {true, true, true};
static const bool none_answers[] = {false, false, false};
static const bool last_is_dead[] = {true, true, false};

static void suspect_channel_has_no_flows_until_it_answers(void **state)
{
	struct world *w = world_new();
	size_t before = share(w, 2);
	size_t first = share(w, 0);

	(void)state;
	pass(w, 0, 1000, all_answer);
	assert_int_equal(share(w, 2), before);
	/* Asked at 1000. */
	pass(w, 1000, 1000 + PULSE_LIMIT_MIN_MS, last_is_dead);
	assert_int_equal(share(w, 2), before);
	pass(w, 1000 + PULSE_LIMIT_MIN_MS,
	     1000 + PULSE_LIMIT_MIN_MS + PEER_LOOK_MS, last_is_dead);
	assert_int_equal(share(w, 2), 0);
	assert_true(share(w, 0) > first);
	pass(w, 1000 + PULSE_LIMIT_MIN_MS + PEER_LOOK_MS, 9000, last_is_dead);
	assert_int_equal(share(w, 2), 0);

	/* An answer to what was asked before it was suspect says nothing. */
	pulse_answered(&w->channels[2].pulse, at(1000 + PULSE_LIMIT_MIN_MS),
		       at(9000));
	peer_watch(&w->peer, at(9000));
	assert_int_equal(share(w, 2), 0);
	pass(w, 9000, 9200, all_answer);
	assert_int_equal(share(w, 2), before);
	assert_int_equal(share(w, 0), first);
	world_free(w);
}

static void nothing_moves_when_no_sibling_is_better(void **state)
{
	struct world *w = world_new();
	struct spread before = w->peer.spread;

	(void)state;
	pass(w, 0, 1000, all_answer);
	pass(w, 1000, 6000, none_answers);
	assert_memory_equal(&w->peer.spread, &before, sizeof(before));
	pass(w, 6000, 8000, all_answer);
	assert_memory_equal(&w->peer.spread, &before, sizeof(before));
	world_free(w);
}

static void last_channel_has_all_flows_suspect_or_not(void **state)
{
	struct world *w = world_new();

	(void)state;
	pass(w, 0, 1000, all_answer);
	pass(w, 1000, 2000, last_is_dead);
	assert_int_equal(share(w, 2), 0);
	peer_detach(&w->peer, &w->channels[0]);
	peer_detach(&w->peer, &w->channels[1]);
	assert_int_equal(share(w, 2), 1024);
	world_free(w);
}

static void stall_of_this_machine_makes_nobody_suspect(void **state)
{
	struct world *w = world_new();
	struct spread before = w->peer.spread;
	int64_t ms;

	(void)state;
	/* Each look finds the answers of all but one, whose is read later. */
	for (ms = 1000; ms < 60000; ms += 3000) {
		pass(w, ms, ms + 50, none_answers);
		pulse_answered(&w->channels[0].pulse, at(ms), at(ms + 2000));
		pulse_answered(&w->channels[1].pulse, at(ms), at(ms + 2000));
		peer_watch(&w->peer, at(ms + 2000));
		assert_memory_equal(&w->peer.spread, &before, sizeof(before));
		pulse_answered(&w->channels[2].pulse, at(ms), at(ms + 2040));
		peer_watch(&w->peer, at(ms + 2100));
		assert_memory_equal(&w->peer.spread, &before, sizeof(before));
	}
	world_free(w);
}

static void waiting_channel_lets_its_siblings_be_asked(void **state)
{
	struct world *w = world_new();

	(void)state;
	pulse_answered(&w->channels[1].pulse, at(0), at(10));
	pulse_asked(&w->channels[1].pulse, at(1000));
	peer_watch(&w->peer, at(1149));
	assert_int_equal(w->channels[0].due, 0);
	peer_watch(&w->peer, at(1150));
	assert_int_equal(w->channels[0].due, CHANNEL_DUE_PING);
	assert_int_equal(w->channels[1].due, 0);
	assert_int_equal(w->channels[2].due, CHANNEL_DUE_PING);

	/* Once is enough. */
	w->channels[0].due = 0;
	peer_watch(&w->peer, at(1250));
	assert_int_equal(w->channels[0].due, 0);
	world_free(w);
}

static void waiting_packets_move_with_their_flows(void **state)
{
	struct world *w = world_new();
	uint32_t flow = 0;
	uint8_t *data;
	size_t len;

	(void)state;
	while (peer_channel(&w->peer, flow) != &w->channels[1])
		flow++;
	queue_push(&w->queue, &w->flows, peer_bucket(flow),
		   &w->channels[1].lane, 100);
	peer_detach(&w->peer, &w->channels[1]);
	assert_int_not_equal(queue_peek(&w->queue, &w->flows,
					&peer_channel(&w->peer, flow)->lane,
					&data, &len),
			     QUEUE_NONE);
	assert_int_equal(len, 100);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_without_channels_has_none),
		cmocka_unit_test(flows_of_a_dead_channel_move_and_come_back),
		cmocka_unit_test(channels_share_alike_whatever_their_relay),
		cmocka_unit_test(slow_channel_loses_flows_and_keeps_some),
		cmocka_unit_test(fast_channel_wins_its_flows_back_slowly),
		cmocka_unit_test(nothing_moves_between_fast_and_slow),
		cmocka_unit_test(waiting_packets_move_with_their_flows),
		cmocka_unit_test(suspect_channel_has_no_flows_until_it_answers),
		cmocka_unit_test(nothing_moves_when_no_sibling_is_better),
		cmocka_unit_test(last_channel_has_all_flows_suspect_or_not),
		cmocka_unit_test(stall_of_this_machine_makes_nobody_suspect),
		cmocka_unit_test(waiting_channel_lets_its_siblings_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

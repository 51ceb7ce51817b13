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
	return w;
}

/** world_new() - Three channels, 5 ms each, heard of at 0 */
static struct world *world_new(void)
{
	struct world *w = world_bare();
	unsigned int i;

	for (i = 0; i < CHANNEL_CNT; i++) {
		w->channels[i].number = i;
		w->channels[i].rtt_ns = 5 * NS_PER_MS;
		w->channels[i].heard = at(0);
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
		peer_weigh(&w->peer, at(0));
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

static void quiet_channel_has_no_flows_until_it_is_heard(void **state)
{
	struct world *w = world_new();
	size_t before = share(w, 2);
	unsigned int i;

	(void)state;
	w->channels[0].heard = at(1000);
	w->channels[1].heard = at(1000);
	peer_weigh(&w->peer, at(CHANNEL_QUIET_MS));
	assert_int_equal(share(w, 2), 0);
	w->channels[2].heard = at(CHANNEL_QUIET_MS);
	peer_weigh(&w->peer, at(CHANNEL_QUIET_MS));
	assert_int_equal(share(w, 2), before);

	/* All are quiet: they are used, for want of better ones. */
	peer_weigh(&w->peer, at(60000));
	for (i = 0; i < CHANNEL_CNT; i++)
		assert_in_range(share(w, i), 300, 400);
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
		cmocka_unit_test(slow_channel_loses_flows_and_keeps_some),
		cmocka_unit_test(fast_channel_wins_its_flows_back_slowly),
		cmocka_unit_test(nothing_moves_between_fast_and_slow),
		cmocka_unit_test(waiting_packets_move_with_their_flows),
		cmocka_unit_test(quiet_channel_has_no_flows_until_it_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

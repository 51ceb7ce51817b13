/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_fair.c - Greedy flows share what there is: of one lane (queue.c), and of two
 * channels (balance.c, peer.c)
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/channel.h"
#include "carrier/peer.h"

#define FLOW_CNT    5
#define CHANNEL_CNT 2
#define LEN_MAX     60000

/**
 * struct source - What sends a flow
 * @bucket:	Its
 * @len:	Of its packets
 * @window:	How much it may have on its way; a loss halves it, what arrives
 *		lets it grow
 * @fixed:	It does neither: a flood, or an application that wants no more
 * @seq:	Number of its next packet
 * @next:	And of the next to arrive
 * @lost_at:	The window was halved for a loss; those up to here are the same one
 * @waits, @got: Bytes on their way, and that arrived
 */
struct source {
	size_t bucket;
	size_t len;
	size_t window;
	bool fixed;
	uint32_t seq;
	uint32_t next;
	uint32_t lost_at;
	size_t waits;
	uint64_t got;
};

struct world {
	struct queue queue;
	struct queue_flows flows;
	struct peer peer;
	struct channel channels[CHANNEL_CNT];
	struct source sources[FLOW_CNT];
	size_t source_cnt;
	int64_t now_ms;
};

static struct world *world_new(size_t channel_cnt)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned int i;

	assert_non_null(w);
	assert_int_equal(queue_init(&w->queue), 0);
	queue_join(&w->queue, &w->flows);
	w->peer.flows = &w->flows;
	peer_init(&w->peer);
	for (i = 0; i < channel_cnt; i++) {
		w->channels[i].number = i;
		w->channels[i].rtt_ns = 5 * NS_PER_MS;
		w->channels[i].outbox.cutting = QUEUE_NONE;
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

/** add() - A source whose bucket belongs to a channel */
static struct source *add(struct world *w, unsigned int channel, size_t len,
			  size_t window)
{
	struct source *source = &w->sources[w->source_cnt];
	uint32_t flow = (uint32_t)(100 * w->source_cnt++);

	while (peer_channel(&w->peer, flow) != &w->channels[channel])
		flow++;
	*source = (struct source){
		.bucket = peer_bucket(flow),
		.len = len,
		.window = window,
	};
	return source;
}

/** offer() - A source sends what its window lets it, at most @max bytes */
static void offer(struct world *w, struct source *source, size_t max)
{
	uint8_t idx = (uint8_t)(source - w->sources);

	while (source->waits + source->len <= source->window && max > 0) {
		uint8_t *room = queue_room(&w->queue);

		room[0] = idx;
		memcpy(room + 1, &source->seq, sizeof(source->seq));
		source->seq++;
		source->waits += source->len;
		max -= source->len < max ? source->len : max;
		queue_push(&w->queue, &w->flows, source->bucket,
			   peer_lane(&w->peer, (uint32_t)source->bucket),
			   source->len);
		assert_true(w->queue.bytes <= QUEUE_BYTES_MAX);
	}
}

/** arrive() - A packet of a source is there, and those before it are or never
 *  will be */
static void arrive(struct source *source, uint32_t seq)
{
	size_t cnt = seq - source->next + 1;

	/* Of one flow nothing overtakes. */
	assert_true(seq >= source->next);
	source->next = seq + 1;
	source->waits -= cnt * source->len;
	source->got += source->len;
	if (source->fixed)
		return;
	if (cnt == 1) {
		source->window +=
			source->len * source->len / source->window + 1;
	} else if (seq >= source->lost_at) {
		source->window /= 2;
		source->lost_at = source->seq;
	}
	if (source->window < 2 * source->len)
		source->window = 2 * source->len;
}

/** carry() - A channel sends a message's worth; Return: bytes */
static size_t carry(struct world *w, struct channel *channel)
{
	size_t sum = 0;

	while (sum < LEN_MAX) {
		uint8_t *data;
		size_t len;
		uint32_t seq;
		uint16_t slot = queue_peek(&w->queue, &w->flows, &channel->lane,
					   &data, &len);

		if (slot == QUEUE_NONE)
			break;
		memcpy(&seq, data + 1, sizeof(seq));
		arrive(&w->sources[data[0]], seq);
		queue_take(&w->queue, &w->flows, &channel->lane, slot);
		queue_free(&w->queue, slot);
		sum += len;
	}
	channel->bytes_out += sum;
	channel->flight.acked = channel->bytes_out;
	channel->pump_cnt++;
	channel->stuck_cnt += queue_lane_waits(&w->flows, &channel->lane);
	return sum;
}

/**
 * run() - For a while, all channels in turn send what @rate lets them send together:
 * what is narrow is behind them
 * @rate:	Bytes a ms
 */
static void run(struct world *w, int64_t ms, size_t rate)
{
	int64_t end = w->now_ms + ms;
	size_t turn = 0;
	size_t i;

	for (; w->now_ms < end; w->now_ms++) {
		mono_t now = {(1000000 + w->now_ms) * NS_PER_MS};
		size_t done = 0;
		size_t idle = 0;

		for (i = 0; i < w->source_cnt; i++)
			offer(w, &w->sources[i], 4 * rate);
		while (done < rate && idle < w->peer.channel_cnt) {
			struct channel *channel =
				w->peer.channels[turn++ % w->peer.channel_cnt];
			size_t sum = carry(w, channel);

			peer_arrived(&w->peer, channel, now);
			idle = sum ? 0 : idle + 1;
			done += sum;
		}
		if (w->now_ms % CHANNEL_PING_MS == 0)
			peer_balance(&w->peer, now);
	}
}

/** jain() - Jain's index of what the first sources got since the last call, in
 *  thousandths */
static unsigned int jain(struct world *w, size_t cnt)
{
	double sum = 0;
	double squares = 0;
	size_t i;

	for (i = 0; i < cnt; i++) {
		double got = (double)w->sources[i].got;

		sum += got;
		squares += got * got;
		w->sources[i].got = 0;
	}
	return (unsigned int)(1000 * sum * sum / (squares * (double)cnt));
}

static void flows_share_alike_whatever_their_packets(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	add(w, 0, 500, 100000)->fixed = true;
	add(w, 0, 1500, 200000)->fixed = true;
	add(w, 0, 9000, 300000)->fixed = true;
	add(w, 0, 60000, 600000)->fixed = true;
	run(w, 1000, 200000);
	assert_in_range(jain(w, 4), 998, 1000);
	assert_int_equal(w->queue.drop_cnt, 0);
	world_free(w);
}

static void packets_that_come_one_by_one_have_no_more(void **state)
{
	struct world *w = world_new(1);
	struct source *thin;
	int i;
	int k;

	(void)state;
	for (i = 0; i < 4; i++)
		add(w, 0, 1500, 300000)->fixed = true;
	thin = add(w, 0, 60000, 60000);
	thin->fixed = true;
	/* Its turn comes when the last one is gone and no other is there yet. */
	for (i = 0; i < 2000; i++) {
		offer(w, thin, LEN_MAX);
		for (k = 0; k < 8; k++)
			offer(w, &w->sources[k % 4], 2 * LEN_MAX);
		carry(w, &w->channels[0]);
		offer(w, &w->sources[i % 4], LEN_MAX);
		carry(w, &w->channels[0]);
	}
	assert_in_range(thin->got, 1, w->sources[1].got * 11 / 10);
	world_free(w);
}

static void flows_that_overflow_the_queue_share_alike(void **state)
{
	static const size_t windows[] = {60000, 3000000, 400000, 1500000};
	struct world *w = world_new(1);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		add(w, 0, i % 2 ? 60000 : 15000, windows[i]);
	run(w, 1000, 250000);
	jain(w, 4);
	run(w, 8000, 250000);
	assert_in_range(jain(w, 4), 950, 1000);
	assert_true(w->queue.drop_cnt > 0);
	world_free(w);
}

static void flood_has_no_more_than_its_share(void **state)
{
	struct world *w = world_new(1);
	struct source *flood;
	uint64_t got;

	(void)state;
	add(w, 0, 60000, 600000);
	flood = add(w, 0, 1200, 100000000);
	flood->fixed = true;
	run(w, 3000, 200000);
	got = w->sources[0].got;
	assert_in_range(flood->got, got * 8 / 10, got * 12 / 10);
	world_free(w);
}

static void flow_that_sends_little_waits_for_nobody(void **state)
{
	struct world *w = world_new(1);
	struct source *little;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		add(w, 0, 60000, 2000000);
	run(w, 100, 200000);
	little = add(w, 0, 64, 64);
	little->fixed = true;
	for (i = 0; i < 500; i++) {
		uint64_t before = little->got;

		little->window = 0;
		run(w, 1, 200000);
		little->window = 64;
		offer(w, little, 64);
		carry(w, &w->channels[0]);
		assert_int_equal(little->got, before + 64);
	}
	world_free(w);
}

/** spread_over() - Four greedy flows, so many of them on the first channel */
static struct world *spread_over(size_t first)
{
	struct world *w = world_new(2);
	size_t i;

	for (i = 0; i < 4; i++)
		add(w, i < first ? 0 : 1, 60000, 400000);
	return w;
}

static void flows_of_two_channels_share_alike(void **state)
{
	size_t first;

	(void)state;
	for (first = 0; first <= 4; first++) {
		struct world *w = spread_over(first);

		run(w, 2000, 250000);
		jain(w, 4);
		run(w, 8000, 250000);
		assert_in_range(jain(w, 4), 980, 1000);
		world_free(w);
	}
}

static void three_flows_take_turns_on_two_channels(void **state)
{
	struct world *w = world_new(2);
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		add(w, i < 2 ? 0 : 1, 60000, 400000);
	run(w, 2000, 250000);
	jain(w, 3);
	run(w, 8000, 250000);
	assert_in_range(jain(w, 3), 980, 1000);
	world_free(w);
}

/** AT() - A time, in ms since the first flow's move is asked for */
#define AT(ms) ((mono_t){(1000500 + (ms)) * NS_PER_MS})

/**
 * world_moving() - Four greedy flows on the first of two channels, and one of them
 * about to move to the second
 * @flow:	Set to its bucket
 */
static struct world *world_moving(uint32_t *flow)
{
	struct world *w = spread_over(4);

	run(w, 400, 250000);
	peer_balance(&w->peer, AT(0));
	*flow = w->peer.move.bucket;
	assert_int_not_equal(*flow, QUEUE_NONE);
	assert_ptr_equal(peer_channel(&w->peer, *flow), &w->channels[1]);
	return w;
}

static void moving_flow_waits_until_what_it_sent_has_arrived(void **state)
{
	uint32_t flow;
	struct world *w = world_moving(&flow);
	struct channel *from = &w->channels[0];
	struct queue_lane *lane = peer_lane(&w->peer, flow);

	(void)state;
	assert_true(from->due & CHANNEL_DUE_PING);
	assert_ptr_not_equal(lane, &w->channels[0].lane);
	assert_ptr_not_equal(lane, &w->channels[1].lane);

	from->flight.acked = from->bytes_out - 1;
	peer_arrived(&w->peer, from, AT(0));
	assert_ptr_equal(peer_lane(&w->peer, flow), lane);
	from->flight.acked = from->bytes_out;
	peer_arrived(&w->peer, &w->channels[1], AT(0));
	assert_ptr_equal(peer_lane(&w->peer, flow), lane);
	peer_arrived(&w->peer, from, AT(0));
	assert_ptr_equal(peer_lane(&w->peer, flow), &w->channels[1].lane);
	assert_true(queue_lane_waits(&w->flows, &w->channels[1].lane));
	world_free(w);
}

static void moving_flow_waits_for_a_packet_that_is_cut(void **state)
{
	struct world *w = spread_over(4);
	struct channel *from = &w->channels[0];

	(void)state;
	run(w, 400, 250000);
	from->outbox.cutting = 3;
	peer_balance(&w->peer, AT(0));
	assert_int_not_equal(w->peer.move.bucket, QUEUE_NONE);

	peer_arrived(&w->peer, from, AT(0));
	from->outbox.cutting = QUEUE_NONE;
	from->bytes_out += 1000;
	peer_arrived(&w->peer, from, AT(0));
	assert_int_not_equal(w->peer.move.bucket, QUEUE_NONE);
	from->flight.acked = from->bytes_out;
	peer_arrived(&w->peer, from, AT(0));
	assert_int_equal(w->peer.move.bucket, QUEUE_NONE);
	world_free(w);
}

static void moving_flow_goes_on_when_its_old_channel_is_gone(void **state)
{
	uint32_t flow;
	struct world *w = world_moving(&flow);

	(void)state;
	peer_detach(&w->peer, &w->channels[0]);
	assert_ptr_equal(peer_lane(&w->peer, flow), &w->channels[1].lane);
	world_free(w);
}

static void moving_flow_does_not_wait_for_ever(void **state)
{
	uint32_t flow;
	struct world *w = world_moving(&flow);

	(void)state;
	peer_balance(&w->peer, AT(400));
	assert_int_equal(w->peer.move.bucket, flow);
	peer_balance(&w->peer, AT(500));
	assert_int_equal(w->peer.move.bucket, QUEUE_NONE);
	world_free(w);
}

static void flow_that_was_moved_comes_back_when_its_channel_dies(void **state)
{
	uint32_t flow;
	struct world *w = world_moving(&flow);

	(void)state;
	peer_arrived(&w->peer, &w->channels[0], AT(0));
	assert_ptr_equal(peer_channel(&w->peer, flow), &w->channels[1]);
	peer_detach(&w->peer, &w->channels[1]);
	assert_ptr_equal(peer_channel(&w->peer, flow), &w->channels[0]);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_share_alike_whatever_their_packets),
		cmocka_unit_test(packets_that_come_one_by_one_have_no_more),
		cmocka_unit_test(flows_that_overflow_the_queue_share_alike),
		cmocka_unit_test(flood_has_no_more_than_its_share),
		cmocka_unit_test(flow_that_sends_little_waits_for_nobody),
		cmocka_unit_test(flows_of_two_channels_share_alike),
		cmocka_unit_test(three_flows_take_turns_on_two_channels),
		cmocka_unit_test(
			moving_flow_waits_until_what_it_sent_has_arrived),
		cmocka_unit_test(moving_flow_waits_for_a_packet_that_is_cut),
		cmocka_unit_test(
			moving_flow_goes_on_when_its_old_channel_is_gone),
		cmocka_unit_test(moving_flow_does_not_wait_for_ever),
		cmocka_unit_test(
			flow_that_was_moved_comes_back_when_its_channel_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

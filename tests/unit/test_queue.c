/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/queue.h"

struct world {
	struct queue queue;
	struct queue_flows flows;
	struct queue_flows others;
	struct queue_lane lane;
	struct queue_lane other_lane;
};

static struct world *world_new(void)
{
	struct world *w = malloc(sizeof(*w));

	assert_non_null(w);
	assert_int_equal(queue_init(&w->queue), 0);
	queue_join(&w->queue, &w->flows);
	queue_join(&w->queue, &w->others);
	queue_lane_init(&w->lane);
	queue_lane_init(&w->other_lane);
	return w;
}

static void world_free(struct world *w)
{
	queue_leave(&w->queue, &w->flows);
	queue_leave(&w->queue, &w->others);
	assert_int_equal(w->queue.bytes, 0);
	queue_fini(&w->queue);
	free(w);
}

/** push() - A packet of flow @bucket that begins with @mark */
static void push(struct world *w, size_t bucket, uint8_t mark, size_t len)
{
	queue_room(&w->queue)[0] = mark;
	queue_push(&w->queue, &w->flows, bucket, &w->lane, len);
}

/** pull() - The mark of the next packet, -1 when there is none */
static int pull_from(struct world *w, struct queue_flows *flows,
		     struct queue_lane *lane)
{
	uint8_t *data;
	size_t len;
	uint16_t slot = queue_peek(&w->queue, flows, lane, &data, &len);
	int mark;

	if (slot == QUEUE_NONE)
		return -1;
	mark = data[0];
	queue_take(&w->queue, flows, lane, slot);
	queue_free(&w->queue, slot);
	return mark;
}

static int pull(struct world *w)
{
	return pull_from(w, &w->flows, &w->lane);
}

static void packets_of_a_flow_keep_their_order(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	assert_int_equal(pull(w), -1);
	for (i = 0; i < 50; i++)
		push(w, 3, (uint8_t)i, i % 2 ? 100 : 3000);
	for (i = 0; i < 50; i++)
		assert_int_equal(pull(w), i);
	assert_int_equal(pull(w), -1);
	world_free(w);
}

static void packet_comes_out_as_it_went_in(void **state)
{
	static const size_t lens[] = {32, QUEUE_SMALL_LEN, QUEUE_SMALL_LEN + 1,
				      QUEUE_BIG_LEN};
	struct world *w = world_new();
	uint8_t *data;
	size_t len;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < 4; i++) {
		uint8_t *room = queue_room(&w->queue);

		for (k = 0; k < lens[i]; k++)
			room[k] = (uint8_t)(k * 7 + i);
		queue_push(&w->queue, &w->flows, i, &w->lane, lens[i]);
	}
	for (i = 0; i < 4; i++) {
		uint16_t slot =
			queue_peek(&w->queue, &w->flows, &w->lane, &data, &len);

		assert_int_not_equal(slot, QUEUE_NONE);
		assert_int_equal(len, lens[i]);
		for (k = 0; k < len; k++)
			assert_int_equal(data[k], (uint8_t)(k * 7 + i));
		queue_take(&w->queue, &w->flows, &w->lane, slot);
		queue_free(&w->queue, slot);
	}
	world_free(w);
}

static void pieces_wait_with_what_landed(void **state)
{
	struct world *w = world_new();
	const uint8_t piece[100] = {2};

	(void)state;
	push(w, 1, 1, 60000);
	queue_push_small(&w->queue, &w->flows, 1, &w->lane, piece,
			 sizeof(piece));
	push(w, 1, 3, 60000);
	assert_int_equal(w->flows.bytes, 120100);
	assert_int_equal(pull(w), 1);
	assert_int_equal(pull(w), 2);
	assert_int_equal(pull(w), 3);
	world_free(w);
}

static void flows_take_turns_by_bytes(void **state)
{
	struct world *w = world_new();
	size_t got[3] = {0};
	int i;

	(void)state;
	/* One of large packets, one of middling, one of small ones. */
	for (i = 0; i < 10; i++)
		push(w, 1, 1, 60000);
	for (i = 0; i < 100; i++)
		push(w, 2, 2, 6000 - 4000);
	for (i = 0; i < 500; i++)
		push(w, 3, 3, 500);
	for (i = 0; i < 120; i++) {
		static const size_t len_of[] = {0, 60000, 2000, 500};
		int mark = pull(w);

		assert_in_range(mark, 1, 3);
		got[mark - 1] += len_of[mark];
	}
	/* No flow is further ahead than its turn and one packet. */
	assert_true(got[0] <= got[1] + 2 * QUEUE_QUANTUM + 60000);
	assert_in_range(got[2], 0, got[1] + 2 * QUEUE_QUANTUM);
	assert_in_range(got[1], 0, got[2] + 2 * QUEUE_QUANTUM);
	world_free(w);
}

static void flow_that_begins_goes_before_those_that_wait(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		push(w, 1, 1, 1500);
	for (i = 0; i < 20; i++)
		assert_int_equal(pull(w), 1);
	push(w, 2, 2, 100);
	assert_int_equal(pull(w), 2);
	assert_int_equal(pull(w), 1);
	world_free(w);
}

static void flow_cannot_be_new_again_at_once(void **state)
{
	struct world *w = world_new();
	size_t firsts = 0;
	int i;

	(void)state;
	for (i = 0; i < 900; i++)
		push(w, 1, 1, 1500);
	for (i = 0; i < 12; i++)
		pull(w);
	/* Always one packet waiting: it must not have every second turn. */
	for (i = 0; i < 100; i++) {
		push(w, 2, 2, 1500);
		while (pull(w) != 2)
			firsts++;
	}
	assert_true(firsts > 80);
	world_free(w);
}

static void waiting_bytes_are_bounded_and_the_fattest_loses(void **state)
{
	struct world *w = world_new();
	int left = 0;
	int mark;
	int i;

	(void)state;
	push(w, 2, 2, 1500);
	for (i = 0; i < 1000; i++) {
		push(w, 1, 1, 60000);
		assert_true(w->queue.bytes <= QUEUE_BYTES_MAX);
	}
	assert_int_equal(w->queue.drop_cnt, 1000 - QUEUE_BYTES_MAX / 60000);
	assert_int_equal(pull(w), 2);
	while ((mark = pull(w)) != -1) {
		assert_int_equal(mark, 1);
		left++;
	}
	assert_int_equal(left, QUEUE_BYTES_MAX / 60000);
	world_free(w);
}

static void oldest_packets_of_the_fattest_go_first(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 50; i++)
		push(w, 1, (uint8_t)i, 60000);
	assert_int_equal(pull(w), 50 - QUEUE_BYTES_MAX / 60000);
	world_free(w);
}

static void slots_that_run_out_are_taken_from_who_has_most(void **state)
{
	struct world *w = world_new();
	int cnt[3] = {0};
	int mark;
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		push(w, 1, 1, 100);
		push(w, 2, 2, 3000);
	}
	/* Both kinds, far below the limit of bytes. */
	for (i = 0; i < 5000; i++)
		push(w, 3, 0, i % 2 ? 64 : 3000);
	while ((mark = pull(w)) != -1)
		cnt[mark]++;
	assert_int_equal(cnt[1], 10);
	assert_int_equal(cnt[2], 10);
	assert_in_range(cnt[0], 100, QUEUE_SMALL_CNT + QUEUE_BIG_CNT);
	assert_int_equal(w->queue.drop_cnt, 5000 - cnt[0]);
	world_free(w);
}

static void peer_that_stands_still_loses_not_the_others(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		push(w, 1, 1, 60000);
	for (i = 0; i < 100; i++) {
		queue_room(&w->queue)[0] = 9;
		queue_push(&w->queue, &w->others, 1, &w->other_lane, 60000);
		assert_int_equal(pull_from(w, &w->others, &w->other_lane), 9);
	}
	world_free(w);
}

static void waiting_packets_move_to_another_lane(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		push(w, 1, 1, 100);
		push(w, 2, 2, 100);
	}
	queue_unlane(&w->flows);
	queue_lane_init(&w->lane);
	queue_lane_init(&w->other_lane);
	for (i = 0; i < SPREAD_BUCKET_CNT; i++)
		queue_lane_put(&w->flows, (size_t)i,
			       i == 1 ? &w->lane : &w->other_lane);
	for (i = 0; i < 10; i++)
		assert_int_equal(pull(w), 1);
	assert_int_equal(pull(w), -1);
	for (i = 0; i < 10; i++)
		assert_int_equal(pull_from(w, &w->flows, &w->other_lane), 2);
	assert_int_equal(pull_from(w, &w->flows, &w->other_lane), -1);
	world_free(w);
}

/** push_ip() - An IPv4 packet of 1,000 bytes with this TOS, or what looks like it */
static void push_ip(struct world *w, size_t bucket, uint8_t tos)
{
	uint8_t *room = queue_room(&w->queue);

	memset(room, 0, VNET_HDR_LEN + 20);
	room[VNET_HDR_LEN] = 0x45;
	room[VNET_HDR_LEN + 1] = tos;
	queue_push(&w->queue, &w->flows, bucket, &w->lane, VNET_HDR_LEN + 1000);
}

/** sip() - A packet is taken every 5 ms; Return: how many in half a second that have
 *  this TOS */
static int sip(struct world *w, uint8_t tos)
{
	uint8_t *data;
	uint16_t slot;
	size_t len;
	int cnt = 0;
	int i;

	for (i = 0; i < 100; i++) {
		w->queue.now = mono_add_ms(w->queue.now, 5);
		slot = queue_peek(&w->queue, &w->flows, &w->lane, &data, &len);
		assert_int_not_equal(slot, QUEUE_NONE);
		/* One that does not fit now is looked at again. */
		assert_int_equal(slot, queue_peek(&w->queue, &w->flows,
						  &w->lane, &data, &len));
		cnt += data[VNET_HDR_LEN + 1] == tos;
		queue_take(&w->queue, &w->flows, &w->lane, slot);
		queue_free(&w->queue, slot);
	}
	return cnt;
}

static void flow_that_waits_too_long_loses_packets(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		push_ip(w, 1, 0);
	assert_int_equal(sip(w, 0), 100);
	assert_in_range(w->queue.late_cnt, 3, 10);
	assert_int_equal(w->queue.mark_cnt, 0);
	assert_int_equal(w->flows.bytes,
			 (100 - w->queue.late_cnt) * (VNET_HDR_LEN + 1000));
	world_free(w);
}

static void flow_that_a_probe_holds_back_loses_none(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		push_ip(w, 1, 0);
	w->queue.excused = true;
	assert_int_equal(sip(w, 0), 100);
	/* It has an interval to become short. */
	w->queue.excused = false;
	for (i = 0; i < 99; i++)
		assert_int_equal(pull(w), 0);
	assert_int_equal(w->queue.late_cnt, 0);
	world_free(w);
}

static void flow_that_understands_marks_loses_none(void **state)
{
	struct world *w = world_new();
	int marked;
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		push_ip(w, 1, 2);
	marked = sip(w, 3);
	assert_in_range(marked, 3, 10);
	assert_int_equal(w->queue.mark_cnt, marked);
	assert_int_equal(w->queue.late_cnt, 0);
	world_free(w);
}

static void flow_that_does_not_wait_pays_nothing_for_one_that_does(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		push_ip(w, 1, 0);
	for (i = 0; i < 10; i++) {
		sip(w, 0);
		push_ip(w, 2, 2);
		assert_int_equal(pull(w), 0);
		while (w->flows.flows[1].bytes < 250000)
			push_ip(w, 1, 0);
	}
	assert_true(w->queue.late_cnt > 0);
	assert_int_equal(w->queue.mark_cnt, 0);
	world_free(w);
}

static void clear_drops_what_waits_and_counts_it(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		push(w, (size_t)i, 1, i % 2 ? 100 : 5000);
	assert_int_equal(queue_clear(&w->queue, &w->flows), 10);
	assert_int_equal(queue_clear(&w->queue, &w->flows), 0);
	queue_lane_init(&w->lane);
	assert_int_equal(pull(w), -1);
	push(w, 1, 7, 100);
	assert_int_equal(pull(w), 7);
	world_free(w);
}

/** struct twin - What a flow should have: a counter of the next in and out */
struct twin {
	uint8_t in;
	uint8_t out;
};

static void no_packet_is_lost_or_doubled_by_random_use(void **state)
{
	struct world *w = world_new();
	struct twin twins[40] = {{0, 0}};
	unsigned int seed = 1;
	size_t in = 0;
	size_t out = 0;
	int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		uint16_t slot;
		uint8_t *data;
		size_t len;

		seed = seed * 1103515245 + 12345;
		if ((seed >> 16) % 3 && w->queue.bytes < 100000) {
			unsigned int flow = (seed >> 20) % 40;
			uint8_t *room = queue_room(&w->queue);

			room[0] = (uint8_t)flow;
			room[1] = twins[flow].in++;
			queue_push(&w->queue, &w->flows, flow, &w->lane,
				   (seed >> 8) % 4000 + 32);
			in++;
			continue;
		}
		slot = queue_peek(&w->queue, &w->flows, &w->lane, &data, &len);
		if (slot == QUEUE_NONE)
			continue;
		assert_int_equal(data[1], twins[data[0]].out++);
		queue_take(&w->queue, &w->flows, &w->lane, slot);
		queue_free(&w->queue, slot);
		out++;
	}
	while (pull(w) != -1)
		out++;
	assert_int_equal(in, out);
	assert_int_equal(w->queue.drop_cnt, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_a_flow_keep_their_order),
		cmocka_unit_test(packet_comes_out_as_it_went_in),
		cmocka_unit_test(pieces_wait_with_what_landed),
		cmocka_unit_test(flows_take_turns_by_bytes),
		cmocka_unit_test(flow_that_begins_goes_before_those_that_wait),
		cmocka_unit_test(flow_cannot_be_new_again_at_once),
		cmocka_unit_test(
			waiting_bytes_are_bounded_and_the_fattest_loses),
		cmocka_unit_test(oldest_packets_of_the_fattest_go_first),
		cmocka_unit_test(
			slots_that_run_out_are_taken_from_who_has_most),
		cmocka_unit_test(peer_that_stands_still_loses_not_the_others),
		cmocka_unit_test(waiting_packets_move_to_another_lane),
		cmocka_unit_test(flow_that_waits_too_long_loses_packets),
		cmocka_unit_test(flow_that_a_probe_holds_back_loses_none),
		cmocka_unit_test(flow_that_understands_marks_loses_none),
		cmocka_unit_test(
			flow_that_does_not_wait_pays_nothing_for_one_that_does),
		cmocka_unit_test(clear_drops_what_waits_and_counts_it),
		cmocka_unit_test(no_packet_is_lost_or_doubled_by_random_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

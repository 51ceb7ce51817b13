/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "carrier/outbox.h"
#include "packets.h"

#define ALL_OFFLOADS (GSO_CAN_CSUM | GSO_CAN_TSO4)

struct world {
	struct queue queue;
	struct queue_flows flows;
	struct queue_lane lane;
	struct outbox outbox;
	struct outbox_source source;
	struct outbox_tally tally;
};

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(queue_init(&w->queue), 0);
	queue_join(&w->queue, &w->flows);
	queue_lane_init(&w->lane);
	assert_int_equal(outbox_init(&w->outbox), 0);
	w->source = (struct outbox_source){&w->queue, &w->flows, &w->lane};
	return w;
}

static void world_free(struct world *w)
{
	outbox_reset(&w->outbox, &w->queue);
	outbox_fini(&w->outbox);
	queue_leave(&w->queue, &w->flows);
	queue_fini(&w->queue);
	free(w);
}

/** push() - A TCP packet of @payload bytes that begin with @mark, in segments of
 *  @gso_size (0: plain) */
static void push(struct world *w, uint8_t mark, size_t payload, size_t gso_size)
{
	static const uint8_t src[] = {100, 64, 0, 1};
	static const uint8_t dst[] = {10, 1, 0, 5};
	const struct gso_header header = {
		.flags = GSO_NEEDS_CSUM,
		.type = GSO_TCPV4,
		.hdr_len = 40,
		.gso_size = (uint16_t)gso_size,
		.csum_start = 20,
		.csum_offset = 16,
	};
	uint8_t *data = queue_room(&w->queue);
	struct packet p;

	packet_v4(&p, src, dst, 6);
	packet_ports(&p, 6, 1000, 443);
	put_u16(p.data + 2, 40 + payload);
	memset(data, 0, VNET_HDR_LEN);
	if (gso_size)
		gso_write(data, &header);
	memcpy(data + VNET_HDR_LEN, p.data, 40);
	memset(data + VNET_HDR_LEN + 40, mark, payload);
	queue_push(&w->queue, &w->flows, mark, &w->lane,
		   VNET_HDR_LEN + 40 + payload);
}

/** fill() - One message; Return: its length */
static size_t fill(struct world *w, size_t msg_len_max, uint32_t offloads)
{
	const struct outbox_peer peer = {msg_len_max, msg_len_max, offloads};

	return outbox_fill(&w->outbox, &w->source, &peer, &w->tally);
}

/** next() - Step to the next record; Return: its payload's length, -1 at the end */
static ssize_t next(struct world *w, size_t len, size_t *off, uint8_t *mark)
{
	uint8_t *body = w->outbox.buf + OUTBOX_HEAD + WIRE_HEADER_LEN;
	struct wire_record record;
	int rc = wire_data_next(body, len - WIRE_HEADER_LEN, off, &record);

	assert_true(rc >= 0);
	if (!rc)
		return -1;
	*mark = record.data[VNET_HDR_LEN + 40];
	return (ssize_t)(record.len - VNET_HDR_LEN - 40);
}

static void nothing_waits_and_nothing_is_sent(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(fill(w, WIRE_MSG_LEN_MAX, ALL_OFFLOADS), 0);
	world_free(w);
}

static void what_waits_is_packed_in_turn(void **state)
{
	struct world *w = world_new();
	size_t off = 0;
	uint8_t mark;
	size_t len;

	(void)state;
	push(w, 1, 100, 0);
	push(w, 2, 1401, 0);
	push(w, 3, 3, 0);
	len = fill(w, WIRE_MSG_LEN_MAX, 0);
	assert_int_equal(next(w, len, &off, &mark), 100);
	assert_int_equal(mark, 1);
	assert_int_equal(next(w, len, &off, &mark), 1401);
	assert_int_equal(mark, 2);
	assert_int_equal(next(w, len, &off, &mark), 3);
	assert_int_equal(mark, 3);
	assert_int_equal(next(w, len, &off, &mark), -1);
	assert_int_equal(w->tally.packets, 3);
	assert_int_equal(w->tally.bytes, 3 * 40 + 1504);
	assert_int_equal(fill(w, WIRE_MSG_LEN_MAX, 0), 0);
	world_free(w);
}

static void packet_that_does_not_fit_begins_the_next_message(void **state)
{
	struct world *w = world_new();
	uint8_t mark;
	size_t off;
	size_t len;
	int i;

	(void)state;
	for (i = 1; i <= 4; i++)
		push(w, 1, 1400, 0);
	for (i = 0; i < 2; i++) {
		len = fill(w, WIRE_MSG_LEN_FLOOR, 0);
		assert_true(len <= WIRE_MSG_LEN_FLOOR);
		off = 0;
		assert_int_equal(next(w, len, &off, &mark), 1400);
		assert_int_equal(next(w, len, &off, &mark), 1400);
		assert_int_equal(next(w, len, &off, &mark), -1);
	}
	assert_int_equal(fill(w, WIRE_MSG_LEN_FLOOR, 0), 0);
	world_free(w);
}

static void message_that_is_long_enough_gets_nothing_more(void **state)
{
	const struct outbox_peer peer = {WIRE_MSG_LEN_MAX, 2000, 0};
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		push(w, 1, 1000, 0);
	for (i = 0; i < 2; i++)
		assert_in_range(
			outbox_fill(&w->outbox, &w->source, &peer, &w->tally),
			2000, 3000);
	assert_in_range(outbox_fill(&w->outbox, &w->source, &peer, &w->tally),
			1000, 2000);
	assert_int_equal(w->tally.packets, 5);
	world_free(w);
}

static void super_packet_goes_whole_to_who_can_cut_it(void **state)
{
	struct world *w = world_new();
	size_t off = 0;
	uint8_t mark;
	size_t len;

	(void)state;
	push(w, 1, 65000, 1400);
	len = fill(w, WIRE_MSG_LEN_MAX, ALL_OFFLOADS);
	assert_int_equal(next(w, len, &off, &mark), 65000);
	assert_int_equal(next(w, len, &off, &mark), -1);
	world_free(w);
}

/** count_segments() - Over as many messages as it takes, none above @msg_len_max */
static size_t count_segments(struct world *w, size_t msg_len_max,
			     uint32_t offloads, size_t *payload)
{
	size_t cnt = 0;
	uint8_t mark;
	size_t len;

	*payload = 0;
	while ((len = fill(w, msg_len_max, offloads))) {
		size_t off = 0;
		ssize_t got;

		assert_true(len <= msg_len_max);
		while ((got = next(w, len, &off, &mark)) >= 0) {
			assert_true(got <= 1400);
			*payload += (size_t)got;
			cnt++;
		}
	}
	return cnt;
}

static void super_packet_is_cut_for_who_cannot(void **state)
{
	struct world *w = world_new();
	size_t payload;

	(void)state;
	push(w, 1, 65000, 1400);
	assert_int_equal(
		count_segments(w, WIRE_MSG_LEN_MAX, GSO_CAN_CSUM, &payload),
		47);
	assert_int_equal(payload, 65000);
	assert_int_equal(w->tally.packets, 1);
	world_free(w);
}

static void super_packet_is_cut_for_short_messages(void **state)
{
	struct world *w = world_new();
	size_t payload;

	(void)state;
	push(w, 1, 65000, 1400);
	assert_int_equal(
		count_segments(w, WIRE_MSG_LEN_FLOOR, ALL_OFFLOADS, &payload),
		47);
	assert_int_equal(payload, 65000);
	world_free(w);
}

static void packet_that_can_never_fit_is_dropped(void **state)
{
	struct world *w = world_new();

	(void)state;
	push(w, 1, 8000, 0);
	push(w, 2, 100, 0);
	assert_true(fill(w, WIRE_MSG_LEN_FLOOR, ALL_OFFLOADS) > 0);
	assert_int_equal(w->tally.too_big, 1);
	assert_int_equal(fill(w, WIRE_MSG_LEN_FLOOR, ALL_OFFLOADS), 0);
	world_free(w);
}

static void packet_with_a_false_header_is_dropped(void **state)
{
	struct world *w = world_new();

	(void)state;
	push(w, 1, 65000, 3); /* too many segments */
	assert_int_equal(fill(w, WIRE_MSG_LEN_MAX, 0), 0);
	assert_int_equal(w->tally.offload, 1);
	assert_int_equal(w->tally.packets, 0);
	world_free(w);
}

static void half_sent_packet_gives_its_slot_back(void **state)
{
	struct world *w = world_new();
	int i;

	(void)state;
	for (i = 0; i < 10 * QUEUE_BIG_CNT; i++) {
		push(w, 1, 65000, 1400);
		assert_true(fill(w, WIRE_MSG_LEN_FLOOR, 0) > 0);
		outbox_reset(&w->outbox, &w->queue);
	}
	assert_int_equal(w->queue.drop_cnt, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_waits_and_nothing_is_sent),
		cmocka_unit_test(what_waits_is_packed_in_turn),
		cmocka_unit_test(
			packet_that_does_not_fit_begins_the_next_message),
		cmocka_unit_test(message_that_is_long_enough_gets_nothing_more),
		cmocka_unit_test(super_packet_goes_whole_to_who_can_cut_it),
		cmocka_unit_test(super_packet_is_cut_for_who_cannot),
		cmocka_unit_test(super_packet_is_cut_for_short_messages),
		cmocka_unit_test(packet_that_can_never_fit_is_dropped),
		cmocka_unit_test(packet_with_a_false_header_is_dropped),
		cmocka_unit_test(half_sent_packet_gives_its_slot_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

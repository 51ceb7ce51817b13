/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * queue.c - Packets that wait for a channel, by flow
 */

/**
 * DOC: Theory of operation
 *
 * Packets are read to a big slot (queue_room()); small ones move on to a small one,
 * so that they do not hold 64 KB each.
 *
 * Turns	Deficit round robin among the flows of a lane: each may send
 *		QUEUE_QUANTUM bytes and a bit, then the next.  A flow that had
 *		nothing waiting goes before all that had, once: those that send
 *		little never wait behind those that send much.  One that uses this
 *		up, or has no more, comes behind the others, so that it cannot go
 *		first again and again.  A packet may be longer than a turn: then
 *		its flow owes the rest, and stays behind the others until that
 *		is paid, even if it has nothing waiting meanwhile.  Else flows whose
 *		super-packets come one by one would have more than others.
 * Late		When a flow's packets wait too long, the one whose turn it is tells
 *		its sender: it is marked, or lost (codel.h).
 * Full		Too many bytes, or no slot: the flow that has most loses its
 *		oldest packets, so that its sender learns of it soonest.  Small
 *		ones go several at a time, since looking for the flow takes longer
 *		than dropping a packet.
 */

#include "carrier/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ecn.h"

/* A fat flow loses no more at a time: a super-packet, or some small ones. */
#define DROP_BYTES 16384
#define DROP_CNT   16

static bool is_big(uint16_t slot)
{
	return slot < QUEUE_BIG_CNT;
}

static uint8_t *slot_data(const struct queue *queue, uint16_t slot)
{
	if (is_big(slot))
		return queue->big + (size_t)slot * QUEUE_BIG_LEN;
	return queue->small + (size_t)(slot - QUEUE_BIG_CNT) * QUEUE_SMALL_LEN;
}

int queue_init(struct queue *queue)
{
	const size_t big_size = (size_t)QUEUE_BIG_CNT * QUEUE_BIG_LEN;
	const size_t small_size = (size_t)QUEUE_SMALL_CNT * QUEUE_SMALL_LEN;
	uint16_t slot;

	*queue = (struct queue){
		.big = malloc(big_size),
		.small = malloc(small_size),
		.free_big = QUEUE_NONE,
		.free_small = QUEUE_NONE,
	};
	if (!queue->big || !queue->small) {
		queue_fini(queue);
		return -ENOMEM;
	}
	memset(queue->big, 1, big_size);
	memset(queue->small, 1, small_size);
	for (slot = 0; slot < QUEUE_BIG_CNT + QUEUE_SMALL_CNT; slot++)
		queue_free(queue, slot);
	queue->landing = queue->free_big;
	queue->free_big = queue->packets[queue->landing].next;
	return 0;
}

void queue_fini(struct queue *queue)
{
	free(queue->big);
	free(queue->small);
	*queue = (struct queue){0};
}

void queue_join(struct queue *queue, struct queue_flows *flows)
{
	size_t i;

	memset(flows, 0, sizeof(*flows));
	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		flows->flows[i].head = QUEUE_NONE;
		flows->flows[i].tail = QUEUE_NONE;
	}
	flows->next = queue->all;
	queue->all = flows;
}

void queue_leave(struct queue *queue, struct queue_flows *flows)
{
	struct queue_flows **link = &queue->all;

	queue_clear(queue, flows);
	while (*link != flows)
		link = &(*link)->next;
	*link = flows->next;
}

void queue_lane_init(struct queue_lane *lane)
{
	lane->fresh = (struct queue_list){QUEUE_NONE, QUEUE_NONE};
	lane->old = (struct queue_list){QUEUE_NONE, QUEUE_NONE};
}

uint8_t *queue_room(const struct queue *queue)
{
	return slot_data(queue, queue->landing);
}

void queue_free(struct queue *queue, uint16_t slot)
{
	uint16_t *first = is_big(slot) ? &queue->free_big : &queue->free_small;

	queue->packets[slot].next = *first;
	*first = slot;
}

/** list_add() - A bucket goes to the end of a list */
static void list_add(struct queue_flows *flows, struct queue_list *list,
		     uint16_t bucket)
{
	flows->flows[bucket].next = QUEUE_NONE;
	if (list->head == QUEUE_NONE)
		list->head = bucket;
	else
		flows->flows[list->tail].next = bucket;
	list->tail = bucket;
}

/** list_shift() - The first bucket leaves its list */
static void list_shift(struct queue_flows *flows, struct queue_list *list)
{
	list->head = flows->flows[list->head].next;
	if (list->head == QUEUE_NONE)
		list->tail = QUEUE_NONE;
}

/** unlink_head() - The oldest packet of a flow, which has one, leaves it */
static uint16_t unlink_head(struct queue *queue, struct queue_flows *flows,
			    struct queue_flow *flow)
{
	uint16_t slot = flow->head;
	uint32_t len = queue->packets[slot].len;

	flow->head = queue->packets[slot].next;
	if (flow->head == QUEUE_NONE)
		flow->tail = QUEUE_NONE;
	flow->bytes -= len;
	if (is_big(slot))
		flow->big_cnt--;
	else
		flow->small_cnt--;
	flows->bytes -= len;
	queue->bytes -= len;
	return slot;
}

/** enum measure - What there is too much of */
enum measure {
	MEASURE_BYTES,
	MEASURE_SMALL,
	MEASURE_BIG,
};

static uint32_t measure_of(const struct queue_flow *flow, enum measure what)
{
	switch (what) {
	case MEASURE_BYTES:
		return flow->bytes;
	case MEASURE_SMALL:
		return flow->small_cnt;
	case MEASURE_BIG:
		return flow->big_cnt;
	}
	return 0;
}

/** drop_from_fattest() - The flow that has most of something loses a bit;
 *  Return: did it have any? */
static bool drop_from_fattest(struct queue *queue, enum measure what)
{
	struct queue_flows *of = NULL;
	struct queue_flow *fattest = NULL;
	struct queue_flows *flows;
	uint32_t most = 0;
	size_t dropped = 0;
	size_t cnt = 0;
	size_t i;

	for (flows = queue->all; flows; flows = flows->next) {
		for (i = 0; flows->bytes && i < SPREAD_BUCKET_CNT; i++) {
			uint32_t has = measure_of(&flows->flows[i], what);

			if (has <= most)
				continue;
			most = has;
			of = flows;
			fattest = &flows->flows[i];
		}
	}
	if (!fattest)
		return false;
	do {
		uint16_t slot = unlink_head(queue, of, fattest);

		dropped += queue->packets[slot].len;
		queue_free(queue, slot);
		queue->drop_cnt++;
	} while (dropped < DROP_BYTES && ++cnt < DROP_CNT &&
		 measure_of(fattest, what) > most / 2);
	return true;
}

/** settle_small() - A small slot with these bytes; QUEUE_NONE when all are taken by
 *  those who send */
static uint16_t settle_small(struct queue *queue, const uint8_t *data,
			     size_t len)
{
	uint16_t slot;

	while (queue->free_small == QUEUE_NONE) {
		if (!drop_from_fattest(queue, MEASURE_SMALL))
			return QUEUE_NONE;
	}
	slot = queue->free_small;
	queue->free_small = queue->packets[slot].next;
	memcpy(slot_data(queue, slot), data, len);
	return slot;
}

/** settle() - The slot in which what has landed may stay; as settle_small() */
static uint16_t settle(struct queue *queue, size_t len)
{
	uint16_t slot = queue->landing;

	if (len <= QUEUE_SMALL_LEN)
		return settle_small(queue, queue_room(queue), len);
	while (queue->free_big == QUEUE_NONE) {
		if (!drop_from_fattest(queue, MEASURE_BIG))
			return QUEUE_NONE;
	}
	queue->landing = queue->free_big;
	queue->free_big = queue->packets[queue->landing].next;
	return slot;
}

/** wait_in() - What lies in a slot (QUEUE_NONE: nowhere) waits as the last of its
 *  flow */
static void wait_in(struct queue *queue, struct queue_flows *flows,
		    size_t bucket, struct queue_lane *lane, uint16_t slot,
		    size_t len)
{
	struct queue_flow *flow = &flows->flows[bucket];

	if (slot == QUEUE_NONE) {
		queue->drop_cnt++;
		return;
	}
	queue->packets[slot] = (struct queue_packet){
		.next = QUEUE_NONE,
		.len = (uint32_t)len,
		.since = queue->now,
	};
	if (flow->head == QUEUE_NONE)
		flow->head = slot;
	else
		queue->packets[flow->tail].next = slot;
	flow->tail = slot;
	flow->bytes += (uint32_t)len;
	if (is_big(slot))
		flow->big_cnt++;
	else
		flow->small_cnt++;
	flows->bytes += len;
	queue->bytes += len;
	if (flow->turn == QUEUE_IDLE) {
		flow->turn = QUEUE_NEW;
		flow->credit = QUEUE_QUANTUM;
		list_add(flows, &lane->fresh, (uint16_t)bucket);
	}
	while (queue->bytes > QUEUE_BYTES_MAX &&
	       drop_from_fattest(queue, MEASURE_BYTES))
		;
}

void queue_push(struct queue *queue, struct queue_flows *flows, size_t bucket,
		struct queue_lane *lane, size_t len)
{
	wait_in(queue, flows, bucket, lane, settle(queue, len), len);
}

void queue_push_small(struct queue *queue, struct queue_flows *flows,
		      size_t bucket, struct queue_lane *lane,
		      const uint8_t *data, size_t len)
{
	assert(len <= QUEUE_SMALL_LEN);
	wait_in(queue, flows, bucket, lane, settle_small(queue, data, len),
		len);
}

/** first_list() - Whose first bucket is next; NULL when none waits */
static struct queue_list *first_list(struct queue_lane *lane)
{
	if (lane->fresh.head != QUEUE_NONE)
		return &lane->fresh;
	return lane->old.head != QUEUE_NONE ? &lane->old : NULL;
}

/** may_leave() - Has a flow nothing, and been behind the others (if there are any)
 *  until it owes nothing? */
static bool may_leave(const struct queue_flow *flow,
		      const struct queue_lane *lane)
{
	if (flow->head != QUEUE_NONE)
		return false;
	if (lane->fresh.head == QUEUE_NONE && lane->old.head == QUEUE_NONE)
		return true;
	return flow->turn == QUEUE_OLD && flow->credit > 0;
}

/** end_turn() - The first of a list goes behind the others, or leaves */
static void end_turn(struct queue_flows *flows, struct queue_lane *lane,
		     struct queue_list *list)
{
	uint16_t bucket = list->head;
	struct queue_flow *flow = &flows->flows[bucket];

	list_shift(flows, list);
	if (may_leave(flow, lane)) {
		flow->turn = QUEUE_IDLE;
		return;
	}
	if (flow->credit <= 0)
		flow->credit += QUEUE_QUANTUM;
	flow->turn = QUEUE_OLD;
	list_add(flows, &lane->old, bucket);
}

/** mark() - Return: was the packet in a slot marked, and need not be dropped? */
static bool mark(struct queue *queue, uint16_t slot)
{
	size_t len = queue->packets[slot].len;

	if (len < VNET_HDR_LEN ||
	    !ecn_mark(slot_data(queue, slot) + VNET_HDR_LEN,
		      len - VNET_HDR_LEN))
		return false;
	queue->mark_cnt++;
	return true;
}

/** judge() - A flow's turn: its first packet stays, unless it has to tell its sender
 *  that it waited too long; then the next */
static void judge(struct queue *queue, struct queue_flows *flows,
		  struct queue_flow *flow)
{
	while (flow->head != QUEUE_NONE) {
		struct queue_packet *packet = &queue->packets[flow->head];

		if (packet->judged || queue->excused)
			return;
		packet->judged = true;
		if (!codel_signals(&flow->codel,
				   mono_diff_ns(queue->now, packet->since),
				   flow->bytes - packet->len, queue->now) ||
		    mark(queue, flow->head))
			return;
		queue_free(queue, unlink_head(queue, flows, flow));
		queue->late_cnt++;
	}
}

uint16_t queue_peek(struct queue *queue, struct queue_flows *flows,
		    struct queue_lane *lane, uint8_t **data, size_t *len)
{
	struct queue_list *list;

	while ((list = first_list(lane))) {
		struct queue_flow *flow = &flows->flows[list->head];

		if (flow->credit > 0)
			judge(queue, flows, flow);
		if (flow->head != QUEUE_NONE && flow->credit > 0) {
			*data = slot_data(queue, flow->head);
			*len = queue->packets[flow->head].len;
			return flow->head;
		}
		end_turn(flows, lane, list);
	}
	return QUEUE_NONE;
}

void queue_take(struct queue *queue, struct queue_flows *flows,
		struct queue_lane *lane, uint16_t slot)
{
	struct queue_flow *flow = &flows->flows[first_list(lane)->head];

	assert(flow->head == slot);
	flow->credit -= (int32_t)queue->packets[slot].len;
	flow->sent += queue->packets[slot].len;
	unlink_head(queue, flows, flow);
}

size_t queue_clear(struct queue *queue, struct queue_flows *flows)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		struct queue_flow *flow = &flows->flows[i];

		for (; flow->head != QUEUE_NONE; cnt++)
			queue_free(queue, unlink_head(queue, flows, flow));
	}
	queue_unlane(flows);
	return cnt;
}

void queue_lane_put(struct queue_flows *flows, size_t bucket,
		    struct queue_lane *lane)
{
	struct queue_flow *flow = &flows->flows[bucket];

	if (flow->head == QUEUE_NONE || flow->turn != QUEUE_IDLE)
		return;
	flow->turn = QUEUE_OLD;
	list_add(flows, &lane->old, (uint16_t)bucket);
}

/** list_waits() - Is there a packet in one of a list's flows? */
static bool list_waits(const struct queue_flows *flows,
		       const struct queue_list *list)
{
	uint16_t bucket = list->head;

	for (; bucket != QUEUE_NONE; bucket = flows->flows[bucket].next) {
		if (flows->flows[bucket].head != QUEUE_NONE)
			return true;
	}
	return false;
}

bool queue_lane_waits(const struct queue_flows *flows,
		      const struct queue_lane *lane)
{
	return list_waits(flows, &lane->fresh) || list_waits(flows, &lane->old);
}

void queue_unlane(struct queue_flows *flows)
{
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++)
		flows->flows[i].turn = QUEUE_IDLE;
}

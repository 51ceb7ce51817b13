/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * queue.h - Packets that wait for a channel, by flow
 *
 * Pure but for its memory, which is all taken at the start.  Bounded in bytes;
 * when it is full the flow that has most of it loses.  Knows nothing of what is in
 * a packet, of channels or of peers: flows of one peer lie in a struct
 * queue_flows, and each takes its turn in one struct queue_lane, of a channel.
 * (Of a packet it knows where ECN is, ecn.h.)
 */

#ifndef CARRIER_QUEUE_H
#define CARRIER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/time.h"
#include "carrier/codel.h"
#include "carrier/spread.h"

/* Waiting bytes, of all peers together: 5 ms at 3 Gbit/s. */
#define QUEUE_BYTES_MAX (2u << 20)
/* What a flow may send in its turn. */
#define QUEUE_QUANTUM 16384

/* Packets up to this length are moved to a slot of their own size. */
#define QUEUE_SMALL_LEN (VNET_HDR_LEN + 2048)
#define QUEUE_SMALL_CNT 1024
/* Others have 64 KB each, one of which is always where the next packet is read
 * to.  Together with the small ones: 6 MB. */
#define QUEUE_BIG_LEN (VNET_HDR_LEN + PKT_LEN_MAX)
#define QUEUE_BIG_CNT 64

#define QUEUE_NONE    UINT16_MAX

/**
 * struct queue_packet - A slot: what is in it, and which follows in its flow
 * @since:	When it came
 * @judged:	It was its turn already, and did not wait too long
 */
struct queue_packet {
	uint16_t next;
	bool judged;
	uint32_t len;
	mono_t since;
};

/**
 * enum queue_turn - Where a flow stands in its lane
 *
 * QUEUE_IDLE		In no list: it has no packets.
 * QUEUE_NEW		It has just begun to wait, and goes first, once.
 * QUEUE_OLD		It takes its turn with the others.
 */
enum queue_turn {
	QUEUE_IDLE,
	QUEUE_NEW,
	QUEUE_OLD,
};

/**
 * struct queue_flow - Packets of the flows of one bucket
 * @head, @tail: Slots, QUEUE_NONE when empty
 * @next:	Which bucket is next in the lane's list
 * @credit:	Bytes that it may still send in this turn
 * @bytes, @small_cnt, @big_cnt: What it has waiting
 * @sent:	Bytes taken out, since somebody set it to 0
 * @codel:	Do they wait too long?
 */
struct queue_flow {
	uint16_t head;
	uint16_t tail;
	uint16_t next;
	enum queue_turn turn;
	int32_t credit;
	uint32_t bytes;
	uint32_t small_cnt;
	uint32_t big_cnt;
	uint32_t sent;
	struct codel codel;
};

/** struct queue_list - Buckets in order of their turn */
struct queue_list {
	uint16_t head;
	uint16_t tail;
};

/** struct queue_lane - The flows that one channel serves */
struct queue_lane {
	struct queue_list fresh;
	struct queue_list old;
};

/**
 * struct queue_flows - All flows of one peer
 * @next:	Of all peers
 * @bytes:	What waits in all of them
 */
struct queue_flows {
	struct queue_flows *next;
	size_t bytes;
	struct queue_flow flows[SPREAD_BUCKET_CNT];
};

/**
 * struct queue - Slots, and how full they are
 * @big, @small: Memory of the slots
 * @packets:	One for each slot: first the big ones
 * @free_big, @free_small: First of those that are free
 * @landing:	Big slot that the next packet is read to
 * @all:	Flows of all peers
 * @bytes:	What waits
 * @now:	The time, set by the caller before packets come or go
 * @excused:	As @now: what waits is held back by us for a while, not by the path, so
 *		no flow waits too long
 * @drop_cnt:	Packets dropped because it was full
 * @late_cnt:	Packets dropped because their flow waited too long
 * @mark_cnt:	Packets marked for that instead (ECN)
 */
struct queue {
	uint8_t *big;
	uint8_t *small;
	struct queue_packet packets[QUEUE_BIG_CNT + QUEUE_SMALL_CNT];
	uint16_t free_big;
	uint16_t free_small;
	uint16_t landing;
	struct queue_flows *all;
	size_t bytes;
	mono_t now;
	bool excused;
	uint64_t drop_cnt;
	uint64_t late_cnt;
	uint64_t mark_cnt;
};

/** queue_init() - Take all memory, and touch it: it shall not grow when packets
 *  wait.  Return: 0 or -ENOMEM */
int queue_init(struct queue *queue) __attribute__((warn_unused_result));
void queue_fini(struct queue *queue);

/** queue_join() - Flows of one more peer, all empty (kept until queue_leave()) */
void queue_join(struct queue *queue, struct queue_flows *flows);

/** queue_leave() - A peer goes; what waits is dropped, as by queue_clear() */
void queue_leave(struct queue *queue, struct queue_flows *flows);

/** queue_lane_init() - No flow waits */
void queue_lane_init(struct queue_lane *lane);

/** queue_room() - Where a packet of QUEUE_BIG_LEN bytes may land */
uint8_t *queue_room(const struct queue *queue);

/**
 * queue_push() - Let what was read to queue_room() wait
 * @flows:	The peer's
 * @bucket:	Its flow's, below SPREAD_BUCKET_CNT
 * @lane:	Of the channel that serves the bucket
 * @len:	Bytes at queue_room(), at most QUEUE_BIG_LEN
 *
 * May drop packets of the flow that has most, which may be this one.
 */
void queue_push(struct queue *queue, struct queue_flows *flows, size_t bucket,
		struct queue_lane *lane, size_t len);

/** queue_push_small() - The same with bytes that lie elsewhere (borrowed for the
 *  call), QUEUE_SMALL_LEN at most */
void queue_push_small(struct queue *queue, struct queue_flows *flows,
		      size_t bucket, struct queue_lane *lane,
		      const uint8_t *data, size_t len);

/**
 * queue_peek() - The packet whose turn it is
 * @data:	Set to it
 *
 * Packets of a flow that waits too long (codel.h) are marked, or dropped, before.
 *
 * Return: its slot, or QUEUE_NONE
 */
uint16_t queue_peek(struct queue *queue, struct queue_flows *flows,
		    struct queue_lane *lane, uint8_t **data, size_t *len);

/** queue_take() - The packet that queue_peek() has just told of is taken out; its
 *  slot is the caller's until queue_free() */
void queue_take(struct queue *queue, struct queue_flows *flows,
		struct queue_lane *lane, uint16_t slot);

/** queue_free() - A taken slot is done with */
void queue_free(struct queue *queue, uint16_t slot);

/** queue_clear() - Drop all that waits; Return: how many packets */
size_t queue_clear(struct queue *queue, struct queue_flows *flows);

/** queue_lane_put() - Enter a bucket that has packets and is in no lane; for
 *  lanes drawn anew, after queue_unlane() */
void queue_lane_put(struct queue_flows *flows, size_t bucket,
		    struct queue_lane *lane);

/** queue_lane_waits() - Is there a packet in one of a lane's flows? */
bool queue_lane_waits(const struct queue_flows *flows,
		      const struct queue_lane *lane);

/** queue_unlane() - All flows leave their lanes, which are to be initialised anew;
 *  packets stay */
void queue_unlane(struct queue_flows *flows);

#endif /* CARRIER_QUEUE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * outbox.h - The DATA message that a channel sends next, filled from the queue
 *
 * Knows nothing of sockets or of how a channel came to be: only what the peer
 * takes.
 */

#ifndef CARRIER_OUTBOX_H
#define CARRIER_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "carrier/queue.h"
#include "codec/gso.h"
#include "codec/wire.h"

/* Before a message: a WebSocket frame's head, and records stay aligned. */
#define OUTBOX_HEAD 16
#define OUTBOX_SIZE (OUTBOX_HEAD + WIRE_MSG_LEN_MAX)

/**
 * struct outbox - One message, and a packet that is being cut
 * @buf:	OUTBOX_SIZE bytes (owned)
 * @cutting:	Slot of a packet of which segments are still to be sent, QUEUE_NONE
 * @segments:	How far that is
 */
struct outbox {
	uint8_t *buf;
	uint16_t cutting;
	struct gso_segments segments;
};

/**
 * struct outbox_source - Where packets come from
 * @flows, @lane: Those of one channel
 */
struct outbox_source {
	struct queue *queue;
	struct queue_flows *flows;
	struct queue_lane *lane;
};

/**
 * struct outbox_peer - What the peer takes
 * @msg_len_max: Longest message, WIRE_MSG_LEN_MAX at most
 * @msg_len_enough: A message of this length gets nothing more
 * @offloads:	Enum gso_offload bits
 */
struct outbox_peer {
	size_t msg_len_max;
	size_t msg_len_enough;
	uint32_t offloads;
};

/**
 * struct outbox_tally - What became of packets, added up
 * @packets, @bytes: Packed; super-packets counted whole, without vnet header
 * @too_big:	Dropped: longer than the peer's largest message
 * @offload:	Dropped: the kernel's offload header is not what it should be
 */
struct outbox_tally {
	uint64_t packets;
	uint64_t bytes;
	uint64_t too_big;
	uint64_t offload;
};

/** outbox_init() - Return: 0 or -ENOMEM */
int outbox_init(struct outbox *outbox) __attribute__((warn_unused_result));

/** outbox_fini() - After outbox_reset(); also of one without @buf */
void outbox_fini(struct outbox *outbox);

/** outbox_reset() - Forget a packet that is half sent */
void outbox_reset(struct outbox *outbox, struct queue *queue);

/**
 * outbox_fill() - Pack a message of what waits
 * @tally:	Added to
 *
 * A packet that needs an offload which the peer lacks, or that is too long for its
 * messages, is cut into segments that need none, as they are packed.  Only when
 * what was packed before is sent.
 *
 * Return: length of the message at @outbox->buf + OUTBOX_HEAD, 0: nothing waits
 */
size_t outbox_fill(struct outbox *outbox, const struct outbox_source *source,
		   const struct outbox_peer *peer, struct outbox_tally *tally);

#endif /* CARRIER_OUTBOX_H */

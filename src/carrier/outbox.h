/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * outbox.h - The DATA message being filled while another is on its way
 *
 * Two buffers: the one that was taken for sending must stay as it is until it is
 * sent, the other is filled meanwhile.  Knows nothing of sockets or peers.
 */

#ifndef CARRIER_OUTBOX_H
#define CARRIER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/wire.h"

/* Before a message: a WebSocket frame's head, and records stay aligned. */
#define OUTBOX_HEAD 16
/* Behind the longest message: room for a packet that no longer fits, so that a
 * read from the TUN is never cut. */
#define OUTBOX_CARRY (WIRE_RECORD_HEADER_LEN + WIRE_RECORD_LEN_MAX + 3)
#define OUTBOX_SIZE  (OUTBOX_HEAD + WIRE_MSG_LEN_MAX + OUTBOX_CARRY)

/**
 * struct outbox - Two send buffers
 * @buf:	Each of OUTBOX_SIZE bytes (owned)
 * @filling:	Which of them is being filled
 * @fill:	The message in it
 * @carry_len:	Length of a packet that lies behind @fill because it did not fit;
 *		0 for none
 * @limit:	Longest message the peer takes
 */
struct outbox {
	uint8_t *buf[2];
	unsigned int filling;
	struct wire_data fill;
	size_t carry_len;
	size_t limit;
};

/** outbox_init() - Allocate both buffers; Return: 0 or -ENOMEM */
int outbox_init(struct outbox *outbox) __attribute__((warn_unused_result));
void outbox_fini(struct outbox *outbox);

/** outbox_reset() - Forget what is packed; messages up to @limit from now on */
void outbox_reset(struct outbox *outbox, size_t limit);

/** outbox_room() - Where a packet of any size may land, vnet header first;
 *  not while outbox_is_full() */
uint8_t *outbox_room(struct outbox *outbox);

/** outbox_commit() - Take @len bytes at outbox_room() as a packet; it must fit
 *  into an empty message of the peer's */
void outbox_commit(struct outbox *outbox, size_t len);

/** outbox_is_full() - Is there a packet that no longer fits? */
bool outbox_is_full(const struct outbox *outbox);

bool outbox_is_empty(const struct outbox *outbox);

/**
 * outbox_take() - The packed message, to be sent; the other buffer is filled next
 * @len:	Set to its length
 *
 * Only when what was taken before is sent.  A packet that did not fit becomes
 * the first of the next message (copied once).
 *
 * Return: the message, OUTBOX_HEAD bytes of room before it
 */
uint8_t *outbox_take(struct outbox *outbox, size_t *len);

#endif /* CARRIER_OUTBOX_H */

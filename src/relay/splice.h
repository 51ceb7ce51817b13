/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * splice.h - Frames of one joined side become frames of the other
 *
 * Pure: masked frames in, unmasked frames (or their payload alone) out, as they
 * arrive.  Both sides of a
 * joined pair are WebSocket clients of the relay, so every frame is unmasked and
 * gets a new head; type, FIN and payload stay.  Never waits for a whole frame.
 */

#ifndef RELAY_SPLICE_H
#define RELAY_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/ws.h"

/* Output may be longer than input by a head that was completed just now. */
#define SPLICE_EXTRA WS_HEAD_LEN_MAX

/**
 * struct splice - One direction of a pair
 * @head:	A head that is not complete yet
 * @head_len:	Bytes of it
 * @frame:	The frame whose payload is passing
 * @left:	Payload bytes of it still to come
 * @control:	Payload of a control frame, gathered whole
 * @control_len: Bytes of it
 * @order:	Sequence of frames
 * @message:	Opcode of the message that passes
 * @bare:	Heads are left out, and the end of each data frame is told
 */
struct splice {
	uint8_t head[WS_HEAD_LEN_MAX];
	size_t head_len;
	struct ws_head frame;
	uint64_t left;
	uint8_t control[WS_CONTROL_LEN_MAX];
	size_t control_len;
	struct ws_order order;
	enum ws_opcode message;
	bool bare;
};

/** enum splice_event - Why splice_feed() came back
 *
 * SPLICE_MORE		All input is used
 * SPLICE_PING		A Ping: answer it with @control (the relay's own doing)
 * SPLICE_CLOSE		A Close: @control is its payload; pass it on
 * SPLICE_FRAME		A data frame is whole (bare only): see @frame.fin, @message
 * SPLICE_BOUNDARY	Asked to stop between frames, and here we are
 * SPLICE_FAULT		Malformed: close with 1002
 */
enum splice_event {
	SPLICE_MORE,
	SPLICE_PING,
	SPLICE_CLOSE,
	SPLICE_FRAME,
	SPLICE_BOUNDARY,
	SPLICE_FAULT,
};

void splice_init(struct splice *splice);

/** splice_in_message() - Has a message begun and not ended? */
static inline bool splice_in_message(const struct splice *splice)
{
	return splice->order.in_message || splice->left > 0;
}

/** splice_at_boundary() - Between frames: another frame may be put in here */
bool splice_at_boundary(const struct splice *splice);

/**
 * splice_feed() - Pass bytes on
 * @in:		Bytes received
 * @in_len:	How many
 * @in_used:	Set to how many were used
 * @out:	Receives frames; room for @in_len + SPLICE_EXTRA bytes
 * @out_len:	Set to how many bytes were written, for any event
 * @pause:	Stop at the next place between frames
 *
 * Return: see the enum; unless SPLICE_FAULT, call again with what is left
 */
enum splice_event splice_feed(struct splice *splice, const uint8_t *in,
			      size_t in_len, size_t *in_used, uint8_t *out,
			      size_t *out_len, bool pause);

#endif /* RELAY_SPLICE_H */

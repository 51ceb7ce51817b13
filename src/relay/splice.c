/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * splice.c - Frames of one joined side become frames of the other
 */

#include "relay/splice.h"

#include <errno.h>
#include <string.h>

void splice_init(struct splice *splice)
{
	*splice = (struct splice){0};
}

bool splice_at_boundary(const struct splice *splice)
{
	/* A head that is begun has not been passed on: nor has a control
	 * frame. */
	return splice->left == 0 || ws_opcode_is_control(splice->frame.opcode);
}

/**
 * take_head() - Gather a frame's head
 *
 * Return: bytes used of @in, or -EPROTO.  The head is complete when
 *	   @splice->head_len is 0 again
 */
static ssize_t take_head(struct splice *splice, const uint8_t *in, size_t len)
{
	size_t before = splice->head_len;
	size_t room = sizeof(splice->head) - before;
	size_t take = len < room ? len : room;
	ssize_t head_len;

	memcpy(splice->head + before, in, take);
	head_len = ws_head_parse(splice->head, before + take, &splice->frame);
	if (head_len == -EAGAIN) {
		splice->head_len = before + take;
		return (ssize_t)take;
	}
	if (head_len < 0 || !splice->frame.masked ||
	    ws_order_check(&splice->order, &splice->frame))
		return -EPROTO;
	splice->head_len = 0;
	splice->left = splice->frame.payload_len;
	splice->control_len = 0;
	if (splice->frame.opcode == WS_TEXT ||
	    splice->frame.opcode == WS_BINARY)
		splice->message = splice->frame.opcode;
	/* Of what was gathered only this much is new and belongs to it. */
	return head_len - (ssize_t)before;
}

/** put_head() - The same head without a mask */
static size_t put_head(const struct splice *splice, uint8_t *out)
{
	struct ws_head head = splice->frame;

	head.masked = false;
	return ws_head_write(out, &head);
}

/** pass_payload() - As much of a data frame as there is; Return: bytes */
static size_t pass_payload(struct splice *splice, const uint8_t *in, size_t len,
			   uint8_t *out)
{
	size_t take = len < splice->left ? len : (size_t)splice->left;

	ws_mask_copy(out, in, take, splice->frame.mask,
		     splice->frame.payload_len - splice->left);
	splice->left -= take;
	return take;
}

/** gather_control() - As much of a control frame as there is; Return: bytes */
static size_t gather_control(struct splice *splice, const uint8_t *in,
			     size_t len)
{
	size_t take = len < splice->left ? len : (size_t)splice->left;

	memcpy(splice->control + splice->control_len, in, take);
	ws_mask(splice->control + splice->control_len, take, splice->frame.mask,
		splice->control_len);
	splice->control_len += take;
	splice->left -= take;
	return take;
}

/** control_event() - A control frame is whole */
static enum splice_event control_event(const struct splice *splice)
{
	uint16_t code;
	const char *reason;
	size_t reason_len;

	switch (splice->frame.opcode) {
	case WS_PING:
		return SPLICE_PING;
	case WS_CLOSE:
		if (ws_close_parse(splice->control, splice->control_len, &code,
				   &reason, &reason_len))
			return SPLICE_FAULT;
		return SPLICE_CLOSE;
	case WS_PONG:
	case WS_CONTINUATION:
	case WS_TEXT:
	case WS_BINARY:
		break;
	}
	return SPLICE_MORE;
}

enum splice_event splice_feed(struct splice *splice, const uint8_t *in,
			      size_t in_len, size_t *in_used, uint8_t *out,
			      size_t *out_len, bool pause)
{
	size_t used = 0;
	size_t put = 0;
	enum splice_event event = SPLICE_MORE;

	while (event == SPLICE_MORE) {
		bool control;

		if (splice->left == 0 && splice->head_len == 0 && pause) {
			event = SPLICE_BOUNDARY;
			break;
		}
		if (used == in_len)
			break;
		if (splice->left == 0) {
			ssize_t got =
				take_head(splice, in + used, in_len - used);

			if (got < 0) {
				event = SPLICE_FAULT;
				break;
			}
			used += (size_t)got;
			if (splice->head_len)
				break; /* not complete: all input is used */
			control = ws_opcode_is_control(splice->frame.opcode);
			if (!control && !splice->bare)
				put += put_head(splice, out + put);
		}
		control = ws_opcode_is_control(splice->frame.opcode);
		if (control) {
			used += gather_control(splice, in + used,
					       in_len - used);
			if (splice->left == 0)
				event = control_event(splice);
		} else {
			size_t took = pass_payload(splice, in + used,
						   in_len - used, out + put);

			used += took;
			put += took;
			if (splice->left == 0 && splice->bare)
				event = SPLICE_FRAME;
		}
	}
	*in_used = used;
	*out_len = put;
	return event;
}

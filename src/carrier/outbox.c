/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * outbox.c - The DATA message being filled while another is on its way
 */

#include "carrier/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** begin() - An empty message in the buffer that is filled */
static void begin(struct outbox *outbox)
{
	wire_data_begin(&outbox->fill,
			outbox->buf[outbox->filling] + OUTBOX_HEAD,
			OUTBOX_SIZE - OUTBOX_HEAD);
}

int outbox_init(struct outbox *outbox)
{
	*outbox = (struct outbox){
		.buf = {malloc(OUTBOX_SIZE), malloc(OUTBOX_SIZE)},
	};
	if (!outbox->buf[0] || !outbox->buf[1])
		return -ENOMEM;
	outbox_reset(outbox, WIRE_MSG_LEN_MAX);
	return 0;
}

void outbox_fini(struct outbox *outbox)
{
	free(outbox->buf[0]);
	free(outbox->buf[1]);
	*outbox = (struct outbox){0};
}

void outbox_reset(struct outbox *outbox, size_t limit)
{
	outbox->carry_len = 0;
	outbox->limit = limit;
	begin(outbox);
}

uint8_t *outbox_room(struct outbox *outbox)
{
	size_t room;

	return wire_data_room(&outbox->fill, &room);
}

void outbox_commit(struct outbox *outbox, size_t len)
{
	if (outbox->fill.len + wire_record_size(len) > outbox->limit &&
	    !outbox_is_empty(outbox))
		outbox->carry_len = len;
	else
		wire_data_commit(&outbox->fill, len);
}

bool outbox_is_full(const struct outbox *outbox)
{
	return outbox->carry_len > 0;
}

bool outbox_is_empty(const struct outbox *outbox)
{
	return outbox->fill.len == WIRE_HEADER_LEN;
}

uint8_t *outbox_take(struct outbox *outbox, size_t *len)
{
	struct wire_data full = outbox->fill;
	size_t carry_len = outbox->carry_len;
	const uint8_t *carry = outbox_room(outbox);

	outbox->filling ^= 1;
	outbox->carry_len = 0;
	begin(outbox);
	if (carry_len) {
		memcpy(outbox_room(outbox), carry, carry_len);
		wire_data_commit(&outbox->fill, carry_len);
	}
	*len = full.len;
	return full.data;
}

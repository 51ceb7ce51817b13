/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * outbox.c - The DATA message that a channel sends next, filled from the queue
 */

#include "carrier/outbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int outbox_init(struct outbox *outbox)
{
	*outbox = (struct outbox){
		.buf = malloc(OUTBOX_SIZE),
		.cutting = QUEUE_NONE,
	};
	return outbox->buf ? 0 : -ENOMEM;
}

void outbox_fini(struct outbox *outbox)
{
	free(outbox->buf);
	*outbox = (struct outbox){.cutting = QUEUE_NONE};
}

void outbox_reset(struct outbox *outbox, struct queue *queue)
{
	if (outbox->cutting != QUEUE_NONE)
		queue_free(queue, outbox->cutting);
	outbox->cutting = QUEUE_NONE;
}

/** end_cut() - All segments are packed, or the rest is given up */
static void end_cut(struct outbox *outbox, const struct outbox_source *source)
{
	queue_free(source->queue, outbox->cutting);
	outbox->cutting = QUEUE_NONE;
}

/** pack_segment() - The next segment of the packet being cut; Return: is there
 *  room for more? */
static bool pack_segment(struct outbox *outbox,
			 const struct outbox_source *source,
			 struct wire_data *message, struct outbox_tally *tally)
{
	size_t room_len;
	uint8_t *room = wire_data_room(message, &room_len);
	ssize_t len = gso_segment(&outbox->segments, room, room_len);

	if (len > 0) {
		wire_data_commit(message, (size_t)len);
		return true;
	}
	if (len < 0 && message->len > WIRE_HEADER_LEN)
		return false;
	if (len < 0)
		tally->too_big++;
	end_cut(outbox, source);
	return true;
}

/**
 * begin_cut() - Begin to cut a packet, or drop it
 * @header:	Its offload header
 * @data:	With vnet header
 */
static void begin_cut(struct outbox *outbox, const struct outbox_source *source,
		      uint16_t slot, const struct gso_header *header,
		      const uint8_t *data, size_t len,
		      struct outbox_tally *tally)
{
	int err = gso_segments_init(&outbox->segments, header,
				    data + VNET_HDR_LEN, len - VNET_HDR_LEN);

	queue_take(source->queue, source->flows, source->lane, slot);
	outbox->cutting = slot;
	if (!err) {
		tally->packets++;
		tally->bytes += len - VNET_HDR_LEN;
		return;
	}
	tally->offload++;
	end_cut(outbox, source);
}

/** pack_one() - The packet whose turn it is; Return: is there room for more? */
static bool pack_one(struct outbox *outbox, const struct outbox_source *source,
		     const struct outbox_peer *peer, struct wire_data *message,
		     struct outbox_tally *tally)
{
	struct gso_header header;
	size_t room_len;
	uint8_t *room = wire_data_room(message, &room_len);
	uint8_t *data;
	size_t len;
	uint16_t slot = queue_peek(source->queue, source->flows, source->lane,
				   &data, &len);

	if (slot == QUEUE_NONE)
		return false;
	gso_scrub(data);
	gso_read(data, &header);
	if ((gso_needs(&header, data + VNET_HDR_LEN) & ~peer->offloads) ||
	    WIRE_HEADER_LEN + wire_record_size(len) > peer->msg_len_max) {
		begin_cut(outbox, source, slot, &header, data, len, tally);
		return true;
	}
	if (len > room_len)
		return false;
	memcpy(room, data, len);
	wire_data_commit(message, len);
	queue_take(source->queue, source->flows, source->lane, slot);
	queue_free(source->queue, slot);
	tally->packets++;
	tally->bytes += len - VNET_HDR_LEN;
	return true;
}

size_t outbox_fill(struct outbox *outbox, const struct outbox_source *source,
		   const struct outbox_peer *peer, struct outbox_tally *tally)
{
	struct wire_data message;
	bool more = true;

	wire_data_begin(&message, outbox->buf + OUTBOX_HEAD, peer->msg_len_max);
	while (more && message.len < peer->msg_len_enough)
		more = outbox->cutting == QUEUE_NONE
			       ? pack_one(outbox, source, peer, &message, tally)
			       : pack_segment(outbox, source, &message, tally);
	return message.len > WIRE_HEADER_LEN ? message.len : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * downlink.c - From a channel to the TUN device
 */

/**
 * DOC: Theory of operation
 *
 * Everything here came from the network and is believed only after it was
 * looked at: the record's length (codec/wire), the packet's header (codec/ip),
 * each field of the offload header against the packet (codec/gso), and whether
 * this peer may send from this source to this destination (steer).
 *
 * A packet is written to the kernel from where it was received.  When it is a
 * segment and the next record is the next segment, both are one packet before they
 * are (codec/merge): what a kernel without offloads has cut, or a network without,
 * passes this one's forwarding at once.  It is written when a record does not fit
 * behind it, or the message ends: nothing waits for another message.
 */

#include "carrier/downlink.h"

#include <errno.h>

#include "carrier/worker.h"
#include "codec/gso.h"
#include "codec/ip.h"
#include "codec/merge.h"
#include "codec/wire.h"
#include "sys/clock.h"
#include "sys/tun.h"

/** note_fragment() - What is said of its datagram later may not say of which flow;
 *  siblings need to know if that may go to another peer */
static void note_fragment(struct worker *worker, const uint8_t *pkt,
			  const struct ip_view *view)
{
	datagram_came(&worker->datagrams, pkt, view, clock_mono());
	if (view->first && steer_is_shared(worker->setup->steer, &view->src))
		kin_tell_datagram(worker, KIN_CAME, view,
				  steer_flow(pkt, view));
}

/**
 * judge() - May this packet go to the kernel?
 * @view:	Filled in with its view
 *
 * Of what may, fragments are remembered: see datagram.h.
 *
 * Return: -1 when it may, else the reason to drop it
 */
static int judge(const struct channel *channel, const uint8_t *pkt, size_t len,
		 const struct gso_header *offload, struct ip_view *view)
{
	if (ip_view(pkt, len, view))
		return DROP_DOWN_BAD_PACKET;
	if (gso_check(offload, pkt, len) ||
	    (gso_needs(offload, pkt) & ~channel->worker->setup->tun_offloads))
		return DROP_DOWN_BAD_OFFLOAD;
	if (steer_in(channel->worker->setup->steer, channel->peer, pkt, view))
		return DROP_DOWN_SOURCE;
	if (view->fragment)
		note_fragment(channel->worker, pkt, view);
	return -1;
}

/** write_out() - To the TUN, if there is something to be written */
static void write_out(struct channel *channel, struct merge *merge)
{
	struct worker *worker = channel->worker;
	size_t cnt = merge->cnt;
	size_t bytes;

	if (!cnt)
		return;
	merge_end(merge);
	merge->cnt = 0;
	if (tun_write(worker_tun(worker), merge->data, merge->len)) {
		worker->stats.drops[DROP_DOWN_KERNEL] += cnt;
		return;
	}
	bytes = merge->len - VNET_HDR_LEN + (cnt - 1) * merge->hdr_len;
	worker->stats.down.packets += cnt;
	worker->stats.down.bytes += bytes;
	worker->peers[channel->peer].down.packets += cnt;
	worker->peers[channel->peer].down.bytes += bytes;
}

/** deliver() - One record to what is to be written, or a drop */
static void deliver(struct channel *channel, const struct wire_record *record,
		    struct merge *merge)
{
	struct worker *worker = channel->worker;
	uint8_t *pkt = record->data + VNET_HDR_LEN;
	size_t len = record->len - VNET_HDR_LEN;
	struct gso_header offload;
	struct ip_view view;
	int reason;

	gso_read(record->data, &offload);
	/* A peer's word that a checksum is right is not taken: the kernel
	 * shall verify it itself. */
	offload.flags &= (uint8_t)~GSO_DATA_VALID;
	gso_write(record->data, &offload);

	reason = judge(channel, pkt, len, &offload, &view);
	if (reason >= 0) {
		worker_drop(worker, (enum drop_reason)reason);
		return;
	}
	if (merge_add(merge, record->data, record->len, &view))
		return;
	write_out(channel, merge);
	merge_begin(merge, record->data, record->len, &view,
		    worker->setup->tun_offloads);
}

int downlink_data(struct channel *channel, uint8_t *body, size_t len)
{
	struct merge merge = {0};
	struct wire_record record;
	size_t off = 0;
	int got;

	while ((got = wire_data_next(body, len, &off, &record)) > 0)
		deliver(channel, &record, &merge);
	write_out(channel, &merge);
	return got;
}

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
 * this peer may send from this source to this destination (steer).  The packet
 * is written to the kernel from where it was received.
 */

#include "carrier/downlink.h"

#include <errno.h>

#include "carrier/worker.h"
#include "codec/gso.h"
#include "codec/ip.h"
#include "codec/wire.h"
#include "sys/clock.h"
#include "sys/tun.h"

/**
 * judge() - May this packet go to the kernel?
 *
 * Of what may, fragments are remembered: see datagram.h.
 *
 * Return: -1 when it may, else the reason to drop it
 */
static int judge(const struct channel *channel, const uint8_t *pkt, size_t len,
		 const struct gso_header *offload)
{
	struct ip_view view;

	if (ip_view(pkt, len, &view))
		return DROP_DOWN_BAD_PACKET;
	if (gso_check(offload, pkt, len) ||
	    (gso_needs(offload, pkt) & ~channel->worker->setup->tun_offloads))
		return DROP_DOWN_BAD_OFFLOAD;
	if (steer_in(channel->worker->setup->steer, channel->peer, pkt, &view))
		return DROP_DOWN_SOURCE;
	if (view.fragment)
		datagram_came(&channel->worker->datagrams, pkt, &view,
			      clock_mono());
	return -1;
}

/** deliver() - One record to the TUN, or a drop */
static void deliver(struct channel *channel, const struct wire_record *record)
{
	struct worker *worker = channel->worker;
	uint8_t *pkt = record->data + VNET_HDR_LEN;
	size_t len = record->len - VNET_HDR_LEN;
	struct gso_header offload;
	int reason;

	gso_read(record->data, &offload);
	/* A peer's word that a checksum is right is not taken: the kernel
	 * shall verify it itself. */
	offload.flags &= (uint8_t)~GSO_DATA_VALID;
	gso_write(record->data, &offload);

	reason = judge(channel, pkt, len, &offload);
	if (reason < 0 &&
	    tun_write(worker->setup->tun_fd, record->data, record->len))
		reason = DROP_DOWN_KERNEL;
	if (reason >= 0) {
		worker_drop(worker, (enum drop_reason)reason);
		return;
	}
	worker->stats.down.packets++;
	worker->stats.down.bytes += len;
	worker->peers[channel->peer].down.packets++;
	worker->peers[channel->peer].down.bytes += len;
}

int downlink_data(struct channel *channel, uint8_t *body, size_t len)
{
	struct wire_record record;
	size_t off = 0;
	int got;

	while ((got = wire_data_next(body, len, &off, &record)) > 0)
		deliver(channel, &record);
	return got;
}

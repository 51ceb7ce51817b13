/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * uplink.c - From the TUN queue into the channels
 */

/**
 * DOC: Theory of operation
 *
 * A worker calls uplink_run() when its TUN queue is readable.
 *
 * Read		A packet is read straight into the send buffer of the channel
 *		that took the last one (@likely), behind what is packed there.
 *		Most packets belong there: they are not moved any more.
 * Steer	The destination names a group of peers (steer.h), the flow one of
 *		them (crew.h) and one of its channels (peer.h).  A packet of
 *		another channel is copied over, once.  Fragments go where the one
 *		went that came first of their datagram.
 * Pack		outbox_commit() makes a record of it.  One that no longer fits
 *		into the message stays behind it and begins the next one.
 * Send		When the TUN is empty or a message is full, channel_pump() sends
 *		what is packed.  We never wait for more packets, so packing adds
 *		no delay.
 *
 * The TUN is read only while every open channel has room for any packet.  So
 * nothing is dropped here for want of room: packets wait in the TUN's own queue,
 * and one slow peer holds up the others for as long as its channel lives.
 * (Queues by flow will end that.)
 */

#include "carrier/uplink.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "carrier/worker.h"
#include "codec/gso.h"
#include "codec/ip.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/tun.h"

/* Packets per call, so that a busy TUN cannot starve the sockets. */
#define UPLINK_BUDGET 64

/* Fragments of one datagram come together; later ones may be of another that got
 * the same id.  (Receivers wait for 30 s at most, but ids of a busy pair come
 * around faster.) */
#define DATAGRAM_LIFE_MS 2000

static bool channel_may_pack(const struct channel *channel)
{
	return channel && channel->state == CHANNEL_OPEN &&
	       !outbox_is_full(&channel->outbox);
}

/** any_full() - Does a channel hold a packet that did not fit? */
static bool any_full(const struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		const struct channel *channel = worker->channels[i];

		if (channel->state == CHANNEL_OPEN &&
		    outbox_is_full(&channel->outbox))
			return true;
	}
	return false;
}

/** flow_of() - Flow of a packet; of a fragment, that of its datagram */
static uint32_t flow_of(struct worker *worker, const uint8_t *pkt,
			const struct ip_view *view, mono_t now)
{
	uint32_t flow = steer_flow(pkt, view);
	uint64_t datagram;

	if (!view->fragment)
		return flow;
	datagram = steer_datagram(view);
	if (!memo_find(&worker->datagrams, datagram, now, DATAGRAM_LIFE_MS,
		       &flow))
		memo_put(&worker->datagrams, datagram, now, flow);
	return flow;
}

/**
 * choose() - Channel for the packet at @pkt, or NULL after counting a drop
 * @data:	Vnet header and packet
 * @len:	Length of both
 */
static struct channel *choose(struct worker *worker, const uint8_t *data,
			      size_t len, int *peer)
{
	const uint8_t *pkt = data + VNET_HDR_LEN;
	struct gso_header offload;
	struct channel *channel;
	struct ip_view view;
	mono_t now = clock_mono();
	uint32_t flow;
	int group;

	if (len < VNET_HDR_LEN || ip_view(pkt, len - VNET_HDR_LEN, &view)) {
		worker_drop(worker, DROP_UP_MALFORMED);
		return NULL;
	}
	group = steer_out(worker->setup->steer, pkt, &view);
	if (group == STEER_NO_GROUP) {
		worker_drop(worker, DROP_UP_NO_PEER);
		return NULL;
	}
	flow = flow_of(worker, pkt, &view, now);
	*peer = crew_pick(&worker->crew, group, flow, steer_begins(pkt, &view),
			  now);
	channel = peer_channel(&worker->peers[*peer], flow);
	if (!channel) {
		worker_drop(worker, DROP_UP_NO_CHANNEL);
		return NULL;
	}
	gso_read(data, &offload);
	if (gso_needs(&offload, pkt) & ~channel->peer_offloads) {
		worker_drop(worker, DROP_UP_OFFLOAD);
		return NULL;
	}
	if (WIRE_HEADER_LEN + wire_record_size(len) >
	    channel->peer_msg_len_max) {
		worker_drop(worker, DROP_UP_TOO_BIG);
		return NULL;
	}
	return channel;
}

/**
 * pack() - One packet, read to @data, into its channel
 *
 * Return: the channel, or NULL when the packet was dropped
 */
static struct channel *pack(struct worker *worker, const uint8_t *data,
			    size_t len)
{
	int peer = STEER_NO_PEER;
	struct channel *channel = choose(worker, data, len, &peer);
	uint8_t *room;

	if (!channel)
		return NULL;
	room = outbox_room(&channel->outbox);
	if (room != data)
		memcpy(room, data, len);
	outbox_commit(&channel->outbox, len);
	worker->likely = channel;
	worker->stats.up.packets++;
	worker->stats.up.bytes += len - VNET_HDR_LEN;
	worker->peers[peer].up.packets++;
	worker->peers[peer].up.bytes += len - VNET_HDR_LEN;
	return channel;
}

/** pump_all() - Send what was packed */
static void pump_all(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		if (worker->channels[i]->state == CHANNEL_OPEN)
			channel_pump(worker->channels[i]);
	}
}

/** pause_reading() - Leave packets in the TUN's queue until uplink_resume() */
static void pause_reading(struct worker *worker, bool pause)
{
	if (worker->tun_paused == pause || worker->tun_gone)
		return;
	worker->tun_paused = pause;
	if (loop_watch(&worker->loop, &worker->tun, worker->setup->tun_fd,
		       pause ? 0 : EPOLLIN))
		log_err("event=tun_watch_failed");
}

/**
 * read_one() - One packet from the TUN into a channel
 *
 * Return: false when no more can be read now: the TUN is empty or failed, or the
 *	   packet's channel is full even after it has sent what it could
 */
static bool read_one(struct worker *worker)
{
	uint8_t *data = channel_may_pack(worker->likely)
				? outbox_room(&worker->likely->outbox)
				: worker->scratch;
	struct channel *channel;
	ssize_t len = tun_read(worker->setup->tun_fd, data,
			       VNET_HDR_LEN + PKT_LEN_MAX);

	if (len == -EAGAIN)
		return false;
	if (len < 0) {
		/* The device is gone: the steward makes a new one and ends us.
		 * Do not spin on it: epoll tells an error whatever it is asked
		 * for, so the queue is not watched any more. */
		log_err("event=tun_read_failed error=\"%s\"",
			strerror((int)-len));
		loop_unwatch(&worker->loop, &worker->tun);
		worker->tun_gone = true;
		return false;
	}
	channel = pack(worker, data, (size_t)len);
	if (!channel || !outbox_is_full(&channel->outbox))
		return true;
	channel_pump(channel);
	if (!outbox_is_full(&channel->outbox))
		return true;
	pause_reading(worker, true);
	return false;
}

void uplink_run(struct worker *worker)
{
	int i;

	if (any_full(worker)) {
		pause_reading(worker, true);
		return;
	}
	for (i = 0; i < UPLINK_BUDGET && read_one(worker); i++)
		;
	pump_all(worker);
}

void uplink_resume(struct worker *worker)
{
	if (worker->tun_paused && !any_full(worker))
		pause_reading(worker, false);
}

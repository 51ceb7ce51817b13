/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * uplink.c - From the TUN queue to where packets wait for a channel
 */

/**
 * DOC: Theory of operation
 *
 * A worker calls uplink_run() when its TUN queue is readable.
 *
 * Read		A packet is read straight into a slot of the queue.
 * Steer	The destination names a group of peers (steer.h), the flow one of
 *		them (crew.h) and one of its channels (peer.h).  Fragments go where
 *		the one went that came first of their datagram (datagram.h).
 * Cut		A super-packet that is longer than a message of its channel may be
 *		(flight.h: the channel is slow) waits as the segments it stands
 *		for, so that other flows get their turn between them.
 * Queue	It waits with others of its flow (queue.h).  When too much waits the
 *		flow that has most loses: the TUN is always drained, so that packets
 *		wait where they can be sorted, and no peer holds up another.
 * Send		When the TUN is empty, or UPLINK_BUDGET packets were read,
 *		channel_pump() takes out as much as can be sent.  We never wait for
 *		more packets, so packing adds no delay.
 */

#include "carrier/uplink.h"

#include <errno.h>
#include <string.h>

#include "carrier/channel_pump.h"
#include "carrier/worker.h"
#include "codec/gso.h"
#include "codec/ip.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/tun.h"

/* Packets per call, so that a busy TUN cannot starve the sockets. */
#define UPLINK_BUDGET 64

/** pick() - Index of the peer that takes a packet */
static int pick(struct worker *worker, int group, uint32_t flow, bool begins,
		mono_t now)
{
	uint64_t stray_cnt = worker->crew.strays.put_cnt;
	int peer = crew_pick(&worker->crew, group, flow, begins, now);

	if (worker->crew.strays.put_cnt != stray_cnt)
		kin_tell_stray(worker, flow, peer);
	return peer;
}

/** lane_of() - Where a packet waits; NULL when no channel is open
 *  @is_own:	It came from our own queue: a sibling may send it in our place */
static struct queue_lane *lane_of(struct worker *worker, int peer,
				  uint32_t flow, bool is_own)
{
	struct peer *to = &worker->peers[peer];
	struct queue_lane *lane = peer_lane(to, flow);
	struct queue_lane *aside;

	if (lane && !to->is_aside)
		return lane;
	if (!is_own)
		return lane ? &peer_channel(to, flow)->lane : NULL;
	aside = kin_lane(worker, peer);
	return aside ? aside : lane;
}

/** is_too_long() - Would a super-packet hold up all others of a slow channel? */
static bool is_too_long(const struct worker *worker, int peer, uint32_t flow,
			size_t len)
{
	const struct peer *to = &worker->peers[peer];
	const struct channel *channel = peer_channel(to, flow);

	return len > FLIGHT_MSG_MIN && channel && !to->is_aside &&
	       flight_is_held_up(&channel->flight, len);
}

/**
 * enqueue_cut() - What lies in the queue's room waits in pieces
 *
 * Return: false when it cannot be cut, and is to wait whole
 */
static bool enqueue_cut(struct worker *worker, struct queue_flows *flows,
			size_t bucket, struct queue_lane *lane, size_t len)
{
	uint8_t *data = queue_room(&worker->queue);
	uint8_t piece[QUEUE_SMALL_LEN];
	struct gso_segments segments;
	struct gso_header header;
	ssize_t piece_len;

	/* Not every kernel writes its last bytes. */
	gso_scrub(data);
	gso_read(data, &header);
	if (header.type == GSO_NONE ||
	    gso_segments_init(&segments, &header, data + VNET_HDR_LEN,
			      len - VNET_HDR_LEN))
		return false;
	while ((piece_len = gso_segment(&segments, piece, sizeof(piece))) > 0)
		queue_push_small(&worker->queue, flows, bucket, lane, piece,
				 (size_t)piece_len);
	/* The first has no room: none has been queued. */
	return piece_len == 0;
}

/**
 * enqueue() - What lies in the queue's room finds its flow, or is dropped
 * @len:	Vnet header and packet
 * @is_own:	As lane_of()
 * @now:	The time
 */
static void enqueue(struct worker *worker, size_t len, bool is_own, mono_t now)
{
	const uint8_t *data = queue_room(&worker->queue);
	const uint8_t *pkt = data + VNET_HDR_LEN;
	struct queue_lane *lane;
	struct ip_view view;
	uint32_t flow;
	int group;
	int peer;

	if (len < VNET_HDR_LEN || ip_view(pkt, len - VNET_HDR_LEN, &view)) {
		worker_drop(worker, DROP_UP_MALFORMED);
		return;
	}
	group = steer_out(worker->setup->steer, pkt, &view);
	if (group == STEER_NO_GROUP) {
		worker_drop(worker, DROP_UP_NO_PEER);
		return;
	}
	flow = datagram_flow(&worker->datagrams, pkt, &view, now);
	if (view.fragment && view.first &&
	    steer_group(worker->setup->steer, group)->cnt > 1)
		kin_tell_datagram(worker, KIN_LEAVES, &view, flow);
	peer = pick(worker, group, flow, steer_begins(pkt, &view), now);
	lane = lane_of(worker, peer, flow, is_own);
	if (!lane) {
		worker_drop(worker, DROP_UP_NO_CHANNEL);
		return;
	}
	if (is_too_long(worker, peer, flow, len) &&
	    enqueue_cut(worker, worker->peers[peer].flows, peer_bucket(flow),
			lane, len))
		return;
	queue_push(&worker->queue, worker->peers[peer].flows, peer_bucket(flow),
		   lane, len);
}

void uplink_pump(struct peer *peer)
{
	size_t i = 0;

	while (i < peer->channel_cnt) {
		struct channel *channel = peer->channels[i];

		channel_pump(channel);
		/* One that broke is gone, and another may have its place. */
		if (peer->channels[i] == channel)
			i++;
	}
}

/** pump_all() - Send what waits */
static void pump_all(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->peer_cnt; i++)
		uplink_pump(&worker->peers[i]);
	kin_pump(worker);
}

/** read_one() - Return: may there be more? */
static bool read_one(struct worker *worker, mono_t now)
{
	ssize_t len = tun_read(worker_tun(worker), queue_room(&worker->queue),
			       QUEUE_BIG_LEN);

	if (len == -EAGAIN)
		return false;
	if (len < 0) {
		/* The device is gone: the steward makes a new one and ends us.
		 * Do not spin on it: epoll tells an error whatever it is asked
		 * for, so the queue is not watched any more. */
		log_err("event=tun_read_failed error=\"%s\"",
			strerror((int)-len));
		loop_unwatch(&worker->loop, &worker->tun);
		return false;
	}
	enqueue(worker, (size_t)len, true, now);
	return true;
}

void uplink_run(struct worker *worker)
{
	mono_t now = clock_mono();
	int i;

	worker->queue.now = now;
	kin_follow(worker);
	for (i = 0; i < UPLINK_BUDGET && read_one(worker, now); i++)
		;
	pump_all(worker);
}

void uplink_take_over(struct worker *worker)
{
	mono_t now = clock_mono();
	int i;

	worker->queue.now = now;
	kin_follow(worker);
	for (i = 0; i < UPLINK_BUDGET; i++) {
		ssize_t len = kin_read(worker, queue_room(&worker->queue),
				       QUEUE_BIG_LEN);

		if (len < 0)
			break;
		enqueue(worker, (size_t)len, false, now);
	}
	pump_all(worker);
}

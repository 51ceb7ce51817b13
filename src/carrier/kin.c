/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * kin.c - What a worker has to do with its siblings
 */

/**
 * DOC: Theory of operation
 *
 * The kernel gives a flow's packets to the queue that its last answer was written
 * to, and those of a new flow to any.  So a worker gets packets that it cannot send,
 * or that it knows less of than a sibling does:
 *
 * No channel	While none of its own to a peer is open, or none that answers, and a
 *		sibling's is (reach.h), packets wait in the peer's lane aside, and
 *		kin_pump() takes them out and posts them to the sibling, who treats
 *		them as if its own queue had them.  The answers come to the sibling,
 *		which writes them to its queue, and the kernel gives it the flow: so
 *		little goes this way.  What was passed on once is not passed on
 *		again.  When no sibling has a better channel any more, what
 *		waits goes over our own at once.
 * Silence	Whether a channel that does not answer is to blame only others can
 *		tell (peer.c), and those of siblings count: they are asked, and
 *		what they have proven is in reach.h.
 * Strays	A flow that went to another peer than its first choice (crew.h) must
 *		stay there whichever worker gets it next.  When there are more than
 *		a crew remembers, those that fell out come again with each packet,
 *		so KIN_STRAY_CNT_MAX bounds what is told.
 * Fragments	What comes of a datagram may be spread over queues: only its first
 *		fragment says of which flow, and so for which of a site's gateways,
 *		it is.  Where a site has but one, nothing is told.
 * Instances	A peer that was restarted greets one worker; the others end what they
 *		have of the instance before.
 *
 * Both mailboxes are bounded.  When there is no room packets wait in the queue, as
 * for a channel, and notes are lost: a stray or fragment may then go astray, and an
 * old instance's channels end when nothing is heard of them.
 */

#include "carrier/kin.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "carrier/uplink.h"
#include "carrier/worker.h"
#include "sys/clock.h"
#include "sys/log.h"

/* Some super-packets; the kernel gives what its net.core.wmem_max allows. */
#define PACKETS_SIZE (1 << 20)

int kin_open(struct kin *kin, size_t cnt)
{
	const int size = PACKETS_SIZE;
	size_t i;
	int err = 0;

	*kin = (struct kin){.cnt = cnt};
	for (i = 0; i < WORKER_CNT_MAX; i++) {
		kin->packets[i] = (struct mailbox){-1, -1};
		kin->notes[i] = (struct mailbox){-1, -1};
	}
	for (i = 0; cnt > 1 && i < cnt && !err; i++) {
		err = mailbox_open(&kin->packets[i]);
		if (!err)
			err = mailbox_open(&kin->notes[i]);
		/* Less is slower, not wrong. */
		(void)setsockopt(kin->packets[i].post_fd, SOL_SOCKET, SO_SNDBUF,
				 &size, sizeof(size));
	}
	if (err)
		kin_close(kin);
	return err;
}

void kin_close(struct kin *kin)
{
	size_t i;

	for (i = 0; kin->cnt > 1 && i < kin->cnt; i++) {
		mailbox_close(&kin->packets[i]);
		mailbox_close(&kin->notes[i]);
	}
}

bool kin_reaches(const struct worker *worker, int peer)
{
	return worker->peers[peer].channel_cnt > 0 ||
	       reach_find(worker->setup->reach, worker->id, peer) >= 0;
}

void kin_follow(struct worker *worker)
{
	const struct reach *reach = worker->setup->reach;
	struct kin_self *self = &worker->self;
	unsigned int cnt;
	size_t i;

	if (worker->kin->cnt == 1)
		return;
	cnt = reach_change_cnt(reach, worker->id);
	if (self->followed && cnt == self->change_cnt)
		return;
	if (!reach_is_filled(reach))
		return;
	self->followed = true;
	self->change_cnt = cnt;
	for (i = 0; i < worker->peer_cnt; i++)
		crew_set_live(&worker->crew, (int)i,
			      kin_reaches(worker, (int)i), clock_mono());
}

/** tell() - All siblings */
static void tell(const struct worker *worker, const struct kin_note *note)
{
	size_t i;

	for (i = 0; i < worker->kin->cnt; i++) {
		if (i != worker->id)
			(void)!mailbox_post(&worker->kin->notes[i], note,
					    sizeof(*note));
	}
}

/** ask() - Siblings are to PING a peer that does not answer here */
static void ask(const struct worker *worker, const struct peer *peer)
{
	struct kin_note note = {.kind = KIN_ASK};

	snprintf(note.peer, sizeof(note.peer), "%s", peer->gateway->name);
	tell(worker, &note);
}

/** take_back() - No sibling has a better channel any more: what waits aside goes
 *  over our own, such as they are */
static void take_back(struct peer *peer)
{
	peer_put_aside(peer, false);
	uplink_pump(peer);
}

void kin_looked(struct worker *worker, int idx)
{
	struct reach *reach = worker->setup->reach;
	struct peer *peer = &worker->peers[idx];
	bool sound = peer_is_sound(peer);
	bool aside;

	if (worker->kin->cnt == 1)
		return;
	reach_prove(reach, worker->id, idx, peer_proven(peer));
	peer->kin_proven = reach_proven(reach, worker->id, idx);
	if (peer->doubts)
		ask(worker, peer);
	if (sound != reach_is_set(reach, worker->id, idx))
		reach_set(reach, worker->id, idx, sound);
	aside = peer->channel_cnt && !sound &&
		reach_find(reach, worker->id, idx) >= 0;
	if (aside == peer->is_aside)
		return;
	if (!aside) {
		take_back(peer);
		return;
	}
	peer_put_aside(peer, true);
	worker->self.aside = true;
}

struct queue_lane *kin_lane(struct worker *worker, int peer)
{
	if (reach_find(worker->setup->reach, worker->id, peer) < 0) {
		/* kin_pump() takes back what waits aside for one that is lost. */
		worker->self.aside |= worker->peers[peer].is_aside;
		return NULL;
	}
	worker->self.aside = true;
	return &worker->peers[peer].aside;
}

/** await_room() - In a sibling's mailbox; Return: false when that cannot be */
static bool await_room(struct worker *worker, int to)
{
	return !loop_watch(&worker->loop, &worker->self.ways[to].room,
			   worker->kin->packets[to].post_fd, EPOLLOUT);
}

void kin_give_up(struct worker *worker, struct peer *peer)
{
	worker->stats.drops[DROP_UP_NO_CHANNEL] +=
		queue_clear(&worker->queue, peer->flows);
	queue_lane_init(&peer->aside);
}

/** pass_on() - What waits for one peer, to a sibling; Return: is some left? */
static bool pass_on(struct worker *worker, int idx)
{
	struct peer *peer = &worker->peers[idx];
	int to = reach_find(worker->setup->reach, worker->id, idx);
	uint8_t *data;
	uint16_t slot;
	size_t len;

	if (to < 0 && peer->channel_cnt) {
		take_back(peer);
		return false;
	}
	if (to < 0) {
		kin_give_up(worker, peer);
		return false;
	}
	while ((slot = queue_peek(&worker->queue, peer->flows, &peer->aside,
				  &data, &len)) != QUEUE_NONE) {
		int err = mailbox_post(&worker->kin->packets[to], data, len);

		if (err == -EAGAIN && await_room(worker, to))
			return true;
		queue_take(&worker->queue, peer->flows, &peer->aside, slot);
		queue_free(&worker->queue, slot);
		if (err)
			worker_drop(worker, DROP_UP_NO_CHANNEL);
		else
			worker->stats.passed_on++;
	}
	return false;
}

void kin_pump(struct worker *worker)
{
	size_t i;

	if (!worker->self.aside)
		return;
	/* A channel that breaks meanwhile may set it, too. */
	worker->self.aside = false;
	for (i = 0; i < worker->peer_cnt; i++) {
		const struct peer *peer = &worker->peers[i];

		if ((!peer->channel_cnt || peer->is_aside) &&
		    peer->flows->bytes && pass_on(worker, (int)i))
			worker->self.aside = true;
	}
}

ssize_t kin_read(const struct worker *worker, uint8_t *data, size_t size)
{
	ssize_t len =
		recv(worker->kin->packets[worker->id].take_fd, data, size, 0);

	return len < 0 ? -errno : len;
}

static void on_room(struct loop_source *source, uint32_t events)
{
	struct kin_way *way =
		(struct kin_way *)((char *)source -
				   offsetof(struct kin_way, room));

	(void)events;
	loop_unwatch(&way->worker->loop, source);
	kin_pump(way->worker);
}

void kin_tell_stray(struct worker *worker, uint32_t flow, int peer)
{
	const struct kin_note note = {
		.kind = KIN_STRAY,
		.key = flow,
		.value = (uint32_t)worker->crew.peers[peer].id,
	};
	struct kin_self *self = &worker->self;

	if (self->told_look != worker->look_cnt) {
		self->told_look = worker->look_cnt;
		self->told_cnt = 0;
	}
	if (self->told_cnt == KIN_STRAY_CNT_MAX)
		return;
	self->told_cnt++;
	tell(worker, &note);
}

void kin_tell_datagram(const struct worker *worker, enum kin_note_kind kind,
		       const struct ip_view *view, uint32_t flow)
{
	const struct kin_note note = {
		.kind = kind,
		.key = steer_datagram(view),
		.value = flow,
	};

	tell(worker, &note);
}

void kin_tell_peer(const struct worker *worker, const struct channel *channel)
{
	const struct peer *peer = &worker->peers[channel->peer];
	struct kin_note note = {
		.kind = KIN_PEER,
		.number = channel->number,
		.start_ms = peer->start_ms,
	};

	memcpy(note.instance, channel->instance, sizeof(note.instance));
	snprintf(note.peer, sizeof(note.peer), "%s", peer->gateway->name);
	tell(worker, &note);
}

/** is_replaced() - Does a channel go because of what a sibling was greeted by? */
static bool is_replaced(const struct channel *channel,
			const struct kin_note *note)
{
	return channel->number == note->number ||
	       memcmp(channel->instance, note->instance,
		      sizeof(channel->instance)) != 0;
}

/** take_peer() - A sibling was greeted: as if it had been here */
static void take_peer(struct worker *worker, const struct kin_note *note)
{
	int idx = setup_find_peer(worker->setup, note->peer);
	struct peer *peer;
	size_t i = 0;

	if (idx == STEER_NO_PEER)
		return;
	peer = &worker->peers[idx];
	if (peer->channel_cnt && note->start_ms < peer->start_ms)
		return;
	peer->start_ms = note->start_ms;
	memcpy(peer->instance, note->instance, sizeof(peer->instance));
	while (i < peer->channel_cnt) {
		if (is_replaced(peer->channels[i], note))
			channel_end(peer->channels[i], WIRE_BYE_REPLACED,
				    "replaced by a newer channel of this peer");
		else
			i++;
	}
}

/** take_ask() - A peer does not answer a sibling */
static void take_ask(struct worker *worker, const struct kin_note *note)
{
	int idx = setup_find_peer(worker->setup, note->peer);

	if (idx == STEER_NO_PEER)
		return;
	peer_ask(&worker->peers[idx], clock_mono());
	uplink_pump(&worker->peers[idx]);
}

static void take_note(struct worker *worker, const struct kin_note *note)
{
	mono_t now = clock_mono();

	switch (note->kind) {
	case KIN_STRAY:
		crew_learn(&worker->crew, (uint32_t)note->key, note->value,
			   now);
		return;
	case KIN_LEAVES:
		memo_put(&worker->datagrams.out, note->key, now, note->value);
		return;
	case KIN_CAME:
		memo_put(&worker->datagrams.in, note->key, now, note->value);
		return;
	case KIN_ASK:
		take_ask(worker, note);
		return;
	case KIN_PEER:
		take_peer(worker, note);
		return;
	}
}

static void on_notes(struct loop_source *source, uint32_t events)
{
	struct worker *worker =
		(struct worker *)((char *)source -
				  offsetof(struct worker, self.notes));
	struct kin_note note;

	(void)events;
	while (!mailbox_take(&worker->kin->notes[worker->id], &note,
			     sizeof(note)))
		take_note(worker, &note);
}

static void on_packets(struct loop_source *source, uint32_t events)
{
	struct worker *worker =
		(struct worker *)((char *)source -
				  offsetof(struct worker, self.packets));

	(void)events;
	uplink_take_over(worker);
}

int kin_join(struct worker *worker)
{
	const struct kin *kin = worker->kin;
	struct kin_self *self = &worker->self;
	size_t i;
	int err;

	*self = (struct kin_self){
		.packets = {.fd = -1, .ready = on_packets},
		.notes = {.fd = -1, .ready = on_notes},
	};
	for (i = 0; i < WORKER_CNT_MAX; i++)
		self->ways[i] = (struct kin_way){
			.room = {.fd = -1, .ready = on_room},
			.worker = worker,
		};
	if (kin->cnt == 1)
		return 0;
	err = loop_watch(&worker->loop, &self->packets,
			 kin->packets[worker->id].take_fd, EPOLLIN);
	if (err)
		return err;
	return loop_watch(&worker->loop, &self->notes,
			  kin->notes[worker->id].take_fd, EPOLLIN);
}

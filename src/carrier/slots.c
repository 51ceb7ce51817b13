/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * slots.c - A worker's channels: how many there are, and who gets one
 */

/**
 * DOC: Theory of operation
 *
 * Slots for channels are as many as there may be at all; a slot without a
 * connection has no buffers.
 *
 * Dial		A cloud gateway's worker dials channels to each site gateway over
 *		each of its relays: the peer's channels are dealt out to the workers,
 *		and each worker has numbers of its own.
 * Accept	Whose accept it is, a site gateway learns from its greeting: only a
 *		part of the slots is for those who have not greeted, and the oldest
 *		of them gives way; and no more than so many are taken up in a second.
 */

#include "carrier/slots.h"

#include <stdlib.h>
#include <string.h>

#include "carrier/retry.h"
#include "carrier/worker.h"
#include "policy/needs.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A site gateway's slots beyond those of its peers: a peer's new channel greets
 * while its old one still stands. */
#define SPARE_SLOTS 6

/* Accepts in each second, beyond as many at once as may be unknown.  A relay can send
 * any number: each is a connection, with TLS, made by the thread that moves packets. */
#define ACCEPT_PER_S 32

/* Who has not greeted for so long gives way, when others cannot be taken. */
#define GREETING_YIELD_MS 1000

/** relay_share() - How many channels this worker dials over each relay of a peer's */
static size_t relay_share(const struct worker *worker)
{
	return needs_share(worker->setup->channels,
			   worker->setup->conf->workers, worker->id);
}

size_t slots_cnt(const struct setup *setup, unsigned int id)
{
	const struct plan *plan = setup->plan;
	size_t cnt = 0;
	size_t i;

	if (setup->gateway->role == ROLE_SITE)
		return plan->peer_cnt * PEER_CHANNEL_CNT_MAX + SPARE_SLOTS;
	for (i = 0; i < plan->peer_cnt; i++)
		cnt += needs_dialled(setup->channels, setup->conf->workers, id,
				     plan->peers[i]->relay_cnt);
	return cnt;
}

/** add_channel() - One more, idle */
static void add_channel(struct worker *worker)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	struct channel **more = realloc(
		worker->channels, (worker->channel_cnt + 1) * sizeof(*more));

	if (!channel || !more)
		abort();
	/* No two workers have the same. */
	channel_init(channel, worker,
		     worker->channel_serial++ * (unsigned int)worker->kin->cnt +
			     worker->id);
	worker->channels = more;
	worker->channels[worker->channel_cnt++] = channel;
}

static void free_channel(struct channel *channel)
{
	channel_fini(channel);
	free(channel);
}

void slots_fit(struct worker *worker)
{
	size_t want = slots_cnt(worker->setup, worker->id);
	size_t i = 0;

	while (worker->channel_cnt > want && i < worker->channel_cnt) {
		struct channel *channel = worker->channels[i];

		if (channel->state != CHANNEL_IDLE) {
			i++;
			continue;
		}
		free_channel(channel);
		worker->channels[i] = worker->channels[--worker->channel_cnt];
	}
	while (worker->channel_cnt > want) {
		struct channel *channel =
			worker->channels[--worker->channel_cnt];

		channel_end(channel, WIRE_BYE_STOPPING,
			    "the policy leaves no room for this channel");
		free_channel(channel);
	}
	while (worker->channel_cnt < want)
		add_channel(worker);
}

/** find_slot() - An idle channel; NULL when all are in use */
static struct channel *find_slot(const struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		if (worker->channels[i]->state == CHANNEL_IDLE)
			return worker->channels[i];
	}
	return NULL;
}

/** greeting_cnt_max() - How many accepts may be unknown at once: they have
 *  buffers, and anybody's are among them.  All channels of one peer always can */
static size_t greeting_cnt_max(const struct worker *worker)
{
	size_t half = worker->channel_cnt / 2;

	return half > PEER_CHANNEL_CNT_MAX ? half : PEER_CHANNEL_CNT_MAX;
}

static bool is_unknown(const struct channel *channel)
{
	return channel->state == CHANNEL_CONNECTING ||
	       channel->state == CHANNEL_GREETING;
}

/** slot_for_accept() - An idle channel, or that of whoever has not greeted for
 *  long; NULL when there is none */
static struct channel *slot_for_accept(const struct worker *worker)
{
	struct channel *idle = find_slot(worker);
	struct channel *oldest = NULL;
	size_t unknown_cnt = 0;
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		struct channel *channel = worker->channels[i];

		if (!is_unknown(channel))
			continue;
		unknown_cnt++;
		if (!oldest || channel->since.ns < oldest->since.ns)
			oldest = channel;
	}
	if (idle && unknown_cnt < greeting_cnt_max(worker))
		return idle;
	if (!oldest ||
	    mono_diff_ms(clock_mono(), oldest->since) < GREETING_YIELD_MS)
		return NULL;
	return oldest;
}

void slots_accept(struct worker *worker, const char *address)
{
	mono_t now = clock_mono();
	struct channel *channel = slot_for_accept(worker);
	int err;

	if (!channel || !allowance_take(&worker->accepting, now,
					(unsigned int)greeting_cnt_max(worker),
					ACCEPT_PER_S)) {
		if (retry_log_due(&worker->ignored_log, now, ""))
			log_warn("event=accept_ignored reason=\"all %zu "
				 "channels are in use, or too many come that "
				 "do not greet\"",
				 worker->channel_cnt);
		return;
	}
	if (is_unknown(channel))
		channel_end(channel, WIRE_BYE_TIMEOUT,
			    "others wait, and this one does not greet");
	err = channel_accept(channel, address);
	if (err && retry_log_due(&worker->failed_log, now, ""))
		log_warn("channel=%u event=accept_failed error=\"%s\"",
			 channel->idx, strerror(-err));
}

/** dials_relay_cnt() - How many channels dial a peer over one of its relays;
 *  their numbers are set in @taken */
static size_t dials_relay_cnt(const struct worker *worker, size_t peer,
			      size_t relay_idx, bool *taken)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		const struct channel *channel = worker->channels[i];

		if (!channel->dialled || channel->peer != (int)peer)
			continue;
		taken[channel->number] = true;
		cnt += channel->relay_idx == relay_idx;
	}
	return cnt;
}

/** dial_relay() - Channels to a peer over one of its relays, those that are
 *  missing; as far as there are numbers */
static void dial_relay(struct worker *worker, size_t peer, size_t relay_idx)
{
	bool taken[PEER_CHANNEL_CNT_MAX] = {false};
	size_t cnt = dials_relay_cnt(worker, peer, relay_idx, taken);
	unsigned int number;

	/* Each worker has numbers of its own. */
	for (number = worker->id;
	     number < PEER_CHANNEL_CNT_MAX && cnt < relay_share(worker);
	     number += (unsigned int)worker->kin->cnt) {
		struct channel *channel = find_slot(worker);

		if (taken[number] || !channel)
			continue;
		channel_dial(channel, (int)peer, relay_idx, number);
		cnt++;
	}
}

void slots_dial(struct worker *worker)
{
	size_t i;
	size_t k;

	if (worker->setup->gateway->role != ROLE_CLOUD)
		return;
	for (i = 0; i < worker->peer_cnt; i++) {
		for (k = 0; k < worker->peers[i].gateway->relay_cnt; k++)
			dial_relay(worker, i, k);
	}
}

/** is_surplus() - Are there enough channels of its kind before this one? */
static bool is_surplus(const struct worker *worker, size_t idx)
{
	const struct channel *channel = worker->channels[idx];
	size_t cnt = 0;
	size_t i;

	for (i = 0; channel->dialled && i < idx; i++) {
		const struct channel *other = worker->channels[i];

		cnt += other->dialled && other->peer == channel->peer &&
		       other->relay_idx == channel->relay_idx;
	}
	return cnt >= relay_share(worker);
}

void slots_retire(struct worker *worker)
{
	size_t i = worker->channel_cnt;

	while (i-- > 0) {
		if (is_surplus(worker, i))
			channel_retire(worker->channels[i], WIRE_BYE_STOPPING,
				       "fewer channels are wanted now");
	}
}

void slots_free(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++)
		free_channel(worker->channels[i]);
	free(worker->channels);
}

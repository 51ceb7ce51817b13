/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * report.c - What workers tell the control thread of themselves
 */

#include "carrier/report.h"

#include <stdlib.h>
#include <string.h>

#include "carrier/slots.h"
#include "carrier/worker.h"
#include "sys/clock.h"

struct worker_report *report_new(const struct setup *setup, unsigned int worker)
{
	struct worker_report *report = calloc(1, sizeof(*report));

	if (!report)
		abort();
	report->channel_cnt = slots_cnt(setup, worker);
	report->peer_cnt = setup->plan->peer_cnt;
	report->share_cnt = setup->conf->workers;
	report->channels =
		calloc(report->channel_cnt + 1, sizeof(*report->channels));
	report->peers = calloc(report->peer_cnt + 1, sizeof(*report->peers));
	if (!report->channels || !report->peers)
		abort();
	return report;
}

void report_free(struct worker_report *report)
{
	if (!report)
		return;
	free(report->channels);
	free(report->peers);
	free(report);
}

static void report_channel(const struct channel *channel,
			   struct channel_report *report)
{
	mono_t now = clock_mono();

	*report = (struct channel_report){
		.idx = channel->idx,
		.worker = channel->worker->id,
		.state = channel->state,
		.dialled = channel->dialled,
		.peer = channel->peer,
		.relay_idx = channel->relay_idx,
		.since_ms = mono_diff_ms(now, channel->since),
		.messages_in = channel->messages_in,
		.bytes_in = channel->bytes_in,
		.messages_out = channel->messages_out,
		.bytes_out = channel->bytes_out,
		.rtt_ns = channel->rtt_ns,
		.rtt_min_ns = flight_rtt_min_ns(&channel->flight),
		.window = channel->flight.window,
		.rate = flight_rate(&channel->flight),
		.number = channel->number,
		.weight = channel->suspect ? 0 : channel->weight,
		.opened_cnt = channel->opened_cnt,
	};
	if (channel->state == CHANNEL_WAITING)
		report->retry_ms = mono_diff_ms(channel->timer.at, now);
	memcpy(report->error, channel->error, sizeof(report->error));
}

static void report_peer(const struct peer *peer, struct peer_report *report)
{
	*report = (struct peer_report){
		.open_cnt = peer->channel_cnt,
		.known = peer->known,
		.policy_same = peer->policy_same,
		.skew_ms = peer->skew_ms,
		.start_ms = peer->start_ms,
		.up = peer->up,
		.down = peer->down,
	};
	memcpy(report->instance, peer->instance, sizeof(report->instance));
	memcpy(report->software, peer->software, sizeof(report->software));
}

void report_fill(struct worker_report *report, const struct worker *worker)
{
	struct worker_share *share = &report->shares[worker->id];
	size_t i;

	for (i = 0; i < report->channel_cnt; i++)
		report_channel(worker->channels[i], &report->channels[i]);
	for (i = 0; i < report->peer_cnt; i++) {
		report_peer(&worker->peers[i], &report->peers[i]);
		share->open_cnt += worker->peers[i].channel_cnt;
	}
	report->up = worker->stats.up;
	report->down = worker->stats.down;
	memcpy(report->drops, worker->stats.drops, sizeof(report->drops));
	report->drops[DROP_UP_QUEUE] = worker->queue.drop_cnt;
	report->drops[DROP_UP_LATE] = worker->queue.late_cnt;
	report->marked = worker->queue.mark_cnt;
	report->unknown_messages = worker->stats.unknown_messages;
	share->up = worker->stats.up;
	share->down = worker->stats.down;
	share->passed_on = worker->stats.passed_on;
}

static void add_traffic(struct traffic *sum, const struct traffic *more)
{
	sum->packets += more->packets;
	sum->bytes += more->bytes;
}

/** add_peer() - What it said of itself last, to whichever worker */
static void add_peer(struct peer_report *sum, const struct peer_report *more)
{
	struct peer_report both = *sum;

	if (more->known && (!sum->known || (more->open_cnt && !sum->open_cnt) ||
			    more->start_ms > sum->start_ms))
		both = *more;
	both.open_cnt = sum->open_cnt + more->open_cnt;
	both.up = sum->up;
	both.down = sum->down;
	add_traffic(&both.up, &more->up);
	add_traffic(&both.down, &more->down);
	*sum = both;
}

/** add_channels() - Behind those that are there */
static void add_channels(struct worker_report *sum,
			 const struct worker_report *more)
{
	size_t cnt = sum->channel_cnt + more->channel_cnt;
	struct channel_report *all =
		realloc(sum->channels, (cnt + 1) * sizeof(*all));

	if (!all)
		abort();
	memcpy(all + sum->channel_cnt, more->channels,
	       more->channel_cnt * sizeof(*all));
	sum->channels = all;
	sum->channel_cnt = cnt;
}

struct worker_report *report_add(struct worker_report *sum,
				 struct worker_report *more)
{
	size_t i;

	if (!sum)
		return more;
	add_channels(sum, more);
	for (i = 0; i < sum->peer_cnt; i++)
		add_peer(&sum->peers[i], &more->peers[i]);
	add_traffic(&sum->up, &more->up);
	add_traffic(&sum->down, &more->down);
	for (i = 0; i < DROP_REASON_CNT; i++)
		sum->drops[i] += more->drops[i];
	sum->marked += more->marked;
	sum->unknown_messages += more->unknown_messages;
	for (i = 0; i < sum->share_cnt; i++) {
		if (more->shares[i].up.packets || more->shares[i].open_cnt ||
		    more->shares[i].down.packets || more->shares[i].passed_on)
			sum->shares[i] = more->shares[i];
	}
	report_free(more);
	return sum;
}

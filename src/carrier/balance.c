/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * balance.c - Which flow should take another channel, so that all have alike
 */

/**
 * DOC: Theory of operation
 *
 * Flows of one channel take turns (queue.c), but channels share what is narrow
 * behind them as if each were one flow: of four flows, three that drew the same
 * channel have a third each of what the fourth has.  So what is sent is looked at:
 *
 * Heavy	A flow that sent much, compared with the heaviest.  Others have what
 *		they want, and are left out.
 * From		The channel whose heavy flows had least each, when it has several of
 *		them and things waited for it.
 * To		The channel whose heavy flows had most each, or that has none; if
 *		it has UNEVEN times as much, and after the move its flows will
 *		not have less than those of the other had.
 * Which	The flow that was served best: those that stay will have more.  So
 *		three flows on two channels take turns in having one alone.
 *
 * Channels over different paths are not taken to be equally fast: it is what
 * flows had that counts.
 */

#include "carrier/balance.h"

/* Heavy: a part of what the heaviest sent, and more than a turn or two. */
#define HEAVY_PART      8
#define HEAVY_BYTES_MIN (2 * QUEUE_QUANTUM)

/* 16 / 10 is between 3 to 2 flows, which are left alone, and 2 to 1. */
#define UNEVEN_NUM 16
#define UNEVEN_DEN 10
/* Nearly as much as the others had is enough, since figures jitter. */
#define LOSS_NUM 9
#define LOSS_DEN 10

bool balance_look(struct balance *balance, struct queue_flows *flows)
{
	bool home = false;
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		uint32_t sent = flows->flows[i].sent;

		flows->flows[i].sent = 0;
		balance->sent[i] = sent;
		balance->served[i] = balance->served[i] / 2 + sent / 2;
		if (sent || !balance->away[i])
			continue;
		balance->away[i] = 0;
		home = true;
	}
	return home;
}

/** heavy_min() - What a heavy flow has sent */
static uint32_t heavy_min(const struct balance *balance)
{
	uint32_t most = 0;
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		if (balance->sent[i] > most)
			most = balance->sent[i];
	}
	most /= HEAVY_PART;
	return most > HEAVY_BYTES_MIN ? most : HEAVY_BYTES_MIN;
}

/** each() - What a heavy flow of a channel sent, in the mean; it has some */
static uint64_t each(const struct balance_channel *channel)
{
	return channel->bytes / channel->cnt;
}

/** pick_from() - Index of the channel whose flows have least, or @cnt */
static size_t pick_from(const struct balance_channel *channels, size_t cnt)
{
	size_t from = cnt;
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (channels[i].cnt < 2 || !channels[i].pressed)
			continue;
		if (from == cnt || each(&channels[i]) < each(&channels[from]))
			from = i;
	}
	return from;
}

/** pick_to() - Index of the channel whose flows have most, or @cnt */
static size_t pick_to(const struct balance_channel *channels, size_t cnt)
{
	size_t to = cnt;
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (!channels[i].takes)
			continue;
		if (channels[i].cnt == 0)
			return i;
		if (to == cnt || each(&channels[i]) > each(&channels[to]))
			to = i;
	}
	return to;
}

/** is_better() - Would a flow of @from be better off at @to, and no worse for
 *  those that are there? */
static bool is_better(const struct balance_channel *from,
		      const struct balance_channel *to)
{
	if (to->cnt == 0)
		return true;
	return each(to) * UNEVEN_DEN >= each(from) * UNEVEN_NUM &&
	       to->bytes / (to->cnt + 1) * LOSS_DEN >= each(from) * LOSS_NUM;
}

/** pick_flow() - The heavy flow of a channel that was served best */
static uint16_t pick_flow(const struct balance *balance,
			  const struct spread *spread, size_t channel,
			  uint32_t min)
{
	uint16_t best = QUEUE_NONE;
	size_t i;

	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		if (spread->member[i] != channel || balance->sent[i] < min)
			continue;
		if (best == QUEUE_NONE ||
		    balance->served[i] > balance->served[best])
			best = (uint16_t)i;
	}
	return best;
}

uint16_t balance_pick(const struct balance *balance,
		      const struct spread *spread,
		      struct balance_channel *channels, size_t cnt, size_t *to)
{
	uint32_t min = heavy_min(balance);
	size_t from;
	size_t i;

	for (i = 0; i < cnt; i++) {
		channels[i].bytes = 0;
		channels[i].cnt = 0;
	}
	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		if (balance->sent[i] < min || spread->member[i] >= cnt)
			continue;
		channels[spread->member[i]].bytes += balance->sent[i];
		channels[spread->member[i]].cnt++;
	}
	from = pick_from(channels, cnt);
	*to = pick_to(channels, cnt);
	if (from == cnt || *to == cnt || *to == from ||
	    !is_better(&channels[from], &channels[*to]))
		return QUEUE_NONE;
	return pick_flow(balance, spread, from, min);
}

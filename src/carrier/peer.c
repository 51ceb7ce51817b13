/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * peer.c - A gateway at the other end, and its open channels
 */

/**
 * DOC: Theory of operation
 *
 * Flows fall into buckets, and buckets belong to channels by their numbers
 * (spread.h).  When a channel dies only its own buckets move, when it is back
 * they come back; a moved flow loses what was on its way, and goes on.
 *
 * A channel that is much slower than the fastest (its round trip includes what
 * queues in relays and sockets) loses half of its weight at each look, down to
 * MIN: some flows stay, so that it can be seen whether it has become faster.  It
 * wins weight back by one at a time after it was fast for several looks in a row.
 * Each moved flow may arrive out of order once, so moves must be rare: there is a
 * wide gap between slow and fast, and nothing moves in it.
 *
 * A flow that has less than those of other channels may move (balance.c).  It
 * waits in a lane of its own until all that it sent has arrived, MOVE_MS_MAX at
 * most, so that nothing arrives out of order; then its bucket belongs to the other
 * channel, until it has sent nothing for a while.
 *
 * A channel that does not answer PINGs, while a sibling answers later ones
 * (pulse.h), is suspect: its path may be dead, and its flows need not wait until
 * that is certain.  It has no weight until it has answered a PING that went after
 * that; when all are suspect, none is.  At half of the time siblings are asked,
 * so that there is something to hold against it.  Siblings are also those of other
 * workers: when all channels here are suspect and one there is not, flows wait
 * aside (kin.h).
 */

#include "carrier/peer.h"

#include "carrier/channel.h"

#define WEIGHT_MIN 1

/* Slow: SLOW_FACTOR times the fastest and SLOW_NS more.  Fast: less than half of
 * that.  Below some milliseconds a round trip says more about this machine's
 * scheduler than about a path. */
#define SLOW_FACTOR 3
#define SLOW_NS     (30 * NS_PER_MS)
/* Looks in a row before weight is lost, and before one is won. */
#define SLOW_LOOKS 4
#define FAST_LOOKS 10
/* Looks in a row before a channel is suspect: answers that come at once to several
 * are not all read in one round of the loop. */
#define DOUBT_LOOKS 2

/* Of a flow that moves.  A move costs it a round trip: so many pass between two. */
#define MOVE_MS_MAX  500
#define MOVE_RTT_CNT 16
/* A channel is pressed when something waits after one of so many pumps. */
#define PRESSED_PART 4

/** bucket_channel() - Whose a bucket is; there are channels, and one at least has
 *  weight */
static struct channel *bucket_channel(const struct peer *peer, size_t bucket)
{
	return peer->channels[peer->spread.member[bucket]];
}

/** bucket_lane() - Where what waits of a bucket belongs */
static struct queue_lane *bucket_lane(struct peer *peer, size_t bucket)
{
	if (!peer->channel_cnt || peer->is_aside)
		return &peer->aside;
	if (bucket == peer->move.bucket)
		return &peer->move.lane;
	return &bucket_channel(peer, bucket)->lane;
}

/** move_waiting() - What waits, into the lanes of the channels it belongs to now */
static void move_waiting(struct peer *peer)
{
	size_t i;

	queue_unlane(peer->flows);
	queue_lane_init(&peer->aside);
	queue_lane_init(&peer->move.lane);
	for (i = 0; i < peer->channel_cnt; i++)
		queue_lane_init(&peer->channels[i]->lane);
	for (i = 0; i < SPREAD_BUCKET_CNT; i++)
		queue_lane_put(peer->flows, i, bucket_lane(peer, i));
}

/** keep_away() - Buckets that were moved stay so, as far as those channels are
 *  there */
static void keep_away(struct peer *peer, const struct spread_member *members)
{
	uint16_t idx_of[PEER_CHANNEL_CNT_MAX];
	size_t i;

	for (i = 0; i < PEER_CHANNEL_CNT_MAX; i++)
		idx_of[i] = SPREAD_NONE;
	for (i = 0; i < peer->channel_cnt; i++) {
		if (members[i].weight)
			idx_of[members[i].id] = (uint16_t)i;
	}
	for (i = 0; i < SPREAD_BUCKET_CNT; i++) {
		if (!peer->balance.away[i])
			continue;
		if (idx_of[peer->balance.away[i] - 1] == SPREAD_NONE)
			peer->balance.away[i] = 0;
		else
			peer->spread.member[i] =
				idx_of[peer->balance.away[i] - 1];
	}
}

/** all_suspect() - Is there no better channel than a suspect one? */
static bool all_suspect(const struct peer *peer)
{
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		if (!peer->channels[i]->suspect)
			return false;
	}
	return true;
}

/** respread() - Draw the buckets anew */
static void respread(struct peer *peer)
{
	struct spread_member members[PEER_CHANNEL_CNT_MAX];
	bool all = all_suspect(peer);
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		const struct channel *channel = peer->channels[i];

		members[i] = (struct spread_member){
			.id = channel->number,
			.weight =
				channel->suspect && !all ? 0 : channel->weight,
		};
	}
	spread_fill(&peer->spread, members, peer->channel_cnt);
	keep_away(peer, members);
	move_waiting(peer);
}

void peer_init(struct peer *peer)
{
	peer->move.bucket = QUEUE_NONE;
	queue_lane_init(&peer->aside);
}

void peer_attach(struct peer *peer, struct channel *channel)
{
	channel->weight = SPREAD_WEIGHT_MAX;
	channel->suspect = false;
	channel->doubt_cnt = 0;
	channel->look_cnt = 0;
	peer->channels[peer->channel_cnt++] = channel;
	peer->is_aside = false;
	respread(peer);
}

void peer_detach(struct peer *peer, const struct channel *channel)
{
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		if (peer->channels[i] == channel)
			break;
	}
	if (i == peer->channel_cnt)
		return;
	peer->channels[i] = peer->channels[--peer->channel_cnt];
	if (peer->move.from == channel)
		peer->move.bucket = QUEUE_NONE;
	respread(peer);
}

struct channel *peer_channel(const struct peer *peer, uint32_t flow)
{
	if (peer->channel_cnt == 0)
		return NULL;
	return bucket_channel(peer, peer_bucket(flow));
}

struct queue_lane *peer_lane(struct peer *peer, uint32_t flow)
{
	if (peer->channel_cnt == 0)
		return NULL;
	return bucket_lane(peer, peer_bucket(flow));
}

/** fastest_ns() - Round trip of the fastest channel, 0 when none is known */
static int64_t fastest_ns(const struct peer *peer)
{
	int64_t best_ns = 0;
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		const struct channel *channel = peer->channels[i];

		if (channel->rtt_ns && !channel->suspect &&
		    (!best_ns || channel->rtt_ns < best_ns))
			best_ns = channel->rtt_ns;
	}
	return best_ns;
}

/** look() - Note whether a channel is slow (@look_cnt below 0) or fast, for how
 *  many looks; Return: has its weight changed? */
static bool look(struct channel *channel, int64_t best_ns)
{
	int64_t slow_ns = best_ns * SLOW_FACTOR + SLOW_NS;
	unsigned int before = channel->weight;
	int cnt = channel->look_cnt;

	if (channel->rtt_ns > slow_ns)
		cnt = cnt < 0 ? cnt - 1 : -1;
	else if (channel->rtt_ns < slow_ns / 2)
		cnt = cnt > 0 ? cnt + 1 : 1;
	else
		cnt = 0;
	if (cnt <= -SLOW_LOOKS && channel->weight > WEIGHT_MIN) {
		channel->weight /= 2;
		cnt = 0;
	} else if (cnt >= FAST_LOOKS && channel->weight < SPREAD_WEIGHT_MAX) {
		channel->weight++;
		cnt = 0;
	}
	channel->look_cnt = cnt;
	return channel->weight != before;
}

void peer_weigh(struct peer *peer)
{
	int64_t best_ns = fastest_ns(peer);
	bool changed = false;
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		if (best_ns && peer->channels[i]->rtt_ns)
			changed |= look(peer->channels[i], best_ns);
	}
	if (changed)
		respread(peer);
}

/** is_refuted() - Does a sibling answer what was asked while this one waited? */
static bool is_refuted(const struct peer *peer, const struct channel *channel)
{
	const struct pulse kin = {.proven = peer->kin_proven};
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		if (peer->channels[i] != channel &&
		    pulse_refutes(&peer->channels[i]->pulse, &channel->pulse))
			return true;
	}
	return pulse_refutes(&kin, &channel->pulse);
}

/** ask_siblings() - A channel waits: those that were not asked since are */
static void ask_siblings(struct peer *peer, const struct channel *channel,
			 mono_t now)
{
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		struct channel *sibling = peer->channels[i];

		if (sibling == channel ||
		    pulse_is_asked(&sibling->pulse, &channel->pulse))
			continue;
		channel_ask(sibling, now);
	}
}

/** judge() - Is a channel suspect now? */
static bool judge(struct peer *peer, struct channel *channel, mono_t now)
{
	int64_t wait_ms = pulse_wait_ms(&channel->pulse, now);
	int64_t limit_ms = pulse_limit_ms(&channel->pulse);

	if (wait_ms >= limit_ms / 2) {
		ask_siblings(peer, channel, now);
		peer->doubts = true;
	}
	if (wait_ms >= limit_ms - PEER_LOOK_MS && is_refuted(peer, channel))
		channel->doubt_cnt++;
	else
		channel->doubt_cnt = 0;
	if (channel->doubt_cnt >= DOUBT_LOOKS)
		return true;
	return channel->suspect &&
	       mono_before(channel->pulse.proven, channel->suspect_since);
}

void peer_watch(struct peer *peer, mono_t now)
{
	bool changed = false;
	size_t i;

	peer->doubts = false;
	for (i = 0; i < peer->channel_cnt; i++) {
		struct channel *channel = peer->channels[i];
		bool suspect = judge(peer, channel, now);

		if (suspect == channel->suspect)
			continue;
		channel->suspect = suspect;
		channel->suspect_since = now;
		changed = true;
	}
	if (changed)
		respread(peer);
}

/** ask_arrived() - What the moving flow sent is to arrive: up to where? */
static void ask_arrived(struct peer_move *move, struct channel *from,
			mono_t now)
{
	move->mark = from->bytes_out;
	channel_ask(from, now);
}

/** end_move() - The moving flow's packets go on, over its new channel */
static void end_move(struct peer *peer)
{
	peer->move.bucket = QUEUE_NONE;
	move_waiting(peer);
}

void peer_arrived(struct peer *peer, struct channel *channel, mono_t now)
{
	struct peer_move *move = &peer->move;

	if (move->bucket == QUEUE_NONE || move->from != channel)
		return;
	if (move->cutting != QUEUE_NONE) {
		if (channel->outbox.cutting != move->cutting)
			move->cutting = QUEUE_NONE;
		ask_arrived(move, channel, now);
		return;
	}
	if (channel->flight.acked >= move->mark)
		end_move(peer);
}

/** begin_move() - A bucket goes to another channel */
static void begin_move(struct peer *peer, uint16_t bucket, size_t to,
		       mono_t now)
{
	struct channel *from = bucket_channel(peer, bucket);

	peer->move = (struct peer_move){
		.bucket = bucket,
		.from = from,
		.cutting = from->outbox.cutting,
		.since = now,
	};
	ask_arrived(&peer->move, from, now);
	peer->balance.away[bucket] = (uint8_t)(peer->channels[to]->number + 1);
	peer->spread.member[bucket] = (uint16_t)to;
	move_waiting(peer);
}

/** load_of() - A channel as the balance sees it */
static struct balance_channel load_of(struct channel *channel)
{
	struct balance_channel load = {
		.takes = !channel->suspect &&
			 channel->weight == SPREAD_WEIGHT_MAX,
		.pressed =
			channel->stuck_cnt * PRESSED_PART > channel->pump_cnt,
	};

	channel->pump_cnt = 0;
	channel->stuck_cnt = 0;
	return load;
}

void peer_balance(struct peer *peer, mono_t now)
{
	struct balance_channel loads[PEER_CHANNEL_CNT_MAX];
	int64_t moved_ns = mono_diff_ns(now, peer->move.since);
	uint16_t bucket;
	size_t to;
	size_t i;

	if (peer->move.bucket != QUEUE_NONE) {
		if (moved_ns >= MOVE_MS_MAX * NS_PER_MS)
			end_move(peer);
		return;
	}
	if (balance_look(&peer->balance, peer->flows))
		respread(peer);
	for (i = 0; i < peer->channel_cnt; i++)
		loads[i] = load_of(peer->channels[i]);
	bucket = balance_pick(&peer->balance, &peer->spread, loads,
			      peer->channel_cnt, &to);
	if (bucket == QUEUE_NONE)
		return;
	if (moved_ns >= MOVE_RTT_CNT * bucket_channel(peer, bucket)->rtt_ns)
		begin_move(peer, bucket, to, now);
}

bool peer_is_sound(const struct peer *peer)
{
	return peer->channel_cnt && !all_suspect(peer);
}

mono_t peer_proven(const struct peer *peer)
{
	mono_t latest = {0};
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		if (mono_before(latest, peer->channels[i]->pulse.proven))
			latest = peer->channels[i]->pulse.proven;
	}
	return latest;
}

void peer_put_aside(struct peer *peer, bool is_aside)
{
	peer->is_aside = is_aside;
	respread(peer);
}

void peer_ask(struct peer *peer, mono_t now)
{
	size_t i;

	for (i = 0; i < peer->channel_cnt; i++) {
		channel_ask(peer->channels[i], now);
	}
}

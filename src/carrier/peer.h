/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * peer.h - A gateway at the other end, and its open channels
 *
 * Says which of the channels takes a flow.  Knows nothing of how a channel comes
 * to be open, nor of packets.
 */

#ifndef CARRIER_PEER_H
#define CARRIER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/time.h"
#include "carrier/balance.h"
#include "carrier/queue.h"
#include "carrier/spread.h"
#include "codec/wire.h"
#include "policy/policy.h"

struct channel;

/**
 * struct peer_move - A bucket between two channels
 * @bucket:	Which one; QUEUE_NONE when none moves
 * @from:	Where it was: what it sent there must have arrived first
 * @mark:	All that @from sent up to here
 * @cutting:	Slot of a packet that @from was sending in pieces, perhaps of @bucket
 * @since:	When it began, or the last one did
 * @lane:	Where its packets wait meanwhile
 */
struct peer_move {
	uint16_t bucket;
	const struct channel *from;
	uint64_t mark;
	uint16_t cutting;
	mono_t since;
	struct queue_lane lane;
};

/* Channels of one pair of gateways: their numbers in HELLO are below. */
#define PEER_CHANNEL_CNT_MAX PAIR_CHANNEL_CNT_MAX

/** struct traffic - Packets and their bytes, one way */
struct traffic {
	uint64_t packets;
	uint64_t bytes; /* of IP packets, super-packets counted whole */
};

/**
 * struct peer - A gateway at the other end, as its HELLO described it
 * @gateway:	From the policy
 * @channels:	Its open channels, all of one instance, no number twice; the first
 *		@channel_cnt are in use
 * @spread:	Which of them each bucket of flows belongs to
 * @balance:	What flows send, and which were moved to other channels
 * @move:	The one that is being moved
 * @flows:	Packets for it that wait, by the same buckets (owned by the worker)
 * @aside:	Takes all of them while there is no channel, or @is_aside: see kin.h
 * @is_aside:	All channels are suspect, and another worker has a better one
 * @kin_proven:	When a PING of another worker's went that was answered
 * @doubts:	A channel has waited long for an answer: others are to be asked
 * @known:	A HELLO came since we started: the fields below are valid
 * @policy_same: Its digest of the site's policy equals ours
 * @digest:	Its digest, as it said last
 * @skew_ms:	Its clock less ours
 * @up, @down:	Packets to and from it
 */
struct peer {
	const struct policy_gateway *gateway;
	struct channel *channels[PEER_CHANNEL_CNT_MAX];
	size_t channel_cnt;
	struct spread spread;
	struct balance balance;
	struct peer_move move;
	struct queue_flows *flows;
	struct queue_lane aside;
	bool is_aside;
	mono_t kin_proven;
	bool doubts;
	bool known;
	bool policy_same;
	uint8_t digest[WIRE_DIGEST_LEN];
	uint8_t instance[WIRE_INSTANCE_LEN];
	uint64_t start_ms;
	uint16_t mtu;
	int64_t skew_ms;
	char software[WIRE_TEXT_LEN_MAX + 1];
	struct traffic up;
	struct traffic down;
};

/**
 * peer_attach() - A channel is open
 * @channel:	Its number is below PEER_CHANNEL_CNT_MAX, and no other's
 */
void peer_attach(struct peer *peer, struct channel *channel);

/** peer_detach() - It is not any more; nothing happens when it never was */
void peer_detach(struct peer *peer, const struct channel *channel);

/** peer_channel() - The channel of a flow, NULL when none is open */
struct channel *peer_channel(const struct peer *peer, uint32_t flow);

/** peer_lane() - Where packets of a flow wait, NULL when no channel is open */
struct queue_lane *peer_lane(struct peer *peer, uint32_t flow);

/** peer_init() - No channel is open, no flow moves */
void peer_init(struct peer *peer);

/** peer_arrived() - More of what a channel sent has arrived: a flow that waits for
 *  that may go on */
void peer_arrived(struct peer *peer, struct channel *channel, mono_t now);

/**
 * peer_balance() - Look at what flows had, and perhaps move one to another channel
 *
 * To be called about once in CHANNEL_PING_MS.
 */
void peer_balance(struct peer *peer, mono_t now);

/** peer_bucket() - The bucket of a flow */
static inline size_t peer_bucket(uint32_t flow)
{
	return flow % SPREAD_BUCKET_CNT;
}

/** peer_is_sound() - Is there an open channel that is not suspect? */
bool peer_is_sound(const struct peer *peer);

/** peer_proven() - When the latest PING went that a channel answered; 0 ns: none */
mono_t peer_proven(const struct peer *peer);

/** peer_put_aside() - Let @is_aside be so, and move what waits */
void peer_put_aside(struct peer *peer, bool is_aside);

/** peer_ask() - Let PINGs be due on all channels */
void peer_ask(struct peer *peer, mono_t now);

/* How often peer_watch() is called, about. */
#define PEER_LOOK_MS 50

/**
 * peer_watch() - Look at which channels answer, and shift flows
 *
 * Sets @suspect of those that do not while others do, of this worker (@peer's
 * channels) or of another (@kin_proven, which the caller keeps); lets PINGs be due
 * by which that can be known, and sets @doubts when other workers should ask, too.
 */
void peer_watch(struct peer *peer, mono_t now);

/**
 * peer_weigh() - Look at how fast the channels are, and shift flows
 *
 * To be called about once in CHANNEL_PING_MS.
 */
void peer_weigh(struct peer *peer);

#endif /* CARRIER_PEER_H */

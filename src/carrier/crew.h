/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * crew.h - Which peer of a group takes a flow, as peers come and go
 *
 * Pure but for its memory.  Is told which peers are live; knows nothing of
 * channels.
 */

#ifndef CARRIER_CREW_H
#define CARRIER_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "carrier/memo.h"
#include "carrier/spread.h"
#include "carrier/steer.h"

/* So long a running TCP connection waits for its peer to come back, rather than
 * be reset by another that knows nothing of it.  A relay's restart takes less. */
#define CREW_GRACE_MS 3000

/**
 * struct crew_peer - One peer
 * @id:		From its name
 * @live:	Has an open channel
 * @lost:	When it had its last one; 0 ns: never, since we know it
 */
struct crew_peer {
	uint64_t id;
	bool live;
	mono_t lost;
};

/** struct crew_group - Who would take each bucket of flows: with all peers live,
 *  and with those that are */
struct crew_group {
	struct spread all;
	struct spread live;
};

/**
 * struct crew - All peers
 * @groups:	One for each group of steer's with several peers in it
 * @strays:	By flow: id of the peer that has it in place of its first choice
 */
struct crew {
	const struct steer *steer;
	struct crew_peer *peers;
	size_t peer_cnt;
	struct crew_group *groups;
	struct memo strays;
};

/**
 * crew_init() - No peer is live
 * @crew:	Storage
 * @plan:	Names the peers
 * @steer:	Its groups (borrowed for the life of @crew)
 *
 * Running out of memory ends the program, as for all memory of configuration.
 */
void crew_init(struct crew *crew, const struct plan *plan,
	       const struct steer *steer);
void crew_fini(struct crew *crew);

/** crew_follow() - Take over what another setup's crew knows of the same peers */
void crew_follow(struct crew *crew, const struct crew *before);

/** crew_set_live() - A peer has its first channel, or lost its last */
void crew_set_live(struct crew *crew, int peer, bool live, mono_t now);

/**
 * crew_pick() - Who takes a packet
 * @group:	From steer_out()
 * @flow:	From steer_flow()
 * @begins:	From steer_begins()
 *
 * Return: index of a peer, live or not
 */
int crew_pick(struct crew *crew, int group, uint32_t flow, bool begins,
	      mono_t now);

/** crew_is_live() - Is a peer, by its id? False when there is none */
bool crew_is_live(const struct crew *crew, uint64_t id);

/** crew_learn() - Another worker's crew picked, for a flow, the peer with this id in
 *  place of its first choice */
void crew_learn(struct crew *crew, uint32_t flow, uint32_t id, mono_t now);

#endif /* CARRIER_CREW_H */

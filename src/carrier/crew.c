/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * crew.c - Which peer of a group takes a flow, as peers come and go
 */

/**
 * DOC: Theory of operation
 *
 * A flow must stay with the gateway that holds its connection tracking.
 *
 * Home		With all peers of a group live, a flow's hash says which of them
 *		takes it (spread.h).  Both sides of an outage agree on that.
 * Stray	A flow that begins while its home is gone goes to another, and
 *		stays there when its home comes back: @strays remembers it.
 * Grace	A TCP connection that runs already gains nothing from another
 *		peer, which would translate it anew: the server would reset it.
 *		So its packets are held to its peer for CREW_GRACE_MS after that
 *		was lost, and dropped meanwhile.  Flows that begin, and those
 *		without connections, go to another at once.
 *
 * @strays is bounded.  A flow that falls out of it goes home, which for one
 * whose home is gone still means the same other peer, as long as that lives.
 */

#include "carrier/crew.h"

#include <assert.h>
#include <stdlib.h>

/* A stray that sent nothing for so long is forgotten. */
#define STRAY_LIFE_MS (INT64_C(3600) * 1000)

/** fill() - Draw the buckets of a group for all of its peers, or the live ones */
static void fill(const struct crew *crew, int group, bool all,
		 struct spread *spread)
{
	const struct steer_group *of = steer_group(crew->steer, group);
	struct spread_member *members = calloc(of->cnt + 1, sizeof(*members));
	size_t i;

	if (!members)
		abort();
	for (i = 0; i < of->cnt; i++) {
		const struct crew_peer *peer = &crew->peers[of->peers[i]];

		members[i].id = peer->id;
		members[i].weight = all || peer->live ? 1 : 0;
	}
	spread_fill(spread, members, of->cnt);
	free(members);
}

void crew_init(struct crew *crew, const struct plan *plan,
	       const struct steer *steer)
{
	size_t group_cnt = steer_group_cnt(steer);
	size_t i;

	*crew = (struct crew){
		.steer = steer,
		.peers = calloc(plan->peer_cnt + 1, sizeof(*crew->peers)),
		.peer_cnt = plan->peer_cnt,
		.groups = calloc(group_cnt - plan->peer_cnt + 1,
				 sizeof(*crew->groups)),
	};
	if (!crew->peers || !crew->groups)
		abort();
	for (i = 0; i < plan->peer_cnt; i++)
		crew->peers[i].id = spread_id(plan->peers[i]->name);
	for (i = plan->peer_cnt; i < group_cnt; i++) {
		struct crew_group *group = &crew->groups[i - plan->peer_cnt];

		fill(crew, (int)i, true, &group->all);
		fill(crew, (int)i, false, &group->live);
	}
}

void crew_fini(struct crew *crew)
{
	free(crew->peers);
	free(crew->groups);
	*crew = (struct crew){0};
}

void crew_follow(struct crew *crew, const struct crew *before)
{
	size_t i;
	size_t k;

	for (i = 0; i < crew->peer_cnt; i++) {
		for (k = 0; k < before->peer_cnt; k++) {
			if (crew->peers[i].id == before->peers[k].id)
				crew->peers[i].lost = before->peers[k].lost;
		}
	}
	crew->strays = before->strays;
}

void crew_set_live(struct crew *crew, int peer, bool live, mono_t now)
{
	size_t cnt = steer_group_cnt(crew->steer);
	size_t i;
	size_t k;

	if (crew->peers[peer].live == live)
		return;
	crew->peers[peer].live = live;
	crew->peers[peer].lost = now;
	for (i = crew->peer_cnt; i < cnt; i++) {
		const struct steer_group *of = steer_group(crew->steer, (int)i);

		for (k = 0; k < of->cnt; k++) {
			if (of->peers[k] == peer)
				fill(crew, (int)i, false,
				     &crew->groups[i - crew->peer_cnt].live);
		}
	}
}

/** has() - Does a peer take this packet of a flow that it has? */
static bool has(const struct crew_peer *peer, bool begins, mono_t now)
{
	if (peer->live)
		return true;
	return !begins && peer->lost.ns &&
	       mono_diff_ms(now, peer->lost) < CREW_GRACE_MS;
}

/** find_stray() - Index in a group of the peer that a stray is at, or -1 */
static int find_stray(struct crew *crew, const struct steer_group *group,
		      uint32_t flow, mono_t now)
{
	uint32_t id;
	size_t i;

	if (memo_is_unused(&crew->strays) ||
	    !memo_find(&crew->strays, flow, now, STRAY_LIFE_MS, &id))
		return -1;
	for (i = 0; i < group->cnt; i++) {
		if ((uint32_t)crew->peers[group->peers[i]].id == id)
			return (int)i;
	}
	return -1;
}

int crew_pick(struct crew *crew, int group, uint32_t flow, bool begins,
	      mono_t now)
{
	const struct steer_group *of = steer_group(crew->steer, group);
	/* Not the bits that choose a flow's queue and channel. */
	size_t bucket = (flow >> 16) % SPREAD_BUCKET_CNT;
	const struct crew_group *spreads;
	uint16_t other;
	int stray;
	int home;

	if (of->cnt == 1)
		return of->peers[0];
	spreads = &crew->groups[(size_t)group - crew->peer_cnt];
	home = of->peers[spreads->all.member[bucket]];
	stray = find_stray(crew, of, flow, now);
	if (stray >= 0 && has(&crew->peers[of->peers[stray]], begins, now))
		return of->peers[stray];
	if (has(&crew->peers[home], begins, now))
		return home;
	other = spreads->live.member[bucket];
	if (other == SPREAD_NONE)
		return home;
	memo_put(&crew->strays, flow, now,
		 (uint32_t)crew->peers[of->peers[other]].id);
	return of->peers[other];
}

void crew_learn(struct crew *crew, uint32_t flow, uint32_t id, mono_t now)
{
	memo_put(&crew->strays, flow, now, id);
}

bool crew_is_live(const struct crew *crew, uint64_t id)
{
	size_t i;

	for (i = 0; i < crew->peer_cnt; i++) {
		if (crew->peers[i].id == id)
			return crew->peers[i].live;
	}
	return false;
}

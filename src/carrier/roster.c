/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * roster.c - A worker's peers, under one setup and the next
 */

/**
 * DOC: Theory of operation
 *
 * Peers are numbered as in the setup's plan.  Under a new setup each keeps what is
 * known of it, its channels and what waits for it, by its name; channels learn their
 * peer's new number.  Those of a peer that goes say so while it is still known.
 *
 * Which peers take the flows of a site (crew.h), and what siblings may know of whom
 * we reach (reach.h), is made anew of what is there.
 */

#include "carrier/roster.h"

#include <stdlib.h>
#include <string.h>

#include "carrier/worker.h"
#include "sys/clock.h"

/** find_relay() - Index of a URL, the count when it is not there */
static size_t find_relay(const struct policy_gateway *gateway, const char *url)
{
	size_t i;

	for (i = 0; i < gateway->relay_cnt; i++) {
		if (!strcmp(gateway->relays[i], url))
			break;
	}
	return i;
}

/** drop_flows() - A peer is gone for good */
static void drop_flows(struct worker *worker, struct peer *peer)
{
	queue_leave(&worker->queue, peer->flows);
	free(peer->flows);
}

/** add_flows() - A peer is new */
static void add_flows(struct worker *worker, struct peer *peer)
{
	peer->flows = malloc(sizeof(*peer->flows));
	if (!peer->flows)
		abort();
	queue_join(&worker->queue, peer->flows);
	peer_init(peer);
}

/**
 * make_peers() - The peers of a setup, with all that is known of them already
 *
 * The worker's own become empty.
 *
 * Return: heap memory.  Running out of it ends the program, as for all memory
 *	   of configuration
 */
static struct peer *make_peers(struct worker *worker, const struct setup *setup)
{
	const struct plan *plan = setup->plan;
	struct peer *peers = calloc(plan->peer_cnt + 1, sizeof(*peers));
	size_t i;

	if (!peers)
		abort();
	for (i = 0; worker->peers && i < worker->peer_cnt; i++) {
		int now =
			setup_find_peer(setup, worker->peers[i].gateway->name);

		if (now != STEER_NO_PEER)
			peers[now] = worker->peers[i];
		else
			drop_flows(worker, &worker->peers[i]);
	}
	for (i = 0; i < plan->peer_cnt; i++) {
		peers[i].gateway = plan->peers[i];
		if (!peers[i].flows)
			add_flows(worker, &peers[i]);
	}
	return peers;
}

/** fill_reach() - Siblings may know which peers we reach */
static void fill_reach(struct worker *worker)
{
	struct reach *reach = worker->setup->reach;
	size_t i;

	for (i = 0; i < worker->peer_cnt; i++) {
		if (peer_is_sound(&worker->peers[i]))
			reach_set(reach, worker->id, (int)i, true);
	}
	reach_fill(reach, worker->id);
	worker->self.followed = false;
}

/** is_live() - Can a peer of a new crew be reached?  A sibling that has not taken
 *  the setup yet reaches whom it did */
static bool is_live(const struct worker *worker, const struct crew *before,
		    size_t peer)
{
	return worker->peers[peer].channel_cnt > 0 ||
	       (kin_reaches(worker, (int)peer) &&
		crew_is_live(before, worker->crew.peers[peer].id));
}

/** make_crew() - Of the setup in force, with the peers that are there */
static void make_crew(struct worker *worker)
{
	struct crew before = worker->crew;
	mono_t now = clock_mono();
	size_t i;

	fill_reach(worker);
	crew_init(&worker->crew, worker->setup->plan, worker->setup->steer);
	for (i = 0; i < worker->peer_cnt; i++)
		crew_set_live(&worker->crew, (int)i,
			      is_live(worker, &before, i), now);
	crew_follow(&worker->crew, &before);
	crew_fini(&before);
}

/** struct move - Where a channel's peer is under the new setup */
struct move {
	int peer;
	size_t relay_idx;
};

static struct move find_move(const struct worker *worker,
			     const struct channel *channel,
			     const struct setup *setup)
{
	struct move move = {STEER_NO_PEER, 0};
	const struct policy_gateway *gateway;

	if (channel->peer == STEER_NO_PEER)
		return move;
	gateway = worker->peers[channel->peer].gateway;
	move.peer = setup_find_peer(setup, gateway->name);
	if (move.peer != STEER_NO_PEER && channel->dialled)
		move.relay_idx =
			find_relay(setup->plan->peers[move.peer],
				   gateway->relays[channel->relay_idx]);
	return move;
}

void roster_move(struct worker *worker, const struct setup *setup)
{
	struct peer *peers;
	struct move *moves = calloc(worker->channel_cnt + 1, sizeof(*moves));
	struct peer *old_peers = worker->peers;
	size_t i;

	if (!moves)
		abort();
	for (i = 0; i < worker->channel_cnt; i++) {
		moves[i] = find_move(worker, worker->channels[i], setup);
		/* A peer that goes is told so while it is still known. */
		if (moves[i].peer == STEER_NO_PEER)
			channel_moved(worker->channels[i], STEER_NO_PEER, 0);
	}
	peers = make_peers(worker, setup);
	worker->setup = setup;
	worker->peers = peers;
	worker->peer_cnt = setup->plan->peer_cnt;
	make_crew(worker);
	for (i = 0; i < worker->channel_cnt; i++)
		channel_moved(worker->channels[i], moves[i].peer,
			      moves[i].relay_idx);
	free(moves);
	free(old_peers);
}

void roster_begin(struct worker *worker)
{
	worker->peer_cnt = worker->setup->plan->peer_cnt;
	worker->peers = make_peers(worker, worker->setup);
	make_crew(worker);
}

void roster_free(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->peer_cnt; i++)
		drop_flows(worker, &worker->peers[i]);
	free(worker->peers);
	crew_fini(&worker->crew);
}

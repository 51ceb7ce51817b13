/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * worker.c - One data-plane thread and all it may touch
 */

/**
 * DOC: Theory of operation
 *
 * The thread serves its loop: the TUN queue (uplink.c), its channels
 * (channel.c) and its mailboxes.  A cloud gateway's worker dials channels to each
 * site gateway over each of its relays; a site gateway's worker waits for accepts
 * that the control thread passes on.
 *
 * Slots for channels are as many as there may be at all; a slot without a
 * connection has no buffers.  Whose accept it is, a site gateway learns from its
 * greeting: only a part of the slots is for those who have not greeted, and the
 * oldest of them gives way.
 */

#include "carrier/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "carrier/report.h"
#include "carrier/retry.h"
#include "carrier/uplink.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A site gateway's slots beyond those of its peers: a peer's new channel greets
 * while its old one still stands. */
#define SPARE_SLOTS 6

/* Who has not greeted for so long gives way, when others cannot be taken. */
#define GREETING_YIELD_MS 1000

static struct worker *worker_of_tun(struct loop_source *source)
{
	return (struct worker *)((char *)source - offsetof(struct worker, tun));
}

static void on_tun(struct loop_source *source, uint32_t events)
{
	(void)events;
	uplink_run(worker_of_tun(source));
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
static struct channel *slot_for_accept(struct worker *worker)
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
	channel_end(oldest, WIRE_BYE_TIMEOUT,
		    "others wait, and this one does not greet");
	return oldest;
}

/** take_accept() - Give an accept to a slot */
static void take_accept(struct worker *worker, const char *address)
{
	struct channel *channel = slot_for_accept(worker);
	int err;

	if (!channel) {
		if (retry_log_due(&worker->ignored_log, clock_mono(), ""))
			log_warn("event=accept_ignored reason=\"all %zu "
				 "channels are in use, or too many have not "
				 "greeted yet\"",
				 worker->channel_cnt);
		return;
	}
	err = channel_accept(channel, address);
	if (err && retry_log_due(&worker->failed_log, clock_mono(), ""))
		log_warn("channel=%u event=accept_failed error=\"%s\"",
			 channel->idx, strerror(-err));
}

/** give_back() - To the control thread */
static void give_back(struct worker *worker, const struct worker_reply *reply)
{
	int err = mailbox_post(worker->replies, reply, sizeof(*reply));

	if (err)
		log_err("event=reply_lost error=\"%s\"", strerror(-err));
}

/** fill_report() - Copy what status shows, and give it back */
static void fill_report(struct worker *worker, struct worker_report *report)
{
	struct worker_reply reply = {.report = report};

	report_fill(report, worker);
	give_back(worker, &reply);
}

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

/** relay_share() - How many channels this worker dials over each relay of a peer's:
 *  the peer's channels are dealt out, one to each worker at least */
static size_t relay_share(const struct setup *setup, unsigned int id)
{
	size_t workers = setup->conf->workers;

	return (setup->channels + workers - 1 - id) / workers;
}

/** dialled_cnt() - Channels that a cloud gateway's worker dials to a peer */
static size_t dialled_cnt(const struct setup *setup, unsigned int id,
			  const struct policy_gateway *peer)
{
	size_t workers = setup->conf->workers;
	size_t cnt = peer->relay_cnt * relay_share(setup, id);
	size_t number_cnt = (PEER_CHANNEL_CNT_MAX + workers - 1 - id) / workers;

	return cnt < number_cnt ? cnt : number_cnt;
}

size_t worker_channel_cnt(const struct setup *setup, unsigned int id)
{
	const struct plan *plan = setup->plan;
	size_t cnt = 0;
	size_t i;

	if (setup->gateway->role == ROLE_SITE)
		return plan->peer_cnt * PEER_CHANNEL_CNT_MAX + SPARE_SLOTS;
	for (i = 0; i < plan->peer_cnt; i++)
		cnt += dialled_cnt(setup, id, plan->peers[i]);
	return cnt;
}

void worker_attach(struct worker *worker, struct channel *channel)
{
	peer_attach(&worker->peers[channel->peer], channel);
	reach_set(worker->setup->reach, worker->id, channel->peer, true);
	crew_set_live(&worker->crew, channel->peer, true, clock_mono());
}

void worker_detach(struct worker *worker, const struct channel *channel)
{
	struct peer *peer = &worker->peers[channel->peer];

	peer_detach(peer, channel);
	if (peer->channel_cnt)
		return;
	reach_set(worker->setup->reach, worker->id, channel->peer, false);
	if (kin_lane(worker, channel->peer))
		return; /* What waits is passed on. */
	kin_give_up(worker, peer);
	crew_set_live(&worker->crew, channel->peer, false, clock_mono());
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

/** load_peer() - How fast are a peer's channels, and do its flows share them? */
static void load_peer(struct peer *peer, mono_t now)
{
	peer_weigh(peer);
	peer_balance(peer, now);
}

static void on_look(struct loop_timer *timer)
{
	struct worker *worker =
		(struct worker *)((char *)timer -
				  offsetof(struct worker, look));
	mono_t now = clock_mono();
	size_t i;

	worker->look_cnt++;
	for (i = 0; i < worker->peer_cnt; i++) {
		peer_watch(&worker->peers[i], now);
		kin_looked(worker, (int)i);
		if (worker->look_cnt % (CHANNEL_PING_MS / PEER_LOOK_MS) == 0)
			load_peer(&worker->peers[i], now);
	}
	for (i = 0; i < worker->channel_cnt; i++)
		channel_judged(worker->channels[i]);
	kin_follow(worker);
	kin_pump(worker);
	loop_timer_set(&worker->loop, timer, mono_add_ms(now, PEER_LOOK_MS));
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

/** fit_channels() - As many as the setup wants: idle ones go first, then what is
 *  in use beyond that; new ones come */
static void fit_channels(struct worker *worker)
{
	size_t want = worker_channel_cnt(worker->setup, worker->id);
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
	for (number = worker->id; number < PEER_CHANNEL_CNT_MAX &&
				  cnt < relay_share(worker->setup, worker->id);
	     number += (unsigned int)worker->kin->cnt) {
		struct channel *channel = find_slot(worker);

		if (taken[number] || !channel)
			continue;
		channel_dial(channel, (int)peer, relay_idx, number);
		cnt++;
	}
}

/** dial_peers() - Cloud: all channels that are missing */
static void dial_peers(struct worker *worker)
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
	return cnt >= relay_share(worker->setup, worker->id);
}

/** retire_surplus() - Fewer channels are wanted than there are over a relay */
static void retire_surplus(struct worker *worker)
{
	size_t i = worker->channel_cnt;

	while (i-- > 0) {
		if (is_surplus(worker, i))
			channel_retire(worker->channels[i], WIRE_BYE_STOPPING,
				       "fewer channels are wanted now");
	}
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

/** watch_tun() - The queue of the setup in force */
static int watch_tun(struct worker *worker)
{
	loop_unwatch(&worker->loop, &worker->tun);
	return loop_watch(&worker->loop, &worker->tun, worker_tun(worker),
			  EPOLLIN);
}

/** move_channels() - To the peers of @setup, which comes into force here */
static void move_channels(struct worker *worker, const struct setup *setup)
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

/**
 * take_setup() - Go on with another setup
 *
 * Peers keep their channels, and channels their connections, as far as the
 * policy still has them.
 */
static void take_setup(struct worker *worker, const struct setup *setup)
{
	struct worker_reply reply = {.setup = worker->setup};
	int err;

	move_channels(worker, setup);
	retire_surplus(worker);
	fit_channels(worker);
	dial_peers(worker);
	err = watch_tun(worker);
	if (err)
		log_err("event=tun_watch_failed error=\"%s\"", strerror(-err));
	give_back(worker, &reply);
}

static void stop(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		if (worker->channels[i]->state == CHANNEL_OPEN)
			channel_end(worker->channels[i], WIRE_BYE_STOPPING,
				    "gateway stops");
	}
	loop_stop(&worker->loop);
}

static void take_accepts(struct worker *worker)
{
	struct worker_accept accept;

	while (!mailbox_take(&worker->accepts, &accept, sizeof(accept)))
		take_accept(worker, accept.address);
}

static void on_accepts(struct loop_source *source, uint32_t events)
{
	(void)events;
	take_accepts((struct worker *)((char *)source -
				       offsetof(struct worker, accept_source)));
}

static void on_order(struct loop_source *source, uint32_t events)
{
	struct worker *worker =
		(struct worker *)((char *)source -
				  offsetof(struct worker, order_source));
	struct worker_order order;

	(void)events;
	while (!mailbox_take(&worker->orders, &order, sizeof(order))) {
		/* What was posted before the order comes before it. */
		take_accepts(worker);
		switch (order.kind) {
		case WORKER_REPORT:
			fill_report(worker, order.report);
			break;
		case WORKER_SETUP:
			take_setup(worker, order.setup);
			break;
		case WORKER_STOP:
			stop(worker);
			return;
		}
	}
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	int err;

	dial_peers(worker);
	on_look(&worker->look);
	err = loop_run(&worker->loop);
	if (err)
		log_err("event=worker_failed error=\"%s\"", strerror(-err));
	return NULL;
}

/** allocate() - All memory of the first setup */
static int allocate(struct worker *worker)
{
	int err = queue_init(&worker->queue);

	if (err)
		return err;
	worker->peer_cnt = worker->setup->plan->peer_cnt;
	worker->peers = make_peers(worker, worker->setup);
	make_crew(worker);
	fit_channels(worker);
	return 0;
}

/* All signals are blocked there: they are the control thread's. */
int worker_start(struct worker *worker)
{
	sigset_t all;
	sigset_t before;
	int err;

	sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (err)
		return -err;
	err = pthread_create(&worker->thread, NULL, run, worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

/** open_mailboxes() - Those to us */
static int open_mailboxes(struct worker *worker)
{
	int err = mailbox_open(&worker->orders);

	if (!err)
		err = mailbox_open(&worker->accepts);
	if (!err)
		err = loop_watch(&worker->loop, &worker->order_source,
				 worker->orders.take_fd, EPOLLIN);
	if (!err)
		err = loop_watch(&worker->loop, &worker->accept_source,
				 worker->accepts.take_fd, EPOLLIN);
	return err;
}

int worker_open(struct worker *worker, unsigned int id,
		const struct setup *setup, const struct kin *kin,
		const struct mailbox *replies)
{
	int err;

	*worker = (struct worker){
		.id = id,
		.setup = setup,
		.kin = kin,
		.replies = replies,
		.tun = {.fd = -1, .ready = on_tun},
		.order_source = {.fd = -1, .ready = on_order},
		.accept_source = {.fd = -1, .ready = on_accepts},
		.look.fire = on_look,
	};
	err = loop_open(&worker->loop);
	if (!err)
		err = allocate(worker);
	if (!err)
		err = open_mailboxes(worker);
	if (!err)
		err = kin_join(worker);
	if (!err)
		err = watch_tun(worker);
	return err;
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void worker_close(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++)
		free_channel(worker->channels[i]);
	mailbox_close(&worker->orders);
	mailbox_close(&worker->accepts);
	loop_close(&worker->loop);
	free(worker->channels);
	for (i = 0; i < worker->peer_cnt; i++)
		drop_flows(worker, &worker->peers[i]);
	free(worker->peers);
	crew_fini(&worker->crew);
	queue_fini(&worker->queue);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * worker.c - One data-plane thread and all it may touch
 */

/**
 * DOC: Theory of operation
 *
 * The thread serves its loop: the TUN queue (uplink.c), its channels (channel.c,
 * of which there are as many as slots.c says), its siblings (kin.c), and its
 * mailboxes: orders of the control thread, and accepts that it passes on.
 *
 * Every PEER_LOOK_MS it looks at how its channels do, whoever they serve: on_look().
 */

#include "carrier/worker.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "carrier/channel_beat.h"
#include "carrier/report.h"
#include "carrier/roster.h"
#include "carrier/slots.h"
#include "carrier/uplink.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/thread.h"

/* Lines of the log at once, for a gateway with very many channels whose relay comes
 * back, and in each second of a flood. */
#define LINE_BURST 500
#define LINE_PER_S 1

static struct worker *worker_of_tun(struct loop_source *source)
{
	return (struct worker *)((char *)source - offsetof(struct worker, tun));
}

static void on_tun(struct loop_source *source, uint32_t events)
{
	(void)events;
	uplink_run(worker_of_tun(source));
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

bool worker_may_log(struct worker *worker)
{
	mono_t now = clock_mono();

	if (allowance_take(&worker->lines, now, LINE_BURST, LINE_PER_S))
		return true;
	if (retry_log_due(&worker->lines_log, now, ""))
		log_warn("event=lines_left_out reason=\"channels come and go "
			 "too often for each to be told of\"");
	return false;
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
	unsigned int look_cnt =
		1 + atomic_fetch_add_explicit(&worker->look_cnt, 1,
					      memory_order_relaxed);
	size_t i;

	for (i = 0; i < worker->peer_cnt; i++) {
		peer_watch(&worker->peers[i], now);
		kin_looked(worker, (int)i);
		if (look_cnt % (CHANNEL_PING_MS / PEER_LOOK_MS) == 0)
			load_peer(&worker->peers[i], now);
	}
	for (i = 0; i < worker->channel_cnt; i++)
		channel_beat_judged(worker->channels[i]);
	kin_follow(worker);
	kin_pump(worker);
	loop_timer_set(&worker->loop, timer, mono_add_ms(now, PEER_LOOK_MS));
}

/** watch_tun() - The queue of the setup in force */
static int watch_tun(struct worker *worker)
{
	loop_unwatch(&worker->loop, &worker->tun);
	return loop_watch(&worker->loop, &worker->tun, worker_tun(worker),
			  EPOLLIN);
}

/**
 * take_setup() - Go on with another setup
 *
 * Peers keep their channels, and channels their connections, as far as the
 * policy still has them.  With other credentials nobody waits.
 */
static void take_setup(struct worker *worker, const struct setup *setup)
{
	struct worker_reply reply = {.setup = worker->setup};
	bool same =
		credential_same(&worker->setup->credential, &setup->credential);
	size_t i;
	int err;

	roster_move(worker, setup);
	slots_retire(worker);
	slots_fit(worker);
	for (i = 0; !same && i < worker->channel_cnt; i++)
		channel_hurry(worker->channels[i]);
	slots_dial(worker);
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
		slots_accept(worker, accept.address);
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
	char name[16]; /* the kernel takes no more */
	int err;

	snprintf(name, sizeof(name), "worker-%u", worker->id);
	(void)pthread_setname_np(pthread_self(), name);
	slots_dial(worker);
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
	roster_begin(worker);
	slots_fit(worker);
	return 0;
}

int worker_start(struct worker *worker)
{
	return thread_start(&worker->thread, run, worker);
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
	slots_free(worker);
	mailbox_close(&worker->orders);
	mailbox_close(&worker->accepts);
	loop_close(&worker->loop);
	roster_free(worker);
	queue_fini(&worker->queue);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * worker.c - One data-plane thread and all it may touch
 */

/**
 * DOC: Theory of operation
 *
 * The thread serves its loop: the TUN queue (uplink.c), its channels
 * (channel.c) and its mailbox.  A cloud gateway's worker dials one channel to
 * each site gateway at the start; a site gateway's worker waits for accepts
 * that the control thread passes on.
 */

#include "carrier/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "carrier/uplink.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A site gateway's slots beyond one for each peer: a peer's new channel greets
 * while its old one still stands, and strangers must not use up all. */
#define SPARE_SLOTS 6

static struct worker *worker_of_tun(struct loop_source *source)
{
	return (struct worker *)((char *)source - offsetof(struct worker, tun));
}

static void on_tun(struct loop_source *source, uint32_t events)
{
	(void)events;
	uplink_run(worker_of_tun(source));
}

/** take_accept() - Give an accept to a free slot */
static void take_accept(struct worker *worker, const char *address)
{
	size_t i;
	int err;

	for (i = 0; i < worker->channel_cnt; i++) {
		if (worker->channels[i].state != CHANNEL_IDLE)
			continue;
		err = channel_accept(&worker->channels[i], address);
		if (err)
			log_warn("channel=%zu event=accept_failed error=\"%s\"",
				 i, strerror(-err));
		return;
	}
	log_warn("event=accept_ignored reason=\"all %zu channels are in use\"",
		 worker->channel_cnt);
}

static void report_channel(const struct channel *channel,
			   struct channel_report *report)
{
	mono_t now = clock_mono();

	*report = (struct channel_report){
		.idx = channel->idx,
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
		.opened_cnt = channel->opened_cnt,
	};
	if (channel->state == CHANNEL_WAITING)
		report->retry_ms = mono_diff_ms(channel->timer.at, now);
	memcpy(report->error, channel->error, sizeof(report->error));
}

static void report_peer(const struct worker *worker, size_t idx,
			struct peer_report *report)
{
	const struct peer *peer = &worker->peers[idx];

	*report = (struct peer_report){
		.open = peer->channel != NULL,
		.known = peer->known,
		.policy_same = peer->policy_same,
		.skew_ms = peer->skew_ms,
		.up = worker->stats.peer_up[idx],
		.down = worker->stats.peer_down[idx],
	};
	memcpy(report->instance, peer->instance, sizeof(report->instance));
	memcpy(report->software, peer->software, sizeof(report->software));
}

/** fill_report() - Copy what status shows, and give it back */
static void fill_report(struct worker *worker, struct worker_report *report)
{
	size_t i;
	int err;

	for (i = 0; i < report->channel_cnt; i++)
		report_channel(&worker->channels[i], &report->channels[i]);
	for (i = 0; i < report->peer_cnt; i++)
		report_peer(worker, i, &report->peers[i]);
	report->up = worker->stats.up;
	report->down = worker->stats.down;
	memcpy(report->drops, worker->stats.drops, sizeof(report->drops));
	report->unknown_messages = worker->stats.unknown_messages;
	err = mailbox_post(&worker->replies, &report, sizeof(report));
	if (err)
		log_err("event=report_lost error=\"%s\"", strerror(-err));
}

static void stop(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->channel_cnt; i++) {
		if (worker->channels[i].state == CHANNEL_OPEN)
			channel_end(&worker->channels[i], WIRE_BYE_STOPPING,
				    "gateway stops");
	}
	loop_stop(&worker->loop);
}

static void on_order(struct loop_source *source, uint32_t events)
{
	struct worker *worker =
		(struct worker *)((char *)source -
				  offsetof(struct worker, order_source));
	struct worker_order order;

	(void)events;
	while (!mailbox_take(&worker->orders, &order, sizeof(order))) {
		switch (order.kind) {
		case WORKER_ACCEPT:
			take_accept(worker, order.address);
			break;
		case WORKER_REPORT:
			fill_report(worker, order.report);
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
	size_t i;
	int err;

	if (worker->setup->gateway->role == ROLE_CLOUD) {
		for (i = 0; i < worker->peer_cnt; i++)
			channel_dial(&worker->channels[i], (int)i);
	}
	err = loop_run(&worker->loop);
	if (err)
		log_err("event=worker_failed error=\"%s\"", strerror(-err));
	return NULL;
}

/** allocate() - All memory the worker will ever use */
static int allocate(struct worker *worker)
{
	const struct plan *plan = worker->setup->plan;
	size_t i;

	worker->peer_cnt = plan->peer_cnt;
	worker->channel_cnt = plan->peer_cnt;
	if (worker->setup->gateway->role == ROLE_SITE)
		worker->channel_cnt = 2 * plan->peer_cnt + SPARE_SLOTS;
	worker->scratch = malloc(VNET_HDR_LEN + PKT_LEN_MAX);
	worker->peers = calloc(worker->peer_cnt + 1, sizeof(*worker->peers));
	worker->channels =
		calloc(worker->channel_cnt + 1, sizeof(*worker->channels));
	worker->stats.peer_up =
		calloc(worker->peer_cnt + 1, sizeof(struct traffic));
	worker->stats.peer_down =
		calloc(worker->peer_cnt + 1, sizeof(struct traffic));
	if (!worker->scratch || !worker->peers || !worker->channels ||
	    !worker->stats.peer_up || !worker->stats.peer_down)
		return -ENOMEM;
	for (i = 0; i < worker->peer_cnt; i++)
		worker->peers[i].gateway = plan->peers[i];
	for (i = 0; i < worker->channel_cnt; i++) {
		if (channel_init(&worker->channels[i], worker, (unsigned int)i))
			return -ENOMEM;
	}
	return 0;
}

/** start_thread() - With all signals blocked: they are the control thread's */
static int start_thread(struct worker *worker)
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

int worker_start(struct worker *worker, const struct setup *setup)
{
	int err;

	*worker = (struct worker){
		.setup = setup,
		.tun = {.fd = -1, .ready = on_tun},
		.order_source = {.fd = -1, .ready = on_order},
	};
	err = loop_open(&worker->loop);
	if (!err)
		err = allocate(worker);
	if (!err)
		err = mailbox_open(&worker->orders);
	if (!err)
		err = mailbox_open(&worker->replies);
	if (!err)
		err = loop_watch(&worker->loop, &worker->order_source,
				 worker->orders.take_fd, EPOLLIN);
	if (!err)
		err = loop_watch(&worker->loop, &worker->tun, setup->tun_fd,
				 EPOLLIN);
	/* On failure the process ends; nothing is taken apart. */
	return err ? err : start_thread(worker);
}

void worker_join(struct worker *worker)
{
	size_t i;

	pthread_join(worker->thread, NULL);
	for (i = 0; i < worker->channel_cnt; i++)
		channel_fini(&worker->channels[i]);
	mailbox_close(&worker->orders);
	mailbox_close(&worker->replies);
	loop_close(&worker->loop);
	free(worker->channels);
	free(worker->peers);
	free(worker->scratch);
	free(worker->stats.peer_up);
	free(worker->stats.peer_down);
}

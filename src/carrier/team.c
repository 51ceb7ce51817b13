/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * team.c - All workers, as the control thread has them
 */

/**
 * DOC: Theory of operation
 *
 * Orders go to all workers; what they give back comes by one mailbox, and is told
 * of when the last one has.  There is at most one order of a kind on its way to
 * each, so that a mailbox of orders is never full; accepts, of which a relay may
 * send any number, have a mailbox of their own, and are lost when that is.
 *
 * Each worker serves its orders in their sequence, and all get the same sequence:
 * so when the last report has come, all workers had the same setup when they made
 * theirs, and that is the one in force here.  The stop is the last order: what was
 * asked for before has come back when the threads have ended.
 */

#include "carrier/team.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "sys/log.h"

/** take_report() - One more */
static void take_report(struct team *team, struct worker_report *report)
{
	team->sum = report_add(team->sum, report);
	if (--team->report_due)
		return;
	report = team->sum;
	team->sum = NULL;
	team->handler->reported(team->arg, report);
}

static void on_replies(struct loop_source *source, uint32_t events)
{
	struct team *team =
		(struct team *)((char *)source - offsetof(struct team, source));
	struct worker_reply reply;

	(void)events;
	while (!mailbox_take(&team->replies, &reply, sizeof(reply))) {
		if (reply.report)
			take_report(team, reply.report);
		if (reply.setup && !--team->setup_due)
			team->handler->moved(team->arg);
	}
}

/** open_workers() - All of them before the first thread runs: they know of each
 *  other's mailboxes */
static int open_workers(struct team *team, const struct setup *setup)
{
	size_t i;
	int err = 0;

	for (i = 0; i < team->cnt && !err; i++)
		err = worker_open(&team->workers[i], (unsigned int)i, setup,
				  &team->kin, &team->replies);
	for (i = 0; i < team->cnt && !err; i++)
		err = worker_start(&team->workers[i]);
	return err;
}

int team_start(struct team *team, struct loop *loop, const struct setup *setup,
	       const struct team_handler *handler, void *arg)
{
	int err;

	*team = (struct team){
		.loop = loop,
		.handler = handler,
		.arg = arg,
		.cnt = setup->conf->workers,
		.workers = calloc(setup->conf->workers, sizeof(struct worker)),
		.source = {.fd = -1, .ready = on_replies},
	};
	if (!team->workers)
		return -ENOMEM;
	err = mailbox_open(&team->replies);
	if (!err)
		err = loop_watch(loop, &team->source, team->replies.take_fd,
				 EPOLLIN);
	if (!err)
		err = kin_open(&team->kin, team->cnt);
	if (!err)
		err = open_workers(team, setup);
	return err;
}

/** post() - An order to one worker.  There is always room for it; a kernel that has no
 *  memory for it ends the program, as malloc() would: some workers had the order */
static void post(struct team *team, size_t idx,
		 const struct worker_order *order)
{
	int err =
		mailbox_post(&team->workers[idx].orders, order, sizeof(*order));

	if (!err)
		return;
	log_err("worker=%zu event=order_lost error=\"%s\"", idx,
		strerror(-err));
	abort();
}

/** drop_reports() - Those that came back and were not taken yet */
static void drop_reports(struct team *team)
{
	struct worker_reply reply;

	while (!mailbox_take(&team->replies, &reply, sizeof(reply)))
		report_free(reply.report);
	report_free(team->sum);
}

void team_stop(struct team *team)
{
	const struct worker_order order = {.kind = WORKER_STOP};
	size_t i;

	for (i = 0; i < team->cnt; i++)
		post(team, i, &order);
	for (i = 0; i < team->cnt; i++)
		worker_join(&team->workers[i]);
	for (i = 0; i < team->cnt; i++)
		worker_close(&team->workers[i]);
	kin_close(&team->kin);
	drop_reports(team);
	loop_unwatch(team->loop, &team->source);
	mailbox_close(&team->replies);
	free(team->workers);
}

int team_accept(struct team *team, const char *address, long hint)
{
	size_t idx =
		hint >= 0 ? (size_t)hint % team->cnt : team->next++ % team->cnt;
	struct worker_accept accept = {0};

	snprintf(accept.address, sizeof(accept.address), "%s", address);
	return mailbox_post(&team->workers[idx].accepts, &accept,
			    sizeof(accept));
}

void team_move(struct team *team, const struct setup *setup)
{
	const struct worker_order order = {.kind = WORKER_SETUP,
					   .setup = setup};
	size_t i;

	team->setup_due = team->cnt;
	for (i = 0; i < team->cnt; i++)
		post(team, i, &order);
}

void team_ask(struct team *team, const struct setup *setup)
{
	struct worker_order order = {.kind = WORKER_REPORT};
	size_t i;

	team->report_due = team->cnt;
	for (i = 0; i < team->cnt; i++) {
		order.report = report_new(setup, (unsigned int)i);
		post(team, i, &order);
	}
}

unsigned int team_silent(struct team *team)
{
	unsigned int silent = 0;
	size_t i;

	for (i = 0; i < team->cnt; i++) {
		unsigned int cnt = atomic_load_explicit(
			&team->workers[i].look_cnt, memory_order_relaxed);

		if (cnt == team->look_cnts[i])
			silent = (unsigned int)i + 1;
		team->look_cnts[i] = cnt;
	}
	return silent;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * team.h - All workers, as the control thread has them
 */

#ifndef CARRIER_TEAM_H
#define CARRIER_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "carrier/kin.h"
#include "carrier/report.h"
#include "carrier/setup.h"
#include "carrier/worker.h"
#include "sys/loop.h"
#include "sys/mailbox.h"

/* An accept without a hint. */
#define TEAM_NO_HINT (-1)

/** struct team_handler - What the owner is told
 * @moved:	All workers have taken a setup and given the one before back
 * @reported:	The sum of all workers' reports, consumed
 */
struct team_handler {
	void (*moved)(void *arg);
	void (*reported)(void *arg, struct worker_report *report);
};

/**
 * struct team - The workers
 * @workers:	@cnt of them
 * @kin:	Their mailboxes to one another
 * @replies:	Their mailbox to us
 * @setup_due:	How many have yet to give a setup back
 * @report_due:	How many have yet to report
 * @sum:	Of the reports that have come
 * @next:	Who gets the next accept without a hint
 * @look_cnts:	How often each worker had looked when team_silent() last asked
 */
struct team {
	struct loop *loop;
	const struct team_handler *handler;
	void *arg;
	struct worker *workers;
	size_t cnt;
	struct kin kin;
	struct mailbox replies;
	struct loop_source source;
	size_t setup_due;
	size_t report_due;
	struct worker_report *sum;
	size_t next;
	unsigned int look_cnts[WORKER_CNT_MAX];
};

/**
 * team_start() - As many workers as @setup says
 * @team:	Storage
 * @setup:	Constant until it is given back
 * @arg:	For @handler
 *
 * Return: 0 or negative errno; then threads may run, and the process is to end
 */
int team_start(struct team *team, struct loop *loop, const struct setup *setup,
	       const struct team_handler *handler, void *arg)
	__attribute__((warn_unused_result));

/** team_stop() - All say BYE and end; everything is freed */
void team_stop(struct team *team);

/**
 * team_accept() - To one of the workers
 * @hint:	What the sender says the channel's number is, or TEAM_NO_HINT: a peer's
 *		channels are to be dealt out
 *
 * Return: 0 or negative errno: it is lost
 */
int team_accept(struct team *team, const char *address, long hint)
	__attribute__((warn_unused_result));

/** team_move() - All go on with another setup, until @handler->moved.  To be called
 *  when no setup is due */
void team_move(struct team *team, const struct setup *setup);

/** team_ask() - For reports, until @handler->reported.  To be called when none is due
 *  @setup:	Of the last team_move(), or the first */
void team_ask(struct team *team, const struct setup *setup);

/** team_silent() - Which worker has done nothing since the last call, if one has?
 *  Return: its number and 1; 0: all did something */
unsigned int team_silent(struct team *team);

#endif /* CARRIER_TEAM_H */

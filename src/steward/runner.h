/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * runner.h - The carrier's process: started, handed to, started again
 */

#ifndef STEWARD_RUNNER_H
#define STEWARD_RUNNER_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "base/time.h"
#include "steward/apply.h"
#include "steward/drain.h"
#include "steward/feed.h"
#include "steward/spawner.h"
#include "steward/vigil.h"
#include "sys/loop.h"

/**
 * enum runner_state - Life of the one carrier
 *
 * RUNNER_DOWN		None lives; @restart is armed unless we are stopping.
 *	runner_start()		-> RUNNER_STARTING
 * RUNNER_STARTING	The spawner was asked, the set is sent.
 *	HANDOVER_READY		-> RUNNER_UP
 *	SPAWNER_FAILED, _EXITED	-> RUNNER_DOWN
 * RUNNER_UP		Packets move.
 *	SPAWNER_EXITED		-> RUNNER_DOWN
 */
enum runner_state {
	RUNNER_DOWN,
	RUNNER_STARTING,
	RUNNER_UP,
};

struct runner;

/* Room for how a carrier ended, in words. */
#define RUNNER_END_SIZE 96

/**
 * struct runner - One carrier at a time
 * @ready:	Called when a new one carries packets; set by the owner
 * @stopped:	Called once none runs after runner_stop(); set by the owner
 * @failed:	Called when we cannot go on at all; set by the owner
 * @loop:	The steward's
 * @host:	Its TUN queues go to carriers (borrowed)
 * @feed:	What else carriers are handed (borrowed)
 * @spawner:	Who starts them (borrowed)
 * @answers:	What the spawner says
 * @handover:	What the carrier answers
 * @restart:	Starts the next one
 * @stop_limit:	It must have stopped by then
 * @look:	Whether it is alive is looked at then
 * @vigil:	What these looks found
 * @state:	Of the carrier
 * @stopping:	No carrier is started any more
 * @killed:	SIGKILL was sent after SIGTERM
 * @awaited:	A set was sent and not answered yet
 * @stale:	It is another one by now: to be sent after the answer
 * @failure_cnt: Carriers in a row that did not live long
 * @started:	When the last one was asked for
 * @handover_fd: Our end, -1 in RUNNER_DOWN
 * @ended_cnt:	Carriers that ended unasked so far
 * @hung_cnt:	Of them, those that hung
 * @last_end:	How the last of them did
 */
struct runner {
	void (*ready)(struct runner *runner);
	void (*stopped)(struct runner *runner);
	void (*failed)(struct runner *runner, const char *what, int err);
	struct loop *loop;
	const struct host *host;
	const struct feed *feed;
	const struct spawner *spawner;
	struct drain drain;
	struct loop_source answers;
	struct loop_source handover;
	struct loop_timer restart;
	struct loop_timer stop_limit;
	struct loop_timer look;
	struct vigil vigil;
	enum runner_state state;
	bool stopping;
	bool killed;
	bool awaited;
	bool stale;
	unsigned int failure_cnt;
	mono_t started;
	int handover_fd;
	uint32_t ended_cnt;
	uint32_t hung_cnt;
	char last_end[RUNNER_END_SIZE];
};

/**
 * runner_open() - Listen to the spawner; no carrier is started yet
 * @runner:	Caller's storage with the three callbacks set, which stays where
 *		it is; runner_close() it even after a failure
 */
int runner_open(struct runner *runner, struct loop *loop,
		const struct host *host, const struct feed *feed,
		const struct spawner *spawner)
	__attribute__((warn_unused_result));
void runner_close(struct runner *runner);

/** runner_start() - Hand everything over and have a carrier started; those after
 *  the first start by themselves */
void runner_start(struct runner *runner);

/** runner_stop() - In good order, and by force when that takes too long */
void runner_stop(struct runner *runner);

/** runner_hand_over() - The set as it is now, to the carrier that runs; as soon as it
 *  has answered the one before */
void runner_hand_over(struct runner *runner);

/** runner_notify() - What the status is to show, to the carrier that runs */
void runner_notify(const struct runner *runner, const struct strbuf *notices);

/** runner_new_queues() - The device was made anew: its old queues are dead */
void runner_new_queues(struct runner *runner);

#endif /* STEWARD_RUNNER_H */

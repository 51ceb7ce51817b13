/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * worker.h - One data-plane thread and all it may touch
 */

#ifndef CARRIER_WORKER_H
#define CARRIER_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "carrier/allowance.h"
#include "carrier/channel.h"
#include "carrier/crew.h"
#include "carrier/datagram.h"
#include "carrier/drops.h"
#include "carrier/kin.h"
#include "carrier/peer.h"
#include "carrier/queue.h"
#include "carrier/retry.h"
#include "carrier/setup.h"
#include "sys/loop.h"
#include "sys/mailbox.h"

/**
 * struct worker_stats - What the worker counted; it alone writes
 * @up:		Packets taken from the TUN and packed
 * @down:	Packets written to the TUN
 * @drops:	By enum drop_reason
 * @unknown_messages: Messages of a type we do not know, skipped
 * @passed_on:	Packets that a sibling sent in our place
 */
struct worker_stats {
	struct traffic up;
	struct traffic down;
	uint64_t drops[DROP_REASON_CNT];
	uint64_t unknown_messages;
	uint64_t passed_on;
};

/** enum worker_order_kind - What the control thread may ask for
 *
 * WORKER_REPORT	Fill @report and give it back
 * WORKER_SETUP		Go on with another setup and give the old one back
 * WORKER_STOP		Say BYE everywhere and end
 */
enum worker_order_kind {
	WORKER_REPORT,
	WORKER_SETUP,
	WORKER_STOP,
};

/** struct worker_order - A mailbox message to the worker */
struct worker_order {
	enum worker_order_kind kind;
	struct worker_report *report;
	const struct setup *setup;
};

#define WORKER_ADDRESS_SIZE 4096

/** struct worker_accept - An accept for the worker to take up, by a mailbox of its
 *  own: relays decide how many there are, and orders must always find room */
struct worker_accept {
	char address[WORKER_ADDRESS_SIZE];
};

/** struct worker_reply - A mailbox message from the worker: what it gives back,
 *  NULL for what it does not */
struct worker_reply {
	struct worker_report *report;
	const struct setup *setup;
};

struct worker_report;

/**
 * struct worker - One data-plane thread
 * @id:		Its number, which is that of its TUN queue
 * @setup:	What the steward said (constant until WORKER_SETUP)
 * @loop:	Its loop
 * @tun:	Its TUN queue
 * @queue:	Packets that wait for a channel
 * @channels:	All there are
 * @channel_serial: Number of the next channel, for logs
 * @peers:	As numbered in the plan
 * @crew:	Which of a site's peers takes a flow
 * @datagrams:	Flows of those in fragments
 * @look:	Time to look at the channels
 * @look_cnt:	How often that was done; others read it as a sign of life
 * @orders, @accepts: Mailboxes to us
 * @replies:	Mailbox from all workers (borrowed)
 * @kin:	Mailboxes between workers (borrowed), and @self, what we keep of that
 * @accepting:	Accepts that may be taken up
 * @ignored_log, @failed_log: When accepts were last said to come to nothing
 * @lines:	Lines of the log about what peers and relays make channels do
 * @lines_log:	When it was last said that there were more
 * @stats:	Counters
 *
 * No other thread touches a field, the mailboxes and @look_cnt excepted.
 */
struct worker {
	unsigned int id;
	const struct setup *setup;
	pthread_t thread;
	struct loop loop;
	struct loop_source tun;
	struct queue queue;
	struct channel **channels;
	size_t channel_cnt;
	unsigned int channel_serial;
	struct peer *peers;
	size_t peer_cnt;
	struct crew crew;
	struct datagrams datagrams;
	struct loop_timer look;
	atomic_uint look_cnt;
	struct mailbox orders;
	struct mailbox accepts;
	const struct mailbox *replies;
	struct loop_source order_source;
	struct loop_source accept_source;
	const struct kin *kin;
	struct kin_self self;
	struct allowance accepting;
	struct retry_log ignored_log;
	struct retry_log failed_log;
	struct allowance lines;
	struct retry_log lines_log;
	struct worker_stats stats;
};

/**
 * worker_open() - All it needs; its thread does not run yet
 * @worker:	Storage
 * @id:		Its number
 * @setup:	Constant until it is given back
 * @kin:	Of all workers (borrowed)
 * @replies:	Where reports and setups are given back (borrowed)
 *
 * Return: 0 or negative errno; then the process is to end
 */
int worker_open(struct worker *worker, unsigned int id,
		const struct setup *setup, const struct kin *kin,
		const struct mailbox *replies)
	__attribute__((warn_unused_result));

/** worker_start() - Start the thread; Return: 0 or negative errno */
int worker_start(struct worker *worker) __attribute__((warn_unused_result));

/** worker_join() - Wait for the thread after WORKER_STOP */
void worker_join(struct worker *worker);

/** worker_close() - Free all, once no worker's thread runs any more */
void worker_close(struct worker *worker);

/** worker_attach() - A channel is open: its peer's flows may take it */
void worker_attach(struct worker *worker, struct channel *channel);

/** worker_detach() - It is not any more, if it ever was */
void worker_detach(struct worker *worker, const struct channel *channel);

/** worker_may_log() - May a line more be logged of what peers and relays make channels
 *  do?  They can do it as often as they like */
bool worker_may_log(struct worker *worker);

/** worker_tun() - Its queue of the TUN device */
static inline int worker_tun(const struct worker *worker)
{
	return worker->setup->tun_fds[worker->id];
}

/** worker_drop() - Count a packet that goes no further */
static inline void worker_drop(struct worker *worker, enum drop_reason reason)
{
	worker->stats.drops[reason]++;
}

#endif /* CARRIER_WORKER_H */

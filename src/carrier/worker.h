/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * worker.h - One data-plane thread and all it may touch
 */

#ifndef CARRIER_WORKER_H
#define CARRIER_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "carrier/channel.h"
#include "carrier/crew.h"
#include "carrier/datagram.h"
#include "carrier/drops.h"
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
 */
struct worker_stats {
	struct traffic up;
	struct traffic down;
	uint64_t drops[DROP_REASON_CNT];
	uint64_t unknown_messages;
};

/** enum worker_order_kind - What the control thread may ask for
 *
 * WORKER_ACCEPT	Take up an accept
 * WORKER_REPORT	Fill @report and give it back
 * WORKER_SETUP		Go on with another setup and give the old one back
 * WORKER_STOP		Say BYE everywhere and end
 */
enum worker_order_kind {
	WORKER_ACCEPT,
	WORKER_REPORT,
	WORKER_SETUP,
	WORKER_STOP,
};

#define WORKER_ADDRESS_SIZE 4096

/** struct worker_order - A mailbox message to the worker */
struct worker_order {
	enum worker_order_kind kind;
	struct worker_report *report;
	const struct setup *setup;
	char address[WORKER_ADDRESS_SIZE];
};

/** struct worker_reply - A mailbox message from the worker: what it gives back,
 *  NULL for what it does not */
struct worker_reply {
	struct worker_report *report;
	const struct setup *setup;
};

/** struct channel_report - A channel as status shows it */
struct channel_report {
	unsigned int idx;
	enum channel_state state;
	bool dialled;
	int peer;
	size_t relay_idx;
	int64_t since_ms;
	int64_t retry_ms;
	uint64_t messages_in;
	uint64_t bytes_in;
	uint64_t messages_out;
	uint64_t bytes_out;
	int64_t rtt_ns;
	unsigned int number;
	unsigned int weight;
	uint64_t opened_cnt;
	char error[WSCONN_ERROR_SIZE];
};

/** struct peer_report - A peer as status shows it */
struct peer_report {
	size_t open_cnt;
	bool known;
	bool policy_same;
	int64_t skew_ms;
	uint8_t instance[WIRE_INSTANCE_LEN];
	char software[WIRE_TEXT_LEN_MAX + 1];
	struct traffic up;
	struct traffic down;
};

/**
 * struct worker_report - A worker as status shows it
 *
 * Made by the control thread with room for what its setup needs, lent to the
 * worker with an order, written there, and the control thread's again when it is
 * posted back.  Orders keep their sequence, so the room always fits the setup.
 */
struct worker_report {
	struct channel_report *channels;
	size_t channel_cnt;
	struct peer_report *peers;
	size_t peer_cnt;
	struct traffic up;
	struct traffic down;
	uint64_t drops[DROP_REASON_CNT];
	uint64_t unknown_messages;
};

/**
 * struct worker - One data-plane thread
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
 * @look_cnt:	How often that was done
 * @orders:	Mailbox to us
 * @replies:	Mailbox from us
 * @ignored_log, @failed_log: When accepts were last said to come to nothing
 * @stats:	Counters
 *
 * No other thread touches a field, the mailboxes excepted.
 */
struct worker {
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
	unsigned int look_cnt;
	struct mailbox orders;
	struct mailbox replies;
	struct loop_source order_source;
	struct retry_log ignored_log;
	struct retry_log failed_log;
	struct worker_stats stats;
};

/**
 * worker_start() - Start the thread
 * @worker:	Storage
 * @setup:	Constant until worker_join()
 *
 * Return: 0 or negative errno
 */
int worker_start(struct worker *worker, const struct setup *setup)
	__attribute__((warn_unused_result));

/** worker_channel_cnt() - How many channels a worker has under a setup, at most */
size_t worker_channel_cnt(const struct setup *setup);

/** worker_attach() - A channel is open: its peer's flows may take it */
void worker_attach(struct worker *worker, struct channel *channel);

/** worker_detach() - It is not any more, if it ever was */
void worker_detach(struct worker *worker, const struct channel *channel);

/** worker_join() - Wait for the thread after WORKER_STOP, and free all */
void worker_join(struct worker *worker);

/** worker_drop() - Count a packet that goes no further */
static inline void worker_drop(struct worker *worker, enum drop_reason reason)
{
	worker->stats.drops[reason]++;
}

#endif /* CARRIER_WORKER_H */

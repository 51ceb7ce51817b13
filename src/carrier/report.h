/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * report.h - What workers tell the control thread of themselves
 */

#ifndef CARRIER_REPORT_H
#define CARRIER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "carrier/channel.h"
#include "carrier/drops.h"
#include "carrier/peer.h"
#include "carrier/setup.h"

struct worker;

/** struct channel_report - A channel as status shows it; @worker: whose it is,
 *  @window, @rate: see flight.h */
struct channel_report {
	unsigned int idx;
	unsigned int worker;
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
	int64_t rtt_min_ns;
	uint64_t window;
	uint64_t rate;
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
	uint64_t start_ms;
	uint8_t instance[WIRE_INSTANCE_LEN];
	char software[WIRE_TEXT_LEN_MAX + 1];
	struct traffic up;
	struct traffic down;
};

/** struct worker_share - One worker's part of the work; @passed_on: packets that it
 *  gave to siblings */
struct worker_share {
	struct traffic up;
	struct traffic down;
	size_t open_cnt;
	uint64_t passed_on;
};

/**
 * struct worker_report - A worker as status shows it, or the sum of several
 * @marked:	Packets whose flow waited too long, and that say so (ECN)
 * @shares:	Of each worker, by its number; of one worker's own report only its own
 *		is filled in
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
	uint64_t marked;
	uint64_t unknown_messages;
	struct worker_share shares[WORKER_CNT_MAX];
	size_t share_cnt;
};

/** report_new() - Room for what one worker has under a setup; running out of memory
 *  ends the program */
struct worker_report *report_new(const struct setup *setup,
				 unsigned int worker);

/** report_free() - NULL is fine */
void report_free(struct worker_report *report);

/** report_fill() - By the worker: all there is to tell */
void report_fill(struct worker_report *report, const struct worker *worker);

/** report_add() - Another worker's, consumed, of the same setup
 *  @sum:	Or NULL, for the first
 *  Return: the sum */
struct worker_report *report_add(struct worker_report *sum,
				 struct worker_report *more);

#endif /* CARRIER_REPORT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * orders.h - Orders of root to a running gateway, over the socket of its lock
 *
 * One message is the order, "reload" or "reload 300" or "confirm"; one message
 * is the answer: the exit status as a digit, a newline, text for people.
 */

#ifndef STEWARD_ORDERS_H
#define STEWARD_ORDERS_H

#include <stddef.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "sys/loop.h"

/* Who asks waits for its answer: few do so at once. */
#define ORDERS_CNT_MAX 8
/* Longest order, and longest answer: what does not fit is cut. */
#define ORDERS_ORDER_LEN_MAX  128
#define ORDERS_ANSWER_LEN_MAX 65536

struct orders;

/** orders_fn - Carry out an order; add text to @answer; Return: exit status */
typedef int orders_fn(struct orders *orders, const char *order,
		      struct strbuf *answer);

/** struct orders_asker - Somebody who is connected */
struct orders_asker {
	struct loop_source source;
	struct orders *orders;
};

/**
 * struct orders - The listening end
 * @carry_out:	Called for each order, one after the other
 */
struct orders {
	struct loop *loop;
	struct loop_source lock;
	struct orders_asker askers[ORDERS_CNT_MAX];
	size_t next;
	orders_fn *carry_out;
};

/**
 * orders_open() - Begin to listen
 * @orders:	Caller's storage, which stays where it is; orders_close() it
 *		even after a failure
 * @lock:	The lock's socket (the caller's)
 */
int orders_open(struct orders *orders, struct loop *loop, int lock,
		orders_fn *carry_out) __attribute__((warn_unused_result));
void orders_close(struct orders *orders);

/**
 * orders_ask() - Give an order to the gateway that runs, and wait
 * @gateway:	Its name
 * @answer:	Receives the text
 *
 * Return: exit status; -ENOENT when it does not run, or another negative errno
 *	   with an entry in @diag
 */
int orders_ask(const char *gateway, const char *order, struct strbuf *answer,
	       struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_ORDERS_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * refresh.h - Keeps an Entra token in its box, renewed ahead of its end
 *
 * Runs in the control thread; idle with other credentials.
 */

#ifndef CARRIER_REFRESH_H
#define CARRIER_REFRESH_H

#include "carrier/setup.h"
#include "sys/fetch.h"
#include "sys/loop.h"

/**
 * struct refresh - One token
 * @loop:	The control thread's
 * @setup:	In force
 * @box:	Where tokens go
 * @came:	Called with @arg after each new token
 * @timer:	When to ask next
 * @fetch:	The request under way
 * @failure_cnt: Failures in a row
 * @error:	Last failure that was logged, "" after a success
 */
struct refresh {
	struct loop *loop;
	const struct setup *setup;
	struct token_box box;
	void (*came)(void *arg);
	void *arg;
	struct loop_timer timer;
	struct fetch fetch;
	unsigned int failure_cnt;
	char error[512];
};

/** refresh_init() - Storage and box; Return: 0 or negative errno */
int refresh_init(struct refresh *refresh, struct loop *loop,
		 void (*came)(void *arg), void *arg)
	__attribute__((warn_unused_result));
void refresh_fini(struct refresh *refresh);

/** refresh_moved() - A setup comes into force: ask, if its credential is another
 *  than before and tokens are to be asked for */
void refresh_moved(struct refresh *refresh, const struct setup *setup);

#endif /* CARRIER_REFRESH_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * listen.h - The control channel of a site gateway at one relay
 *
 * libhyco's listener on a stream: lends it the loop and tokens, logs what it says
 * and passes accepts on.  Runs in the control thread.
 */

#ifndef CARRIER_LISTEN_H
#define CARRIER_LISTEN_H

#include <hyco/listener.h>

#include "base/time.h"
#include "carrier/retry.h"
#include "carrier/setup.h"
#include "carrier/wsconn.h"

/**
 * struct listener - One registration
 * @setup:	Constant
 * @accept:	Called with each accept's address (checked), and the number that the
 *		sender says its channel has, from 0 on, or -1
 * @arg:	For @accept
 * @url:	The relay's, as in the policy
 * @hyco:	Protocol, delays, renewal
 * @timer:	When @hyco wants its turn
 * @since:	When it took its present state
 * @registered:	The relay lists us
 * @registered_cnt: How often it did
 * @accept_cnt:	Accepts passed on
 * @log:	Which failure was logged last
 * @refused_log, @malformed_log: When a message was last said to be ignored
 * @error:	Why it ended last, "" when it never did
 */
struct listener {
	const struct setup *setup;
	void (*accept)(void *arg, const char *address, long hint);
	void *arg;
	const char *url;
	struct hyco_listener *hyco;
	struct wsconn conn;
	struct loop *loop;
	struct loop_timer timer;
	mono_t since;
	bool registered;
	uint64_t registered_cnt;
	uint64_t accept_cnt;
	struct retry_log log;
	struct retry_log refused_log;
	struct retry_log malformed_log;
	char error[WSCONN_ERROR_SIZE];
};

/**
 * listener_start() - Register, and stay registered for ever
 * @listener:	Storage
 * @url:	Relay's URL (borrowed for the life of @listener)
 *
 * Return: 0, -ENOMEM, or -EBADMSG: the URL is malformed
 */
int listener_start(struct listener *listener, struct loop *loop,
		   const struct setup *setup, const char *url,
		   void (*accept)(void *arg, const char *address, long hint),
		   void *arg) __attribute__((warn_unused_result));

/** listener_moved() - The setup has changed, the relay has not
 * @url:	The same text in the new policy */
void listener_moved(struct listener *listener, const struct setup *setup,
		    const char *url);

/** listener_token_came() - A token can be had again: no need to wait */
void listener_token_came(struct listener *listener);

/** listener_stop() - Sign off and free */
void listener_stop(struct listener *listener);

#endif /* CARRIER_LISTEN_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * verb_down.c - `relaytun down`: stop a gateway and remove all traces
 */

#include "steward/verb.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "steward/apply.h"
#include "steward/feed.h"
#include "steward/lock.h"
#include "steward/owner.h"
#include "steward/privilege.h"

/**
 * DOC: Theory of operation
 *
 * gateway.cfg is all that is needed: a policy that is broken or gone must not
 * keep anybody from removing a gateway.
 */

#define DOWN_WAIT_MS 5000

/**
 * stop_running() - Have a running steward remove everything and end
 *
 * Return: whether none runs any more
 */
static bool stop_running(struct steward *steward)
{
	int pidfd = lock_owner(steward->conf->name, &steward->diag);
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	bool ended;

	if (pidfd < 0)
		return pidfd == -ENOENT;
	ended = (pidfd_send_signal(pidfd, SIGINT, NULL, 0) == 0 &&
		 poll(&gone, 1, DOWN_WAIT_MS) == 1) ||
		errno == ESRCH;
	close(pidfd);
	if (!ended)
		diag_error(&steward->diag, NULL, 0,
			   "gateway %s was told to stop and still runs after "
			   "%d seconds; look at its log, then try again",
			   steward->conf->name, DOWN_WAIT_MS / 1000);
	return ended;
}

/** remove_locked() - Nobody else is at it: remove what stands */
static int remove_locked(struct steward *steward)
{
	const char *socket = steward->conf->status_socket;
	int err = 0;

	if (feed_status_lives(socket)) {
		/* The lock is one of this network namespace only. */
		diag_error(&steward->diag, socket, 0,
			   "a gateway answers there, but runs in another "
			   "network namespace; go there to remove it");
		err = -EBUSY;
	}
	if (!err)
		err = apply_remove(steward->conf, &steward->diag);
	if (err) {
		verb_print(steward);
		return EXIT_FAILURE;
	}
	verb_remove_socket(steward);
	verb_print(steward); /* warnings */
	if (owner_of(steward->conf->name, &steward->diag) == OWNER_OTHER)
		printf("table inet relaytun_%s is left: this gateway did not "
		       "make it\n",
		       steward->conf->name);
	printf("gateway %s is removed\n", steward->conf->name);
	return EXIT_SUCCESS;
}

int verb_down(struct steward *steward)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN};
	int status;
	int lock;

	if (!verb_read_conf(steward)) {
		verb_print(steward);
		return EXIT_WRONG_USAGE;
	}
	if (privilege_check(caps, 1, &steward->diag) ||
	    !stop_running(steward)) {
		verb_print(steward);
		return EXIT_FAILURE;
	}
	lock = lock_take(steward->conf->name, &steward->diag);
	if (lock < 0) {
		verb_print(steward);
		return EXIT_FAILURE;
	}
	status = remove_locked(steward);
	close(lock);
	return status;
}

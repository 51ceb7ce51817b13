/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * thread.c - Threads beside the one that a process begins with
 */

#include "sys/thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all;
	sigset_t before;
	int err;

	sigfillset(&all);
	/* Blocked, it would end the process before sandbox.c can say why. */
	sigdelset(&all, SIGSYS);
	err = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (err)
		return -err;
	err = pthread_create(thread, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

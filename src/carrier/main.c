/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun-carrier: the process that faces the network
 */

/**
 * DOC: Theory of operation
 *
 * Started by the steward's spawner as an unprivileged user, with a socket to the
 * steward as descriptor HANDOVER_FD.  Everything else comes through it.  The
 * control thread (this one, carrier.c) keeps the listener registrations and
 * answers status; the worker moves packets.  The steward's end
 * of the socket closing means: stop.
 *
 * Once it has the first set, and before it speaks with anybody but the steward, the
 * process gives up most of what a process can do (confine.c).
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "carrier/carrier.h"
#include "sys/confine.h"
#include "sys/log.h"

/** gather() - Take the steward's messages up to GO, waiting for them */
static int gather(struct setup *setup)
{
	struct handover_msg msg;
	int fd;

	for (;;) {
		int got = handover_receive(HANDOVER_FD, &msg, &fd);
		int err;

		if (got <= 0)
			return got < 0 ? got : -EPIPE;
		if (msg.type == HANDOVER_GO)
			return 0;
		err = setup_take(setup, &msg, fd);
		if (err)
			return err;
	}
}

/** harden() - No core dumps: there are keys in memory */
static void harden(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

/** take_files() - As many open files as we may have: each channel has several, and
 *  what starts programs lets them have few at first, for those that use select() */
static void take_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/** refuse() - Tell the steward why its set cannot be used */
static void refuse(const char *why)
{
	struct handover_msg msg = {.type = HANDOVER_REFUSED};

	log_err("event=refused reason=\"%s\"", why);
	snprintf(msg.text, sizeof(msg.text), "%s", why);
	if (handover_send(HANDOVER_FD, &msg, -1))
		log_err("event=failed error=\"the steward is gone\"");
}

/**
 * take_setup() - The steward's first set, gathered and judged
 *
 * Return: heap memory, or NULL when there is none that can be used
 */
static struct setup *take_setup(void)
{
	struct setup *setup = malloc(sizeof(*setup));
	char why[200] = "";
	int err;

	if (!setup)
		return NULL;
	setup_init(setup);
	err = gather(setup);
	if (err)
		log_err("event=failed error=\"no set from the steward: %s; "
			"this program is started by relaytun gateway\"",
			strerror(-err));
	else if (setup_finish(setup, NULL, why, sizeof(why)))
		refuse(why);
	else
		return setup;
	setup_fini(setup);
	free(setup);
	return NULL;
}

/**
 * leave() - End, without what libraries do at an exit
 *
 * A thread that a passage left to itself (passage.c) may still be in the library of
 * Kerberos: its memory is not taken away under it.  A build with sanitizers looks
 * for leaks at its exit, and takes the risk.
 */
static int leave(int status)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	(void)fflush(NULL);
	_exit(status);
#else
	return status;
#endif
}

int main(void)
{
	struct setup *setup;
	char name[NAME_LEN_MAX + 32];
	int err;

	harden();
	take_files();
	log_open("relaytun-carrier", LOG_LEVEL_INFO);
	if (stream_global_init()) {
		log_err("event=failed error=\"out of memory\"");
		return EXIT_FAILURE;
	}
	setup = take_setup();
	if (!setup)
		return EXIT_FAILURE;
	snprintf(name, sizeof(name), "relaytun-carrier[%s]",
		 setup->gateway->name);
	log_open(name, LOG_LEVEL_INFO);
	confine(NULL, 0, NULL);
	err = carrier_run(setup);
	if (err)
		log_err("event=failed error=\"%s\"", strerror(-err));
	else
		log_info("event=stopped");
	return leave(err ? EXIT_FAILURE : EXIT_SUCCESS);
}

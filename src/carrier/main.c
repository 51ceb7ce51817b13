/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * main.c - relaytun-carrier: the process that faces the network
 */

/**
 * DOC: Theory of operation
 *
 * Started by the steward's spawner as an unprivileged user, with a socket to the
 * steward as descriptor HANDOVER_FD.  Everything else comes through it.  The
 * control thread (this one) takes the set, starts the worker, keeps the listener
 * registrations and answers status; the worker moves packets.  The steward's end
 * of the socket closing means: stop.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "carrier/carrier.h"
#include "carrier/status.h"
#include "sys/clock.h"
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

static int answer(enum handover_type type, const char *text)
{
	struct handover_msg msg = {.type = type};

	snprintf(msg.text, sizeof(msg.text), "%s", text);
	return handover_send(HANDOVER_FD, &msg, -1);
}

/** on_handover() - After GO the steward only ever leaves, or sends a new set:
 *  that is for a new carrier */
static void on_handover(struct loop_source *source, uint32_t events)
{
	struct carrier *carrier =
		(struct carrier *)((char *)source -
				   offsetof(struct carrier, handover));

	(void)events;
	loop_stop(&carrier->loop);
}

/** on_accept() - From a listener to the worker */
static void on_accept(void *arg, const char *address)
{
	struct carrier *carrier = arg;
	struct worker_order order = {.kind = WORKER_ACCEPT};
	int err;

	snprintf(order.address, sizeof(order.address), "%s", address);
	err = mailbox_post(&carrier->worker.orders, &order, sizeof(order));
	if (err)
		log_warn("event=accept_lost error=\"%s\"", strerror(-err));
}

static int start_listeners(struct carrier *carrier)
{
	const struct policy_gateway *gateway = carrier->setup.gateway;
	size_t i;

	carrier->listeners =
		calloc(gateway->relay_cnt + 1, sizeof(*carrier->listeners));
	if (!carrier->listeners)
		return -ENOMEM;
	for (i = 0; i < gateway->relay_cnt; i++) {
		int err = listener_start(&carrier->listeners[i], &carrier->loop,
					 &carrier->setup, gateway->relays[i],
					 on_accept, carrier);

		if (err)
			return err;
		carrier->listener_cnt++;
	}
	return 0;
}

/** struct stopper - SIGTERM and SIGINT as a source */
struct stopper {
	struct loop_source source;
	struct loop *loop;
};

static void on_signal(struct loop_source *source, uint32_t events)
{
	struct stopper *stopper =
		(struct stopper *)((char *)source -
				   offsetof(struct stopper, source));

	(void)events;
	loop_stop(stopper->loop);
}

static int watch_signals(struct stopper *stopper, struct loop *loop)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*stopper = (struct stopper){{.fd = -1, .ready = on_signal}, loop};
	return loop_watch(loop, &stopper->source, fd, EPOLLIN);
}

static void stop_worker(struct carrier *carrier)
{
	struct worker_order order = {.kind = WORKER_STOP};

	if (mailbox_post(&carrier->worker.orders, &order, sizeof(order)) == 0)
		worker_join(&carrier->worker);
}

/** serve() - From a complete set to the end; Return: 0 or negative errno */
static int serve(struct carrier *carrier)
{
	struct stopper stopper = {.source.fd = -1};
	struct status status;
	size_t i;
	int err = loop_open(&carrier->loop);

	if (!err)
		err = watch_signals(&stopper, &carrier->loop);
	if (!err)
		err = worker_start(&carrier->worker, &carrier->setup);
	if (!err)
		err = status_start(&status, carrier);
	if (!err)
		err = start_listeners(carrier);
	carrier->handover =
		(struct loop_source){.fd = -1, .ready = on_handover};
	if (!err)
		err = loop_watch(&carrier->loop, &carrier->handover,
				 HANDOVER_FD, EPOLLIN);
	if (!err)
		err = answer(HANDOVER_READY, "");
	if (err)
		return err;

	log_info("event=started role=%s peers=%zu",
		 gateway_role_name(carrier->setup.gateway->role),
		 carrier->setup.plan->peer_cnt);
	err = loop_run(&carrier->loop);
	for (i = 0; i < carrier->listener_cnt; i++)
		listener_stop(&carrier->listeners[i]);
	stop_worker(carrier);
	status_stop(&status);
	free(carrier->listeners);
	loop_close(&carrier->loop);
	close(stopper.source.fd);
	return err;
}

/** harden() - No core dumps: there are keys in memory */
static void harden(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

int main(void)
{
	struct carrier carrier = {0};
	char name[NAME_LEN_MAX + 32];
	char why[200] = "";
	int err;

	harden();
	log_open("relaytun-carrier", LOG_LEVEL_INFO);
	if (stream_global_init()) {
		log_err("event=failed error=\"libcurl cannot be initialised\"");
		return EXIT_FAILURE;
	}
	setup_init(&carrier.setup);
	err = gather(&carrier.setup);
	if (err) {
		log_err("event=failed error=\"no set from the steward: %s; "
			"this program is started by relaytun gateway\"",
			strerror(-err));
		return EXIT_FAILURE;
	}
	if (setup_finish(&carrier.setup, why, sizeof(why))) {
		log_err("event=refused reason=\"%s\"", why);
		(void)!answer(HANDOVER_REFUSED, why);
		return EXIT_FAILURE;
	}
	snprintf(name, sizeof(name), "relaytun-carrier[%s]",
		 carrier.setup.gateway->name);
	log_open(name, LOG_LEVEL_INFO);
	carrier.started = clock_mono();
	err = serve(&carrier);
	if (err)
		log_err("event=failed error=\"%s\"", strerror(-err));
	else
		log_info("event=stopped");
	setup_fini(&carrier.setup);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

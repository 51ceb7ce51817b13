/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * carrier.c - The control thread: setups, registrations, status
 */

/**
 * DOC: Theory of operation
 *
 * Start	The first setup is complete: workers, status socket and listeners
 *		start, and the steward is told READY.
 * Reload	The steward sends a whole new set.  It is gathered and judged here;
 *		one that cannot be used is REFUSED, and nothing has changed.  Else
 *		the workers get it by order and give the old one back: when the
 *		last has, the new one is in force here too (reports and setups come
 *		back in the order in which they were asked for, so the sum of
 *		reports always fits the setup in force: team.c).
 * Life	The steward asks once a second whether we live.  This thread answers, and
 *		says which worker has done nothing since, if one has.
 * End		A signal, or the steward's end of the socket closes.
 */

#include "carrier/carrier.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/log.h"

static int answer(enum handover_type type, const char *text)
{
	struct handover_msg msg = {.type = type};

	snprintf(msg.text, sizeof(msg.text), "%s", text);
	return handover_send(HANDOVER_FD, &msg, -1);
}

static void free_setup(struct setup *setup)
{
	if (setup)
		setup_fini(setup);
	free(setup);
}

/** on_accept() - From a listener to a worker */
static void on_accept(void *arg, const char *address, long hint)
{
	struct carrier *carrier = arg;
	int err = team_accept(&carrier->team, address, hint);

	if (err && retry_log_due(&carrier->lost_log, clock_mono(), ""))
		log_warn("event=accept_lost error=\"%s\"", strerror(-err));
}

/** on_token() - An Entra token came: who waited for one may go on */
static void on_token(void *arg)
{
	struct carrier *carrier = arg;
	size_t i;

	for (i = 0; i < carrier->listener_cnt; i++)
		listener_token_came(carrier->listeners[i]);
}

/** take_listener() - The one that registers at @url already, taken out of the
 *  list; NULL when there is none */
static struct listener *take_listener(struct carrier *carrier, const char *url)
{
	size_t i;

	for (i = 0; i < carrier->listener_cnt; i++) {
		struct listener *listener = carrier->listeners[i];

		if (strcmp(listener->url, url))
			continue;
		carrier->listeners[i] =
			carrier->listeners[--carrier->listener_cnt];
		return listener;
	}
	return NULL;
}

/** start_listener() - A new registration; Return: NULL when out of memory */
static struct listener *start_listener(struct carrier *carrier, const char *url)
{
	struct listener *listener = malloc(sizeof(*listener));
	int err = listener ? listener_start(listener, &carrier->loop,
					    carrier->setup, url, on_accept,
					    carrier)
			   : -ENOMEM;

	if (!err)
		return listener;
	log_err("listener=%s event=not_started error=\"%s\"", url,
		strerror(-err));
	free(listener);
	return NULL;
}

static void stop_listeners(struct carrier *carrier)
{
	while (carrier->listener_cnt) {
		struct listener *listener =
			carrier->listeners[--carrier->listener_cnt];

		listener_stop(listener);
		free(listener);
	}
	free(carrier->listeners);
	carrier->listeners = NULL;
}

/** fit_listeners() - Those of the setup in force: the same go on, others stop,
 *  new ones start */
static void fit_listeners(struct carrier *carrier)
{
	const struct policy_gateway *gateway = carrier->setup->gateway;
	struct listener **now = calloc(gateway->relay_cnt + 1, sizeof(*now));
	size_t cnt = 0;
	size_t i;

	if (!now)
		abort();
	for (i = 0; i < gateway->relay_cnt; i++) {
		const char *url = gateway->relays[i];
		struct listener *listener = take_listener(carrier, url);

		if (listener)
			listener_moved(listener, carrier->setup, url);
		else
			listener = start_listener(carrier, url);
		if (listener)
			now[cnt++] = listener;
	}
	stop_listeners(carrier);
	carrier->listeners = now;
	carrier->listener_cnt = cnt;
}

/** refuse() - The gathered set cannot be used; all stays as it is */
static void refuse(struct carrier *carrier, const char *why)
{
	log_warn("event=reload_refused reason=\"%s\"", why);
	free_setup(carrier->gathering);
	carrier->gathering = NULL;
	if (answer(HANDOVER_REFUSED, why))
		loop_stop(&carrier->loop);
}

/** take_go() - The gathered set is complete: judge it and pass it on */
static void take_go(struct carrier *carrier)
{
	char why[200];

	if (setup_finish(carrier->gathering, carrier->setup, why,
			 sizeof(why))) {
		refuse(carrier, why);
		return;
	}
	carrier->gathering->credential.box = &carrier->refresh.box;
	carrier->next = carrier->gathering;
	carrier->gathering = NULL;
	loop_unwatch(&carrier->loop, &carrier->handover);
	team_move(&carrier->team, carrier->next);
}

/** take_notices() - In place of those before */
static void take_notices(struct carrier *carrier, int fd)
{
	char *text;
	ssize_t len = fd < 0 ? -EBADMSG
			     : handover_read_text(fd, NOTICES_LEN_MAX, &text);

	if (fd >= 0)
		close(fd);
	if (len < 0) {
		log_warn("event=notices_refused error=\"%s\"",
			 strerror((int)-len));
		return;
	}
	free(carrier->notices);
	carrier->notices = text;
}

/** answer_ask() - We are alive; are all workers? */
static void answer_ask(struct carrier *carrier)
{
	const struct handover_msg msg = {
		.type = HANDOVER_ALIVE,
		.value = team_silent(&carrier->team),
	};

	if (handover_send(HANDOVER_FD, &msg, -1))
		loop_stop(&carrier->loop);
}

/** take_other() - A message that is of no set; Return: whether it was one */
static bool take_other(struct carrier *carrier, const struct handover_msg *msg,
		       int fd)
{
	switch (msg->type) {
	case HANDOVER_NOTICES:
		take_notices(carrier, fd);
		return true;
	case HANDOVER_ENDED:
		carrier->ended = *msg;
		return true;
	case HANDOVER_HUNG:
		carrier->hung_cnt = msg->value;
		return true;
	case HANDOVER_ASK:
		answer_ask(carrier);
		return true;
	default:
		return false;
	}
}

/** take_message() - One of the messages of a new set, or another */
static void take_message(struct carrier *carrier,
			 const struct handover_msg *msg, int fd)
{
	if (take_other(carrier, msg, fd))
		return;
	if (!carrier->gathering) {
		carrier->gathering = malloc(sizeof(*carrier->gathering));
		if (!carrier->gathering)
			abort();
		setup_init(carrier->gathering);
	}
	if (msg->type == HANDOVER_GO)
		take_go(carrier);
	else if (setup_take(carrier->gathering, msg, fd))
		refuse(carrier, "the set has a part that is not what it says");
}

static void on_handover(struct loop_source *source, uint32_t events)
{
	struct carrier *carrier =
		(struct carrier *)((char *)source -
				   offsetof(struct carrier, handover));
	struct handover_msg msg;
	int fd;
	int got = handover_receive(HANDOVER_FD, &msg, &fd);

	(void)events;
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		log_info("event=steward_left");
		loop_stop(&carrier->loop);
		return;
	}
	take_message(carrier, &msg, fd);
}

static int watch_handover(struct carrier *carrier)
{
	return loop_watch(&carrier->loop, &carrier->handover, HANDOVER_FD,
			  EPOLLIN);
}

/** log_way() - What is shown to relays, and how they are reached */
static void log_way(const struct carrier *carrier)
{
	char proxy[256];

	netpath_proxy(&carrier->setup->path, proxy, sizeof(proxy));
	log_info("event=way credential=\"%s\" proxy=\"%s\"",
		 carrier->setup->credential.words, *proxy ? proxy : "none");
}

/** on_moved() - All workers have taken @next and gave the old one back */
static void on_moved(void *arg)
{
	struct carrier *carrier = arg;
	struct setup *old = carrier->setup;
	int err;

	carrier->setup = carrier->next;
	carrier->next = NULL;
	refresh_moved(&carrier->refresh, carrier->setup);
	fit_listeners(carrier);
	err = status_moved(&carrier->status);
	if (!err)
		err = watch_handover(carrier);
	free_setup(old);
	log_way(carrier);
	log_info("event=reloaded peers=%zu", carrier->setup->plan->peer_cnt);
	if (!err)
		err = answer(HANDOVER_READY, "");
	if (err) {
		log_err("event=failed error=\"%s\"", strerror(-err));
		loop_stop(&carrier->loop);
	}
}

static void on_reported(void *arg, struct worker_report *report)
{
	struct carrier *carrier = arg;

	status_answer(&carrier->status, report);
}

static const struct team_handler team_handler = {
	.moved = on_moved,
	.reported = on_reported,
};

static void on_signal(struct loop_source *source, uint32_t events)
{
	struct carrier *carrier =
		(struct carrier *)((char *)source -
				   offsetof(struct carrier, signals));

	(void)events;
	loop_stop(&carrier->loop);
}

/** watch_signals() - SIGTERM and SIGINT; Return: 0 or negative errno */
static int watch_signals(struct carrier *carrier)
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
	return loop_watch(&carrier->loop, &carrier->signals, fd, EPOLLIN);
}

/** start() - All that runs; after a failure the process ends */
static int start(struct carrier *carrier)
{
	int err = loop_open(&carrier->loop);

	if (!err)
		err = watch_signals(carrier);
	if (!err)
		err = refresh_init(&carrier->refresh, &carrier->loop, on_token,
				   carrier);
	carrier->setup->credential.box = &carrier->refresh.box;
	if (!err)
		err = team_start(&carrier->team, &carrier->loop, carrier->setup,
				 &team_handler, carrier);
	if (!err)
		err = status_start(&carrier->status, carrier);
	if (!err)
		err = watch_handover(carrier);
	if (!err)
		err = answer(HANDOVER_READY, "");
	return err;
}

/** stop() - In the opposite order */
static void stop(struct carrier *carrier)
{
	stop_listeners(carrier);
	team_stop(&carrier->team);
	refresh_fini(&carrier->refresh);
	status_stop(&carrier->status);
	close(carrier->signals.fd);
	loop_close(&carrier->loop);
	free_setup(carrier->gathering);
	free_setup(carrier->next);
	free_setup(carrier->setup);
}

int carrier_run(struct setup *setup)
{
	struct carrier *carrier = malloc(sizeof(*carrier));
	int err;

	if (!carrier)
		return -ENOMEM;
	*carrier = (struct carrier){
		.setup = setup,
		.handover = {.fd = -1, .ready = on_handover},
		.signals = {.fd = -1, .ready = on_signal},
	};
	err = start(carrier);
	if (err)
		return err; /* threads may run: the process ends at once */
	refresh_moved(&carrier->refresh, carrier->setup);
	fit_listeners(carrier);
	log_info("event=started role=%s peers=%zu workers=%u",
		 gateway_role_name(setup->gateway->role), setup->plan->peer_cnt,
		 setup->conf->workers);
	log_way(carrier);
	err = loop_run(&carrier->loop);
	stop(carrier);
	free(carrier->notices);
	free(carrier);
	return err;
}

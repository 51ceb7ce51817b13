/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * listen.c - The control channel of a site gateway at one relay
 */

/**
 * DOC: Theory of operation
 *
 * turn() asks the protocol what is to be done until it has nothing more: give it
 * a token, open or close the transport, pass an accept on.  It runs after bytes
 * came, after the stream took bytes again, and when the protocol's own deadline
 * has come (@timer).
 */

#include "carrier/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/channel.h"
#include "sys/clock.h"
#include "sys/log.h"

static struct listener *listener_of_conn(struct wsconn *conn)
{
	return (struct listener *)((char *)conn -
				   offsetof(struct listener, conn));
}

/** give_token() - Answer HYCO_LISTENER_TOKEN */
static void give_token(struct listener *listener, int64_t now_ms)
{
	char token[CREDENTIAL_TOKEN_SIZE];
	const char *why;
	int64_t life_s;
	ssize_t len = credential_token(&listener->setup->credential,
				       hyco_listener_uri(listener->hyco), token,
				       &life_s, &why);

	if (len < 0 ||
	    hyco_listener_token(listener->hyco, token, life_s * 1000, now_ms))
		hyco_listener_no_token(listener->hyco,
				       len < 0 ? why : "it is too long",
				       now_ms);
	explicit_bzero(token, sizeof(token));
}

/** connect_relay() - Answer HYCO_LISTENER_CONNECT */
static void connect_relay(struct listener *listener)
{
	int err;

	wsconn_show(&listener->conn, listener->setup->credential.words);
	err = wsconn_connect(&listener->conn, &listener->setup->path);
	if (err)
		hyco_conn_lost(listener->conn.ws, strerror(-err));
}

static void registered(struct listener *listener)
{
	wsconn_opened(&listener->conn);
	listener->registered = true;
	listener->registered_cnt++;
	listener->log = (struct retry_log){0};
	listener->since = clock_mono();
	log_info("listener=%s event=registered", listener->url);
}

/** ended() - The attempt or the registration; it goes on by itself */
static void ended(struct listener *listener,
		  const struct hyco_listener_event *event)
{
	wsconn_drop(&listener->conn, event->end);
	if (event->reason) {
		log_info("listener=%s event=anew reason=\"%s\"", listener->url,
			 event->reason);
		listener->registered = false;
		listener->since = clock_mono();
		return;
	}
	snprintf(listener->error, sizeof(listener->error), "%s",
		 listener->conn.error);
	if (listener->registered ||
	    retry_log_due(&listener->log, clock_mono(), listener->error))
		log_warn("listener=%s event=%s retry_ms=%lld reason=\"%s\"",
			 listener->url,
			 event->was_registered ? "lost"
			 : event->is_config    ? "misconfigured"
					       : "refused",
			 (long long)event->retry_ms, listener->error);
	listener->registered = false;
	listener->since = clock_mono();
}

/** refuse_request() - We carry packets: HTTP is not answered here */
static void refuse_request(struct listener *listener,
			   const struct hyco_exchange *exchange)
{
	const struct hyco_response response = {
		.id = exchange->request.id,
		.status = 501,
		.description = "this is a relaytun gateway",
	};

	if (exchange->request.method[0] &&
	    hyco_listener_respond(listener->hyco, &response, NULL, 0))
		log_debug("listener=%s event=request_not_answered",
			  listener->url);
}

/** log_ignored() - A message that is not followed: a relay may send any number,
 *  each with another @reason, so that only @event counts */
static void log_ignored(const struct listener *listener, struct retry_log *log,
			const char *event, const char *reason)
{
	if (retry_log_due(log, clock_mono(), event))
		log_warn("listener=%s event=%s reason=\"%s\"", listener->url,
			 event, reason);
}

/** read_hint() - What the sender says is the number of its channel; -1 when it says
 *  nothing of use.  Anybody's word, of which nothing but work may depend */
static long read_hint(const struct hyco_listener_event *event)
{
	char text[4];
	ssize_t len = hyco_message_header(event->text, event->text_len,
					  CHANNEL_HINT, text, sizeof(text));

	if (len <= 0 || strspn(text, "0123456789") != (size_t)len)
		return -1;
	return strtol(text, NULL, 10);
}

static void take_event(struct listener *listener,
		       enum hyco_listener_event_kind kind,
		       const struct hyco_listener_event *event, int64_t now_ms)
{
	switch (kind) {
	case HYCO_LISTENER_NOTHING:
		return;
	case HYCO_LISTENER_TOKEN:
		give_token(listener, now_ms);
		return;
	case HYCO_LISTENER_CONNECT:
		connect_relay(listener);
		return;
	case HYCO_LISTENER_REGISTERED:
		registered(listener);
		return;
	case HYCO_LISTENER_ACCEPT:
		listener->accept_cnt++;
		listener->accept(listener->arg, event->accept->address,
				 read_hint(event));
		return;
	case HYCO_LISTENER_REFUSED:
		log_ignored(listener, &listener->refused_log, "accept_refused",
			    event->reason);
		return;
	case HYCO_LISTENER_REQUEST:
		refuse_request(listener, event->exchange);
		return;
	case HYCO_LISTENER_MALFORMED:
		log_ignored(listener, &listener->malformed_log,
			    "malformed_message", event->reason);
		return;
	case HYCO_LISTENER_ENDED:
		ended(listener, event);
		return;
	}
}

/** set_timer() - For the protocol's next turn */
static void set_timer(struct listener *listener, int64_t now_ms)
{
	int64_t at_ms = hyco_listener_deadline_ms(listener->hyco);

	if (at_ms == HYCO_NEVER) {
		loop_timer_cancel(listener->loop, &listener->timer);
		return;
	}
	loop_timer_set(
		listener->loop, &listener->timer,
		mono_add_ms(clock_mono(), at_ms > now_ms ? at_ms - now_ms : 0));
}

/** turn() - All that is to be done now */
static void turn(struct listener *listener)
{
	int64_t now_ms = wsconn_now_ms();
	enum hyco_listener_event_kind kind;
	struct hyco_listener_event event;

	do {
		kind = hyco_listener_next(listener->hyco, now_ms, &event);
		take_event(listener, kind, &event, now_ms);
	} while (kind != HYCO_LISTENER_NOTHING);
	set_timer(listener, now_ms);
}

static void on_turn(struct wsconn *conn)
{
	turn(listener_of_conn(conn));
}

static void on_timer(struct loop_timer *timer)
{
	struct listener *listener =
		(struct listener *)((char *)timer -
				    offsetof(struct listener, timer));

	turn(listener);
	/* A Pong, or a renewal. */
	wsconn_flush(&listener->conn);
}

int listener_start(struct listener *listener, struct loop *loop,
		   const struct setup *setup, const char *url,
		   void (*accept)(void *arg, const char *address, long hint),
		   void *arg)
{
	static const struct wsconn_handler handler = {.turn = on_turn};
	const struct hyco_listener_config config = {
		.address = url,
		.agent = "relaytun/" RELAYTUN_VERSION,
		.hosts = setup->conf->access.rendezvous_hosts,
		.host_cnt = setup->conf->access.rendezvous_host_cnt,
		.random = wsconn_random,
	};
	const char *why;

	*listener = (struct listener){
		.setup = setup,
		.accept = accept,
		.arg = arg,
		.url = url,
		.loop = loop,
		.timer.fire = on_timer,
		.since = clock_mono(),
	};
	listener->hyco = hyco_listener_new(&config, &why);
	if (!listener->hyco)
		return -EBADMSG;
	wsconn_init(&listener->conn, loop, &handler,
		    hyco_listener_conn(listener->hyco));
	listener->conn.role = HYCO_LISTENER;
	set_timer(listener, wsconn_now_ms());
	return 0;
}

void listener_moved(struct listener *listener, const struct setup *setup,
		    const char *url)
{
	bool same = credential_same(&listener->setup->credential,
				    &setup->credential);

	listener->setup = setup;
	listener->url = url;
	wsconn_show(&listener->conn, setup->credential.words);
	hyco_listener_allow(listener->hyco,
			    setup->conf->access.rendezvous_hosts,
			    setup->conf->access.rendezvous_host_cnt);
	if (!same)
		hyco_listener_renew(listener->hyco, wsconn_now_ms());
	set_timer(listener, wsconn_now_ms());
}

void listener_token_came(struct listener *listener)
{
	hyco_listener_hurry(listener->hyco, wsconn_now_ms());
	set_timer(listener, wsconn_now_ms());
}

void listener_stop(struct listener *listener)
{
	wsconn_close(&listener->conn, WS_CLOSE_NORMAL, "gateway stops");
	loop_timer_cancel(listener->loop, &listener->timer);
	hyco_listener_free(listener->hyco);
}

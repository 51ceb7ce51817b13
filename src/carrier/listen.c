/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * listen.c - The control channel of a site gateway at one relay
 */

/**
 * DOC: Theory of operation
 *
 * The listener connects with a token, stays connected, and connects again with
 * delays as in retry.h.  While registered it ticks every TICK_MS: an empty
 * unsolicited Pong keeps the path open (and finds out a dead one by TCP), and
 * half-way through a token's life a new one is sent.
 */

#include "carrier/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/message.h>
#include <hyco/token.h>

#include "carrier/retry.h"
#include "sys/clock.h"
#include "sys/log.h"

#define TICK_MS    45000
#define CONNECT_MS 15000
#define RENEW_MS   (SETUP_TOKEN_TTL_S / 2 * INT64_C(1000))
#define OUT_SIZE   (WS_HEAD_LEN_MAX + HYCO_TOKEN_SIZE + 256)
#define IN_SIZE    (2 * CONTROL_MSG_LEN_MAX)

static struct listener *listener_of_conn(struct wsconn *conn)
{
	return (struct listener *)((char *)conn -
				   offsetof(struct listener, conn));
}

static void set_timer(struct listener *listener, int64_t ms)
{
	loop_timer_set(listener->loop, &listener->timer,
		       mono_add_ms(clock_mono(), ms));
}

/** wait_again() - @listener->error says why the last attempt ended */
static void wait_again(struct listener *listener)
{
	int64_t open_ms = mono_diff_ms(clock_mono(), listener->since);
	int64_t delay_ms;

	if (listener->registered && open_ms >= RETRY_HEALTHY_MS)
		listener->attempt_cnt = 0;
	delay_ms =
		retry_delay_ms(listener->attempt_cnt++, listener->conn.status);
	if (listener->registered ||
	    retry_log_due(&listener->log, clock_mono(), listener->error))
		log_warn("listener=%s event=%s retry_ms=%lld reason=\"%s\"",
			 listener->url,
			 listener->registered ? "lost" : "refused",
			 (long long)delay_ms, listener->error);
	listener->registered = false;
	listener->since = clock_mono();
	set_timer(listener, delay_ms);
}

/** domain_of() - What follows the first label of a host name, NULL for a
 *  numeric address or when that is only a top-level domain */
static const char *domain_of(const char *host)
{
	const char *dot = strchr(host, '.');

	if (strchr(host, ':') || !strpbrk(host, "abcdefghijklmnopqrstuvwxyz"))
		return NULL;
	return dot && strchr(dot + 1, '.') ? dot + 1 : NULL;
}

/** same_place() - Is @host the relay's, or in its parent domain? */
static bool same_place(const char *relay_host, const char *host)
{
	const char *domain = domain_of(relay_host);
	size_t host_len = strlen(host);
	size_t domain_len = domain ? strlen(domain) : 0;

	if (!strcmp(relay_host, host))
		return true;
	return domain && host_len > domain_len &&
	       host[host_len - domain_len - 1] == '.' &&
	       !strcmp(host + host_len - domain_len, domain);
}

const char *listener_address_fault(const struct hyco_uri *relay,
				   const char *address)
{
	const char *why;
	struct hyco_uri uri;

	if (hyco_uri_parse(address, &uri, &why))
		return why;
	if (relay->tls && !uri.tls)
		return "it is without TLS, the relay is not";
	if (!same_place(relay->host, uri.host))
		return "its host is neither the relay nor in the relay's "
		       "domain";
	return NULL;
}

static void on_opened(struct wsconn *conn)
{
	struct listener *listener = listener_of_conn(conn);

	listener->registered = true;
	listener->registered_cnt++;
	listener->log = (struct retry_log){0};
	listener->since = clock_mono();
	listener->renew_at = mono_add_ms(listener->since, RENEW_MS);
	log_info("listener=%s event=registered", listener->url);
	set_timer(listener, TICK_MS);
}

static void take_accept(struct listener *listener,
			const struct hyco_accept *accept)
{
	const char *fault =
		listener_address_fault(&listener->uri, accept->address);

	if (fault) {
		log_warn("listener=%s event=accept_refused reason=\"%s\"",
			 listener->url, fault);
		return;
	}
	listener->accept_cnt++;
	listener->accept(listener->arg, accept->address);
}

static void on_message(struct wsconn *conn, const struct ws_message *message)
{
	struct listener *listener = listener_of_conn(conn);
	struct hyco_accept accept;
	int kind = HYCO_MESSAGE_UNKNOWN;

	if (message->opcode == WS_TEXT)
		kind = hyco_message_parse((const char *)message->data,
					  message->len, &accept);
	if (kind == HYCO_MESSAGE_ACCEPT)
		take_accept(listener, &accept);
	else if (kind < 0)
		log_warn("listener=%s event=malformed_message", listener->url);
}

static void on_idle(struct wsconn *conn)
{
	(void)conn;
}

static void on_closed(struct wsconn *conn)
{
	struct listener *listener = listener_of_conn(conn);

	snprintf(listener->error, sizeof(listener->error), "%s", conn->error);
	wait_again(listener);
}

/** connect_relay() - One attempt; Return: 0 or negative errno */
static int connect_relay(struct listener *listener)
{
	char target[HYCO_TARGET_SIZE];
	char token[HYCO_TOKEN_SIZE];
	struct wsconn_target to = {
		.uri = &listener->uri,
		.target = target,
		.token = token,
		.ca_pem = listener->setup->ca_pem,
		.ca_len = listener->setup->ca_len,
		.deadline_ms = CONNECT_MS,
	};
	ssize_t len;
	int err;

	len = hyco_uri_action(&listener->uri, HYCO_LISTEN, NULL, target,
			      sizeof(target));
	if (len < 0)
		return (int)len;
	len = setup_token(listener->setup, &listener->uri, token,
			  sizeof(token));
	if (len < 0)
		return (int)len;
	err = wsconn_open(&listener->conn, &to);
	explicit_bzero(token, sizeof(token));
	return err;
}

/** renew() - Send a fresh token before the present one ends */
static void renew(struct listener *listener)
{
	char token[HYCO_TOKEN_SIZE];
	char *text = (char *)listener->out + WS_HEAD_LEN_MAX;
	ssize_t len = setup_token(listener->setup, &listener->uri, token,
				  sizeof(token));

	if (len > 0)
		len = hyco_message_renew(token, text,
					 OUT_SIZE - WS_HEAD_LEN_MAX);
	explicit_bzero(token, sizeof(token));
	if (len <= 0 || !wsconn_can_send(&listener->conn))
		return;
	listener->renew_at = mono_add_ms(clock_mono(), RENEW_MS);
	wsconn_send(&listener->conn, WS_TEXT, (uint8_t *)text, (size_t)len);
}

static void on_timer(struct loop_timer *timer)
{
	struct listener *listener =
		(struct listener *)((char *)timer -
				    offsetof(struct listener, timer));
	int err;

	if (listener->registered) {
		set_timer(listener, TICK_MS);
		if (!mono_before(clock_mono(), listener->renew_at))
			renew(listener);
		else
			wsconn_pong(&listener->conn);
		return;
	}
	err = connect_relay(listener);
	if (err) {
		snprintf(listener->error, sizeof(listener->error),
			 "cannot begin to connect: %s", strerror(-err));
		wait_again(listener);
	}
}

int listener_start(struct listener *listener, struct loop *loop,
		   const struct setup *setup, const char *url,
		   void (*accept)(void *arg, const char *address), void *arg)
{
	static const struct wsconn_handler handler = {
		.opened = on_opened,
		.message = on_message,
		.idle = on_idle,
		.closed = on_closed,
	};
	uint8_t *in_buf = malloc(IN_SIZE);
	const char *why;

	*listener = (struct listener){
		.setup = setup,
		.accept = accept,
		.arg = arg,
		.url = url,
		.loop = loop,
		.timer.fire = on_timer,
		.since = clock_mono(),
		.out = malloc(OUT_SIZE),
	};
	wsconn_init(&listener->conn, loop, &handler, in_buf, IN_SIZE);
	if (!in_buf || !listener->out)
		return -ENOMEM;
	if (hyco_uri_parse(url, &listener->uri, &why))
		return -EBADMSG;
	set_timer(listener, 0);
	return 0;
}

void listener_moved(struct listener *listener, const struct setup *setup,
		    const char *url)
{
	listener->setup = setup;
	listener->url = url;
}

void listener_stop(struct listener *listener)
{
	wsconn_close(&listener->conn, WS_CLOSE_NORMAL, "gateway stops");
	loop_timer_cancel(listener->loop, &listener->timer);
	free(listener->conn.in_buf);
	free(listener->out);
}

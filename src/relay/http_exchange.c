/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_exchange.c - One HTTP request of a client, and its answer
 */

/**
 * DOC: Theory of operation
 *
 * Ask		A request whose head and body are small enough goes to a listener
 *		over its control channel, as two messages.  For others the
 *		listener is told an address; when it has come there
 *		(http_channel.c), the request goes over that socket, its body as
 *		one message whose frames go out as the bytes come in.  The socket
 *		stays for later requests of the same client.
 * Answer	Comes over the control channel, or over that socket; a listener
 *		that was asked over the control channel may still choose the
 *		socket, for a long answer.  Of the head only what a client may
 *		get is passed on (http_message.c).  The body has a length when we
 *		know it, else it goes in chunks, or ends with the connection for
 *		HTTP/1.0.
 *
 * Nothing gathers without a bound: a client is read from only while its body has
 * somewhere to go, a channel only while the client takes what it sends.
 */

#include "relay/http_exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/http_answer.h"
#include "relay/http_channel.h"
#include "relay/http_forward.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A body that is not whole by then goes over a socket of its own. */
#define PROMPT_MS 1000

void exchange_progress(struct session *client)
{
	client->exchange->since = clock_mono();
}

void exchange_set_state(struct session *client, enum exchange_state state)
{
	client->exchange->state = state;
	exchange_progress(client);
}

void exchange_unlink(struct session *client)
{
	struct exchange *exchange = client->exchange;
	struct session *listener = exchange->listener;

	if (!listener)
		return;
	if (exchange->prev)
		exchange->prev->exchange->next = exchange->next;
	else
		listener->listener->asked = exchange->next;
	if (exchange->next)
		exchange->next->exchange->prev = exchange->prev;
	if (listener->listener->answering == client)
		listener->listener->answering = NULL;
	exchange->next = NULL;
	exchange->prev = NULL;
	exchange->listener = NULL;
}

void exchange_link(struct session *client, struct session *listener)
{
	struct exchange *exchange = client->exchange;

	exchange->listener = listener;
	exchange->missed = false;
	exchange->prev = NULL;
	exchange->next = listener->listener->asked;
	if (exchange->next)
		exchange->next->exchange->prev = client;
	listener->listener->asked = client;
}

void exchange_free_message(struct session *client)
{
	struct exchange *exchange = client->exchange;

	if (!exchange->message)
		return;
	explicit_bzero(exchange->message, exchange->message_len);
	free(exchange->message);
	exchange->message = NULL;
	client->relay->held_len -= exchange->message_len;
}

void exchange_forget_headers(struct session *client)
{
	struct exchange *exchange = client->exchange;

	if (!exchange->has_response)
		return;
	client->relay->held_len -= exchange->response.headers.size;
	http_response_fini(&exchange->response);
}

void exchange_reset(struct session *client)
{
	struct exchange *exchange = client->exchange;

	rendezvous_close(client);
	exchange_unlink(client);
	exchange_free_message(client);
	buffer_clear(&exchange->gathered);
	exchange_forget_headers(client);
	exchange->has_response = false;
	exchange->head_sent = false;
	exchange->started = false;
	exchange->chunked = false;
	exchange->silent = false;
}

void exchange_part(struct session *client)
{
	struct session *channel = client->exchange->channel;

	client->exchange->channel = NULL;
	if (channel)
		http_channel_end(channel, WS_CLOSE_NORMAL, "");
}

void exchange_fail(struct session *client, int status, const char *text)
{
	struct exchange *exchange = client->exchange;
	bool begun = exchange->head_sent;

	client->linger = !http_body_is_done(&exchange->body);
	exchange_reset(client);
	exchange_part(client);
	exchange_set_state(client, EXCHANGE_IDLE);
	if (!begun) {
		session_refuse(client, status, text);
		return;
	}
	log_info("remote=%s:%u event=answer_cut reason=\"%s\"", client->remote,
		 client->remote_port, text);
	session_set(client, SESSION_FINISHING);
	relay_kill(client);
}

void exchange_fail_busy(struct session *client)
{
	exchange_fail(client, 503, "the relay is busy");
}

/** read_framing() - Of the request; Return: 0, or the status to refuse with */
static int read_framing(struct session *client, const struct http_request *head)
{
	struct exchange *exchange = client->exchange;
	const struct slice *expect =
		http_header_find(head->headers, head->header_cnt, "Expect");
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	int err = http_body_init(&exchange->body, head);

	if (err)
		return err == -ENOTSUP ? 501 : 400;
	if (!http_message_fits(head))
		return 431;
	exchange->minor = head->minor;
	exchange->head_only = slice_equal(head->method, "HEAD");
	exchange->keep = head->minor &&
			 !http_header_has_token(head->headers, head->header_cnt,
						"Connection", "close");
	if (expect && head->minor &&
	    slice_equal_nocase(*expect, "100-continue") &&
	    !http_body_is_done(&exchange->body) && !client->early.len)
		relay_write(client, (const uint8_t *)go_on, sizeof(go_on) - 1);
	return 0;
}

/** framing_text() - What is wrong */
static const char *framing_text(int status)
{
	if (status == 501)
		return "the transfer coding is unknown";
	return status == 431 ? "the name of a header is too long"
			     : "the length of the body is malformed";
}

/** begin() - Storage for the exchange, once a client; Return: was there some? */
static bool begin(struct session *client)
{
	if (client->exchange) {
		exchange_reset(client);
		return true;
	}
	client->exchange = calloc(1, sizeof(*client->exchange));
	if (!client->exchange)
		return false;
	client->relay->held_len += sizeof(*client->exchange);
	buffer_init(&client->exchange->gathered, &client->relay->held_len);
	return true;
}

void exchange_take(struct session *client, const struct http_request *head)
{
	struct exchange *exchange;
	int status;

	if (!begin(client)) {
		session_refuse(client, 500, "out of memory");
		return;
	}
	session_set(client, SESSION_HTTP);
	exchange = client->exchange;
	exchange_progress(client);
	status = read_framing(client, head);
	if (status) {
		exchange_fail(client, status, framing_text(status));
		return;
	}
	client->hub->requests++;
	if (exchange->channel && exchange->channel->hub != client->hub)
		exchange_part(client);
	if (!exchange->channel) {
		http_forward_ask(client, head);
		return;
	}
	http_forward_again(client, head);
}

bool exchange_receive(struct session *client, const uint8_t *data, size_t len)
{
	if (!session_may_wait(client, buffer_growth(&client->early, len))) {
		exchange_fail_busy(client);
		return true;
	}
	if (!buffer_add(&client->early, data, len) ||
	    client->early.len > 4 * (size_t)RELAY_READ_SIZE)
		return false;
	if (client->exchange->state == EXCHANGE_GATHERING)
		http_forward_gather(client);
	else if (client->exchange->state == EXCHANGE_SENDING)
		http_forward_body(client);
	return true;
}

void exchange_met(struct session *client, struct session *channel)
{
	struct exchange *exchange = client->exchange;

	listener_took(exchange->listener, LISTENER_REQUESTS);
	rendezvous_close(client);
	exchange_unlink(client);
	exchange->channel = channel;
	if (exchange->state == EXCHANGE_INVITING)
		http_forward_start(client);
}

void exchange_flow(struct session *client)
{
	if (client->exchange->state == EXCHANGE_SENDING)
		http_forward_body(client);
}

void exchange_parted(struct session *client, bool clean)
{
	struct exchange *exchange = client->exchange;

	exchange->channel = NULL;
	if (exchange->state == EXCHANGE_IDLE)
		return;
	if (clean && exchange->state == EXCHANGE_ANSWERING) {
		/* hyco-https may leave out the last frame's FIN. */
		http_answer_body(client, NULL, 0, exchange->head_sent ? -1 : 0,
				 true);
		return;
	}
	exchange_fail(client, 502,
		      "the listener is gone, and its answer with it");
}

void exchange_closed(struct session *client)
{
	exchange_reset(client);
	exchange_part(client);
	client->relay->held_len -= sizeof(*client->exchange);
	free(client->exchange);
	client->exchange = NULL;
}

void exchange_writable(struct session *client)
{
	struct session *channel = client->exchange->channel;

	if (channel)
		http_channel_resume(channel);
	if (client->kind == SESSION_HEAD && client->head.len)
		session_read_head(client);
}

/** blame() - The listener that has the request did not take it, once for each */
static void blame(struct session *client, mono_t now)
{
	struct exchange *exchange = client->exchange;

	if (!exchange->missed && exchange->state != EXCHANGE_ANSWERING)
		listener_missed(exchange->listener, LISTENER_REQUESTS, now);
	exchange->missed = true;
}

/** tick_inviting() - The listener was told an address */
static void tick_inviting(struct session *client, mono_t now, int64_t age_ms)
{
	int64_t limit_ms = client->relay->conf->limits.rendezvous_s * 1000;

	if (age_ms >= LISTENER_LATE_MS || age_ms >= limit_ms)
		blame(client, now);
	if (age_ms >= limit_ms)
		exchange_fail(client, 504, "the listener did not come in time");
}

void exchange_tick(struct session *client, mono_t now)
{
	const struct exchange *exchange = client->exchange;
	const struct relay_limits *limits = &client->relay->conf->limits;
	int64_t age_ms;

	/* It is the client that makes the answer wait. */
	if (exchange->state == EXCHANGE_ANSWERING && client->stuck)
		exchange_progress(client);
	age_ms = mono_diff_ms(now, exchange->since);
	switch (exchange->state) {
	case EXCHANGE_IDLE:
		break;
	case EXCHANGE_GATHERING:
		if (age_ms >= PROMPT_MS)
			http_forward_invite(client);
		break;
	case EXCHANGE_INVITING:
		tick_inviting(client, now, age_ms);
		break;
	case EXCHANGE_SENDING:
		if (age_ms < limits->response_s * 1000)
			break;
		if (relay_is_behind(exchange->channel))
			exchange_fail(client, 504,
				      "the listener does not take the request");
		else
			exchange_fail(client, 408,
				      "the body did not come in time");
		break;
	case EXCHANGE_AWAITING:
	case EXCHANGE_ANSWERING:
		if (age_ms < limits->response_s * 1000)
			break;
		blame(client, now);
		exchange_fail(client, 504,
			      "the listener did not answer in time");
		break;
	}
}

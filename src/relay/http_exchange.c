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

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "relay/control.h"
#include "relay/http_channel.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A body that is not whole by then goes over a socket of its own. */
#define PROMPT_MS 1000

/** progress() - Its limits count anew from here */
static void progress(struct exchange *exchange)
{
	exchange->since = clock_mono();
}

static void set_state(struct exchange *exchange, enum exchange_state state)
{
	exchange->state = state;
	progress(exchange);
}

/** unlink_asked() - No listener is expected to answer over its control channel */
static void unlink_asked(struct session *client)
{
	struct exchange *exchange = client->exchange;
	struct session *listener = exchange->listener;

	if (!listener)
		return;
	if (exchange->prev)
		exchange->prev->exchange->next = exchange->next;
	else
		listener->asked = exchange->next;
	if (exchange->next)
		exchange->next->exchange->prev = exchange->prev;
	if (listener->answering == client)
		listener->answering = NULL;
	exchange->next = NULL;
	exchange->prev = NULL;
	exchange->listener = NULL;
}

static void link_asked(struct session *client, struct session *listener)
{
	struct exchange *exchange = client->exchange;

	exchange->listener = listener;
	exchange->prev = NULL;
	exchange->next = listener->asked;
	if (listener->asked)
		listener->asked->exchange->prev = client;
	listener->asked = client;
}

static void free_message(struct session *client)
{
	struct exchange *exchange = client->exchange;

	if (!exchange->message)
		return;
	explicit_bzero(exchange->message, exchange->message_len);
	free(exchange->message);
	exchange->message = NULL;
	client->relay->held_len -= exchange->message_len;
}

/** forget_headers() - Of the answer: they are sent, or nobody gets them */
static void forget_headers(struct session *client)
{
	struct exchange *exchange = client->exchange;

	if (!exchange->has_response)
		return;
	client->relay->held_len -= exchange->response.headers.size;
	http_response_fini(&exchange->response);
}

/** reset() - All of one request but the channel */
static void reset(struct session *client)
{
	struct exchange *exchange = client->exchange;

	rendezvous_close(client);
	unlink_asked(client);
	free_message(client);
	buffer_clear(&exchange->gathered);
	forget_headers(client);
	exchange->has_response = false;
	exchange->head_sent = false;
	exchange->started = false;
	exchange->chunked = false;
	exchange->silent = false;
}

/** part() - Give the channel up, if there is one */
static void part(struct session *client)
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
	reset(client);
	part(client);
	set_state(exchange, EXCHANGE_IDLE);
	if (!begun) {
		session_refuse(client, status, text);
		return;
	}
	log_info("remote=%s:%u event=answer_cut reason=\"%s\"", client->remote,
		 client->remote_port, text);
	session_set(client, SESSION_FINISHING);
	relay_kill(client);
}

/** fail_busy() - There was no room */
static void fail_busy(struct session *client)
{
	exchange_fail(client, 503, "the relay is busy");
}

/** is_first() - No other request of this id is with the listener? */
static bool is_first(const struct session *listener, const char *id)
{
	const struct session *client = listener->asked;

	while (client && strcmp(client->exchange->id, id))
		client = client->exchange->next;
	return !client;
}

/** name() - Choose the id: the client's own, if it is one */
static void name(struct session *client, const struct session *listener)
{
	struct exchange *exchange = client->exchange;

	memcpy(exchange->id, client->request->id, sizeof(exchange->id));
	if (!exchange->id[0] || (listener && !is_first(listener, exchange->id)))
		rendezvous_new_id(exchange->id);
}

/** write_message() - The request as the listener shall get it
 *  Return: false when there is no room for it, which the client was told */
static bool write_message(struct session *client,
			  const struct http_request *head, const char *address)
{
	struct exchange *exchange = client->exchange;
	const struct request *request = client->request;
	char target[sizeof(request->own_query) + EXCHANGE_HEAD_LEN_MAX];
	size_t query_len = strlen(request->own_query);
	struct http_ask ask = {
		.address = address,
		.id = exchange->id,
		.head = head,
		.target = target,
		.drop_authorization =
			request->authorization && !client->hub->conf->anonymous,
		.remote = client->remote,
		.remote_port = client->remote_port,
		.body = exchange->body.present,
	};

	/* Without the '&' behind the last argument. */
	snprintf(target, sizeof(target), "/%.*s%s%.*s",
		 (int)request->raw_path.len, request->raw_path.data,
		 query_len ? "?" : "", query_len ? (int)query_len - 1 : 0,
		 request->own_query);
	exchange->message = http_message_ask(&ask, &exchange->message_len);
	if (!exchange->message) {
		exchange_fail(client, 500, "out of memory");
		return false;
	}
	client->relay->held_len += exchange->message_len;
	if (session_may_wait(client, 0))
		return true;
	fail_busy(client);
	return false;
}

/** update_flow() - Read from the client only what has somewhere to go */
static void update_flow(struct session *client)
{
	const struct exchange *exchange = client->exchange;
	bool read = exchange->state == EXCHANGE_GATHERING ||
		    (exchange->state == EXCHANGE_SENDING &&
		     !relay_is_behind(exchange->channel));

	relay_hold(client, !read);
}

/** invite() - Tell the listener an address instead of the request */
static void invite(struct session *client)
{
	struct exchange *exchange = client->exchange;
	char address[4096];
	char *text;
	size_t len;
	bool sent = true;

	set_state(exchange, EXCHANGE_INVITING);
	update_flow(client);
	if (!exchange->listener) /* an imagined one: it will not come */
		return;
	if (!rendezvous_address(exchange->listener, client, "request",
				exchange->id, "", address, sizeof(address))) {
		exchange_fail(client, 400, "the address is too long");
		return;
	}
	text = http_message_invite(address, exchange->id, &len);
	if (text)
		sent = control_send(exchange->listener, text, len);
	free(text);
	if (!text || !sent)
		exchange_fail(client, 502, "the listener is gone");
}

/** hand_over() - Message and body over the control channel */
static void hand_over(struct session *client)
{
	struct exchange *exchange = client->exchange;
	struct session *listener = exchange->listener;
	bool sent = control_send(listener, exchange->message,
				 exchange->message_len);

	if (sent && exchange->body.present)
		sent = frame_write(listener, WS_BINARY, exchange->gathered.data,
				   exchange->gathered.len);
	free_message(client);
	buffer_clear(&exchange->gathered);
	if (!sent) {
		exchange_fail(client, 502, "the listener is gone");
		return;
	}
	set_state(exchange, EXCHANGE_AWAITING);
	update_flow(client);
}

/** gather() - Bytes of the body that waits to be whole */
static void gather(struct session *client)
{
	struct exchange *exchange = client->exchange;
	uint8_t *out = client->relay->scratch;

	while (client->early.len && !http_body_is_done(&exchange->body)) {
		size_t room = EXCHANGE_INLINE_LEN - exchange->gathered.len;
		size_t used;
		ssize_t put =
			http_body_feed(&exchange->body, client->early.data,
				       client->early.len, &used, out, room);

		if (put < 0) {
			exchange_fail(client, 400, "the body is malformed");
			return;
		}
		if (!session_may_wait(client, buffer_growth(&exchange->gathered,
							    (size_t)put))) {
			fail_busy(client);
			return;
		}
		if (!buffer_add(&exchange->gathered, out, (size_t)put)) {
			exchange_fail(client, 500, "out of memory");
			return;
		}
		buffer_drop(&client->early, used);
		if (!used) { /* more than fits */
			invite(client);
			return;
		}
	}
	if (http_body_is_done(&exchange->body))
		hand_over(client);
}

/** send_piece() - A frame of the body; its head goes before it in the scratch
 *  buffer
 *  Return: false when the channel is dead */
static bool send_piece(struct session *client, uint8_t *data, size_t len,
		       bool last)
{
	struct exchange *exchange = client->exchange;
	uint8_t head_bytes[WS_HEAD_LEN_MAX];
	struct ws_head head = {
		.fin = last,
		.opcode = exchange->started ? WS_CONTINUATION : WS_BINARY,
		.payload_len = len,
	};
	size_t head_len = ws_head_write(head_bytes, &head);

	exchange->started = true;
	memcpy(data - head_len, head_bytes, head_len);
	return relay_write(exchange->channel, data - head_len, head_len + len);
}

/** send_gathered() - What had come before the channel was there */
static bool send_gathered(struct session *client)
{
	struct exchange *exchange = client->exchange;
	uint8_t *out = client->relay->scratch + WS_HEAD_LEN_MAX;
	size_t len = exchange->gathered.len;
	bool sent;

	if (!len)
		return true;
	memcpy(out, exchange->gathered.data, len);
	sent = send_piece(client, out, len, false);
	buffer_clear(&exchange->gathered);
	return sent;
}

/** send_body() - As much as there is and the channel takes */
static void send_body(struct session *client)
{
	struct exchange *exchange = client->exchange;
	uint8_t *out = client->relay->scratch + WS_HEAD_LEN_MAX;
	bool alive = send_gathered(client);

	while (alive && client->early.len &&
	       !http_body_is_done(&exchange->body) &&
	       !relay_is_behind(exchange->channel)) {
		size_t used;
		ssize_t put = http_body_feed(
			&exchange->body, client->early.data, client->early.len,
			&used, out, RELAY_READ_SIZE);

		if (put < 0) {
			exchange_fail(client, 400, "the body is malformed");
			return;
		}
		progress(exchange);
		buffer_drop(&client->early, used);
		if (put)
			alive = send_piece(client, out, (size_t)put, false);
	}
	if (alive && http_body_is_done(&exchange->body)) {
		if (exchange->body.present)
			send_piece(client, out, 0, true);
		set_state(exchange, EXCHANGE_AWAITING);
	}
	if (relay_is_behind(exchange->channel))
		relay_call_writable(exchange->channel);
	update_flow(client);
}

/** start_sending() - The request's message, then its body */
static void start_sending(struct session *client)
{
	struct exchange *exchange = client->exchange;

	frame_write(exchange->channel, WS_TEXT,
		    (const uint8_t *)exchange->message, exchange->message_len);
	free_message(client);
	set_state(exchange, EXCHANGE_SENDING);
	send_body(client);
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

/** begin() - Storage for the exchange, once a client; Return: was there some? */
static bool begin(struct session *client)
{
	if (client->exchange) {
		reset(client);
		return true;
	}
	client->exchange = calloc(1, sizeof(*client->exchange));
	if (!client->exchange)
		return false;
	client->relay->held_len += sizeof(*client->exchange);
	buffer_init(&client->exchange->gathered, &client->relay->held_len);
	return true;
}

/** ask() - Choose a listener and a way to it */
static void ask(struct session *client, const struct http_request *head)
{
	struct exchange *exchange = client->exchange;
	bool is_long = client->head_used > EXCHANGE_HEAD_INLINE ||
		       (exchange->body.state == HTTP_BODY_LENGTH &&
			exchange->body.left > EXCHANGE_INLINE_LEN);
	char address[4096] = "";
	bool ghost;
	struct session *listener =
		hub_pick(client->hub, clock_mono(),
			 client->relay->conf->fault.ghost, &ghost);

	if (!listener && !ghost) {
		exchange_fail(client, 502, "nobody listens at this connection");
		return;
	}
	name(client, listener);
	rendezvous_open(client);
	if (listener)
		if (!rendezvous_address(listener, client, "request",
					exchange->id, "", address,
					sizeof(address))) {
			exchange_fail(client, 400, "the address is too long");
			return;
		}
	if (!write_message(client, head, address))
		return;
	if (!ghost)
		link_asked(client, listener);
	if (ghost || is_long || exchange->message_len > CONTROL_MSG_LEN_MAX) {
		invite(client);
		return;
	}
	set_state(exchange, EXCHANGE_GATHERING);
	update_flow(client);
	gather(client);
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
	progress(exchange);
	status = read_framing(client, head);
	if (status) {
		exchange_fail(client, status,
			      status == 501 ? "the transfer coding is unknown"
					    : "the length of the body is "
					      "malformed");
		return;
	}
	client->hub->requests++;
	if (exchange->channel && exchange->channel->hub != client->hub)
		part(client);
	if (!exchange->channel) {
		ask(client, head);
		return;
	}
	name(client, NULL);
	if (write_message(client, head, ""))
		start_sending(client);
}

bool exchange_receive(struct session *client, const uint8_t *data, size_t len)
{
	if (!session_may_wait(client, buffer_growth(&client->early, len))) {
		fail_busy(client);
		return true;
	}
	if (!buffer_add(&client->early, data, len) ||
	    client->early.len > 4 * (size_t)RELAY_READ_SIZE)
		return false;
	if (client->exchange->state == EXCHANGE_GATHERING)
		gather(client);
	else if (client->exchange->state == EXCHANGE_SENDING)
		send_body(client);
	return true;
}

void exchange_met(struct session *client, struct session *channel)
{
	struct exchange *exchange = client->exchange;

	rendezvous_close(client);
	unlink_asked(client);
	exchange->channel = channel;
	if (exchange->state == EXCHANGE_INVITING)
		start_sending(client);
}

void exchange_flow(struct session *client)
{
	if (client->exchange->state == EXCHANGE_SENDING)
		send_body(client);
}

/** write_head() - Of the answer, to the client */
static void write_head(struct session *client, int64_t total)
{
	struct exchange *exchange = client->exchange;
	struct http_response *response = &exchange->response;
	struct strbuf text;

	exchange->silent = exchange->head_only ||
			   !http_response_has_body(response->status);
	if (!http_body_is_done(&exchange->body) || client->relay->stopping)
		exchange->keep = false;
	if (exchange->silent)
		total = exchange->head_only && response->length >= 0
				? response->length
				: -2;
	else if (total < 0 && !exchange->minor)
		total = -2;
	exchange->chunked = total == -1;
	strbuf_init(&text);
	http_response_head(response,
			   client->host[0] ? client->host : HTTP_VIA_NAME,
			   total, exchange->keep, &text);
	exchange->head_sent = true;
	relay_write(client, (const uint8_t *)strbuf_str(&text), text.len);
	strbuf_fini(&text);
	forget_headers(client);
}

/** write_chunk() - Head, bytes and end in one write; @data is at its place in the
 *  scratch buffer */
static void write_chunk(struct session *client, size_t len)
{
	uint8_t *data = client->relay->scratch + EXCHANGE_CHUNK_ROOM;
	char head[EXCHANGE_CHUNK_ROOM + 1];
	int head_len = snprintf(head, sizeof(head), "%zx\r\n", len);

	memcpy(data - head_len, head, (size_t)head_len);
	memcpy(data + len, "\r\n", 2);
	relay_write(client, data - head_len, (size_t)head_len + len + 2);
}

/** write_body() - To the client, if it may see it */
static void write_body(struct session *client, const uint8_t *data, size_t len)
{
	uint8_t *place = client->relay->scratch + EXCHANGE_CHUNK_ROOM;

	if (!len || client->exchange->silent)
		return;
	if (!client->exchange->chunked) {
		relay_write(client, data, len);
		return;
	}
	/* Chunks are parts, and those come by the scratch buffer. */
	assert(data == place);
	write_chunk(client, len);
}

/** end() - The answer is whole */
static void end(struct session *client)
{
	struct exchange *exchange = client->exchange;
	bool again = exchange->keep && !client->relay->stopping;

	if (exchange->chunked && !exchange->silent)
		relay_write(client, (const uint8_t *)"0\r\n\r\n", 5);
	client->linger = !http_body_is_done(&exchange->body);
	reset(client);
	set_state(exchange, EXCHANGE_IDLE);
	session_forget_head(client);
	if (!again) {
		part(client);
		session_finish(client);
		return;
	}
	session_set(client, SESSION_HEAD);
	hub_release(client->hub);
	client->hub = NULL;
	buffer_move(&client->head, &client->early);
	relay_hold(client, false);
	relay_call_writable(client); /* a request may have come already */
}

bool exchange_answer(struct session *client, struct http_response *response)
{
	struct exchange *exchange = client->exchange;

	if (exchange->has_response)
		return false;
	if (!session_has_room(client, response->headers.size)) {
		fail_busy(client);
		return false;
	}
	client->relay->held_len += response->headers.size;
	exchange->response = *response;
	exchange->has_response = true;
	strbuf_init(&response->headers);
	free_message(client);
	set_state(exchange, EXCHANGE_ANSWERING);
	relay_hold(client, true);
	if (response->body)
		return true;
	write_head(client, 0);
	end(client);
	return false;
}

void exchange_body(struct session *client, const uint8_t *data, size_t len,
		   int64_t total, bool last)
{
	struct exchange *exchange = client->exchange;

	if (exchange->state != EXCHANGE_ANSWERING)
		return;
	progress(exchange);
	if (!exchange->head_sent)
		write_head(client, last ? (int64_t)len : total);
	write_body(client, data, len);
	if (last)
		end(client);
}

void exchange_parted(struct session *client, bool clean)
{
	struct exchange *exchange = client->exchange;

	exchange->channel = NULL;
	if (exchange->state == EXCHANGE_IDLE)
		return;
	if (clean && exchange->state == EXCHANGE_ANSWERING) {
		/* hyco-https may leave out the last frame's FIN. */
		exchange_body(client, NULL, 0, exchange->head_sent ? -1 : 0,
			      true);
		return;
	}
	exchange_fail(client, 502,
		      "the listener is gone, and its answer with it");
}

void exchange_closed(struct session *client)
{
	reset(client);
	part(client);
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

void exchange_tick(struct session *client, mono_t now)
{
	const struct exchange *exchange = client->exchange;
	const struct relay_limits *limits = &client->relay->conf->limits;
	int64_t age_ms;

	/* It is the client that makes the answer wait. */
	if (exchange->state == EXCHANGE_ANSWERING && client->stuck)
		progress(client->exchange);
	age_ms = mono_diff_ms(now, exchange->since);
	switch (exchange->state) {
	case EXCHANGE_IDLE:
		break;
	case EXCHANGE_GATHERING:
		if (age_ms >= PROMPT_MS)
			invite(client);
		break;
	case EXCHANGE_INVITING:
		if (age_ms >= limits->rendezvous_s * 1000)
			exchange_fail(client, 504,
				      "the listener did not come in time");
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
		if (age_ms >= limits->response_s * 1000)
			exchange_fail(client, 504,
				      "the listener did not answer in time");
		break;
	}
}

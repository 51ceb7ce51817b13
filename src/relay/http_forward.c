/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_forward.c - A client's HTTP request goes to a listener
 */

/**
 * DOC: Theory of operation
 *
 * A short request waits until its body is whole (http_forward_gather()), then both
 * go over the control channel as two messages.  What is longer, or slow, is turned
 * into an invitation: the listener gets an address, and once it has come there,
 * http_forward_start() sends the message, and http_forward_body() the body as the
 * client sends it, one message of many frames.
 */

#include "relay/http_forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "relay/control.h"
#include "relay/http_exchange.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"

/** is_first() - No other request of this id is with the listener? */
static bool is_first(const struct session *listener, const char *id)
{
	const struct session *client = listener->listener->asked;

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
	exchange_fail_busy(client);
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

/** http_forward_invite() - Tell the listener an address instead of the request */
void http_forward_invite(struct session *client)
{
	struct exchange *exchange = client->exchange;
	char address[4096];
	char *text;
	size_t len;
	bool sent = true;

	exchange_set_state(client, EXCHANGE_INVITING);
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
	exchange_free_message(client);
	buffer_clear(&exchange->gathered);
	if (!sent) {
		exchange_fail(client, 502, "the listener is gone");
		return;
	}
	exchange_set_state(client, EXCHANGE_AWAITING);
	update_flow(client);
}

/** http_forward_gather() - Bytes of the body that waits to be whole */
void http_forward_gather(struct session *client)
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
			exchange_fail_busy(client);
			return;
		}
		if (!buffer_add(&exchange->gathered, out, (size_t)put)) {
			exchange_fail(client, 500, "out of memory");
			return;
		}
		buffer_drop(&client->early, used);
		if (!used) { /* more than fits */
			http_forward_invite(client);
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

/** http_forward_body() - As much as there is and the channel takes */
void http_forward_body(struct session *client)
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
		exchange_progress(client);
		buffer_drop(&client->early, used);
		if (put)
			alive = send_piece(client, out, (size_t)put, false);
	}
	if (alive && http_body_is_done(&exchange->body)) {
		if (exchange->body.present)
			send_piece(client, out, 0, true);
		exchange_set_state(client, EXCHANGE_AWAITING);
	}
	if (relay_is_behind(exchange->channel))
		relay_call_writable(exchange->channel);
	update_flow(client);
}

/** http_forward_start() - The request's message, then its body */
void http_forward_start(struct session *client)
{
	struct exchange *exchange = client->exchange;

	frame_write(exchange->channel, WS_TEXT,
		    (const uint8_t *)exchange->message, exchange->message_len);
	exchange_free_message(client);
	exchange_set_state(client, EXCHANGE_SENDING);
	http_forward_body(client);
}

/** http_forward_ask() - Choose a listener and a way to it */
void http_forward_ask(struct session *client, const struct http_request *head)
{
	struct exchange *exchange = client->exchange;
	bool is_long = client->head_used > EXCHANGE_HEAD_INLINE ||
		       (exchange->body.state == HTTP_BODY_LENGTH &&
			exchange->body.left > EXCHANGE_INLINE_LEN);
	char address[4096] = "";
	bool ghost;
	struct session *listener =
		hub_pick(client->hub, LISTENER_REQUESTS, clock_mono(),
			 client->relay->conf->fault.ghost, &ghost);

	if (!listener && !ghost) {
		if (client->hub->listener_cnt)
			exchange_fail(client, 503, HUB_STUCK_TEXT);
		else
			exchange_fail(client, 502,
				      "nobody listens at this connection");
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
		exchange_link(client, listener);
	if (ghost || is_long || exchange->message_len > CONTROL_MSG_LEN_MAX) {
		http_forward_invite(client);
		return;
	}
	exchange_set_state(client, EXCHANGE_GATHERING);
	update_flow(client);
	http_forward_gather(client);
}

void http_forward_again(struct session *client, const struct http_request *head)
{
	name(client, NULL);
	if (write_message(client, head, ""))
		http_forward_start(client);
}

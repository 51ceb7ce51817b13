/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * control.c - A listener's control channel (azure-relay-protocol section 2)
 */

#include "relay/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/message.h>
#include <hyco/token.h>

#include "relay/auth.h"
#include "relay/http_answer.h"
#include "relay/http_exchange.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"
#include "sys/log.h"

/* A listener that said nothing for so long is asked for a sign of life when it
 * gets a message: see hub_pick(). */
#define PROBE_MS 250
#define BLAME_MS 1000

bool frame_write(struct session *session, enum ws_opcode opcode,
		 const uint8_t *data, size_t len)
{
	uint8_t *out = session->relay->scratch;
	struct ws_head head = {
		.fin = true,
		.opcode = opcode,
		.payload_len = len,
	};
	size_t head_len = ws_head_write(out, &head);

	if (len > RELAY_READ_SIZE)
		return relay_write(session, out, head_len) &&
		       relay_write(session, data, len);
	if (len)
		memmove(out + head_len, data, len);
	return relay_write(session, out, head_len + len);
}

bool control_open(struct session *session)
{
	session->heard = clock_mono();
	session->listener = listener_new(session->heard);
	if (!session->listener)
		return false;
	session->relay->held_len += sizeof(*session->listener);
	hub_add(session->hub, session);
	return true;
}

void control_closed(struct session *session)
{
	bool stopping = session->relay->stopping;

	while (session->listener->asked)
		exchange_fail(session->listener->asked, stopping ? 503 : 502,
			      stopping ? "relay stops"
				       : "the listener is gone, and its "
					 "answer with it");
	hub_remove(session->hub, session);
	rendezvous_listener_gone(session);
	session->relay->held_len -= sizeof(*session->listener);
	listener_free(session->listener);
	session->listener = NULL;
}

static bool ping(struct session *session, mono_t now)
{
	session->listener->pinged = now;
	return frame_write(session, WS_PING, NULL, 0);
}

bool control_send(struct session *session, const char *text, size_t len)
{
	mono_t now = clock_mono();

	if (!frame_write(session, WS_TEXT, (const uint8_t *)text, len))
		return false;
	if (mono_diff_ms(now, session->heard) < PROBE_MS ||
	    mono_before(session->heard, session->listener->pinged))
		return true;
	return ping(session, now);
}

void control_close(struct session *session, uint16_t code, const char *reason)
{
	uint8_t payload[WS_CONTROL_LEN_MAX];
	size_t len = ws_close_write(payload, code, reason);

	log_info("remote=%s:%u event=listener_closed path=\"%s\" code=%u "
		 "reason=\"%s\"",
		 session->remote, session->remote_port, session->hub->name,
		 code, reason);
	frame_write(session, WS_CLOSE, payload, len);
	control_closed(session);
	session->linger = true; /* a token or an accept may be on its way */
	session_finish(session);
}

void control_leave(struct session *session)
{
	session->leaving = true;
	/* Else control_tick() looks again. */
	if (!session->listener->asked && !session->listener->told)
		control_close(session, WS_CLOSE_GOING_AWAY, "relay stops");
}

/** renew() - A new token in place of the old one */
static void renew(struct session *session, const char *token, size_t len)
{
	struct auth_verdict verdict =
		auth_check(session->relay->conf, session->hub->conf,
			   RELAY_LISTEN, token, len, clock_wall().s);

	if (verdict.status)
		control_close(session, WS_CLOSE_POLICY, verdict.text);
	else
		session->expiry_s = verdict.expiry_s;
}

/** find_asked() - The client whose request has this id */
static struct session *find_asked(const struct session *session, const char *id)
{
	struct session *client = session->listener->asked;

	while (client && strcmp(client->exchange->id, id))
		client = client->exchange->next;
	return client;
}

/** take_response() - The beginning of an HTTP answer, or nothing we know */
static void take_response(struct session *session,
			  const struct ws_message *message)
{
	struct http_response response;
	int got = http_message_response((const char *)message->data,
					message->len, &response);
	struct session *client = got ? find_asked(session, response.id) : NULL;

	if (client)
		listener_took(session, LISTENER_REQUESTS);
	if (client && got < 0)
		exchange_fail(client, 502,
			      "the listener's answer is malformed");
	else if (client && http_answer_begin(client, &response))
		session->listener->answering = client;
	http_response_fini(&response);
}

/** say_malformed() - At most once a second: each message costs the sender
 *  little */
static void say_malformed(struct session *session)
{
	if (session->listener->blamed.ns &&
	    mono_diff_ms(session->heard, session->listener->blamed) < BLAME_MS)
		return;
	session->listener->blamed = session->heard;
	log_info("remote=%s:%u event=ignored reason=\"malformed control "
		 "message\"",
		 session->remote, session->remote_port);
}

/** take_text() - renewToken, or an answer; all else is ignored */
static void take_text(struct session *session, const struct ws_message *message)
{
	char token[HYCO_TOKEN_SIZE];
	ssize_t len =
		hyco_message_parse_renew((const char *)message->data,
					 message->len, token, sizeof(token));

	if (len > 0)
		renew(session, token, (size_t)len);
	else if (len < 0)
		say_malformed(session);
	else
		take_response(session, message);
	explicit_bzero(token, sizeof(token));
}

/** take_binary() - The body of the answer that was begun */
static void take_binary(struct session *session,
			const struct ws_message *message)
{
	struct session *client = session->listener->answering;

	session->listener->answering = NULL;
	if (client)
		http_answer_body(client, message->data, message->len,
				 (int64_t)message->len, true);
}

static void take_message(struct session *session,
			 const struct ws_message *message)
{
	switch (message->opcode) {
	case WS_TEXT:
		take_text(session, message);
		break;
	case WS_PING:
		frame_write(session, WS_PONG, message->data, message->len);
		break;
	case WS_CLOSE:
		control_close(session, WS_CLOSE_NORMAL, "");
		break;
	case WS_BINARY:
		take_binary(session, message);
		break;
	case WS_PONG:
	case WS_CONTINUATION:
		break;
	}
}

/** take_messages() - All that are whole */
static void take_messages(struct session *session)
{
	struct ws_message message;
	int got = 1;

	while (session->kind == SESSION_LISTENER && got > 0) {
		got = ws_inbox_next(&session->listener->inbox, &message);
		if (got > 0)
			take_message(session, &message);
	}
	if (got < 0 && session->kind == SESSION_LISTENER)
		control_close(session,
			      got == -EMSGSIZE ? WS_CLOSE_TOO_BIG
					       : WS_CLOSE_PROTOCOL,
			      "malformed frame");
}

void control_receive(struct session *session, const uint8_t *data, size_t len)
{
	while (len > 0 && session->kind == SESSION_LISTENER) {
		size_t take = listener_take(session->listener, data, len);

		if (!take) {
			control_close(session, WS_CLOSE_TOO_BIG,
				      "message too long");
			return;
		}
		data += take;
		len -= take;
		take_messages(session);
	}
}

void control_tick(struct session *session, mono_t now, int64_t now_s)
{
	const struct relay_conf *conf = session->relay->conf;
	int64_t ping_ms = conf->limits.ping_s * 1000;

	if (session->leaving) {
		control_leave(session);
		return;
	}
	if (now_s >= session->expiry_s) {
		control_close(session, WS_CLOSE_POLICY, "token expired");
		return;
	}
	if (mono_diff_ms(now, session->heard) > ping_ms * 5 / 2) {
		log_info("remote=%s:%u event=listener_silent path=\"%s\"",
			 session->remote, session->remote_port,
			 session->hub->name);
		relay_kill(session);
		return;
	}
	if (conf->fault.drop_s &&
	    mono_diff_ms(now, session->since) > conf->fault.drop_s * 1000) {
		relay_kill(session);
		return;
	}
	if (mono_diff_ms(now, session->listener->pinged) >= ping_ms)
		ping(session, now);
}

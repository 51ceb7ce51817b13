/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_channel.c - A listener's rendezvous socket for a client's HTTP requests
 */

/**
 * DOC: Theory of operation
 *
 * What the listener sends is one text message (an answer's head) and, if that
 * says so, one binary message (its body), for each request.  The text gathers
 * in @early; the body goes on to the client as it comes, whatever its frames.
 * Messages that nobody waits for are dropped: hyco-https sends an empty body
 * behind an answer without one.
 *
 * While the client does not take what was written to it, the channel is not
 * read from.
 */

#include "relay/http_channel.h"

#include <string.h>

#include "base/limits.h"
#include "relay/control.h"
#include "relay/http_answer.h"
#include "relay/http_exchange.h"
#include "relay/relay.h"
#include "sys/log.h"

/* An answer's head: as long as it may be on a control channel, twice for
 * escapes. */
#define TEXT_LEN_MAX (2 * CONTROL_MSG_LEN_MAX)

void http_channel_open(struct session *session, struct session *client)
{
	session->client = client;
	splice_init(&session->splice);
	session->splice.bare = true;
	session_set(session, SESSION_CHANNEL);
	exchange_met(client, session);
}

void http_channel_end(struct session *session, uint16_t code,
		      const char *reason)
{
	uint8_t payload[WS_CONTROL_LEN_MAX];

	session->client = NULL;
	if (session->kind != SESSION_CHANNEL)
		return;
	frame_write(session, WS_CLOSE, payload,
		    ws_close_write(payload, code, reason));
	session->linger = true; /* an answer may be on its way */
	session_finish(session);
}

/** leave() - Close, and tell the client's exchange */
static void leave(struct session *session, uint16_t code, const char *reason,
		  bool clean)
{
	struct session *client = session->client;

	http_channel_end(session, code, reason);
	if (client)
		exchange_parted(client, clean);
}

/** take_answer() - A text message is whole */
static void take_answer(struct session *session)
{
	struct session *client = session->client;
	struct http_response response;
	int got = http_message_response((const char *)session->early.data,
					session->early.len, &response);
	bool ours = got && client->exchange->state >= EXCHANGE_SENDING &&
		    !strcmp(response.id, client->exchange->id);

	buffer_clear(&session->early);
	if (ours && got < 0)
		exchange_fail(client, 502,
			      "the listener's answer is malformed");
	else if (ours)
		(void)http_answer_begin(client, &response);
	http_response_fini(&response);
}

/** hold_if_behind() - The client does not take what is written to it */
static void hold_if_behind(struct session *session)
{
	if (session->held || !session->client ||
	    !relay_is_behind(session->client))
		return;
	session->held = true;
	relay_hold(session, true);
	relay_call_writable(session->client);
}

/** take_payload() - Bytes of a message in the scratch buffer, and whether they
 *  are its last */
static void take_payload(struct session *session, size_t len, bool last)
{
	const uint8_t *data = session->relay->scratch + HTTP_ANSWER_CHUNK_ROOM;
	const struct ws_head *frame = &session->splice.frame;
	/* A body of one frame has a length that we know. */
	bool whole = frame->fin && frame->opcode == WS_BINARY;

	if (session->splice.message == WS_BINARY) {
		http_answer_body(session->client, data, len,
				 whole ? (int64_t)frame->payload_len : -1,
				 last);
		hold_if_behind(session);
		return;
	}
	if (!session_has_room(session, buffer_growth(&session->early, len))) {
		leave(session, WS_CLOSE_INTERNAL, "the relay is busy", false);
		return;
	}
	if (session->early.len + len > TEXT_LEN_MAX ||
	    !buffer_add(&session->early, data, len)) {
		leave(session, WS_CLOSE_TOO_BIG, "message too long", false);
		return;
	}
	if (last)
		take_answer(session);
}

static void take_event(struct session *session, enum splice_event event)
{
	const struct splice *splice = &session->splice;

	switch (event) {
	case SPLICE_PING:
		frame_write(session, WS_PONG, splice->control,
			    splice->control_len);
		break;
	case SPLICE_CLOSE:
		leave(session, WS_CLOSE_NORMAL, "", true);
		break;
	case SPLICE_FAULT:
		session->relay->counts.faults++;
		log_info("remote=%s:%u event=fault reason=\"malformed "
			 "WebSocket frame\"",
			 session->remote, session->remote_port);
		leave(session, WS_CLOSE_PROTOCOL, "malformed frame", false);
		break;
	case SPLICE_FRAME:
	case SPLICE_BOUNDARY:
	case SPLICE_MORE:
		break;
	}
}

/**
 * feed() - Take bytes up to something that is more than payload
 * @used:	Set to how many were used
 * @put:	Set to the payload's length in the scratch buffer
 *
 * Frames of one message are taken together: hyco-https sends a frame for
 * each byte that its user writes.
 *
 * Return: the event at the end; SPLICE_FRAME for the end of a message only
 */
static enum splice_event feed(struct session *session, const uint8_t *data,
			      size_t len, size_t *used, size_t *put)
{
	uint8_t *out = session->relay->scratch + HTTP_ANSWER_CHUNK_ROOM;
	enum splice_event event = SPLICE_MORE;
	bool between = true;

	*used = 0;
	*put = 0;
	while (between) {
		size_t took;
		size_t got;

		event = splice_feed(&session->splice, data + *used, len - *used,
				    &took, out + *put, &got, false);
		*used += took;
		*put += got;
		between = event == SPLICE_FRAME && !session->splice.frame.fin;
	}
	return event;
}

void http_channel_receive(struct session *session, const uint8_t *data,
			  size_t len)
{
	while (len > 0 && session->kind == SESSION_CHANNEL) {
		size_t piece = len < RELAY_READ_SIZE ? len : RELAY_READ_SIZE;
		enum splice_event event;
		size_t used;
		size_t put;

		event = feed(session, data, piece, &used, &put);
		data += used;
		len -= used;
		if (put || event == SPLICE_FRAME)
			take_payload(session, put, event == SPLICE_FRAME);
		if (session->kind == SESSION_CHANNEL)
			take_event(session, event);
	}
}

void http_channel_writable(struct session *session)
{
	if (session->client)
		exchange_flow(session->client);
}

void http_channel_resume(struct session *session)
{
	if (!session->held)
		return;
	session->held = false;
	relay_hold(session, false);
}

void http_channel_closed(struct session *session)
{
	struct session *client = session->client;

	session->client = NULL;
	if (client)
		exchange_parted(client, false);
}

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

#include "base/limits.h"
#include "relay/auth.h"
#include "relay/relay.h"
#include "sys/clock.h"
#include "sys/log.h"

#define PING_MS    30000
#define SILENCE_MS 75000 /* two pings, and time for the answer */
#define INBOX_SIZE (CONTROL_MSG_LEN_MAX + 1024)

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

	if (len)
		memmove(out + head_len, data, len);
	return relay_write(session, out, head_len + len);
}

bool control_open(struct session *session)
{
	session->inbox_buf = malloc(INBOX_SIZE);
	if (!session->inbox_buf)
		return false;
	ws_inbox_init(&session->inbox, session->inbox_buf, INBOX_SIZE, true);
	session->pinged = clock_mono();
	return true;
}

bool control_send(struct session *session, const char *text, size_t len)
{
	return frame_write(session, WS_TEXT, (const uint8_t *)text, len);
}

void control_close(struct session *session, uint16_t code, const char *reason)
{
	uint8_t payload[WS_CONTROL_LEN_MAX];
	size_t len = ws_close_write(payload, code, reason);

	log_info("remote=%s:%u event=listener_closed path=%s code=%u "
		 "reason=\"%s\"",
		 session->remote, session->remote_port, session->path->path,
		 code, reason);
	frame_write(session, WS_CLOSE, payload, len);
	session_finish(session);
}

/** renew() - A new token in place of the old one */
static void renew(struct session *session, const char *token, size_t len)
{
	struct auth_verdict verdict =
		auth_check(session->relay->conf, session->path, RELAY_LISTEN,
			   token, len, clock_wall().s);

	if (verdict.status)
		control_close(session, WS_CLOSE_POLICY, verdict.text);
	else
		session->expiry_s = verdict.expiry_s;
}

/** take_text() - The only message a listener sends is renewToken; others are
 *  ignored */
static void take_text(struct session *session, const struct ws_message *message)
{
	char token[HYCO_TOKEN_SIZE];
	ssize_t len =
		hyco_message_parse_renew((const char *)message->data,
					 message->len, token, sizeof(token));

	if (len > 0)
		renew(session, token, (size_t)len);
	else if (len < 0)
		log_info("remote=%s:%u event=ignored reason=\"malformed "
			 "control message\"",
			 session->remote, session->remote_port);
	explicit_bzero(token, sizeof(token));
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
		got = ws_inbox_next(&session->inbox, &message);
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
		size_t room;
		uint8_t *to = ws_inbox_room(&session->inbox, &room);
		size_t take = len < room ? len : room;

		if (!room) {
			control_close(session, WS_CLOSE_TOO_BIG,
				      "message too long");
			return;
		}
		memcpy(to, data, take);
		ws_inbox_filled(&session->inbox, take);
		data += take;
		len -= take;
		take_messages(session);
	}
}

void control_tick(struct session *session, mono_t now, int64_t now_s)
{
	if (now_s >= session->expiry_s) {
		control_close(session, WS_CLOSE_POLICY, "token expired");
		return;
	}
	if (mono_diff_ms(now, session->heard) > SILENCE_MS) {
		log_info("remote=%s:%u event=listener_silent path=%s",
			 session->remote, session->remote_port,
			 session->path->path);
		relay_kill(session);
		return;
	}
	if (mono_diff_ms(now, session->pinged) >= PING_MS) {
		session->pinged = now;
		frame_write(session, WS_PING, NULL, 0);
	}
}

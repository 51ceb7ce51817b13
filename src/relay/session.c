/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * session.c - One TCP connection to the relay, and what it became
 */

/**
 * DOC: Theory of operation
 *
 * Bytes gather in @head until the head of a request is whole; gesture.c says what
 * becomes of the session then, and each kind has a file of its own.  What came
 * behind the head waits in @early.
 *
 * Whatever a client did wrong is answered with a status and a tracking id; the
 * log has the same id.
 */

#include "relay/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "relay/control.h"
#include "relay/gesture.h"
#include "relay/http_channel.h"
#include "relay/http_exchange.h"
#include "relay/pair.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"
#include "sys/log.h"

#define FINISH_LIMIT_MS 5000
/* For our answer to arrive before unread bytes make a reset of the close. */
#define LINGER_MS 1000

void session_set(struct session *session, enum session_kind kind)
{
	session->kind = kind;
	session->since = clock_mono();
}

void session_forget_head(struct session *session)
{
	buffer_clear(&session->head);
	session->head_used = 0;
	if (!session->request)
		return;
	explicit_bzero(session->request, sizeof(*session->request));
	free(session->request);
	session->request = NULL;
	session->relay->held_len -= sizeof(*session->request);
}

void session_open(struct session *session, struct relay *relay, void *io,
		  const char *remote, uint16_t remote_port)
{
	memset(session, 0, sizeof(*session));
	session->relay = relay;
	session->io = io;
	snprintf(session->remote, sizeof(session->remote), "%s", remote);
	session->remote_port = remote_port;
	session->heard = clock_mono();
	buffer_init(&session->head, &relay->held_len);
	buffer_init(&session->early, &relay->held_len);
	session_set(session, SESSION_HEAD);
	session->next = relay->sessions;
	if (session->next)
		session->next->prev = session;
	relay->sessions = session;
	relay->session_cnt++;
}

void session_finish(struct session *session)
{
	rendezvous_close(session);
	session_forget_head(session);
	buffer_clear(&session->early);
	session_set(session, SESSION_FINISHING);
	relay_hold(session, !session->linger);
	relay_call_writable(session);
}

void session_refuse(struct session *session, int status, const char *text)
{
	char tracking[REQUEST_ID_SIZE];
	char answer[1024];
	ssize_t len;

	if (session->kind == SESSION_WAITING)
		session->linger =
			true; /* it may have sent what we did not read */
	rendezvous_new_id(tracking);
	len = request_write_refusal(status, text, tracking, clock_wall().s,
				    answer, sizeof(answer));
	log_info("remote=%s:%u event=refused status=%d reason=\"%s\" "
		 "path=\"%s\" tracking=%s",
		 session->remote, session->remote_port, status, text,
		 session->request ? session->request->path : "-", tracking);
	session->relay->counts.refused[status / 100 % 6]++;
	if (len > 0)
		relay_write(session, (const uint8_t *)answer, (size_t)len);
	session_finish(session);
}

/** has_room() - Below some part of the limit */
static bool has_room(struct relay *relay, size_t more, size_t limit)
{
	if (relay->held_len <= limit && more <= limit - relay->held_len)
		return true;
	relay->counts.over_held++;
	return false;
}

bool session_has_room(const struct session *session, size_t more)
{
	return has_room(session->relay, more,
			session->relay->conf->limits.held_len);
}

bool session_may_wait(const struct session *session, size_t more)
{
	size_t limit = session->relay->conf->limits.held_len;

	return has_room(session->relay, more,
			limit - limit / SESSION_RESERVE_PART);
}

void session_refuse_busy(struct session *session)
{
	/* The rest of the head may be on its way. */
	session->linger = true;
	session_refuse(session, 503, "the relay is busy");
}

/** head_len_max() - Upgrades need little, relayed requests may have more */
static size_t head_len_max(const struct buffer *head)
{
	static const char upgrade[] = "GET /$hc/";
	size_t len = sizeof(upgrade) - 1;

	return head->len >= len && !memcmp(head->data, upgrade, len)
		       ? HTTP_HEAD_LEN_MAX
		       : EXCHANGE_HEAD_LEN_MAX;
}

/** pass_early() - Bytes that came behind the head, to one who takes them now */
static void pass_early(struct session *session)
{
	struct buffer early;

	if (session->kind != SESSION_LISTENER)
		return;
	session_forget_head(session);
	buffer_init(&early, &session->relay->held_len);
	buffer_move(&early, &session->early);
	control_receive(session, early.data, early.len);
	buffer_clear(&early);
}

void session_read_head(struct session *session)
{
	struct buffer *bytes = &session->head;
	struct http_request head;
	size_t rest_len;
	ssize_t got =
		http_request_parse_max((const char *)bytes->data, bytes->len,
				       head_len_max(bytes), &head);

	if (got == -EAGAIN)
		return;
	if (got < 0) {
		session->linger = true;
		session_refuse(session, got == -EMSGSIZE ? 431 : 400,
			       got == -EMSGSIZE ? "the head is too long"
						: "this is no HTTP request");
		return;
	}
	session->head_used = (size_t)got;
	rest_len = bytes->len - session->head_used;
	if (!session_has_room(session,
			      buffer_growth(&session->early, rest_len))) {
		session_refuse_busy(session);
		return;
	}
	if (!buffer_add(&session->early, bytes->data + got, rest_len)) {
		session_refuse(session, 500, "out of memory");
		return;
	}
	gesture_take(session, &head);
	pass_early(session);
}

/** gather_head() - Bytes before the end of a head; Return: false to close */
static bool gather_head(struct session *session, const uint8_t *data,
			size_t len)
{
	if (!session_has_room(session, buffer_growth(&session->head, len))) {
		session_refuse_busy(session);
		return true;
	}
	if (session->exchange && !session->head.len)
		session->since = session->heard; /* of the next head */
	if (!buffer_add(&session->head, data, len))
		return false;
	session_read_head(session);
	return true;
}

/** gather_early() - A sender that cannot wait; Return: false to close */
static bool gather_early(struct session *session, const uint8_t *data,
			 size_t len)
{
	if (!session_may_wait(session, buffer_growth(&session->early, len))) {
		session_refuse_busy(session);
		return true;
	}
	return session->early.len + len <= 2 * (size_t)RELAY_READ_SIZE &&
	       buffer_add(&session->early, data, len);
}

bool session_receive(struct session *session, const uint8_t *data, size_t len)
{
	session->heard = clock_mono();
	switch (session->kind) {
	case SESSION_HEAD:
		return gather_head(session, data, len);
	case SESSION_WAITING:
		return gather_early(session, data, len);
	case SESSION_LISTENER:
		control_receive(session, data, len);
		return true;
	case SESSION_JOINED:
		pair_pass(session, data, len);
		return true;
	case SESSION_HTTP:
		return exchange_receive(session, data, len);
	case SESSION_CHANNEL:
		http_channel_receive(session, data, len);
		return true;
	case SESSION_FINISHING:
		return true;
	}
	return false;
}

/** finishing_writable() - Its last is sent */
static void finishing_writable(struct session *session)
{
	if (!session->linger) {
		relay_kill(session);
	} else if (!session->ended) {
		session->ended = true;
		relay_end_output(session);
	}
}

void session_writable(struct session *session)
{
	switch (session->kind) {
	case SESSION_FINISHING:
		finishing_writable(session);
		break;
	case SESSION_JOINED:
		pair_writable(session);
		break;
	case SESSION_CHANNEL:
		http_channel_writable(session);
		break;
	case SESSION_HEAD:
	case SESSION_HTTP:
		if (session->exchange)
			exchange_writable(session);
		break;
	case SESSION_LISTENER:
	case SESSION_WAITING:
		break;
	}
}

/** leave() - Others that know this session forget it */
static void leave(struct session *session)
{
	if (session->kind == SESSION_LISTENER) {
		log_info("remote=%s:%u event=listener_down path=\"%s\"",
			 session->remote, session->remote_port,
			 session->hub->name);
		control_closed(session);
	}
	rendezvous_close(session);
	pair_part(session);
	if (session->client)
		http_channel_closed(session);
	if (session->exchange)
		exchange_closed(session);
}

void session_closed(struct session *session)
{
	struct relay *relay = session->relay;

	leave(session);
	if (session->prev)
		session->prev->next = session->next;
	else
		relay->sessions = session->next;
	if (session->next)
		session->next->prev = session->prev;
	relay->session_cnt--;
	session_forget_head(session);
	buffer_clear(&session->early);
	if (session->hub)
		hub_release(session->hub);
	session->relay = NULL;
}

void session_excuse(struct session *session, int64_t stood_ms)
{
	session->since = mono_add_ms(session->since, stood_ms);
	session->heard = mono_add_ms(session->heard, stood_ms);
	if (session->look_at.ns)
		session->look_at = mono_add_ms(session->look_at, stood_ms);
	if (session->listener)
		session->listener->pinged =
			mono_add_ms(session->listener->pinged, stood_ms);
	if (session->exchange)
		session->exchange->since =
			mono_add_ms(session->exchange->since, stood_ms);
}

/** is_useless() - The relay stops: has it asked for nothing, and nobody can come to
 *  meet somebody? */
static bool is_useless(const struct session *session)
{
	return !session->head.len &&
	       (session->exchange || !session->relay->secret_cnt);
}

/** tick_head() - A request must come soon; the next one of a client may wait.
 *  While the client takes its last answer, it is not read from, and no time
 *  passes for it: limits.peer_s ends who takes nothing. */
static void tick_head(struct session *session, mono_t now)
{
	const struct relay_limits *limits = &session->relay->conf->limits;
	bool idle = session->exchange && !session->head.len;
	int64_t age_ms = mono_diff_ms(now, session->since);

	if (session->stuck)
		session->since = now;
	else if ((session->relay->stopping && is_useless(session)) ||
		 age_ms > (idle ? limits->response_s : limits->head_s) * 1000)
		relay_kill(session);
}

/** tick_finishing() - What was written must be sent soon, or as the client takes
 *  it */
static void tick_finishing(struct session *session, mono_t now)
{
	int64_t limit_ms = session->linger ? LINGER_MS : FINISH_LIMIT_MS;

	if (session->stuck)
		session->since = now;
	else if (mono_diff_ms(now, session->since) > limit_ms)
		relay_kill(session);
}

void session_tick(struct session *session, mono_t now, int64_t now_s)
{
	switch (session->kind) {
	case SESSION_HEAD:
		tick_head(session, now);
		break;
	case SESSION_WAITING:
		gesture_tick(session, now);
		break;
	case SESSION_LISTENER:
		control_tick(session, now, now_s);
		break;
	case SESSION_JOINED:
		pair_tick(session, now);
		break;
	case SESSION_HTTP:
		exchange_tick(session, now);
		break;
	case SESSION_CHANNEL:
		break;
	case SESSION_FINISHING:
		tick_finishing(session, now);
		break;
	}
}

void session_goodbye(struct session *session, bool now)
{
	switch (session->kind) {
	case SESSION_LISTENER:
		if (now)
			control_close(session, WS_CLOSE_GOING_AWAY,
				      "relay stops");
		else
			control_leave(session);
		break;
	case SESSION_JOINED:
		if (now)
			pair_close(session, WS_CLOSE_GOING_AWAY, "relay stops");
		else
			pair_leave(session);
		break;
	case SESSION_WAITING:
		if (now || session->late)
			session_refuse(session, 503, "relay stops");
		break;
	case SESSION_HTTP:
		if (now)
			exchange_fail(session, 503, "relay stops");
		break;
	case SESSION_CHANNEL:
		if (!now)
			break;
		http_channel_closed(session);
		http_channel_end(session, WS_CLOSE_GOING_AWAY, "relay stops");
		break;
	case SESSION_HEAD:
		if (!now && session->stuck) /* its last answer */
			session_finish(session);
		else if (now || is_useless(session))
			relay_kill(session);
		break;
	case SESSION_FINISHING:
		if (now && session->stuck)
			relay_kill(session);
		break;
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gesture.c - What a client asks for becomes of its session
 */

/**
 * DOC: Theory of operation
 *
 * request_read() says which gesture a head is, auth_check() whether it is
 * granted.
 *
 * Listen	101, and the session waits for senders (control.c).
 * Connect	A listener is picked at random and told an address with a secret
 *		(rendezvous.c).  The sender is not read from until that listener
 *		comes.
 *		If its control channel is lost before, or it turns out to be deaf
 *		(listener.c) while others are not, another one is asked; but not for
 *		a sender that has hung up.
 * Accept	The listener has come: both get their 101 and are a pair (pair.c).
 *		Or it rejects: then it gets 410, and the sender what it says.  A
 *		handshake that fails is told to both.
 * Request	The listener has come for an HTTP client (http_channel.c).
 * HTTP		Passed to a listener as messages (http_exchange.c).
 */

#include "relay/gesture.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "relay/auth.h"
#include "relay/control.h"
#include "relay/http_body.h"
#include "relay/http_channel.h"
#include "relay/http_exchange.h"
#include "relay/pair.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"
#include "sys/log.h"

/* Of a sub-protocol's name: room for it is in send_101(). */
#define PROTOCOL_LEN_MAX 512

/** authorize() - Judge the request's token; refuses the session itself
 *  Return: true when the right is given */
static bool authorize(struct session *session, enum relay_right right)
{
	struct relay *relay = session->relay;
	struct request *request = session->request;
	struct auth_verdict verdict;
	struct hub *hub = hub_find(&relay->hubs, relay->conf, request->path);

	if (!hub) {
		session_refuse(session, 404, "no such hybrid connection");
		return false;
	}
	if (session->hub)
		hub_release(session->hub);
	session->hub = hub_keep(hub);
	if (right == RELAY_SEND && hub->conf->anonymous)
		return true;
	verdict = auth_check(relay->conf, hub->conf, right, request->token,
			     request->token_len, clock_wall().s);
	explicit_bzero(request->token, sizeof(request->token));
	if (verdict.status) {
		session_refuse(session, verdict.status, verdict.text);
		return false;
	}
	session->expiry_s = verdict.expiry_s;
	return true;
}

/** remember_host() - Where this client finds us; Return: is it usable? */
static bool remember_host(struct session *session,
			  const struct http_request *head)
{
	const struct slice *host =
		http_header_find(head->headers, head->header_cnt, "Host");
	size_t i;

	session->host[0] = '\0';
	if (!host || !host->len || host->len >= sizeof(session->host))
		return false;
	for (i = 0; i < host->len; i++) {
		char c = host->data[i];

		if (!isalnum((unsigned char)c) && !strchr(".-_:[]", c))
			return false;
	}
	memcpy(session->host, host->data, host->len);
	session->host[host->len] = '\0';
	return true;
}

static void take_listen(struct session *session,
			const struct http_request *head)
{
	char answer[512];
	ssize_t len;

	if (!authorize(session, RELAY_LISTEN))
		return;
	if (!remember_host(session, head)) {
		session_refuse(session, 400, "the header Host is not valid");
		return;
	}
	if (session->hub->listener_cnt >=
	    session->relay->conf->limits.listener_cnt) {
		session_refuse(session, 429, "too many listeners");
		return;
	}
	if (!session_may_wait(session, sizeof(*session->listener))) {
		session_refuse_busy(session);
		return;
	}
	len = request_write_101(session->request->key, (struct slice){0},
				answer, sizeof(answer));
	if (len < 0 || !control_open(session)) {
		session_refuse(session, 500, "out of memory");
		return;
	}
	relay_write(session, (const uint8_t *)answer, (size_t)len);
	session_set(session, SESSION_LISTENER);
	log_info("remote=%s:%u event=listener_up path=\"%s\"", session->remote,
		 session->remote_port, session->hub->name);
}

/** ask() - A listener hears of the sender, or the sender is refused */
static void ask(struct session *session, const struct http_request *head)
{
	struct refusal refusal;

	if (session->relay->stopping)
		session_refuse(session, 503, "relay stops");
	else if (!rendezvous_ask(session, head, &refusal))
		session_refuse(session, refusal.status, refusal.text);
}

static void take_connect(struct session *session,
			 const struct http_request *head)
{
	if (!authorize(session, RELAY_SEND))
		return;
	session_set(session, SESSION_WAITING);
	relay_hold(session, true);
	session->late = session->relay->conf->fault.late_s > 0;
	if (!session->late)
		ask(session, head);
}

/** ask_now() - It could not be asked for before, or whom was asked is gone */
static void ask_now(struct session *session)
{
	struct http_request head;
	ssize_t got = http_request_parse((const char *)session->head.data,
					 session->head_used, &head);

	session->late = false;
	if (got > 0)
		ask(session, &head);
}

/** blame() - The listener that was told did not come, once for each sender */
static void blame(struct session *session, mono_t now)
{
	if (!session->missed)
		listener_missed(session->told, LISTENER_SENDERS, now);
	session->missed = true;
}

/** look_again() - The one that was told is late: will it come, or should another be
 *  asked?  Only one that is trusted is better than one that is slow. */
static void look_again(struct session *session, mono_t now)
{
	if (!session->told ||
	    (!session->relay->stopping &&
	     listener_is_deaf(session->told, LISTENER_SENDERS) &&
	     hub_has_trusted(session->hub, LISTENER_SENDERS, now)))
		ask_now(session);
}

/** wait_on() - For a listener that was told */
static void wait_on(struct session *session, mono_t now)
{
	int64_t limit_ms = session->relay->conf->limits.rendezvous_s * 1000;
	bool over = mono_diff_ms(now, session->since) >= limit_ms;
	bool late = over || (session->look_at.ns &&
			     !mono_before(now, session->look_at));

	if (late)
		blame(session, now);
	if (over)
		session->hub->unanswered++;
	if (over)
		session_refuse(session, 504,
			       "the listener did not come in time");
	else if ((late || session->relay->stopping) && relay_has_left(session))
		relay_kill(session);
	else if (late)
		look_again(session, now);
}

void gesture_tick(struct session *session, mono_t now)
{
	const struct relay_conf *conf = session->relay->conf;

	if (!session->late) {
		wait_on(session, now);
		return;
	}
	if (mono_diff_ms(now, session->since) < conf->fault.late_s * 1000)
		return;
	session->since = now;
	ask_now(session);
}

/** send_101() - To one side of a new pair; Return: could it be written? */
static bool send_101(struct session *session, struct slice protocol)
{
	char answer[1024];
	ssize_t len = request_write_101(session->request->key, protocol, answer,
					sizeof(answer));

	return len > 0 &&
	       relay_write(session, (const uint8_t *)answer, (size_t)len);
}

/** pass_early() - Bytes that came behind the head belong to the pair */
static void pass_early(struct session *session)
{
	struct buffer early;

	buffer_init(&early, &session->relay->held_len);
	buffer_move(&early, &session->early);
	session_forget_head(session);
	pair_pass(session, early.data, early.len);
	buffer_clear(&early);
}

/** let_down() - The listener came, but not as it should; its address is used up,
 *  so whoever waits there is told instead of waiting in vain */
static void let_down(struct session *waiting)
{
	static const char text[] = "the listener's handshake failed";

	if (waiting->kind == SESSION_HTTP)
		exchange_fail(waiting, 502, text);
	else
		session_refuse(waiting, 502, text);
}

/** join() - The listener has come: both get their 101 and are one pair */
static void join(struct session *listener, struct session *sender)
{
	struct slice protocol =
		request_first_protocol(listener->request->protocols);

	if (protocol.len &&
	    (protocol.len > PROTOCOL_LEN_MAX ||
	     !request_offers(sender->request->protocols, protocol))) {
		let_down(sender);
		session_refuse(listener, 400,
			       protocol.len > PROTOCOL_LEN_MAX
				       ? "the sub-protocol is too long"
				       : "the sender did not offer this "
					 "sub-protocol");
		return;
	}
	log_info("remote=%s:%u event=joined path=\"%s\" id=\"%s\"",
		 sender->remote, sender->remote_port, sender->hub->name,
		 sender->id);
	listener->hub = hub_keep(sender->hub);
	rendezvous_close(sender);
	if (!send_101(listener, protocol) || !send_101(sender, protocol)) {
		relay_kill(listener);
		relay_kill(sender);
		return;
	}
	sender->hub->joined++;
	sender->is_sender = true;
	pair_join(listener, sender);
	relay_hold(sender, false); /* until the pair says otherwise */
	pass_early(listener);
	pass_early(sender);
}

/** reject() - The listener does not want the sender */
static void reject(struct session *listener, struct session *sender)
{
	const struct request *request = listener->request;

	sender->hub->rejected++;
	session_refuse(sender, request->reject_status,
		       request->reject_text[0] ? request->reject_text
					       : "rejected by the listener");
	session_refuse(listener, 410, "rejected, as asked for");
}

static void take_accept(struct session *session)
{
	struct session *sender =
		rendezvous_find(session->relay, session->request);

	if (sender)
		listener_took(sender->told, LISTENER_SENDERS);
	if (!sender)
		session_refuse(session, 403,
			       "this rendezvous address is not valid, or not "
			       "any more");
	else if (session->request->reject_status)
		reject(session, sender);
	else
		join(session, sender);
}

static void take_request(struct session *session)
{
	struct session *client =
		rendezvous_find(session->relay, session->request);
	struct buffer early;

	if (!client) {
		session_refuse(session, 403,
			       "this rendezvous address is not valid, or not "
			       "any more");
		return;
	}
	session->hub = hub_keep(client->hub);
	if (!send_101(session, (struct slice){0})) {
		relay_kill(session);
		return;
	}
	buffer_init(&early, &session->relay->held_len);
	buffer_move(&early, &session->early);
	session_forget_head(session);
	http_channel_open(session, client);
	http_channel_receive(session, early.data, early.len);
	buffer_clear(&early);
}

static void take_http(struct session *session, const struct http_request *head)
{
	if (!authorize(session, RELAY_SEND))
		return;
	(void)remember_host(session, head);
	if (session->hub->conf->http)
		exchange_take(session, head);
	else
		session_refuse(session, 404,
			       "HTTP requests are not relayed here");
}

/** comes_to_meet() - Does it end a wait, and is gone then itself? */
static bool comes_to_meet(const struct request *request)
{
	return request->gesture == GESTURE_ACCEPT ||
	       request->gesture == GESTURE_REQUEST;
}

/** has_body() - Does more come behind the head that belongs to it? */
static bool has_body(const struct http_request *head)
{
	struct http_body body;

	return http_body_init(&body, head) || !http_body_is_done(&body);
}

void gesture_take(struct session *session, const struct http_request *head)
{
	struct session *waiting;
	struct refusal refusal;

	session->linger = has_body(head);
	if (!session_has_room(session, sizeof(*session->request))) {
		session_refuse_busy(session);
		return;
	}
	session->request = malloc(sizeof(*session->request));
	if (!session->request) {
		session_refuse(session, 500, "out of memory");
		return;
	}
	session->relay->held_len += sizeof(*session->request);
	if (!request_read(head, session->request, &refusal)) {
		waiting = rendezvous_find(session->relay, session->request);
		if (waiting)
			let_down(waiting);
		session_refuse(session, refusal.status, refusal.text);
		return;
	}
	if (session->relay->stopping && !comes_to_meet(session->request)) {
		session_refuse(session, 503, "relay stops");
		return;
	}
	if (!comes_to_meet(session->request) && !session_may_wait(session, 0)) {
		session_refuse_busy(session);
		return;
	}
	/* A connection that had HTTP requests before becomes something else. */
	if (session->exchange && session->request->gesture != GESTURE_HTTP)
		exchange_closed(session);
	switch (session->request->gesture) {
	case GESTURE_LISTEN:
		take_listen(session, head);
		break;
	case GESTURE_CONNECT:
		take_connect(session, head);
		break;
	case GESTURE_ACCEPT:
		take_accept(session);
		break;
	case GESTURE_REQUEST:
		take_request(session);
		break;
	case GESTURE_HTTP:
		take_http(session, head);
		break;
	}
}

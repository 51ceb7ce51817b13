/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * session.c - One TCP connection to the relay, and what it became
 */

/**
 * DOC: Theory of operation
 *
 * Request	Bytes gather in @head until the head is whole; request_read() says
 *		which gesture it is, auth_check() whether it is granted.
 * Listen	101, and the session waits for senders.
 * Connect	A listener is picked at random and told an address with a secret.
 *		The sender is not read from until that listener comes (pairing
 *		is in rendezvous.c).
 * Joined	pair.c passes frames.
 *
 * Whatever a client did wrong is answered with a status and a tracking id; the
 * log has the same id.
 */

#include "relay/session.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/message.h>

#include "base/limits.h"
#include "codec/text.h"
#include "relay/auth.h"
#include "relay/control.h"
#include "relay/pair.h"
#include "relay/relay.h"
#include "relay/rendezvous.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

#define HEAD_LIMIT_MS   10000
#define FINISH_LIMIT_MS 5000

/** remember_remote() - Address and port of the client, for logs and accepts */
static void remember_remote(struct session *session)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof(addr);
	int fd = lws_get_socket_fd(session->wsi);

	lws_get_peer_simple(session->wsi, session->remote,
			    sizeof(session->remote));
	if (getpeername(fd, (struct sockaddr *)&addr, &len))
		return;
	if (addr.ss_family == AF_INET)
		session->remote_port =
			ntohs(((struct sockaddr_in *)&addr)->sin_port);
	else if (addr.ss_family == AF_INET6)
		session->remote_port =
			ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
}

static void set_kind(struct session *session, enum session_kind kind)
{
	session->kind = kind;
	session->since = clock_mono();
}

static void free_head(struct session *session)
{
	/* It may hold a token. */
	if (session->head)
		explicit_bzero(session->head, session->head_len);
	free(session->head);
	session->head = NULL;
	session->head_len = 0;
	if (session->request)
		explicit_bzero(session->request, sizeof(*session->request));
	free(session->request);
	session->request = NULL;
}

void session_open(struct session *session, struct relay *relay, struct lws *wsi)
{
	session->relay = relay;
	session->wsi = wsi;
	session->heard = clock_mono();
	set_kind(session, SESSION_HEAD);
	remember_remote(session);
	session->next = relay->sessions;
	if (session->next)
		session->next->prev = session;
	relay->sessions = session;
	relay->session_cnt++;
}

void session_finish(struct session *session)
{
	set_kind(session, SESSION_FINISHING);
	relay_hold(session, true);
	relay_call_writable(session);
}

void session_refuse(struct session *session, int status, const char *text)
{
	char tracking[REQUEST_ID_SIZE];
	char answer[1024];
	ssize_t len;

	rendezvous_new_id(tracking);
	len = request_write_refusal(status, text, tracking, clock_wall().s,
				    answer, sizeof(answer));
	log_info("remote=%s:%u event=refused status=%d reason=\"%s\" path=%s "
		 "tracking=%s",
		 session->remote, session->remote_port, status, text,
		 session->request ? session->request->path : "-", tracking);
	if (len > 0)
		relay_write(session, (const uint8_t *)answer, (size_t)len);
	session_finish(session);
}

/** authorize() - Judge the request's token; refuses the session itself
 *  Return: true when the right is given */
static bool authorize(struct session *session, enum relay_right right)
{
	const struct relay_conf *conf = session->relay->conf;
	struct request *request = session->request;
	const char *suffix;
	struct auth_verdict verdict;

	session->path = relay_conf_find(conf, request->path, &suffix);
	if (!session->path) {
		session_refuse(session, 404, "no such hybrid connection");
		return false;
	}
	verdict = auth_check(conf, session->path, right, request->token,
			     request->token_len, clock_wall().s);
	if (verdict.status) {
		session_refuse(session, verdict.status, verdict.text);
		return false;
	}
	session->expiry_s = verdict.expiry_s;
	return true;
}

/** remember_host() - Where this listener finds us; Return: is it usable? */
static bool remember_host(struct session *session,
			  const struct http_request *head)
{
	const struct slice *host =
		http_header_find(head->headers, head->header_cnt, "Host");
	size_t i;

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
	if (rendezvous_listener_cnt(session->relay, session->path) >=
	    session->relay->conf->listener_cnt_max) {
		session_refuse(session, 429, "too many listeners");
		return;
	}
	len = request_write_101(session->request->key, (struct slice){0},
				answer, sizeof(answer));
	if (len < 0 || !control_open(session)) {
		session_refuse(session, 500, "out of memory");
		return;
	}
	relay_write(session, (const uint8_t *)answer, (size_t)len);
	set_kind(session, SESSION_LISTENER);
	log_info("remote=%s:%u event=listener_up path=%s", session->remote,
		 session->remote_port, session->path->path);
}

static void take_connect(struct session *session,
			 const struct http_request *head)
{
	struct refusal refusal;

	if (!authorize(session, RELAY_SEND))
		return;
	if (!rendezvous_ask(session, head, &refusal)) {
		session_refuse(session, refusal.status, refusal.text);
		return;
	}
	set_kind(session, SESSION_WAITING);
	relay_hold(session, true);
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

/** join() - The listener has come: both get their 101 and are one pair */
static void join(struct session *listener, struct session *sender)
{
	struct slice protocol =
		request_first_protocol(listener->request->protocols);

	if (protocol.len &&
	    !request_offers(sender->request->protocols, protocol)) {
		session_refuse(listener, 400,
			       "the sender did not offer this sub-protocol");
		return;
	}
	log_info("remote=%s:%u event=joined path=%s id=%s", sender->remote,
		 sender->remote_port, sender->path->path, sender->id);
	listener->path = sender->path;
	if (!send_101(listener, protocol) || !send_101(sender, protocol)) {
		relay_kill(listener);
		relay_kill(sender);
		return;
	}
	sender->is_sender = true;
	sender->secret[0] = '\0';
	pair_join(listener, sender);
	set_kind(listener, SESSION_JOINED);
	set_kind(sender, SESSION_JOINED);
}

/** pass_early() - Bytes that came behind the head belong to the pair */
static void pass_early(struct session *session)
{
	char *head = session->head;
	size_t len = session->head_len;
	size_t used = session->head_used;

	session->head = NULL;
	free_head(session);
	if (len > used && session->kind == SESSION_JOINED)
		pair_pass(session, (const uint8_t *)head + used, len - used);
	if (head)
		explicit_bzero(head, len);
	free(head);
}

static void take_accept(struct session *session)
{
	const struct request *request = session->request;
	struct session *sender = rendezvous_find(session->relay, request);

	if (!sender) {
		session_refuse(session, 403,
			       "this rendezvous address is not valid, or not "
			       "any more");
		return;
	}
	if (!request->reject_status) {
		join(session, sender);
		if (session->kind != SESSION_JOINED)
			return;
		pass_early(session);
		pass_early(sender);
		relay_hold(sender, false);
		return;
	}
	sender->secret[0] = '\0';
	session_refuse(sender, request->reject_status,
		       request->reject_text[0] ? request->reject_text
					       : "rejected by the listener");
	session_refuse(session, 410, "rejected, as asked for");
}

/** dispatch() - The head is whole */
static void dispatch(struct session *session, const struct http_request *head)
{
	struct refusal refusal;

	session->request = malloc(sizeof(*session->request));
	if (!session->request) {
		session_refuse(session, 500, "out of memory");
		return;
	}
	if (!request_read(head, session->request, &refusal)) {
		session_refuse(session, refusal.status, refusal.text);
		return;
	}
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
	}
}

/** gather_head() - Bytes before and behind the head; Return: false to close */
static bool gather_head(struct session *session, const uint8_t *data,
			size_t len)
{
	char *more = realloc(session->head, session->head_len + len);
	struct http_request head;
	ssize_t got;

	if (!more)
		return false;
	session->head = more;
	memcpy(session->head + session->head_len, data, len);
	session->head_len += len;
	if (session->kind == SESSION_WAITING) /* early bytes of a sender */
		return session->head_len <= 2 * RELAY_READ_SIZE;

	got = http_request_parse(session->head, session->head_len, &head);
	if (got == -EAGAIN)
		return true;
	if (got < 0) {
		session_refuse(session, 400, "this is no HTTP request");
		return true;
	}
	session->head_used = (size_t)got;
	dispatch(session, &head);
	if (session->kind == SESSION_LISTENER) {
		size_t used = session->head_used;
		char *early = session->head;
		size_t early_len = session->head_len;

		session->head = NULL;
		free_head(session);
		if (early_len > used)
			control_receive(session, (uint8_t *)early + used,
					early_len - used);
		explicit_bzero(early, early_len);
		free(early);
	}
	return true;
}

bool session_receive(struct session *session, const uint8_t *data, size_t len)
{
	session->heard = clock_mono();
	switch (session->kind) {
	case SESSION_HEAD:
	case SESSION_WAITING:
		return gather_head(session, data, len);
	case SESSION_LISTENER:
		control_receive(session, data, len);
		return true;
	case SESSION_JOINED:
		pair_pass(session, data, len);
		return true;
	case SESSION_FINISHING:
		return true;
	}
	return false;
}

void session_writable(struct session *session)
{
	if (session->kind == SESSION_FINISHING)
		relay_kill(session);
	else if (session->kind == SESSION_JOINED)
		pair_writable(session);
}

void session_closed(struct session *session)
{
	struct relay *relay = session->relay;

	if (session->kind == SESSION_LISTENER)
		log_info("remote=%s:%u event=listener_down path=%s",
			 session->remote, session->remote_port,
			 session->path->path);
	pair_part(session);
	if (session->prev)
		session->prev->next = session->next;
	else
		relay->sessions = session->next;
	if (session->next)
		session->next->prev = session->prev;
	relay->session_cnt--;
	free_head(session);
	free(session->inbox_buf);
}

void session_tick(struct session *session, mono_t now, int64_t now_s)
{
	int64_t age_ms = mono_diff_ms(now, session->since);
	int64_t limit_ms = session->relay->conf->rendezvous_s * 1000;

	switch (session->kind) {
	case SESSION_HEAD:
		if (age_ms > HEAD_LIMIT_MS)
			relay_kill(session);
		break;
	case SESSION_WAITING:
		if (age_ms < limit_ms)
			break;
		session->secret[0] = '\0';
		session_refuse(session, 504,
			       "the listener did not come in time");
		break;
	case SESSION_LISTENER:
		control_tick(session, now, now_s);
		break;
	case SESSION_JOINED:
		pair_tick(session, now);
		break;
	case SESSION_FINISHING:
		if (age_ms > FINISH_LIMIT_MS)
			relay_kill(session);
		break;
	}
}

void session_goodbye(struct session *session)
{
	switch (session->kind) {
	case SESSION_LISTENER:
		control_close(session, WS_CLOSE_GOING_AWAY, "relay stops");
		break;
	case SESSION_JOINED:
		pair_close(session, WS_CLOSE_GOING_AWAY, "relay stops");
		break;
	case SESSION_WAITING:
		session_refuse(session, 503, "relay stops");
		break;
	case SESSION_HEAD:
	case SESSION_FINISHING:
		relay_kill(session);
		break;
	}
}

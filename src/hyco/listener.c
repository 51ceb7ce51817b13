/* SPDX-License-Identifier: MIT */

/*
 * listener.c - The control channel of a listener, without any I/O
 */

/**
 * DOC: Theory of operation
 *
 * Token	One is kept with its end (@token_end_ms).  While it is good for more
 *		than half of its life it serves the next attempt as well; else
 *		HYCO_LISTENER_TOKEN asks for another.  At half of its remaining
 *		life, but at most every RENEW_MS_MIN, another is asked for and sent
 *		to the relay as renewToken.
 *
 * Alive	An empty unsolicited Pong every PONG_MS.  Silence means nothing at
 *		first: a relay need not send anything to an idle listener.  One that
 *		pings, though, goes on pinging: after the first Ping, SILENCE_MS
 *		without a byte and the connection is given up.
 *
 * Anew	A service may forget a listener and tell it nothing.  When one that
 *		never pings has sent nobody for ANEW_MS (and up to a quarter more),
 *		the registration is made anew: for a moment nobody listens.
 *
 * Responses	wait in a list, bounded in bytes, until the slot is free.
 *
 * Again	Whatever ends it, it waits with full jitter (retry.h) and begins anew.
 */

#include <hyco/listener.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/error.h>

#include "base/limits.h"

#define CONNECT_MS   15000
#define PONG_MS      45000
#define SILENCE_MS   240000
#define RENEW_MS_MIN INT64_C(240000)
#define ANEW_MS      3600000
/* No token now: asked for again after so long. */
#define TOKEN_AGAIN_MS 10000
/* A request and its body, each of the largest size. */
#define IN_SIZE (2 * CONTROL_MSG_LEN_MAX + 4096)
/* Responses that wait: a few of the largest. */
#define QUEUE_LEN_MAX (8 * (HYCO_BODY_LEN_MAX + CONTROL_MSG_LEN_MAX))
/* An Entra token may be longer than a shared access signature. */
#define TOKEN_SIZE 8192

/** struct outgoing - A message that waits; its payload lies behind the head's
 *  room */
struct outgoing {
	struct outgoing *next;
	bool text;
	size_t len;
	uint8_t data[];
};

/**
 * enum phase - What the listener does
 *
 * PHASE_WAIT	Until @wait_ms, then PHASE_TOKEN
 * PHASE_TOKEN	A token is needed; asked for once, @asked
 *	hyco_listener_token()	-> PHASE_CONNECT
 * PHASE_CONNECT HYCO_LISTENER_CONNECT is to be told -> PHASE_OPENING
 * PHASE_OPENING The connection is being made
 *	101			-> PHASE_REGISTERED
 * PHASE_REGISTERED Messages come
 *	either one's end	-> PHASE_WAIT
 * PHASE_CLOSED	Signed off for good
 */
enum phase {
	PHASE_WAIT,
	PHASE_TOKEN,
	PHASE_CONNECT,
	PHASE_OPENING,
	PHASE_REGISTERED,
	PHASE_CLOSED,
};

/**
 * struct hyco_listener - See listener.h
 * @token:	In use; "" for none
 * @token_end_ms: When it ends
 * @renew_ms:	When the next is asked for
 * @renewed_ms:	When the last one was sent
 * @renew_due:	@token is to be sent to the relay
 * @anew_ms:	When to register anew if nobody comes until then
 * @anew:	That is under way
 * @queue:	Responses that wait; @tail is the last's link
 * @on_way:	The message in the connection's slot
 */
struct hyco_listener {
	struct hyco_listener_config config;
	struct hyco_conn *conn;
	struct hyco_uri uri;
	char target[HYCO_TARGET_SIZE];
	enum phase phase;
	int64_t wait_ms;
	int64_t opened_ms;
	unsigned int failure_cnt;
	bool asked;
	char token[TOKEN_SIZE];
	int64_t token_end_ms;
	int64_t renew_ms;
	int64_t renewed_ms;
	bool renew_due;
	int64_t anew_ms;
	bool anew;
	bool no_token;
	struct outgoing *queue;
	struct outgoing **tail;
	size_t queue_len;
	struct outgoing *on_way;
	struct hyco_accept accept;
	struct hyco_exchange exchange;
	struct hyco_end no_token_end;
};

struct hyco_listener *hyco_listener_new(
	const struct hyco_listener_config *config, const char **why)
{
	const struct hyco_conn_config conn = {
		.in_size = IN_SIZE,
		.random = config->random,
		.arg = config->arg,
		.pong_ms = PONG_MS,
	};
	struct hyco_listener *listener = calloc(1, sizeof(*listener));

	*why = "out of memory";
	if (!listener)
		return NULL;
	listener->config = *config;
	listener->tail = &listener->queue;
	hyco_exchange_init(&listener->exchange);
	listener->conn = hyco_conn_new(&conn);
	if (!listener->conn ||
	    hyco_uri_parse(config->address, &listener->uri, why))
		goto err_free;
	if (hyco_uri_action(&listener->uri, HYCO_LISTEN, config->id,
			    listener->target, sizeof(listener->target)) < 0) {
		*why = "the address is too long";
		goto err_free;
	}
	listener->wait_ms = INT64_MIN;
	return listener;

err_free:
	hyco_listener_free(listener);
	return NULL;
}

/** drop_outgoing() - Free a message; it may hold a token */
static void drop_outgoing(struct outgoing *message)
{
	if (!message)
		return;
	explicit_bzero(message->data, HYCO_HEAD_SIZE + message->len);
	free(message);
}

/** drop_queue() - Nothing of it can be sent any more */
static void drop_queue(struct hyco_listener *listener)
{
	while (listener->queue) {
		struct outgoing *first = listener->queue;

		listener->queue = first->next;
		drop_outgoing(first);
	}
	listener->tail = &listener->queue;
	listener->queue_len = 0;
	drop_outgoing(listener->on_way);
	listener->on_way = NULL;
}

void hyco_listener_free(struct hyco_listener *listener)
{
	if (!listener)
		return;
	hyco_conn_free(listener->conn);
	drop_queue(listener);
	hyco_exchange_fini(&listener->exchange);
	explicit_bzero(listener->token, sizeof(listener->token));
	free(listener);
}

struct hyco_conn *hyco_listener_conn(const struct hyco_listener *listener)
{
	return listener->conn;
}

const struct hyco_uri *hyco_listener_uri(const struct hyco_listener *listener)
{
	return &listener->uri;
}

bool hyco_listener_is_registered(const struct hyco_listener *listener)
{
	return listener->phase == PHASE_REGISTERED;
}

/** queue_message() - To be sent when those before it are
 *  Return: where its payload goes, NULL without memory */
static uint8_t *queue_message(struct hyco_listener *listener, bool text,
			      size_t len)
{
	struct outgoing *message =
		malloc(sizeof(*message) + HYCO_HEAD_SIZE + len);

	if (!message)
		return NULL;
	message->next = NULL;
	message->text = text;
	message->len = len;
	*listener->tail = message;
	listener->tail = &message->next;
	listener->queue_len += len;
	return message->data + HYCO_HEAD_SIZE;
}

/** pump() - The next message into the free slot */
static void pump(struct hyco_listener *listener)
{
	struct outgoing *first;

	if (!hyco_conn_can_send(listener->conn))
		return;
	drop_outgoing(listener->on_way);
	listener->on_way = NULL;
	first = listener->queue;
	if (!first)
		return;
	listener->queue = first->next;
	if (!listener->queue)
		listener->tail = &listener->queue;
	listener->queue_len -= first->len;
	listener->on_way = first;
	hyco_conn_send(listener->conn, first->text,
		       first->data + HYCO_HEAD_SIZE, first->len);
}

/** queue_renewal() - The token, as renewToken */
static void queue_renewal(struct hyco_listener *listener, int64_t now_ms)
{
	char text[TOKEN_SIZE + 64];
	ssize_t len = hyco_message_renew(listener->token, text, sizeof(text));
	uint8_t *data = NULL;

	listener->renew_due = false;
	listener->renewed_ms = now_ms;
	if (len > 0)
		data = queue_message(listener, true, (size_t)len);
	if (data)
		memcpy(data, text, (size_t)len);
	explicit_bzero(text, sizeof(text));
}

int hyco_listener_token(struct hyco_listener *listener, const char *token,
			int64_t life_ms, int64_t now_ms)
{
	size_t len = strlen(token);
	int64_t wait_ms = life_ms / 2;

	if (len >= sizeof(listener->token))
		return HYCO_EMSGSIZE;
	explicit_bzero(listener->token, sizeof(listener->token));
	memcpy(listener->token, token, len + 1);
	if (wait_ms < RENEW_MS_MIN)
		wait_ms = RENEW_MS_MIN;
	/* But never after its end, as far as that can be helped. */
	if (wait_ms > life_ms * 9 / 10)
		wait_ms = life_ms * 9 / 10;
	if (wait_ms < 1000)
		wait_ms = 1000;
	listener->token_end_ms = now_ms + life_ms;
	listener->renew_ms = now_ms + wait_ms;
	listener->asked = false;
	if (listener->phase == PHASE_TOKEN)
		listener->phase = PHASE_CONNECT;
	else if (listener->phase == PHASE_REGISTERED)
		listener->renew_due = true;
	return 0;
}

void hyco_listener_no_token(struct hyco_listener *listener, const char *why,
			    int64_t now_ms)
{
	listener->asked = false;
	listener->renew_ms = now_ms + TOKEN_AGAIN_MS;
	if (listener->phase != PHASE_TOKEN)
		return;
	listener->no_token_end = (struct hyco_end){.kind = HYCO_END_TRANSPORT};
	snprintf(listener->no_token_end.text,
		 sizeof(listener->no_token_end.text), "no token: %s", why);
	listener->no_token = true;
}

int hyco_listener_respond(struct hyco_listener *listener,
			  const struct hyco_response *response,
			  const uint8_t *body, size_t body_len)
{
	struct hyco_response whole = *response;
	char text[CONTROL_MSG_LEN_MAX];
	uint8_t *data;
	ssize_t len;

	if (listener->phase != PHASE_REGISTERED)
		return HYCO_EPROTO;
	if (body && body_len > HYCO_BODY_LEN_MAX)
		return HYCO_EMSGSIZE;
	if (listener->queue_len + body_len > QUEUE_LEN_MAX)
		return HYCO_EAGAIN;
	whole.body = body != NULL;
	len = hyco_message_response(&whole, text, sizeof(text));
	if (len < 0)
		return (int)len;
	data = queue_message(listener, true, (size_t)len);
	if (!data)
		return HYCO_EAGAIN;
	memcpy(data, text, (size_t)len);
	if (!body)
		return 0;
	data = queue_message(listener, false, body_len);
	if (!data) {
		/* Half a response would be taken for another's. */
		hyco_conn_lost(listener->conn, "out of memory");
		return HYCO_EAGAIN;
	}
	if (body_len)
		memcpy(data, body, body_len);
	return 0;
}

/** wait_again() - Fill in HYCO_LISTENER_ENDED and begin the delay */
static enum hyco_listener_event_kind wait_again(
	struct hyco_listener *listener, const struct hyco_end *end,
	int64_t now_ms, struct hyco_listener_event *event)
{
	bool registered = listener->phase == PHASE_REGISTERED;
	int status = end->answer.status;
	int64_t limit_ms;
	uint32_t random;

	if (registered && now_ms - listener->opened_ms >= HYCO_RETRY_HEALTHY_MS)
		listener->failure_cnt = 0;
	limit_ms = hyco_retry_limit_ms(HYCO_LISTENER, listener->failure_cnt++,
				       status);
	listener->config.random(listener->config.arg, &random, sizeof(random));
	event->end = end;
	event->was_registered = registered;
	event->is_config = hyco_status_is_config(HYCO_LISTENER, status);
	if (listener->anew)
		event->reason = "nobody came for an hour: it registers anew";
	listener->anew = false;
	event->retry_ms = (int64_t)(random % (uint64_t)(limit_ms + 1));
	/* A token that was refused is not offered again. */
	if (status == 401 || status == 403 || end->close_code == 1008)
		listener->token_end_ms = INT64_MIN;
	drop_queue(listener);
	hyco_exchange_fini(&listener->exchange);
	listener->asked = false;
	listener->renew_due = false;
	listener->wait_ms = now_ms + event->retry_ms;
	if (listener->phase != PHASE_CLOSED)
		listener->phase = PHASE_WAIT;
	return HYCO_LISTENER_ENDED;
}

/** begin() - The upgrade request; Return: as hyco_conn_begin() */
static int begin(struct hyco_listener *listener, int64_t now_ms)
{
	const struct hyco_upgrade upgrade = {
		.uri = &listener->uri,
		.target = listener->target,
		.token = listener->token,
		.agent = listener->config.agent,
	};

	hyco_conn_set_silence(listener->conn, 0);
	return hyco_conn_begin(listener->conn, &upgrade, CONNECT_MS, now_ms);
}

/** fault_of() - May this address be followed?  NULL, or why not */
static const char *fault_of(const struct hyco_listener *listener,
			    const char *address)
{
	struct hyco_uri uri;
	const char *why;

	if (hyco_uri_parse(address, &uri, &why))
		return why;
	return hyco_uri_fault(&listener->uri, &uri, listener->config.hosts,
			      listener->config.host_cnt);
}

/** take_request() - A message that belongs to an HTTP request */
static enum hyco_listener_event_kind take_request(
	struct hyco_listener *listener, const struct hyco_received *received,
	struct hyco_listener_event *event)
{
	int got = hyco_exchange_take(&listener->exchange, received);

	if (got < 0) {
		event->reason = got == HYCO_EPROTO ? "a body without a request"
						   : "a malformed request";
		return HYCO_LISTENER_MALFORMED;
	}
	if (got == 0)
		return HYCO_LISTENER_NOTHING;
	event->reason = fault_of(listener, listener->exchange.request.address);
	if (event->reason)
		return HYCO_LISTENER_REFUSED;
	event->exchange = &listener->exchange;
	return HYCO_LISTENER_REQUEST;
}

/** take_message() - A message of the relay; NOTHING: it is of no concern */
static enum hyco_listener_event_kind take_message(
	struct hyco_listener *listener, const struct hyco_received *received,
	struct hyco_listener_event *event)
{
	const char *text = (const char *)received->data;
	int kind;

	if (!received->text)
		return take_request(listener, received, event);
	kind = hyco_message_parse(text, received->len, &listener->accept);
	if (kind == HYCO_MESSAGE_REQUEST)
		return take_request(listener, received, event);
	if (kind == HYCO_MESSAGE_UNKNOWN)
		return HYCO_LISTENER_NOTHING;
	if (kind < 0) {
		event->reason = "a malformed message";
		return HYCO_LISTENER_MALFORMED;
	}
	event->reason = fault_of(listener, listener->accept.address);
	if (event->reason)
		return HYCO_LISTENER_REFUSED;
	event->accept = &listener->accept;
	event->text = text;
	event->text_len = received->len;
	return HYCO_LISTENER_ACCEPT;
}

/** believe() - The relay knows us, as of now */
static void believe(struct hyco_listener *listener, int64_t now_ms)
{
	uint32_t random;

	listener->config.random(listener->config.arg, &random, sizeof(random));
	listener->anew_ms = now_ms + ANEW_MS + random % (ANEW_MS / 4);
}

static enum hyco_listener_event_kind take_opened(struct hyco_listener *listener,
						 int64_t now_ms)
{
	believe(listener, now_ms);
	listener->phase = PHASE_REGISTERED;
	listener->opened_ms = now_ms;
	listener->renewed_ms = now_ms;
	return HYCO_LISTENER_REGISTERED;
}

/** drive_conn() - Events of the connection while it is being made or open */
static enum hyco_listener_event_kind drive_conn(
	struct hyco_listener *listener, int64_t now_ms,
	struct hyco_listener_event *event)
{
	struct hyco_received received;

	hyco_conn_tick(listener->conn, now_ms);
	for (;;) {
		enum hyco_listener_event_kind kind = HYCO_LISTENER_NOTHING;

		switch (hyco_conn_next(listener->conn, &received)) {
		case HYCO_CONN_NOTHING:
			return HYCO_LISTENER_NOTHING;
		case HYCO_CONN_OPENED:
			return take_opened(listener, now_ms);
		case HYCO_CONN_MESSAGE:
			kind = take_message(listener, &received, event);
			if (kind == HYCO_LISTENER_ACCEPT ||
			    kind == HYCO_LISTENER_REQUEST)
				believe(listener, now_ms);
			break;
		case HYCO_CONN_ENDED:
			return wait_again(listener,
					  hyco_conn_end(listener->conn), now_ms,
					  event);
		}
		if (kind != HYCO_LISTENER_NOTHING)
			return kind;
	}
}

/** stay() - What is due while registered */
static enum hyco_listener_event_kind stay(struct hyco_listener *listener,
					  int64_t now_ms)
{
	if (hyco_conn_heard_ping(listener->conn)) {
		hyco_conn_set_silence(listener->conn, SILENCE_MS);
		listener->anew_ms = HYCO_NEVER;
	}
	if (now_ms >= listener->anew_ms) {
		listener->anew = true;
		listener->anew_ms = HYCO_NEVER;
		hyco_conn_close(listener->conn, 1000, "registering anew",
				now_ms);
	}
	if (listener->renew_due)
		queue_renewal(listener, now_ms);
	pump(listener);
	if (!listener->asked && now_ms >= listener->renew_ms) {
		listener->asked = true;
		return HYCO_LISTENER_TOKEN;
	}
	return HYCO_LISTENER_NOTHING;
}

/** seek_token() - The one there is, if it is good for long enough yet */
static enum hyco_listener_event_kind seek_token(
	struct hyco_listener *listener, int64_t now_ms,
	struct hyco_listener_event *event)
{
	if (listener->no_token) {
		listener->no_token = false;
		return wait_again(listener, &listener->no_token_end, now_ms,
				  event);
	}
	if (listener->token[0] && now_ms < listener->renew_ms &&
	    now_ms < listener->token_end_ms) {
		listener->phase = PHASE_CONNECT;
		return HYCO_LISTENER_NOTHING;
	}
	if (listener->asked)
		return HYCO_LISTENER_NOTHING;
	listener->asked = true;
	return HYCO_LISTENER_TOKEN;
}

/** connect_now() - PHASE_CONNECT */
static enum hyco_listener_event_kind connect_now(
	struct hyco_listener *listener, int64_t now_ms,
	struct hyco_listener_event *event)
{
	int err = begin(listener, now_ms);

	if (err) {
		listener->no_token_end =
			(struct hyco_end){.kind = HYCO_END_TRANSPORT};
		snprintf(listener->no_token_end.text,
			 sizeof(listener->no_token_end.text),
			 "cannot begin to connect: %s",
			 err == HYCO_EMSGSIZE
				 ? "address or token are too long"
				 : "address or token cannot stand in a "
				   "request");
		return wait_again(listener, &listener->no_token_end, now_ms,
				  event);
	}
	listener->phase = PHASE_OPENING;
	return HYCO_LISTENER_CONNECT;
}

enum hyco_listener_event_kind hyco_listener_next(
	struct hyco_listener *listener, int64_t now_ms,
	struct hyco_listener_event *event)
{
	enum hyco_listener_event_kind kind;

	*event = (struct hyco_listener_event){0};
	if (listener->phase == PHASE_WAIT && now_ms >= listener->wait_ms)
		listener->phase = PHASE_TOKEN;
	if (listener->phase == PHASE_TOKEN) {
		kind = seek_token(listener, now_ms, event);
		if (kind != HYCO_LISTENER_NOTHING)
			return kind;
	}
	switch (listener->phase) {
	case PHASE_WAIT:
	case PHASE_TOKEN:
		return HYCO_LISTENER_NOTHING;
	case PHASE_CONNECT:
		return connect_now(listener, now_ms, event);
	case PHASE_OPENING:
	case PHASE_REGISTERED:
	case PHASE_CLOSED:
		kind = drive_conn(listener, now_ms, event);
		if (kind == HYCO_LISTENER_NOTHING &&
		    listener->phase == PHASE_REGISTERED)
			kind = stay(listener, now_ms);
		return kind;
	}
	return HYCO_LISTENER_NOTHING;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t hyco_listener_deadline_ms(const struct hyco_listener *listener)
{
	int64_t at_ms = hyco_conn_deadline_ms(listener->conn);

	switch (listener->phase) {
	case PHASE_WAIT:
		return listener->wait_ms;
	case PHASE_TOKEN:
		return listener->asked && !listener->no_token ? HYCO_NEVER : 0;
	case PHASE_CONNECT:
		return 0;
	case PHASE_OPENING:
	case PHASE_CLOSED:
		break;
	case PHASE_REGISTERED:
		if (listener->renew_due)
			return 0;
		at_ms = earlier(at_ms, listener->anew_ms);
		if (!listener->asked)
			at_ms = earlier(at_ms, listener->renew_ms);
		break;
	}
	return at_ms;
}

void hyco_listener_allow(struct hyco_listener *listener,
			 const char *const *hosts, size_t host_cnt)
{
	listener->config.hosts = hosts;
	listener->config.host_cnt = host_cnt;
}

void hyco_listener_renew(struct hyco_listener *listener, int64_t now_ms)
{
	listener->asked = false;
	listener->renew_ms = now_ms;
	listener->token_end_ms = INT64_MIN;
	hyco_listener_hurry(listener, now_ms);
}

void hyco_listener_hurry(struct hyco_listener *listener, int64_t now_ms)
{
	if (listener->phase == PHASE_WAIT)
		listener->wait_ms = now_ms;
}

void hyco_listener_close(struct hyco_listener *listener, int64_t now_ms)
{
	hyco_conn_close(listener->conn, 1000, "listener signs off", now_ms);
	listener->phase = PHASE_CLOSED;
}

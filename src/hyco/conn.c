/* SPDX-License-Identifier: MIT */

/*
 * conn.c - One WebSocket to a relay, as client, without any I/O
 */

/**
 * DOC: Theory of operation
 *
 * Out		One frame is on its way at a time (@out, @out_len), where the
 *		owner built it.  A control frame waits in @pending until the slot
 *		is free, goes before the next message, and is copied to @control
 *		then, so that a newer one may wait behind it.  A Close is the last
 *		that ever waits.
 *
 * In		Received bytes go into @in_buf, which held the request before:
 *		nothing can come before the request is sent.  The answer is
 *		parsed there, and what follows its head are frames already.
 *
 * End		finish() fills @end once; hyco_conn_next() tells it and everything
 *		else is inert from then on, but for output that still waits (our
 *		half of a closing handshake).
 *
 * Time		Received bytes only set @heard; the next tick knows when.  So the
 *		packet path reads no clock for us.
 */

#include <hyco/conn.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyco/error.h>

#include "base/limits.h"
#include "codec/ws.h"

/* From our Close to theirs. */
#define CLOSE_LIMIT_MS 2000
/* Masks fetched ahead: few calls for many small frames. */
#define POOL_LEN 512

_Static_assert(HYCO_HEAD_SIZE == WS_HEAD_LEN_MAX, "heads must fit");
_Static_assert(HYCO_IN_SIZE_MIN >= 2 * HTTP_HEAD_LEN_MAX, "heads must fit");

/**
 * struct hyco_conn - See conn.h
 * @upgrade:	The handshake; points to our copies below
 * @out:	Bytes on their way; NULL: the slot is free
 * @control:	A control frame on its way
 * @pending:	Payload of a control frame that waits, if @has_pending
 * @pool:	Masks fetched ahead, @pool_left of them unused
 * @deadline_ms: Of the upgrade, or of the closing handshake
 * @pong_at_ms:	When the next Pong is due
 * @heard:	Bytes came since the last tick
 * @heard_ms:	The tick after the last bytes
 * @close_queued: Our Close waits or is out
 * @opened_told: HYCO_CONN_OPENED is out
 * @over:	finish() was called; @over_told once it was told
 */
struct hyco_conn {
	struct hyco_conn_config config;
	enum hyco_conn_state state;
	struct hyco_upgrade upgrade;
	struct hyco_uri uri;
	char target[HYCO_TARGET_SIZE];
	char protocol[HYCO_PROTOCOL_SIZE];
	uint8_t *in_buf;
	struct ws_inbox inbox;
	const uint8_t *out;
	size_t out_len;
	uint8_t control[WS_HEAD_LEN_MAX + WS_CONTROL_LEN_MAX];
	uint8_t pending[WS_CONTROL_LEN_MAX];
	size_t pending_len;
	enum ws_opcode pending_opcode;
	bool has_pending;
	uint8_t pool[POOL_LEN];
	size_t pool_left;
	int64_t deadline_ms;
	int64_t pong_at_ms;
	int64_t heard_ms;
	bool heard;
	bool sent;
	bool heard_ping;
	bool close_queued;
	bool opened_told;
	bool over;
	bool over_told;
	struct hyco_answer answer;
	struct hyco_end end;
};

struct hyco_conn *hyco_conn_new(const struct hyco_conn_config *config)
{
	struct hyco_conn *conn;

	if (config->in_size < HYCO_IN_SIZE_MIN || !config->random)
		return NULL;
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		return NULL;
	conn->in_buf = malloc(config->in_size);
	if (!conn->in_buf) {
		free(conn);
		return NULL;
	}
	conn->config = *config;
	conn->deadline_ms = HYCO_NEVER;
	return conn;
}

void hyco_conn_free(struct hyco_conn *conn)
{
	if (!conn)
		return;
	explicit_bzero(conn->in_buf, conn->config.in_size);
	free(conn->in_buf);
	explicit_bzero(conn, sizeof(*conn));
	free(conn);
}

/** finish() - It is over, for this reason.  Only the first counts */
static void __attribute__((format(printf, 3, 4)))
finish(struct hyco_conn *conn, enum hyco_end_kind kind, const char *fmt, ...)
{
	unsigned char *at = (unsigned char *)conn->end.text;
	va_list ap;

	if (conn->over)
		return;
	conn->over = true;
	if (conn->state == HYCO_CONN_UPGRADING && conn->out) {
		/* A request that nobody reads; it holds a token. */
		explicit_bzero(conn->in_buf, HYCO_IN_SIZE_MIN);
		conn->out = NULL;
		conn->out_len = 0;
	}
	conn->state = HYCO_CONN_IDLE;
	conn->deadline_ms = HYCO_NEVER;
	conn->end.kind = kind;
	conn->end.answer = conn->answer;
	va_start(ap, fmt);
	vsnprintf(conn->end.text, sizeof(conn->end.text), fmt, ap);
	va_end(ap);
	/* Words of the other side go to logs and JSON; they may be no UTF-8, or cut
	 * within a character. */
	for (; *at; at++) {
		if (*at < ' ' || *at >= 0x7f)
			*at = '?';
	}
}

/** copy_request() - Keep what the answer is held against */
static int copy_request(struct hyco_conn *conn,
			const struct hyco_upgrade *upgrade)
{
	size_t target_len = strlen(upgrade->target);
	size_t protocol_len = upgrade->protocol ? strlen(upgrade->protocol) : 0;

	if (target_len >= sizeof(conn->target) ||
	    protocol_len >= sizeof(conn->protocol))
		return HYCO_EMSGSIZE;
	conn->uri = *upgrade->uri;
	memcpy(conn->target, upgrade->target, target_len + 1);
	if (upgrade->protocol)
		memcpy(conn->protocol, upgrade->protocol, protocol_len + 1);
	conn->upgrade = *upgrade;
	conn->upgrade.uri = &conn->uri;
	conn->upgrade.target = conn->target;
	conn->upgrade.protocol = upgrade->protocol ? conn->protocol : NULL;
	return 0;
}

/** forget() - What belonged to the connection before */
static void forget(struct hyco_conn *conn)
{
	conn->state = HYCO_CONN_IDLE;
	conn->out = NULL;
	conn->out_len = 0;
	conn->has_pending = false;
	conn->deadline_ms = HYCO_NEVER;
	conn->heard = false;
	conn->sent = false;
	conn->heard_ping = false;
	conn->close_queued = false;
	conn->opened_told = false;
	conn->over = false;
	conn->over_told = false;
	conn->answer = (struct hyco_answer){0};
	conn->end = (struct hyco_end){0};
}

int hyco_conn_begin(struct hyco_conn *conn, const struct hyco_upgrade *upgrade,
		    int64_t limit_ms, int64_t now_ms)
{
	ssize_t len;
	int err;

	forget(conn);
	err = copy_request(conn, upgrade);
	if (err)
		return err;
	conn->config.random(conn->config.arg, conn->upgrade.nonce,
			    sizeof(conn->upgrade.nonce));
	len = hyco_upgrade_write(&conn->upgrade, (char *)conn->in_buf,
				 HYCO_IN_SIZE_MIN);
	/* These are the caller's: they are in the request now. */
	conn->upgrade.token = NULL;
	conn->upgrade.agent = NULL;
	conn->upgrade.headers = NULL;
	conn->upgrade.header_cnt = 0;
	if (len < 0)
		return (int)len;
	conn->out = conn->in_buf;
	conn->out_len = (size_t)len;
	conn->state = HYCO_CONN_UPGRADING;
	conn->deadline_ms = now_ms + limit_ms;
	return 0;
}

enum hyco_conn_state hyco_conn_state(const struct hyco_conn *conn)
{
	return conn->state;
}

/** draw_mask() - Four bytes, each used once (RFC 6455 5.3) */
static void draw_mask(struct hyco_conn *conn, uint8_t mask[4])
{
	if (conn->pool_left < 4) {
		conn->config.random(conn->config.arg, conn->pool,
				    sizeof(conn->pool));
		conn->pool_left = sizeof(conn->pool);
	}
	conn->pool_left -= 4;
	memcpy(mask, conn->pool + conn->pool_left, 4);
	memset(conn->pool + conn->pool_left, 0, 4);
}

/** frame() - Head and mask, into the free slot */
static void frame(struct hyco_conn *conn, enum ws_opcode opcode,
		  uint8_t *payload, size_t len)
{
	struct ws_head head = {
		.fin = true,
		.opcode = opcode,
		.masked = true,
		.payload_len = len,
	};
	size_t head_len = ws_head_len(&head);

	draw_mask(conn, head.mask);
	ws_mask(payload, len, head.mask, 0);
	ws_head_write(payload - head_len, &head);
	conn->out = payload - head_len;
	conn->out_len = head_len + len;
	conn->sent = true;
}

/** next_control() - What waits goes into the slot once it is free */
static void next_control(struct hyco_conn *conn)
{
	if (conn->out || !conn->has_pending)
		return;
	conn->has_pending = false;
	memcpy(conn->control + WS_HEAD_LEN_MAX, conn->pending,
	       conn->pending_len);
	frame(conn, conn->pending_opcode, conn->control + WS_HEAD_LEN_MAX,
	      conn->pending_len);
}

/** queue_control() - A control frame of ours.  A Pong that waits already is
 *  replaced (RFC 6455 5.5.3: the newest Ping counts), a Close never */
static void queue_control(struct hyco_conn *conn, enum ws_opcode opcode,
			  const uint8_t *data, size_t len)
{
	if (conn->has_pending && conn->pending_opcode == WS_CLOSE)
		return;
	conn->has_pending = true;
	conn->pending_opcode = opcode;
	conn->pending_len = len;
	if (len)
		memcpy(conn->pending, data, len);
	next_control(conn);
}

static void queue_close(struct hyco_conn *conn, uint16_t code,
			const char *reason)
{
	uint8_t data[WS_CONTROL_LEN_MAX];
	size_t len = 0;

	if (conn->close_queued)
		return;
	conn->close_queued = true;
	if (code != WS_CLOSE_NO_STATUS)
		len = ws_close_write(data, code, reason);
	queue_control(conn, WS_CLOSE, data, len);
}

size_t hyco_conn_output(struct hyco_conn *conn, const uint8_t **data)
{
	*data = conn->out;
	return conn->out_len;
}

void hyco_conn_written(struct hyco_conn *conn, size_t len)
{
	conn->out += len;
	conn->out_len -= len;
	if (conn->out_len)
		return;
	conn->out = NULL;
	if (conn->state != HYCO_CONN_UPGRADING) {
		next_control(conn);
		return;
	}
	/* The request is out; it held a token. */
	explicit_bzero(conn->in_buf, HYCO_IN_SIZE_MIN);
	ws_inbox_init(&conn->inbox, conn->in_buf, conn->config.in_size, false);
}

uint8_t *hyco_conn_room(struct hyco_conn *conn, size_t *room)
{
	*room = 0;
	if (conn->state == HYCO_CONN_IDLE ||
	    (conn->state == HYCO_CONN_UPGRADING && conn->out))
		return NULL;
	return ws_inbox_room(&conn->inbox, room);
}

void hyco_conn_filled(struct hyco_conn *conn, size_t len)
{
	conn->heard = true;
	ws_inbox_filled(&conn->inbox, len);
}

/** take_close() - Their Close: answer it, and that was it */
static void take_close(struct hyco_conn *conn, const struct ws_message *message)
{
	bool ours_is_out = conn->close_queued;
	const char *reason;
	size_t reason_len;
	uint16_t code;

	if (ws_close_parse(message->data, message->len, &code, &reason,
			   &reason_len)) {
		queue_close(conn, WS_CLOSE_PROTOCOL, "");
		finish(conn, HYCO_END_PROTOCOL,
		       "relay sent a malformed Close frame");
		return;
	}
	queue_close(conn, code, "");
	conn->end.close_code = code;
	if (ours_is_out)
		finish(conn, HYCO_END_CLOSED, "closed");
	else
		finish(conn, HYCO_END_CLOSED,
		       "relay closed the connection: %u%s%.*s", code,
		       reason_len ? " " : "", (int)reason_len, reason);
}

static void take_control(struct hyco_conn *conn,
			 const struct ws_message *message)
{
	if (message->opcode == WS_CLOSE) {
		take_close(conn, message);
	} else if (message->opcode == WS_PING) {
		conn->heard_ping = true;
		if (conn->state == HYCO_CONN_OPEN)
			queue_control(conn, WS_PONG, message->data,
				      message->len);
	}
}

/** take_fault() - A frame that must not be: say so and end */
static void take_fault(struct hyco_conn *conn, int err)
{
	bool big = err == HYCO_EMSGSIZE;

	queue_close(conn, big ? WS_CLOSE_TOO_BIG : WS_CLOSE_PROTOCOL, "");
	finish(conn, big ? HYCO_END_TOO_BIG : HYCO_END_PROTOCOL,
	       "relay sent %s",
	       big ? "a message longer than fits"
		   : "a malformed WebSocket frame");
}

/** next_message() - Look into the inbox; Return: is there a data message? */
static bool next_message(struct hyco_conn *conn, struct hyco_received *received)
{
	struct ws_message message;
	int got;

	while (!conn->over) {
		got = ws_inbox_next(&conn->inbox, &message);
		if (got == 0)
			return false;
		if (got < 0) {
			take_fault(conn, got);
			return false;
		}
		if (!ws_opcode_is_control(message.opcode)) {
			received->text = message.opcode == WS_TEXT;
			received->data = message.data;
			received->len = message.len;
			return true;
		}
		take_control(conn, &message);
	}
	return false;
}

/** read_answer() - Look for the relay's answer in what has come so far */
static void read_answer(struct hyco_conn *conn)
{
	ssize_t head_len;

	if (conn->out)
		return;
	head_len = hyco_upgrade_read(&conn->upgrade, (const char *)conn->in_buf,
				     conn->inbox.filled, &conn->answer);
	if (head_len == HYCO_EAGAIN)
		return;
	if (head_len < 0) {
		finish(conn, HYCO_END_NO_RELAY, "%s is no WebSocket relay: %s",
		       conn->uri.host,
		       head_len == HYCO_EPROTO ? "its 101 answer is wrong"
		       : head_len == HYCO_EMSGSIZE
			       ? "its answer is too long"
			       : "it does not answer as HTTP");
		return;
	}
	if (conn->answer.status != 101) {
		finish(conn, HYCO_END_REFUSED, "relay answered %d %s",
		       conn->answer.status, conn->answer.reason);
		return;
	}
	/* What follows the head are frames already. */
	conn->inbox.parsed = (size_t)head_len;
	conn->state = HYCO_CONN_OPEN;
	conn->deadline_ms = HYCO_NEVER;
	conn->heard_ms = HYCO_NEVER;
	conn->pong_at_ms = HYCO_NEVER;
}

enum hyco_conn_event hyco_conn_next(struct hyco_conn *conn,
				    struct hyco_received *received)
{
	if (conn->state == HYCO_CONN_UPGRADING)
		read_answer(conn);
	if (!conn->opened_told && conn->state == HYCO_CONN_OPEN) {
		conn->opened_told = true;
		return HYCO_CONN_OPENED;
	}
	if ((conn->state == HYCO_CONN_OPEN ||
	     conn->state == HYCO_CONN_CLOSING) &&
	    next_message(conn, received))
		return HYCO_CONN_MESSAGE;
	if (conn->over && !conn->over_told) {
		conn->over_told = true;
		return HYCO_CONN_ENDED;
	}
	return HYCO_CONN_NOTHING;
}

void hyco_conn_lost(struct hyco_conn *conn, const char *why)
{
	/* Nothing can be written any more. */
	conn->out = NULL;
	conn->out_len = 0;
	conn->has_pending = false;
	if (conn->state != HYCO_CONN_IDLE)
		finish(conn, HYCO_END_TRANSPORT, "%s", why);
}

/** keep_alive() - Silence and Pongs of an open connection */
static void keep_alive(struct hyco_conn *conn, int64_t now_ms)
{
	if (conn->heard || conn->heard_ms == HYCO_NEVER)
		conn->heard_ms = now_ms;
	conn->heard = false;
	if (conn->config.silence_ms &&
	    now_ms - conn->heard_ms >= conn->config.silence_ms) {
		finish(conn, HYCO_END_SILENCE,
		       "nothing heard from the relay for %lld s",
		       (long long)(conn->config.silence_ms / 1000));
		return;
	}
	if (!conn->config.pong_ms)
		return;
	if (conn->sent || conn->pong_at_ms == HYCO_NEVER)
		conn->pong_at_ms = now_ms + conn->config.pong_ms;
	else if (now_ms >= conn->pong_at_ms)
		hyco_conn_pong(conn);
	if (now_ms >= conn->pong_at_ms)
		conn->pong_at_ms = now_ms + conn->config.pong_ms;
	conn->sent = false;
}

void hyco_conn_tick(struct hyco_conn *conn, int64_t now_ms)
{
	if (conn->state == HYCO_CONN_OPEN) {
		keep_alive(conn, now_ms);
		return;
	}
	if (now_ms < conn->deadline_ms)
		return;
	if (conn->state == HYCO_CONN_UPGRADING)
		finish(conn, HYCO_END_TIMEOUT, "%s%s:%u%s",
		       conn->out ? "no connection to " : "", conn->uri.host,
		       conn->uri.port,
		       conn->out ? " in time" : " did not answer in time");
	else if (conn->state == HYCO_CONN_CLOSING)
		finish(conn, HYCO_END_CLOSED,
		       "closed; the relay did not answer our Close");
}

int64_t hyco_conn_deadline_ms(const struct hyco_conn *conn)
{
	int64_t at_ms = conn->deadline_ms;

	if (conn->state != HYCO_CONN_OPEN)
		return at_ms;
	if (conn->config.pong_ms) {
		/* Never ticked: at once, so that its times begin. */
		if (conn->pong_at_ms == HYCO_NEVER)
			return 0;
		at_ms = conn->pong_at_ms;
	}
	if (conn->config.silence_ms) {
		if (conn->heard_ms == HYCO_NEVER)
			return 0;
		if (conn->heard_ms + conn->config.silence_ms < at_ms)
			at_ms = conn->heard_ms + conn->config.silence_ms;
	}
	return at_ms;
}

bool hyco_conn_can_send(const struct hyco_conn *conn)
{
	return conn->state == HYCO_CONN_OPEN && !conn->out &&
	       !conn->has_pending;
}

void hyco_conn_send(struct hyco_conn *conn, bool text, uint8_t *payload,
		    size_t len)
{
	frame(conn, text ? WS_TEXT : WS_BINARY, payload, len);
}

void hyco_conn_pong(struct hyco_conn *conn)
{
	if (hyco_conn_can_send(conn))
		queue_control(conn, WS_PONG, NULL, 0);
}

void hyco_conn_close(struct hyco_conn *conn, uint16_t code, const char *reason,
		     int64_t now_ms)
{
	if (conn->state != HYCO_CONN_OPEN)
		return;
	queue_close(conn, code, reason);
	conn->state = HYCO_CONN_CLOSING;
	conn->deadline_ms = now_ms + CLOSE_LIMIT_MS;
}

const struct hyco_end *hyco_conn_end(const struct hyco_conn *conn)
{
	return &conn->end;
}

const struct hyco_answer *hyco_conn_answer(const struct hyco_conn *conn)
{
	return &conn->answer;
}

const struct hyco_uri *hyco_conn_uri(const struct hyco_conn *conn)
{
	return &conn->uri;
}

bool hyco_conn_heard_ping(const struct hyco_conn *conn)
{
	return conn->heard_ping;
}

void hyco_conn_set_silence(struct hyco_conn *conn, int64_t silence_ms)
{
	conn->config.silence_ms = silence_ms;
}

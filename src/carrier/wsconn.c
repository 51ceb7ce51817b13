/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * wsconn.c - One WebSocket to a relay, from connecting to closed
 */

/**
 * DOC: Theory of operation
 *
 * Out		One frame is on its way at a time (@out, @out_len): libcurl wants
 *		the same bytes again after CURLE_AGAIN.  A frame of our own (Pong)
 *		waits in @control until the slot is free and goes before the next
 *		message.
 *
 * In		read_some() fills the inbox and hands out whole messages, until
 *		the stream has nothing more or READ_BUDGET reads are done; then a
 *		timer set to "now" goes on in the next round, because TLS may hold
 *		bytes that epoll does not announce.
 *
 * Any handler function may close the connection, so @state is looked at after
 * each call.
 */

#include "carrier/wsconn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "sys/clock.h"

/* Reads of up to 16 KB (a TLS record) before the loop looks at others. */
#define READ_BUDGET 24

static struct wsconn *conn_of_stream(struct stream *stream)
{
	return (struct wsconn *)((char *)stream -
				 offsetof(struct wsconn, stream));
}

/** shut() - To WSCONN_CLOSED, nobody is told */
static void shut(struct wsconn *conn)
{
	stream_close(&conn->stream);
	loop_timer_cancel(conn->loop, &conn->timer);
	conn->state = WSCONN_CLOSED;
	conn->out = NULL;
	conn->out_len = 0;
	conn->control_len = 0;
}

/** make_printable() - Words of the other side go to logs and JSON */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/** fail() - To WSCONN_CLOSED with a reason, the owner is told */
static void __attribute__((format(printf, 2, 3)))
fail(struct wsconn *conn, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(conn->error, sizeof(conn->error), fmt, ap);
	va_end(ap);
	make_printable(conn->error);
	shut(conn);
	conn->handler->closed(conn);
}

/**
 * flush() - Write what is in the slot
 *
 * Return: 0 when the slot is free, -EAGAIN when a part waits, or -EIO after
 *	   fail()
 */
static int flush(struct wsconn *conn)
{
	while (conn->out_len > 0) {
		ssize_t put =
			stream_write(&conn->stream, conn->out, conn->out_len);

		if (put == -EAGAIN) {
			if (!stream_want(&conn->stream, EPOLLIN | EPOLLOUT))
				return -EAGAIN;
			put = -EIO;
		}
		if (put < 0) {
			fail(conn, "sending failed: %s",
			     stream_error(&conn->stream));
			return -EIO;
		}
		conn->out += put;
		conn->out_len -= (size_t)put;
	}
	conn->out = NULL;
	return 0;
}

/** frame() - Head and mask; Return: where the frame begins, before @payload */
static uint8_t *frame(struct wsconn *conn, enum ws_opcode opcode,
		      uint8_t *payload, size_t len)
{
	struct ws_head head = {
		.fin = true,
		.opcode = opcode,
		.masked = true,
		.payload_len = len,
	};
	size_t head_len = ws_head_len(&head);

	random_mask(&conn->masks, head.mask);
	ws_mask(payload, len, head.mask, 0);
	ws_head_write(payload - head_len, &head);
	conn->out = payload - head_len;
	conn->out_len = head_len + len;
	return payload - head_len;
}

/** queue_control() - Keep a control frame until the slot is free; a Pong that
 *  waits already is replaced (RFC 6455 5.5.3: the newest Ping counts) */
static void queue_control(struct wsconn *conn, enum ws_opcode opcode,
			  const uint8_t *data, size_t len)
{
	conn->control[0] = (uint8_t)opcode;
	conn->control_len = len + 1;
	if (len)
		memcpy(conn->control + WS_HEAD_LEN_MAX, data, len);
}

/**
 * send_control() - Put a waiting control frame into the free slot
 *
 * Return: as flush()
 */
static int send_control(struct wsconn *conn)
{
	size_t len = conn->control_len - 1;

	conn->control_len = 0;
	frame(conn, (enum ws_opcode)conn->control[0],
	      conn->control + WS_HEAD_LEN_MAX, len);
	return flush(conn);
}

bool wsconn_can_send(const struct wsconn *conn)
{
	return conn->state == WSCONN_OPEN && !conn->out && !conn->control_len;
}

bool wsconn_send(struct wsconn *conn, enum ws_opcode opcode, uint8_t *payload,
		 size_t len)
{
	frame(conn, opcode, payload, len);
	return flush(conn) == 0;
}

/** handle_control() - Ping, Pong or Close from the relay */
static void handle_control(struct wsconn *conn,
			   const struct ws_message *message)
{
	const char *reason = "";
	size_t reason_len = 0;
	uint16_t code = 0;

	switch (message->opcode) {
	case WS_PING:
		/* The slot of our own frames may be on its way itself. */
		if (conn->out >= conn->control &&
		    conn->out < conn->control + sizeof(conn->control))
			return;
		queue_control(conn, WS_PONG, message->data, message->len);
		if (!conn->out)
			(void)send_control(conn);
		return;
	case WS_CLOSE:
		if (ws_close_parse(message->data, message->len, &code, &reason,
				   &reason_len))
			code = WS_CLOSE_PROTOCOL;
		conn->close_code = code;
		fail(conn, "relay closed the connection: %u%s%.*s", code,
		     reason_len ? " " : "", (int)reason_len, reason);
		return;
	case WS_PONG:
	case WS_CONTINUATION:
	case WS_TEXT:
	case WS_BINARY:
		return;
	}
}

/** deliver() - Hand out what the inbox holds whole */
static void deliver(struct wsconn *conn)
{
	struct ws_message message;
	int got;

	while (conn->state == WSCONN_OPEN) {
		got = ws_inbox_next(&conn->inbox, &message);
		if (got == 0)
			return;
		if (got < 0) {
			bool big = got == -EMSGSIZE;

			wsconn_close(conn,
				     big ? WS_CLOSE_TOO_BIG : WS_CLOSE_PROTOCOL,
				     "");
			fail(conn, "relay sent %s",
			     big ? "a message longer than was announced"
				 : "a malformed WebSocket frame");
			return;
		}
		if (ws_opcode_is_control(message.opcode))
			handle_control(conn, &message);
		else
			conn->handler->message(conn, &message);
	}
}

/** refused() - Words for an upgrade that was not answered with 101 */
static void refused(struct wsconn *conn, const struct hyco_answer *answer)
{
	const char *hint = "";

	if (answer->status == 401)
		hint = " (check key_name, key_file and this machine's clock)";
	else if (answer->status == 403)
		hint = " (the key lacks the right for this connection)";
	else if (answer->status == 404)
		hint = " (no such connection, or nobody listens there)";
	fail(conn, "relay answered %d %s%s", answer->status, answer->reason,
	     hint);
}

/** read_answer() - Look for the relay's answer in what has come so far */
static void read_answer(struct wsconn *conn)
{
	struct hyco_answer answer = {0};
	ssize_t head_len =
		hyco_upgrade_read(&conn->upgrade, (const char *)conn->in_buf,
				  conn->inbox.filled, &answer);

	if (head_len == -EAGAIN)
		return;
	conn->status = answer.status;
	conn->date_s = answer.date_s;
	if (head_len < 0) {
		fail(conn, "%s is no WebSocket relay: %s", conn->uri.host,
		     head_len == -EPROTO ? "its 101 answer is wrong"
					 : "it does not answer as HTTP");
		return;
	}
	if (answer.status != 101) {
		refused(conn, &answer);
		return;
	}
	/* What follows the head are frames already. */
	conn->inbox.parsed = (size_t)head_len;
	conn->state = WSCONN_OPEN;
	loop_timer_cancel(conn->loop, &conn->timer);
	conn->handler->opened(conn);
	deliver(conn);
}

/** read_once() - One read and what follows from it; Return: may there be more? */
static bool read_once(struct wsconn *conn)
{
	size_t room;
	uint8_t *to = ws_inbox_room(&conn->inbox, &room);
	ssize_t got;

	if (room == 0) {
		fail(conn, "relay sent more than fits into one message");
		return false;
	}
	got = stream_read(&conn->stream, to, room);
	if (got == -EAGAIN)
		return false;
	if (got <= 0) {
		fail(conn, "%s",
		     got == 0 ? "relay ended the connection"
			      : stream_error(&conn->stream));
		return false;
	}
	conn->bytes_in += (uint64_t)got;
	ws_inbox_filled(&conn->inbox, (size_t)got);
	if (conn->state == WSCONN_OPEN)
		deliver(conn);
	else
		read_answer(conn);
	return conn->state != WSCONN_CLOSED;
}

static void read_some(struct wsconn *conn)
{
	int i;

	for (i = 0; i < READ_BUDGET; i++) {
		if (!read_once(conn))
			return;
	}
	/* The deadline's timer serves here too: it is over once open. */
	if (conn->state == WSCONN_OPEN)
		loop_timer_set(conn->loop, &conn->timer, clock_mono());
}

/** request_sent() - The request has left @in_buf: the answer may come there */
static void request_sent(struct wsconn *conn)
{
	/* It held a token. */
	explicit_bzero(conn->in_buf, 2 * HTTP_HEAD_LEN_MAX);
	ws_inbox_init(&conn->inbox, conn->in_buf, conn->in_size, false);
}

/** write_ready() - The stream takes bytes again */
static void write_ready(struct wsconn *conn)
{
	if (!conn->out_len) {
		if (stream_want(&conn->stream, EPOLLIN))
			fail(conn, "cannot watch the connection any more");
		return;
	}
	if (flush(conn))
		return;
	if (stream_want(&conn->stream, EPOLLIN)) {
		fail(conn, "cannot watch the connection any more");
		return;
	}
	if (conn->state == WSCONN_UPGRADING) {
		request_sent(conn);
		return;
	}
	if (conn->control_len && send_control(conn))
		return;
	conn->handler->idle(conn);
}

static void on_ready(struct stream *stream, uint32_t events)
{
	struct wsconn *conn = conn_of_stream(stream);

	if (events & EPOLLOUT)
		write_ready(conn);
	if (conn->state == WSCONN_UPGRADING && conn->out_len)
		return;
	if (conn->state != WSCONN_CLOSED &&
	    (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		read_some(conn);
}

static void on_up(struct stream *stream)
{
	struct wsconn *conn = conn_of_stream(stream);

	conn->state = WSCONN_UPGRADING;
	if (flush(conn) == 0)
		request_sent(conn);
}

static void on_failed(struct stream *stream)
{
	struct wsconn *conn = conn_of_stream(stream);

	fail(conn, "cannot connect to %s:%u: %s", conn->uri.host,
	     conn->uri.port, stream_error(stream));
}

static void on_timer(struct loop_timer *timer)
{
	struct wsconn *conn = (struct wsconn *)((char *)timer -
						offsetof(struct wsconn, timer));

	if (conn->state == WSCONN_OPEN)
		read_some(conn);
	else if (conn->state == WSCONN_CONNECTING)
		fail(conn, "no connection to %s:%u in time", conn->uri.host,
		     conn->uri.port);
	else
		fail(conn, "relay did not answer in time");
}

void wsconn_init(struct wsconn *conn, struct loop *loop,
		 const struct wsconn_handler *handler, uint8_t *in_buf,
		 size_t in_size)
{
	memset(conn, 0, sizeof(*conn));
	conn->loop = loop;
	conn->handler = handler;
	conn->in_buf = in_buf;
	conn->in_size = in_size;
	conn->timer.fire = on_timer;
}

/** write_request() - The upgrade request, into @in_buf until it is sent */
static int write_request(struct wsconn *conn,
			 const struct wsconn_target *target)
{
	ssize_t len;

	conn->upgrade = (struct hyco_upgrade){
		.uri = &conn->uri,
		.target = conn->target,
		.token = target->token,
		.protocol = target->protocol,
		.agent = "relaytun/" RELAYTUN_VERSION,
	};
	random_bytes(conn->upgrade.nonce, sizeof(conn->upgrade.nonce));
	len = hyco_upgrade_write(&conn->upgrade, (char *)conn->in_buf,
				 2 * (size_t)HTTP_HEAD_LEN_MAX);
	/* The token is the caller's: it is in the request now. */
	conn->upgrade.token = NULL;
	if (len < 0)
		return (int)len;
	conn->out = conn->in_buf;
	conn->out_len = (size_t)len;
	return 0;
}

int wsconn_open(struct wsconn *conn, const struct wsconn_target *target)
{
	const char *path =
		target->target ? target->target : target->uri->target;
	struct stream_target to = {
		.host = conn->uri.host,
		.port = target->uri->port,
		.tls = target->uri->tls,
		.ca_pem = target->ca_pem,
		.ca_len = target->ca_len,
	};
	static const struct stream_handler stream_handler = {
		.up = on_up,
		.ready = on_ready,
		.failed = on_failed,
	};
	int err;

	if (strlen(path) >= sizeof(conn->target))
		return -EMSGSIZE;
	conn->uri = *target->uri;
	memcpy(conn->target, path, strlen(path) + 1);
	conn->status = 0;
	conn->close_code = 0;
	conn->bytes_in = 0;
	conn->control_len = 0;
	conn->error[0] = '\0';
	err = write_request(conn, target);
	if (err)
		return err;
	err = stream_open(&conn->stream, conn->loop, &stream_handler, &to);
	if (err) {
		conn->out = NULL;
		conn->out_len = 0;
		return err;
	}
	conn->state = WSCONN_CONNECTING;
	loop_timer_set(conn->loop, &conn->timer,
		       mono_add_ms(clock_mono(), target->deadline_ms));
	return 0;
}

void wsconn_pong(struct wsconn *conn)
{
	if (!wsconn_can_send(conn))
		return;
	queue_control(conn, WS_PONG, NULL, 0);
	(void)send_control(conn);
}

void wsconn_close(struct wsconn *conn, uint16_t code, const char *reason)
{
	uint8_t text[WS_CONTROL_LEN_MAX];

	if (conn->state == WSCONN_CLOSED)
		return;
	if (conn->state == WSCONN_OPEN && !conn->out) {
		size_t len = ws_close_write(text, code, reason);

		memcpy(conn->control + WS_HEAD_LEN_MAX, text, len);
		frame(conn, WS_CLOSE, conn->control + WS_HEAD_LEN_MAX, len);
		/* One try: whether it arrives or not, we close. */
		if (stream_write(&conn->stream, conn->out, conn->out_len) < 0)
			conn->out_len = 0;
	}
	shut(conn);
}

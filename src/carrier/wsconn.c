/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * wsconn.c - One WebSocket to a relay: libhyco's connection on a stream
 */

/**
 * DOC: Theory of operation
 *
 * Out		flush() writes what the protocol offers until the stream takes no
 *		more; then epoll says when it does (@blocked).  The protocol offers
 *		the same bytes until they are written, as libcurl demands after
 *		CURLE_AGAIN.
 *
 * In		read_some() reads into the protocol's room and hands out what came,
 *		until the stream has nothing more or READ_BUDGET reads are done;
 *		then a timer set to "now" goes on in the next round, because TLS
 *		may hold bytes that epoll does not announce.
 *
 * End		The protocol says so (HYCO_CONN_ENDED), also of a transport that
 *		failed; drop() adds what the operator must know: what to do, which
 *		credential it was, whether the clock is wrong.
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

#include <hyco/rendezvous.h>

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

/* Reads of up to 16 KB (a TLS record) before the loop looks at others. */
#define READ_BUDGET 24
/* A clock that differs by more is worth a word: tokens end by it. */
#define SKEW_S_MAX 60

static struct wsconn *conn_of_stream(struct stream *stream)
{
	return (struct wsconn *)((char *)stream -
				 offsetof(struct wsconn, stream));
}

int64_t wsconn_now_ms(void)
{
	return clock_mono().ns / NS_PER_MS;
}

void wsconn_random(void *arg, void *data, size_t len)
{
	(void)arg;
	random_bytes(data, len);
}

struct hyco_conn *wsconn_new_ws(size_t in_size)
{
	const struct hyco_conn_config config = {
		.in_size = in_size,
		.random = wsconn_random,
	};

	return hyco_conn_new(&config);
}

const char *wsconn_host(const struct wsconn *conn)
{
	return hyco_conn_uri(conn->ws)->host;
}

uint16_t wsconn_port(const struct wsconn *conn)
{
	return hyco_conn_uri(conn->ws)->port;
}

/** shut() - To WSCONN_CLOSED, nobody is told */
static void shut(struct wsconn *conn)
{
	stream_close(&conn->stream);
	loop_timer_cancel(conn->loop, &conn->timer);
	conn->state = WSCONN_CLOSED;
	conn->blocked = false;
}

/** say() - Add to @error */
static void __attribute__((format(printf, 2, 3)))
say(struct wsconn *conn, const char *fmt, ...)
{
	size_t len = strlen(conn->error);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(conn->error + len, sizeof(conn->error) - len, fmt, ap);
	va_end(ap);
}

/** say_skew() - A clock that is wrong is the first thing to look at */
static void say_skew(struct wsconn *conn)
{
	if (conn->skew_s > SKEW_S_MAX)
		say(conn, "; this machine's clock is %lld s behind the relay's",
		    (long long)conn->skew_s);
	else if (conn->skew_s < -SKEW_S_MAX)
		say(conn,
		    "; this machine's clock is %lld s ahead of the relay's",
		    -(long long)conn->skew_s);
}

/** say_refused() - What to do about a relay's refusal, and whose it is */
static void say_refused(struct wsconn *conn)
{
	const char *advice = hyco_status_advice(conn->role, conn->status);

	if (*advice)
		say(conn, " (%s)", advice);
	if (conn->credential[0] && (conn->status == 401 || conn->status == 403))
		say(conn, "; used was %s", conn->credential);
	say_skew(conn);
}

/** explain() - @error from how it ended */
static void explain(struct wsconn *conn, const struct hyco_end *end)
{
	bool before = conn->state == WSCONN_CONNECTING;
	bool unanswered = conn->state == WSCONN_UPGRADING &&
			  end->kind == HYCO_END_TRANSPORT;

	snprintf(conn->error, sizeof(conn->error), "%s", end->text);
	conn->status = end->answer.status;
	if (end->kind == HYCO_END_REFUSED)
		say_refused(conn);
	else if (before && conn->rendezvous)
		say(conn, " (the relay sent us to this rendezvous host, which "
			  "is not the namespace's: outbound connections to it "
			  "must be open as well)");
	else if (unanswered)
		say(conn,
		    " (%s:%u hung up before it answered: perhaps it asks "
		    "for a client certificate, tls.certificate_file, or "
		    "it is no relay)",
		    wsconn_host(conn), wsconn_port(conn));
	else if (end->close_code == WS_CLOSE_POLICY)
		say(conn, " (the token ended, or was not accepted any more)");
}

/** note_skew() - The relay's clock, if it told it */
static void note_skew(struct wsconn *conn)
{
	int64_t date_s = hyco_conn_answer(conn->ws)->date_s;

	conn->skew_s = date_s ? date_s - clock_wall().s : 0;
}

/** last_words() - Our half of a closing handshake, if it goes at once */
static void last_words(struct wsconn *conn)
{
	const uint8_t *data;
	size_t len;

	if (conn->state < WSCONN_UPGRADING)
		return;
	while ((len = hyco_conn_output(conn->ws, &data)) > 0) {
		ssize_t put = stream_write(&conn->stream, data, len);

		if (put <= 0)
			return;
		hyco_conn_written(conn->ws, (size_t)put);
	}
}

void wsconn_drop(struct wsconn *conn, const struct hyco_end *end)
{
	note_skew(conn);
	explain(conn, end);
	last_words(conn);
	shut(conn);
}

/** warn_skew() - A wrong clock is told even while all goes well; once */
static void warn_skew(struct wsconn *conn)
{
	int64_t skew_s = conn->skew_s;

	if (conn->rendezvous ||
	    (skew_s <= SKEW_S_MAX && skew_s >= -SKEW_S_MAX) ||
	    (skew_s - conn->skew_told_s <= SKEW_S_MAX &&
	     skew_s - conn->skew_told_s >= -SKEW_S_MAX))
		return;
	conn->skew_told_s = skew_s;
	log_warn("relay=%s event=clock_skew text=\"this machine's clock is "
		 "%lld s %s the relay's; tokens end by it\"",
		 wsconn_host(conn), (long long)(skew_s < 0 ? -skew_s : skew_s),
		 skew_s > 0 ? "behind" : "ahead of");
}

void wsconn_opened(struct wsconn *conn)
{
	note_skew(conn);
	warn_skew(conn);
	conn->status = hyco_conn_answer(conn->ws)->status;
	conn->state = WSCONN_OPEN;
	loop_timer_cancel(conn->loop, &conn->timer);
}

/** hand_out() - What came of bytes or time */
static void hand_out(struct wsconn *conn)
{
	struct hyco_received received;
	struct ws_message message;

	if (conn->handler->turn) {
		conn->handler->turn(conn);
		return;
	}
	while (conn->state != WSCONN_CLOSED) {
		switch (hyco_conn_next(conn->ws, &received)) {
		case HYCO_CONN_NOTHING:
			return;
		case HYCO_CONN_OPENED:
			wsconn_opened(conn);
			conn->handler->opened(conn);
			break;
		case HYCO_CONN_MESSAGE:
			message.opcode = received.text ? WS_TEXT : WS_BINARY;
			message.data = received.data;
			message.len = received.len;
			conn->handler->message(conn, &message);
			break;
		case HYCO_CONN_ENDED:
			wsconn_drop(conn, hyco_conn_end(conn->ws));
			conn->handler->closed(conn);
			return;
		}
	}
}

/** lost() - The transport is gone: the protocol ends, and the owner hears it */
static void __attribute__((format(printf, 2, 3)))
lost(struct wsconn *conn, const char *fmt, ...)
{
	char why[HYCO_END_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	hyco_conn_lost(conn->ws, why);
	hand_out(conn);
}

/**
 * flush() - Write what the protocol offers
 *
 * Return: 0 when that is all, -EAGAIN when a part waits, or -EIO after lost()
 */
static int flush(struct wsconn *conn)
{
	const uint8_t *data;
	size_t len;

	while ((len = hyco_conn_output(conn->ws, &data)) > 0) {
		ssize_t put = stream_write(&conn->stream, data, len);

		if (put == -EAGAIN) {
			conn->blocked = true;
			if (!stream_want(&conn->stream, EPOLLIN | EPOLLOUT))
				return -EAGAIN;
			put = -EIO;
		}
		if (put < 0) {
			lost(conn, "sending failed: %s",
			     stream_error(&conn->stream));
			return -EIO;
		}
		hyco_conn_written(conn->ws, (size_t)put);
	}
	return 0;
}

void wsconn_flush(struct wsconn *conn)
{
	if (conn->state >= WSCONN_UPGRADING && !conn->blocked)
		(void)flush(conn);
}

bool wsconn_can_send(const struct wsconn *conn)
{
	return conn->state == WSCONN_OPEN && hyco_conn_can_send(conn->ws) &&
	       stream_is_clear(&conn->stream);
}

bool wsconn_send(struct wsconn *conn, enum ws_opcode opcode, uint8_t *payload,
		 size_t len)
{
	hyco_conn_send(conn->ws, opcode == WS_TEXT, payload, len);
	return flush(conn) == 0;
}

/** read_once() - One read and what follows from it; Return: may there be more? */
static bool read_once(struct wsconn *conn)
{
	size_t room;
	uint8_t *to = hyco_conn_room(conn->ws, &room);
	ssize_t got;

	if (!room)
		return false;
	got = stream_read(&conn->stream, to, room);
	if (got == -EAGAIN)
		return false;
	if (got <= 0) {
		lost(conn, "%s",
		     got == 0 ? "relay ended the connection"
			      : stream_error(&conn->stream));
		return false;
	}
	conn->bytes_in += (uint64_t)got;
	hyco_conn_filled(conn->ws, (size_t)got);
	hand_out(conn);
	/* A Ping wants its Pong. */
	wsconn_flush(conn);
	return conn->state != WSCONN_CLOSED;
}

static void read_some(struct wsconn *conn)
{
	int i;

	for (i = 0; i < READ_BUDGET; i++) {
		if (!read_once(conn))
			return;
	}
	loop_timer_set(conn->loop, &conn->timer, clock_mono());
}

/** write_ready() - The stream takes bytes again */
static void write_ready(struct wsconn *conn)
{
	bool upgrading = conn->state == WSCONN_UPGRADING;

	conn->blocked = false;
	if (flush(conn))
		return;
	if (stream_want(&conn->stream, EPOLLIN)) {
		lost(conn, "cannot watch the connection any more");
		return;
	}
	if (conn->handler->turn)
		conn->handler->turn(conn);
	else if (!upgrading)
		conn->handler->idle(conn);
}

static void on_ready(struct stream *stream, uint32_t events)
{
	struct wsconn *conn = conn_of_stream(stream);

	if (events & EPOLLOUT)
		write_ready(conn);
	if (conn->state != WSCONN_CLOSED &&
	    (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		read_some(conn);
}

static void on_up(struct stream *stream)
{
	struct wsconn *conn = conn_of_stream(stream);

	conn->state = WSCONN_UPGRADING;
	(void)flush(conn);
}

static void on_failed(struct stream *stream)
{
	struct wsconn *conn = conn_of_stream(stream);

	lost(conn, "cannot connect to %s:%u: %s", wsconn_host(conn),
	     hyco_conn_uri(conn->ws)->port, stream_error(stream));
}

/** set_limit() - Of the upgrade */
static void set_limit(struct wsconn *conn)
{
	mono_t limit = {(hyco_conn_deadline_ms(conn->ws) + 1) * NS_PER_MS};

	loop_timer_set(conn->loop, &conn->timer, limit);
}

/** on_timer() - The upgrade's limit, or more bytes may be there */
static void on_timer(struct loop_timer *timer)
{
	struct wsconn *conn = (struct wsconn *)((char *)timer -
						offsetof(struct wsconn, timer));

	if (conn->state == WSCONN_OPEN || conn->handler->turn) {
		read_some(conn);
		return;
	}
	if (conn->state == WSCONN_CONNECTING &&
	    wsconn_now_ms() >= hyco_conn_deadline_ms(conn->ws)) {
		lost(conn, "no connection to %s:%u in time (%s)",
		     wsconn_host(conn), wsconn_port(conn),
		     stream_waits_for(&conn->stream));
		return;
	}
	hyco_conn_tick(conn->ws, wsconn_now_ms());
	hand_out(conn);
	if (conn->state != WSCONN_UPGRADING)
		return;
	set_limit(conn);
	read_some(conn);
}

void wsconn_init(struct wsconn *conn, struct loop *loop,
		 const struct wsconn_handler *handler, struct hyco_conn *ws)
{
	memset(conn, 0, sizeof(*conn));
	conn->loop = loop;
	conn->handler = handler;
	conn->ws = ws;
	conn->timer.fire = on_timer;
}

void wsconn_show(struct wsconn *conn, const char *credential)
{
	snprintf(conn->credential, sizeof(conn->credential), "%s", credential);
}

/** begin() - The upgrade request */
static int begin(struct wsconn *conn, const struct wsconn_target *target)
{
	int64_t now_ms = wsconn_now_ms();

	conn->rendezvous = !target->sender;
	conn->role = target->sender ? HYCO_SENDER : HYCO_LISTENER;
	wsconn_show(conn, target->credential ? target->credential : "");
	if (target->sender)
		return hyco_sender_begin(target->sender, conn->ws,
					 target->token, now_ms);
	return hyco_rendezvous_accept(conn->ws, target->accept,
				      target->protocol,
				      "relaytun/" RELAYTUN_VERSION, now_ms);
}

int wsconn_connect(struct wsconn *conn, const struct netpath *path)
{
	static const struct stream_handler stream_handler = {
		.up = on_up,
		.ready = on_ready,
		.failed = on_failed,
	};
	const struct hyco_uri *uri = hyco_conn_uri(conn->ws);
	const struct stream_target to = {
		.host = uri->host,
		.port = uri->port,
		.tls = uri->tls,
		.path = path,
	};
	int err;

	conn->status = 0;
	conn->skew_s = 0;
	conn->bytes_in = 0;
	conn->blocked = false;
	conn->error[0] = '\0';
	err = stream_open(&conn->stream, conn->loop, &stream_handler, &to);
	if (!err)
		conn->state = WSCONN_CONNECTING;
	return err;
}

int wsconn_open(struct wsconn *conn, const struct wsconn_target *target)
{
	int err = begin(conn, target);

	if (!err)
		err = wsconn_connect(conn, target->path);
	if (err)
		return err;
	set_limit(conn);
	return 0;
}

void wsconn_close(struct wsconn *conn, uint16_t code, const char *reason)
{
	if (conn->state == WSCONN_CLOSED)
		return;
	if (conn->state == WSCONN_OPEN && !conn->blocked) {
		hyco_conn_close(conn->ws, code, reason, wsconn_now_ms());
		last_words(conn);
	}
	shut(conn);
}

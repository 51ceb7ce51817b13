/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pair.c - Two joined sessions: frames, back-pressure, and the end
 */

/**
 * DOC: Theory of operation
 *
 * What comes from one side is spliced into the scratch buffer and written to the
 * other.  When the other's socket does not take it all, the rest (at most one
 * burst's worth) is kept, and the first side is not read from until that is sent.
 *
 * Pings are answered here, at the next place between frames of what flows the
 * other way.  A Close is passed on; when both sides have closed, both end.  A
 * side that is lost, or sends what is no frame, shows as 1001 to a listener and
 * 1011 to a sender.  Whoever gets a Close of our own may be sending all the while:
 * it lingers, or a reset would take the Close from it.
 *
 * When the relay stops, pairs end between two messages.  One that was joined after
 * that has something to say first: it ends when nothing came for QUIET_MS.
 */

#include "relay/pair.h"

#include <string.h>

#include "relay/control.h"
#include "relay/relay.h"
#include "sys/clock.h"
#include "sys/log.h"

#define CLOSE_LIMIT_MS 5000
#define QUIET_MS       1000

void pair_join(struct session *a, struct session *b)
{
	a->other = b;
	b->other = a;
	splice_init(&a->splice);
	splice_init(&b->splice);
	session_set(a, SESSION_JOINED);
	session_set(b, SESSION_JOINED);
}

/** may_write() - Alive, and no Close sent to it yet? */
static bool may_write(const struct session *session)
{
	return session->kind == SESSION_JOINED &&
	       (!session->other || !session->other->close_seen);
}

/** wants_pong() - Does a Ping of @session wait that could be answered now, but
 *  for a frame to it that is half-way?  An answer to one that does not read
 *  waits too; a newer Ping takes its place (RFC 6455 section 5.5.3). */
static bool wants_pong(const struct session *session)
{
	return session->pong_due && may_write(session) && !session->stuck;
}

/** answer_ping() - If a Ping of @session waits and no frame to it is half-way */
static void answer_ping(struct session *session)
{
	if (!wants_pong(session) || !session->other ||
	    !splice_at_boundary(&session->other->splice))
		return;
	session->pong_due = false;
	frame_write(session, WS_PONG, session->pong, session->pong_len);
}

/** end_side() - Close frame if it can be placed, then the end; it may still send */
static void end_side(struct session *session, uint16_t code, const char *reason)
{
	uint8_t payload[WS_CONTROL_LEN_MAX];
	bool between =
		!session->other || splice_at_boundary(&session->other->splice);

	if (session->kind != SESSION_JOINED)
		return;
	if (between && may_write(session))
		frame_write(session, WS_CLOSE, payload,
			    ws_close_write(payload, code, reason));
	session->linger = true;
	session_finish(session);
}

/** pass_close() - One side closes: tell the other; when both have, it is over */
static void pass_close(struct session *from)
{
	struct session *to = from->other;

	from->since = clock_mono();
	if (may_write(to))
		frame_write(to, WS_CLOSE, from->splice.control,
			    from->splice.control_len);
	from->close_seen = true;
	if (!to->close_seen || to->kind != SESSION_JOINED)
		return;
	session_finish(from);
	session_finish(to);
}

/** hold_if_behind() - @to does not take bytes as fast as @from sends them */
static void hold_if_behind(struct session *from, struct session *to)
{
	if (from->held || !relay_is_behind(to))
		return;
	from->held = true;
	relay_hold(from, true);
	relay_call_writable(to);
}

/** take_event() - What splice_feed() came back for */
static void take_event(struct session *from, enum splice_event event)
{
	switch (event) {
	case SPLICE_PING:
		memcpy(from->pong, from->splice.control,
		       from->splice.control_len);
		from->pong_len = from->splice.control_len;
		from->pong_due = true;
		answer_ping(from);
		break;
	case SPLICE_CLOSE:
		pass_close(from);
		break;
	case SPLICE_BOUNDARY:
		answer_ping(from->other);
		break;
	case SPLICE_FAULT:
		from->relay->counts.faults++;
		log_info("remote=%s:%u event=fault reason=\"malformed "
			 "WebSocket frame\"",
			 from->remote, from->remote_port);
		end_side(from, WS_CLOSE_PROTOCOL, "malformed frame");
		pair_part(from);
		break;
	case SPLICE_FRAME:
	case SPLICE_MORE:
		break;
	}
}

/** pass_some() - Up to one scratch buffer's worth; Return: bytes used */
static size_t pass_some(struct session *from, const uint8_t *data, size_t len)
{
	struct session *to = from->other;
	uint8_t *out = from->relay->scratch;
	enum splice_event event;
	size_t used;
	size_t put;

	if (len > RELAY_READ_SIZE)
		len = RELAY_READ_SIZE;
	event = splice_feed(&from->splice, data, len, &used, out, &put,
			    wants_pong(to));
	if (put && may_write(to)) {
		from->hub->passed_len += put;
		relay_write(to, out, put);
		hold_if_behind(from, to);
	}
	take_event(from, event);
	return used;
}

/** hold_by_fault() - Read from it again at the next tick only */
static void hold_by_fault(struct session *from)
{
	if (from->kind != SESSION_JOINED || from->held)
		return;
	from->held = true;
	relay_hold(from, true);
}

void pair_pass(struct session *from, const uint8_t *data, size_t len)
{
	while (len > 0 && from->kind == SESSION_JOINED && from->other &&
	       !from->close_seen) {
		size_t used = pass_some(from, data, len);

		data += used;
		len -= used;
	}
	if (from->other)
		answer_ping(from->other);
	if (from->leaving)
		pair_leave(from);
	if (from->relay->conf->fault.slow)
		hold_by_fault(from);
}

void pair_writable(struct session *session)
{
	struct session *from = session->other;

	answer_ping(session);
	if (!from || !from->held || session->stuck ||
	    session->relay->conf->fault.slow)
		return;
	from->held = false;
	if (from->kind == SESSION_JOINED)
		relay_hold(from, false);
}

void pair_part(struct session *session)
{
	struct session *other = session->other;

	if (!other)
		return;
	end_side(other,
		 other->is_sender ? WS_CLOSE_INTERNAL : WS_CLOSE_GOING_AWAY,
		 "the other side is gone");
	other->other = NULL;
	session->other = NULL;
}

void pair_close(struct session *session, uint16_t code, const char *reason)
{
	struct session *other = session->other;

	end_side(session, code, reason);
	if (other)
		end_side(other, code, reason);
}

void pair_leave(struct session *session)
{
	struct session *other = session->other;

	if (session->kind != SESSION_JOINED || !other)
		return;
	session->leaving = true;
	other->leaving = true;
	if (!splice_in_message(&session->splice) &&
	    !splice_in_message(&other->splice))
		pair_close(session, WS_CLOSE_GOING_AWAY, "relay stops");
}

/** is_quiet() - Has nothing come from this side for a while? */
static bool is_quiet(const struct session *session, mono_t now)
{
	return mono_diff_ms(now, session->since) >= QUIET_MS &&
	       mono_diff_ms(now, session->heard) >= QUIET_MS;
}

void pair_tick(struct session *session, mono_t now)
{
	if (session->relay->stopping && session->other &&
	    is_quiet(session, now) && is_quiet(session->other, now))
		pair_leave(session);
	if (session->held && session->relay->conf->fault.slow &&
	    session->kind == SESSION_JOINED && session->other &&
	    !session->other->stuck) {
		session->held = false;
		relay_hold(session, false);
	}
	if (session->close_seen &&
	    mono_diff_ms(now, session->since) > CLOSE_LIMIT_MS)
		pair_close(session, WS_CLOSE_NORMAL, "");
}

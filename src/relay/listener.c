/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * listener.c - What the session of a control channel has besides
 */

/**
 * DOC: Theory of operation
 *
 * A listener is not dropped for what it does not do: that would punish a slow one.
 * It is doubted, and gets only what no other can take, when
 *
 * silent	it let a Ping wait for DOUBT_MS: its machine may have vanished.
 *		Its answer ends that;
 * deaf		it answers, but did not take MISSED_MAX in a row of those that it
 *		was told of: its program may hang.  When it takes one, that ends.
 *		So that it can, it is given one now and then, at growing
 *		distances; a sender that is tried so is handed on after
 *		LISTENER_LATE_MS (gesture.c).
 */

#include "relay/listener.h"

#include <stdlib.h>
#include <string.h>

#include "relay/session.h"
#include "sys/log.h"

/* A listener that was silent for PROBE_MS (control.c) gets a Ping with a message; one
 * that is alive answers in less than this, and one that vanished is out of the
 * choice within a second of the first message that it does not get. */
#define DOUBT_MS 700

/* One or two may be accidents. */
#define MISSED_MAX 3

/* Until a deaf one is tried; twice as long after each time, RETRY_DOUBLINGS times. */
#define RETRY_MS        30000
#define RETRY_DOUBLINGS 4

const char *listener_use_name(enum listener_use use)
{
	return use == LISTENER_SENDERS ? "senders" : "requests";
}

struct listener *listener_new(mono_t now)
{
	struct listener *listener = malloc(sizeof(*listener));

	if (!listener)
		return NULL;
	memset(listener, 0, offsetof(struct listener, inbox_buf));
	listener->pinged = now;
	ws_inbox_init(&listener->inbox, listener->inbox_buf,
		      sizeof(listener->inbox_buf), true);
	return listener;
}

void listener_free(struct listener *listener)
{
	explicit_bzero(listener->inbox_buf, listener->inbox_top);
	free(listener);
}

size_t listener_take(struct listener *listener, const uint8_t *data, size_t len)
{
	size_t room;
	uint8_t *to = ws_inbox_room(&listener->inbox, &room);
	size_t top;

	if (len > room)
		len = room;
	memcpy(to, data, len);
	ws_inbox_filled(&listener->inbox, len);
	top = (size_t)(to - listener->inbox_buf) + len;
	if (top > listener->inbox_top)
		listener->inbox_top = top;
	return len;
}

/** set_retry() - Anew, by how often it failed */
static void set_retry(struct listener_doubt *doubt, mono_t now)
{
	unsigned int doublings = doubt->missed - MISSED_MAX;

	if (doublings > RETRY_DOUBLINGS)
		doublings = RETRY_DOUBLINGS;
	doubt->retry = mono_add_ms(now, (int64_t)RETRY_MS << doublings);
}

void listener_missed(struct session *session, enum listener_use use, mono_t now)
{
	struct listener_doubt *doubt;

	if (!session)
		return;
	doubt = &session->listener->doubts[use];
	if (doubt->missed < UINT16_MAX)
		doubt->missed++;
	if (doubt->missed < MISSED_MAX)
		return;
	set_retry(doubt, now);
	if (doubt->missed == MISSED_MAX)
		log_warn("remote=%s:%u event=listener_deaf path=\"%s\" "
			 "of=%s missed=%u text=\"it answers pings and takes "
			 "none: others are preferred\"",
			 session->remote, session->remote_port,
			 session->hub->name, listener_use_name(use),
			 doubt->missed);
}

void listener_took(struct session *session, enum listener_use use)
{
	struct listener_doubt *doubt;

	if (!session)
		return;
	doubt = &session->listener->doubts[use];
	if (listener_is_deaf(session, use))
		log_info("remote=%s:%u event=listener_heard path=\"%s\" "
			 "of=%s missed=%u",
			 session->remote, session->remote_port,
			 session->hub->name, listener_use_name(use),
			 doubt->missed);
	*doubt = (struct listener_doubt){0};
}

bool listener_is_deaf(const struct session *session, enum listener_use use)
{
	return session->listener->doubts[use].missed >= MISSED_MAX;
}

/** is_silent() - Did it let a Ping wait? */
static bool is_silent(const struct session *session, mono_t now)
{
	mono_t pinged = session->listener->pinged;

	return mono_before(session->heard, pinged) &&
	       mono_diff_ms(now, pinged) > DOUBT_MS;
}

bool listener_is_doubted(const struct session *session, enum listener_use use,
			 mono_t now)
{
	return is_silent(session, now) ||
	       (listener_is_deaf(session, use) &&
		mono_before(now, session->listener->doubts[use].retry));
}

void listener_tried(struct session *session, enum listener_use use, mono_t now)
{
	if (listener_is_deaf(session, use))
		set_retry(&session->listener->doubts[use], now);
}

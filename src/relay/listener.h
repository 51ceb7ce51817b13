/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * listener.h - What the session of a control channel has besides
 */

#ifndef RELAY_LISTENER_H
#define RELAY_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/time.h"
#include "codec/ws.h"

struct session;

/* Kept for each listener: one message, and the head of its frame. */
#define LISTENER_INBOX_SIZE (CONTROL_MSG_LEN_MAX + 1024)

/* A listener is given LISTENER_LATE_MS to come and meet somebody before that counts
 * as missed.  Our own senders give up after 5 s. */
#define LISTENER_LATE_MS 4000

/** enum listener_use - What a listener is told of; one may take the one and not the
 *  other */
enum listener_use {
	LISTENER_SENDERS,
	LISTENER_REQUESTS,
};
#define LISTENER_USE_CNT (LISTENER_REQUESTS + 1)

/** listener_use_name() - "senders" or "requests" */
const char *listener_use_name(enum listener_use use);

/**
 * struct listener_doubt - How it did, of one use
 * @missed:	In a row that it did not take; above a limit it is deaf
 * @retry:	Deaf: when it is given one again though there are others
 */
struct listener_doubt {
	unsigned int missed;
	mono_t retry;
};

/**
 * struct listener - A registration
 * @next, @prev: Others of the same hub
 * @pinged:	When a Ping last went
 * @blamed:	When the log last told of a malformed message
 * @doubts:	By use
 * @told:	Senders that it was told of and has not met
 * @asked:	HTTP clients whose requests it has
 * @answering:	The one of them whose answer's body comes next, or NULL
 * @inbox:	Its messages
 * @inbox_top:	How much of @inbox_buf was ever used: the rest is not touched, so
 *		that it takes no memory, and need not be wiped
 */
struct listener {
	struct session *next;
	struct session *prev;
	mono_t pinged;
	mono_t blamed;
	struct listener_doubt doubts[LISTENER_USE_CNT];
	struct session *told;
	struct session *asked;
	struct session *answering;
	struct ws_inbox inbox;
	size_t inbox_top;
	uint8_t inbox_buf[LISTENER_INBOX_SIZE];
};

/** listener_new() - Nothing is known against it; Return: NULL without memory */
struct listener *listener_new(mono_t now);
void listener_free(struct listener *listener);

/** listener_take() - Bytes for its inbox; Return: how many fitted */
size_t listener_take(struct listener *listener, const uint8_t *data,
		     size_t len);

/** listener_missed() - Somebody waits, or waited, for it in vain; fine for NULL */
void listener_missed(struct session *session, enum listener_use use,
		     mono_t now);

/** listener_took() - It came, or answered: it is trusted; fine for NULL */
void listener_took(struct session *session, enum listener_use use);

/** listener_is_deaf() - Did it miss several in a row, and take none since? */
bool listener_is_deaf(const struct session *session, enum listener_use use);

/** listener_is_doubted() - Shall others be preferred? */
bool listener_is_doubted(const struct session *session, enum listener_use use,
			 mono_t now);

/** listener_tried() - It is deaf and is given one all the same: not the next */
void listener_tried(struct session *session, enum listener_use use, mono_t now);

#endif /* RELAY_LISTENER_H */

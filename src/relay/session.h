/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * session.h - One TCP connection to the relay, and what it became
 *
 * Says what happens; how bytes and closings reach the kernel is relay.c's.
 */

#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "codec/ws.h"
#include "relay/relay_conf.h"
#include "relay/request.h"
#include "relay/splice.h"

/* A name of 253 characters, brackets or dot, and ":65535". */
#define HOST_SIZE 264

struct lws;
struct relay;

/**
 * enum session_kind - Life of one connection
 *
 * SESSION_HEAD		Its request has not come whole.
 *	a gesture that is granted -> one of the three below
 *	anything else, or HEAD_LIMIT_MS -> SESSION_FINISHING
 * SESSION_LISTENER	A control channel: gets accept messages.
 * SESSION_WAITING	A sender: its 101 waits for the listener.  Not read from.
 *	listener accepts	-> SESSION_JOINED
 *	listener rejects, limit	-> SESSION_FINISHING
 * SESSION_JOINED	One side of a pair: frames pass to @other.
 * SESSION_FINISHING	Said its last; closed as soon as that is sent.  Nothing
 *			may be written to it any more.
 */
enum session_kind {
	SESSION_HEAD,
	SESSION_LISTENER,
	SESSION_WAITING,
	SESSION_JOINED,
	SESSION_FINISHING,
};

/**
 * struct session - One connection
 * @wsi:	libwebsockets' handle
 * @next, @prev: All sessions of the relay
 * @since:	When it took its kind
 * @heard:	When bytes last came
 * @remote, @remote_port: The client
 * @head:	Request while it gathers; a waiting sender keeps it for its
 *		@request
 * @path:	Hybrid connection, NULL before the request
 * @host:	Listener: the Host it used, where it finds the relay again
 * @expiry_s:	Listener: end of its token
 * @inbox:	Listener: its messages
 * @other:	Joined: the other side
 * @splice:	Joined: frames from here to @other
 * @is_sender:	Joined: which side this is
 * @close_seen:	Joined: its Close was passed on
 * @paused:	relay_hold() is in force
 * @stuck:	It does not take what we write: not read from, or its answers
 *		would pile up
 * @held:	Joined: paused because @other is slow
 * @pong_due:	Joined: a Ping of its waits for our answer, @pong
 */
struct session {
	enum session_kind kind;
	struct relay *relay;
	struct lws *wsi;
	struct session *next;
	struct session *prev;
	mono_t since;
	mono_t heard;
	mono_t pinged;
	char remote[64];
	uint16_t remote_port;
	char *head;
	size_t head_len;
	size_t head_used;
	struct request *request;
	const struct relay_path *path;
	char host[HOST_SIZE];
	char id[REQUEST_ID_SIZE];
	char secret[REQUEST_SECRET_SIZE];
	int64_t expiry_s;
	uint8_t *inbox_buf;
	struct ws_inbox inbox;
	struct session *other;
	struct splice splice;
	bool is_sender;
	bool close_seen;
	bool paused;
	bool stuck;
	bool held;
	bool pong_due;
	size_t pong_len;
	uint8_t pong[WS_CONTROL_LEN_MAX];
};

/** session_open() - A connection was accepted; storage is zeroed */
void session_open(struct session *session, struct relay *relay,
		  struct lws *wsi);

/**
 * session_receive() - Bytes came
 *
 * Return: false when the connection must be closed at once
 */
bool session_receive(struct session *session, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

/** session_writable() - All that was written is sent: let @other go on */
void session_writable(struct session *session);

/** session_closed() - The connection is gone: tell the other side, free all */
void session_closed(struct session *session);

/** session_tick() - Once a second: limits, expiry, pings */
void session_tick(struct session *session, mono_t now, int64_t now_s);

/** session_goodbye() - The relay stops: close politely */
void session_goodbye(struct session *session);

/* For those who decide that a session ends: */

/** session_finish() - Close as soon as what was written is sent */
void session_finish(struct session *session);

/** session_refuse() - Answer an upgrade with something else than 101, and end */
void session_refuse(struct session *session, int status, const char *text);

#endif /* RELAY_SESSION_H */

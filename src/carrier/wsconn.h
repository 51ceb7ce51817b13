/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * wsconn.h - One WebSocket to a relay, from connecting to closed
 *
 * Joins a stream, the client handshake and the frame codec.  Serves the
 * listener's control channel and the data channels alike; knows nothing of
 * what the messages mean.
 */

#ifndef CARRIER_WSCONN_H
#define CARRIER_WSCONN_H

#include <hyco/upgrade.h>
#include <hyco/uri.h>

#include "base/limits.h"
#include "codec/ws.h"
#include "sys/loop.h"
#include "sys/random.h"
#include "sys/stream.h"

struct wsconn;

/**
 * enum wsconn_state - Life of one WebSocket
 *
 * WSCONN_CLOSED	No socket; wsconn_open() may be called.
 *	wsconn_open()		-> WSCONN_CONNECTING
 * WSCONN_CONNECTING	TCP and TLS under way.
 *	connected		-> WSCONN_UPGRADING
 *	error or deadline	-> WSCONN_CLOSED
 * WSCONN_UPGRADING	Request sent or being sent, answer not complete.
 *	101			-> WSCONN_OPEN
 *	anything else		-> WSCONN_CLOSED
 * WSCONN_OPEN		Messages flow both ways; the only state in which
 *			wsconn_send() may succeed.
 *	error, their Close	-> WSCONN_CLOSED
 */
enum wsconn_state {
	WSCONN_CLOSED,
	WSCONN_CONNECTING,
	WSCONN_UPGRADING,
	WSCONN_OPEN,
};

/**
 * struct wsconn_handler - What the owner is told
 * @opened:	The relay answered 101
 * @message:	One whole data message; valid during the call only
 * @idle:	The output slot is free again after a wsconn_send() that could
 *		not finish at once
 * @closed:	Over; @error, @status and @close_code say why.  Storage may be
 *		opened again, but not from inside this call
 *
 * @opened and @message may call wsconn_close().  @closed may be called from
 * inside wsconn_send().
 */
struct wsconn_handler {
	void (*opened)(struct wsconn *conn);
	void (*message)(struct wsconn *conn, const struct ws_message *message);
	void (*idle)(struct wsconn *conn);
	void (*closed)(struct wsconn *conn);
};

/**
 * struct wsconn_target - What to connect to
 * @uri:	Host, port, TLS
 * @target:	Request target; NULL: the one in @uri
 * @token:	SAS token, or NULL (borrowed for the call)
 * @protocol:	Sub-protocol to ask for, or NULL (a literal)
 * @ca_pem:	CA bundle, NULL for the system's (copied)
 * @ca_len:	Its length
 * @deadline_ms: Time for connecting and the upgrade together
 */
struct wsconn_target {
	const struct hyco_uri *uri;
	const char *target;
	const char *token;
	const char *protocol;
	const char *ca_pem;
	size_t ca_len;
	int64_t deadline_ms;
};

#define WSCONN_ERROR_SIZE 320

/**
 * struct wsconn - One connection
 * @state:	See above
 * @in_buf:	Receive buffer of @in_size bytes: bounds the longest message
 * @out:	Bytes of the frame on its way; NULL: the slot is free
 * @out_len:	How many are left of it
 * @control:	A control frame of our own on its way, or waiting for the slot
 * @control_len: Its length with head, 0: none
 * @upgrade:	The handshake under way; its request waits in @in_buf
 * @uri:	Copy of the target's
 * @target:	Copy of the request target
 * @status:	HTTP status of the upgrade, 0 before
 * @close_code:	Of the Close frame that ended it, 0 when none did
 * @date_s:	The relay's clock, from its answer, 0 when unknown
 * @error:	Why it closed, one line without secrets
 * @bytes_in:	Bytes received since it was opened, TLS taken off
 */
struct wsconn {
	enum wsconn_state state;
	struct loop *loop;
	const struct wsconn_handler *handler;
	struct stream stream;
	struct loop_timer timer;
	uint8_t *in_buf;
	size_t in_size;
	struct ws_inbox inbox;
	const uint8_t *out;
	size_t out_len;
	uint8_t control[WS_HEAD_LEN_MAX + WS_CONTROL_LEN_MAX];
	size_t control_len;
	struct random_pool masks;
	struct hyco_upgrade upgrade;
	struct hyco_uri uri;
	char target[HYCO_TARGET_SIZE];
	int status;
	uint16_t close_code;
	int64_t date_s;
	char error[WSCONN_ERROR_SIZE];
	uint64_t bytes_in;
};

/**
 * wsconn_init() - Prepare storage
 * @conn:	Storage of the owner
 * @loop:	Loop of the owning thread
 * @handler:	Owner's functions
 * @in_buf:	Receive buffer (the owner's, for the life of @conn)
 * @in_size:	Its size, at least 2 * HTTP_HEAD_LEN_MAX
 */
void wsconn_init(struct wsconn *conn, struct loop *loop,
		 const struct wsconn_handler *handler, uint8_t *in_buf,
		 size_t in_size);

/**
 * wsconn_open() - Begin to connect
 *
 * Return: 0: @handler->opened or ->closed will be called, never from inside
 *	   this call; -ENOMEM; -EMSGSIZE when target and token do not fit
 */
int wsconn_open(struct wsconn *conn, const struct wsconn_target *target)
	__attribute__((warn_unused_result));

/** wsconn_can_send() - Open, and the output slot free? */
bool wsconn_can_send(const struct wsconn *conn);

/**
 * wsconn_send() - Send one message
 * @opcode:	WS_BINARY or WS_TEXT
 * @payload:	Message; masked in place.  WS_HEAD_LEN_MAX bytes of room before
 *		it belong to the frame's head.  Must stay untouched until
 *		wsconn_can_send() again
 * @len:	Its length
 *
 * To be called only when wsconn_can_send().
 *
 * Return: true when it is all written (no ->idle will follow), false when a
 *	   part waits, or the connection is closed or about to be
 */
bool wsconn_send(struct wsconn *conn, enum ws_opcode opcode, uint8_t *payload,
		 size_t len);

/**
 * wsconn_pong() - An empty unsolicited Pong, so that the path stays open
 *
 * Not a Ping: relays were seen to disconnect a listener for one.  Left out
 * while the slot is busy: then the path is in use anyway.
 */
void wsconn_pong(struct wsconn *conn);

/**
 * wsconn_close() - Close at once, ->closed is not called
 * @code:	Sent in a Close frame if the slot is free
 * @reason:	Its text
 */
void wsconn_close(struct wsconn *conn, uint16_t code, const char *reason);

#endif /* CARRIER_WSCONN_H */

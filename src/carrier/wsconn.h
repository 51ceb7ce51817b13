/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * wsconn.h - One WebSocket to a relay: libhyco's connection on a stream
 *
 * Moves bytes between the two, and lends them the loop and the clock.  Serves the
 * listener's control channel and the data channels alike; knows nothing of what
 * the messages mean.
 */

#ifndef CARRIER_WSCONN_H
#define CARRIER_WSCONN_H

#include <hyco/conn.h>
#include <hyco/retry.h>
#include <hyco/sender.h>

#include "base/limits.h"
#include "codec/ws.h"
#include "sys/loop.h"
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
 * @closed:	Over; @error and @status say why.  Storage may be opened again,
 *		but not from inside this call
 * @turn:	NULL; or the owner looks itself for what came of it, with
 *		hyco_listener_next(): then the four above are not called
 *
 * @opened and @message may call wsconn_close().  @closed may be called from
 * inside wsconn_send().
 */
struct wsconn_handler {
	void (*opened)(struct wsconn *conn);
	void (*message)(struct wsconn *conn, const struct ws_message *message);
	void (*idle)(struct wsconn *conn);
	void (*closed)(struct wsconn *conn);
	void (*turn)(struct wsconn *conn);
};

/**
 * struct wsconn_target - What to connect to
 * @sender:	Whom to dial; or
 * @accept:	the address of an accept to take up
 * @token:	@sender's, or NULL (borrowed for the call)
 * @credential:	What the token was made with, in words (copied)
 * @protocol:	@accept: sub-protocol to ask for, or NULL (a literal)
 * @path:	How to get out (copied)
 */
struct wsconn_target {
	const struct hyco_sender *sender;
	const char *accept;
	const char *token;
	const char *credential;
	const char *protocol;
	const struct netpath *path;
};

#define WSCONN_ERROR_SIZE      768
#define WSCONN_CREDENTIAL_SIZE 200

/**
 * struct wsconn - One connection
 * @state:	See above
 * @ws:		The protocol (the owner's)
 * @role:	Whose words of advice fit
 * @credential:	What the token was made with, in words; "" without one
 * @rendezvous:	It goes to the host of an accept address
 * @blocked:	The stream took no more; epoll tells when it does
 * @status:	HTTP status of the upgrade, 0 before
 * @skew_s:	The relay's clock less ours, from its answer; 0 when unknown
 * @skew_told_s: What was logged last
 * @error:	Why it closed, one line without secrets
 * @bytes_in:	Bytes received since it was opened, TLS taken off
 */
struct wsconn {
	enum wsconn_state state;
	struct loop *loop;
	const struct wsconn_handler *handler;
	struct hyco_conn *ws;
	struct stream stream;
	struct loop_timer timer;
	enum hyco_role role;
	char credential[WSCONN_CREDENTIAL_SIZE];
	bool rendezvous;
	bool blocked;
	int status;
	int64_t skew_s;
	int64_t skew_told_s;
	char error[WSCONN_ERROR_SIZE];
	uint64_t bytes_in;
};

/**
 * wsconn_init() - Prepare storage
 * @conn:	Storage of the owner
 * @loop:	Loop of the owning thread
 * @handler:	Owner's functions
 * @ws:		Protocol (the owner's, for the life of @conn)
 */
void wsconn_init(struct wsconn *conn, struct loop *loop,
		 const struct wsconn_handler *handler, struct hyco_conn *ws);

/** wsconn_new_ws() - A protocol object for wsconn_init()
 *  Return: heap memory for hyco_conn_free(), or NULL */
struct hyco_conn *wsconn_new_ws(size_t in_size);

/** wsconn_random() - hyco_random_fn on the kernel's generator */
void wsconn_random(void *arg, void *data, size_t len);

/**
 * wsconn_open() - Begin to connect
 *
 * Return: 0: @handler->opened or ->closed will be called, never from inside
 *	   this call; -ENOMEM; or as hyco_conn_begin()
 */
int wsconn_open(struct wsconn *conn, const struct wsconn_target *target)
	__attribute__((warn_unused_result));

/** wsconn_connect() - Make the transport for what @conn->ws has begun
 *  Return: 0 or -ENOMEM */
int wsconn_connect(struct wsconn *conn, const struct netpath *path)
	__attribute__((warn_unused_result));

/** wsconn_show() - Say what the token is made with from now on */
void wsconn_show(struct wsconn *conn, const char *credential);

/** wsconn_flush() - Write what the protocol has to say, as far as it goes */
void wsconn_flush(struct wsconn *conn);

/** wsconn_opened() - For a handler with @turn: the relay answered 101 */
void wsconn_opened(struct wsconn *conn);

/** wsconn_drop() - For a handler with @turn: the protocol has ended.  What it has
 *  to say yet is tried once, @error and @status are filled in from @end */
void wsconn_drop(struct wsconn *conn, const struct hyco_end *end);

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
 * wsconn_close() - Close at once, ->closed is not called
 * @code:	Sent in a Close frame if that goes without waiting
 * @reason:	Its text
 */
void wsconn_close(struct wsconn *conn, uint16_t code, const char *reason);

/** wsconn_host() - Where it goes to */
const char *wsconn_host(const struct wsconn *conn);

/** wsconn_port() - And its port */
uint16_t wsconn_port(const struct wsconn *conn);

/** wsconn_now_ms() - The clock that libhyco is told of */
int64_t wsconn_now_ms(void);

#endif /* CARRIER_WSCONN_H */

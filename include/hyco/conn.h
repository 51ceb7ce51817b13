/* SPDX-License-Identifier: MIT */

/*
 * conn.h - One WebSocket to a relay, as client, without any I/O
 *
 * Bytes and time in, bytes and events out: the caller owns the TCP or TLS
 * connection, the loop, the clock and the randomness.  Serves every gesture:
 * listen (through listener.h), connect (sender.h), accept, reject and request
 * (rendezvous.h).
 *
 *	hyco_conn_output(), hyco_conn_written()	what is to be sent
 *	hyco_conn_room(), hyco_conn_filled()	where received bytes go
 *	hyco_conn_lost()			the transport failed or ended
 *	hyco_conn_tick()			at hyco_conn_deadline_ms()
 *	hyco_conn_next()			after each of them, until NOTHING
 *
 * Times are milliseconds of a clock that never goes back.
 */

#ifndef HYCO_CONN_H
#define HYCO_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hyco/upgrade.h>

/* Room that a payload has before it, for the frame's head. */
#define HYCO_HEAD_SIZE 14
/* No buffer for received bytes may be smaller: the answer's head, twice. */
#define HYCO_IN_SIZE_MIN 32768
/* No deadline. */
#define HYCO_NEVER INT64_MAX

struct hyco_conn;

/** hyco_random_fn - Fills @data with unpredictable bytes; must not fail */
typedef void hyco_random_fn(void *arg, void *data, size_t len);

/**
 * struct hyco_conn_config - What a connection is made with
 * @in_size:	Buffer for received bytes: bounds the longest message
 * @random:	Source of masks and handshake keys
 * @arg:	For @random
 * @pong_ms:	An empty unsolicited Pong after so long without sending, so that
 *		the path stays open; 0 for none.  Not a Ping: relays were seen to
 *		disconnect a listener for one
 * @silence_ms:	Nothing heard for so long: the path is dead; 0 for no limit
 */
struct hyco_conn_config {
	size_t in_size;
	hyco_random_fn *random;
	void *arg;
	int64_t pong_ms;
	int64_t silence_ms;
};

/**
 * enum hyco_conn_state - Life of a connection
 *
 * HYCO_CONN_IDLE	Nothing under way; it may be begun (again).
 *	hyco_conn_begin()	-> HYCO_CONN_UPGRADING
 * HYCO_CONN_UPGRADING	The transport is being made, or the answer is awaited.
 *	101			-> HYCO_CONN_OPEN
 *	anything else		-> HYCO_CONN_IDLE
 * HYCO_CONN_OPEN	Messages flow; the only state that takes hyco_conn_send().
 *	hyco_conn_close()	-> HYCO_CONN_CLOSING
 *	their Close, a failure	-> HYCO_CONN_IDLE
 * HYCO_CONN_CLOSING	Our Close is sent or waits; messages still come in.
 *	their Close, a failure, a limit -> HYCO_CONN_IDLE
 */
enum hyco_conn_state {
	HYCO_CONN_IDLE,
	HYCO_CONN_UPGRADING,
	HYCO_CONN_OPEN,
	HYCO_CONN_CLOSING,
};

/** enum hyco_conn_event - What hyco_conn_next() tells
 *
 * HYCO_CONN_NOTHING	More bytes or time are needed
 * HYCO_CONN_OPENED	101: messages may be sent
 * HYCO_CONN_MESSAGE	One whole message
 * HYCO_CONN_ENDED	Over, hyco_conn_end() says why.  Write what
 *			hyco_conn_output() still has, if it goes at once, and
 *			close the transport
 */
enum hyco_conn_event {
	HYCO_CONN_NOTHING,
	HYCO_CONN_OPENED,
	HYCO_CONN_MESSAGE,
	HYCO_CONN_ENDED,
};

/** struct hyco_received - A message, in the connection's buffer: the receiver may
 *  write there.  Valid until the next call but hyco_conn_send() and _pong() */
struct hyco_received {
	bool text;
	uint8_t *data;
	size_t len;
};

/** enum hyco_end_kind - Why a connection ended
 *
 * HYCO_END_TRANSPORT	hyco_conn_lost()
 * HYCO_END_REFUSED	The relay answered, but not 101: see @answer.  410 is the
 *			good end of a reject
 * HYCO_END_NO_RELAY	What answers is no WebSocket relay
 * HYCO_END_TIMEOUT	No answer within the limit
 * HYCO_END_SILENCE	Nothing heard for too long
 * HYCO_END_CLOSED	A Close frame of the relay, @close_code
 * HYCO_END_PROTOCOL	A malformed frame: we closed with 1002
 * HYCO_END_TOO_BIG	A message longer than fits: we closed with 1009
 */
enum hyco_end_kind {
	HYCO_END_TRANSPORT,
	HYCO_END_REFUSED,
	HYCO_END_NO_RELAY,
	HYCO_END_TIMEOUT,
	HYCO_END_SILENCE,
	HYCO_END_CLOSED,
	HYCO_END_PROTOCOL,
	HYCO_END_TOO_BIG,
};

#define HYCO_END_TEXT_SIZE 512

/**
 * struct hyco_end - Why and how a connection ended
 * @answer:	The relay's answer to the upgrade; status 0 when there was none
 * @close_code:	HYCO_END_CLOSED: of the frame, 1005 when it had none
 * @text:	One printable line without secrets
 */
struct hyco_end {
	enum hyco_end_kind kind;
	struct hyco_answer answer;
	uint16_t close_code;
	char text[HYCO_END_TEXT_SIZE];
};

/** hyco_conn_new() - Return: heap memory, NULL when there is none or @config's
 *  buffer is too small */
struct hyco_conn *hyco_conn_new(const struct hyco_conn_config *config);

/** hyco_conn_free() - NULL is fine; what was received and sent is wiped */
void hyco_conn_free(struct hyco_conn *conn);

/**
 * hyco_conn_begin() - Prepare the upgrade request
 * @upgrade:	What to ask for (copied; its nonce is drawn here)
 * @limit_ms:	Time for the transport and the answer together
 *
 * To be called in any state but from inside no event: what was is forgotten.
 *
 * Return: 0, HYCO_EMSGSIZE, or HYCO_EINVAL for what cannot stand in a request
 */
int hyco_conn_begin(struct hyco_conn *conn, const struct hyco_upgrade *upgrade,
		    int64_t limit_ms, int64_t now_ms)
	__attribute__((warn_unused_result));

enum hyco_conn_state hyco_conn_state(const struct hyco_conn *conn);

/** hyco_conn_output() - Bytes to write now; Return: how many at *@data.  The same
 *  bytes stay on offer until hyco_conn_written() */
size_t hyco_conn_output(struct hyco_conn *conn, const uint8_t **data);

/** hyco_conn_written() - So many of the offered bytes were written */
void hyco_conn_written(struct hyco_conn *conn, size_t len);

/** hyco_conn_room() - Where received bytes go; Return: NULL and 0 while nothing
 *  may be received (the request is not sent yet, or it is over) */
uint8_t *hyco_conn_room(struct hyco_conn *conn, size_t *room);
void hyco_conn_filled(struct hyco_conn *conn, size_t len);

/** hyco_conn_next() - What came of it; @received for HYCO_CONN_MESSAGE */
enum hyco_conn_event hyco_conn_next(struct hyco_conn *conn,
				    struct hyco_received *received);

/** hyco_conn_lost() - The transport failed; @why becomes the end's text */
void hyco_conn_lost(struct hyco_conn *conn, const char *why);

/** hyco_conn_tick() - Look at limits and keepalive */
void hyco_conn_tick(struct hyco_conn *conn, int64_t now_ms);

/** hyco_conn_deadline_ms() - When to tick at the latest, HYCO_NEVER for never */
int64_t hyco_conn_deadline_ms(const struct hyco_conn *conn);

/** hyco_conn_can_send() - Open, and nothing on its way? */
bool hyco_conn_can_send(const struct hyco_conn *conn);

/**
 * hyco_conn_send() - Frame one message; to be called when hyco_conn_can_send()
 * @text:	Text, else binary
 * @payload:	Message; masked in place.  The HYCO_HEAD_SIZE bytes before it are
 *		written too.  Must stay untouched until hyco_conn_can_send() again
 */
void hyco_conn_send(struct hyco_conn *conn, bool text, uint8_t *payload,
		    size_t len);

/** hyco_conn_pong() - An empty unsolicited Pong, unless something is on its way */
void hyco_conn_pong(struct hyco_conn *conn);

/**
 * hyco_conn_close() - Begin the closing handshake; harmless unless open
 * @code:	1000, 1001, 1003, 1007 to 1011, or 3000 to 4999
 * @reason:	Its text, cut to fit
 */
void hyco_conn_close(struct hyco_conn *conn, uint16_t code, const char *reason,
		     int64_t now_ms);

/** hyco_conn_end() - After HYCO_CONN_ENDED, until it begins again */
const struct hyco_end *hyco_conn_end(const struct hyco_conn *conn);

/** hyco_conn_answer() - The relay's answer; status 0 before it came */
const struct hyco_answer *hyco_conn_answer(const struct hyco_conn *conn);

/** hyco_conn_uri() - Where the transport goes: host, port, TLS */
const struct hyco_uri *hyco_conn_uri(const struct hyco_conn *conn);

/** hyco_conn_heard_ping() - Has the relay sent a Ping on this connection? */
bool hyco_conn_heard_ping(const struct hyco_conn *conn);

/** hyco_conn_set_silence() - Change the limit while it is open; 0 for none */
void hyco_conn_set_silence(struct hyco_conn *conn, int64_t silence_ms);

#endif /* HYCO_CONN_H */

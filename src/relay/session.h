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
#include "relay/buffer.h"
#include "relay/hub.h"
#include "relay/listener.h"
#include "relay/request.h"
#include "relay/splice.h"

/* A name of 253 characters, brackets or dot, and ":65535". */
#define HOST_SIZE 264

/* Of limits.held_mib this part is not for those who wait. */
#define SESSION_RESERVE_PART 8

struct exchange;
struct relay;

/**
 * enum session_kind - Life of one connection
 *
 * SESSION_HEAD		Its request has not come whole.
 *	a gesture that is granted -> one of the five below
 *	anything else, or limits.head_s -> SESSION_FINISHING
 * SESSION_LISTENER	A control channel: gets accept and request messages.
 * SESSION_WAITING	A sender: its 101 waits for the listener.  Not read from.
 *	listener accepts	-> SESSION_JOINED
 *	listener rejects, limit	-> SESSION_FINISHING
 * SESSION_JOINED	One side of a pair: frames pass to @other.
 * SESSION_HTTP		An HTTP client with a request under way, @exchange.
 *	answer is whole		-> SESSION_HEAD
 *	it cannot be		-> SESSION_FINISHING
 * SESSION_CHANNEL	A listener's rendezvous for the requests of @client.
 * SESSION_FINISHING	Said its last; closed as soon as that is sent, or with
 *			@linger taken.  Nothing may be written to it any more.
 */
enum session_kind {
	SESSION_HEAD,
	SESSION_LISTENER,
	SESSION_WAITING,
	SESSION_JOINED,
	SESSION_HTTP,
	SESSION_CHANNEL,
	SESSION_FINISHING,
};
#define SESSION_KIND_CNT (SESSION_FINISHING + 1)

/**
 * struct session - One connection
 * @io:		The connection itself, relay.c's
 * @next, @prev: All sessions of the relay
 * @since:	When it took its kind, or the head after another one began
 * @heard:	When bytes last came
 * @remote, @remote_port: The client
 * @head:	Request while it gathers; kept while @request points into it
 * @head_used:	Length of the head there
 * @early:	Bytes behind the head that nobody has taken yet; of a channel the
 *		message that gathers
 * @hub:	Hybrid connection, NULL before the request
 * @host:	Where it finds the relay, as it said
 * @id:		Tracing id of a sender
 * @secret:	Rendezvous secret while somebody may come, else ""
 * @secret_next: Next of the same bucket
 * @expiry_s:	Listener: end of its token
 * @listener:	Listener: its registration
 * @exchange:	HTTP client
 * @client:	Channel: the HTTP client it serves, NULL when that has gone
 * @other:	Joined: the other side
 * @splice:	Joined, channel: frames from here
 * @is_sender:	Joined: which side this is
 * @close_seen:	Joined: its Close was passed on
 * @paused:	relay_hold() is in force
 * @stuck:	It does not take what we write: not read from, or its answers
 *		would pile up
 * @held:	Joined, channel: paused because what it sends goes to one that
 *		is slow
 * @leaving:	Listener, joined: the relay stops, it ends as soon as nothing is cut
 * @linger:	Finishing: bytes may still come, which are dropped; closing at
 *		once would destroy our answer on its way
 * @ended:	Lingering: it was told that nothing follows
 * @late:	Waiting: the listener has not been told yet (a fault)
 * @told:	Waiting: the listener that was told, NULL when none or gone
 * @told_next, @told_prev: Others that it was told of
 * @look_at:	Waiting: when to look whether another listener should be asked,
 *		0: never
 * @missed:	Waiting: @told was blamed for not coming
 * @pong_due:	Joined: a Ping of its waits for our answer, @pong
 */
struct session {
	enum session_kind kind;
	struct relay *relay;
	void *io;
	struct session *next;
	struct session *prev;
	mono_t since;
	mono_t heard;
	char remote[64];
	uint16_t remote_port;
	struct buffer head;
	size_t head_used;
	struct buffer early;
	struct request *request;
	struct hub *hub;
	char host[HOST_SIZE];
	char id[REQUEST_ID_SIZE];
	char secret[REQUEST_SECRET_SIZE];
	struct session *secret_next;
	int64_t expiry_s;
	struct listener *listener;
	struct exchange *exchange;
	struct session *client;
	struct session *other;
	struct splice splice;
	bool is_sender;
	bool close_seen;
	bool paused;
	bool stuck;
	bool held;
	bool leaving;
	bool linger;
	bool ended;
	bool late;
	struct session *told;
	struct session *told_next;
	struct session *told_prev;
	mono_t look_at;
	bool missed;
	bool pong_due;
	size_t pong_len;
	uint8_t pong[WS_CONTROL_LEN_MAX];
};

/**
 * session_open() - A connection was accepted
 * @session:	Storage, zeroed here
 * @remote:	The client's address as text
 */
void session_open(struct session *session, struct relay *relay, void *io,
		  const char *remote, uint16_t remote_port);

/**
 * session_receive() - Bytes came
 *
 * Return: false when the connection must be closed at once
 */
bool session_receive(struct session *session, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

/** session_writable() - All that was written is sent: let others go on */
void session_writable(struct session *session);

/** session_closed() - The connection is gone: tell the other side, free all */
void session_closed(struct session *session);

/** session_excuse() - The program stood still for so long: nobody is to blame for
 *  what did not come meanwhile */
void session_excuse(struct session *session, int64_t stood_ms);

/** session_tick() - Once a second: limits, expiry, pings */
void session_tick(struct session *session, mono_t now, int64_t now_s);

/**
 * session_goodbye() - The relay stops: close politely
 * @now:	Even if something is cut; else only what can end without
 */
void session_goodbye(struct session *session, bool now);

/* For those who decide what becomes of a session: */

/** session_set() - Take a kind */
void session_set(struct session *session, enum session_kind kind);

/** session_finish() - Close as soon as what was written is sent; what it asked for
 *  is forgotten */
void session_finish(struct session *session);

/** session_refuse() - Answer a request with an error of the relay's, and end */
void session_refuse(struct session *session, int status, const char *text);

/**
 * session_has_room() - May so many bytes more be kept for clients?
 *
 * Asked before anything is kept; a refusal is counted.  Not asked about is what
 * somebody does not take who is connected: that is bounded for each connection.
 */
bool session_has_room(const struct session *session, size_t more);

/** session_may_wait() - The same for what waits for somebody else.  Some room is
 *  left for those who come to meet it, or nothing would ever be freed. */
bool session_may_wait(const struct session *session, size_t more);

/** session_refuse_busy() - 503, where there was no room */
void session_refuse_busy(struct session *session);

/** session_forget_head() - The request is dealt with: wipe it */
void session_forget_head(struct session *session);

/** session_read_head() - Is there a whole request in @head?  Then act on it */
void session_read_head(struct session *session);

#endif /* RELAY_SESSION_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_exchange.h - One HTTP request of a client, and its answer
 */

#ifndef RELAY_HTTP_EXCHANGE_H
#define RELAY_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "relay/http_body.h"
#include "relay/http_message.h"
#include "relay/session.h"

/* Bodies up to this go over the control channel, heads up to that. */
#define EXCHANGE_INLINE_LEN  65536
#define EXCHANGE_HEAD_INLINE 32768

/* A head of a relayed request may be as long as this. */
#define EXCHANGE_HEAD_LEN_MAX 65536

/**
 * enum exchange_state - Life of an exchange
 *
 * EXCHANGE_IDLE	Between two requests of a client.
 * EXCHANGE_GATHERING	Its body gathers; read from.
 *	whole			-> EXCHANGE_AWAITING, over the control channel
 *	long, or slow		-> EXCHANGE_INVITING
 * EXCHANGE_INVITING	A listener was told an address.  Not read from.
 *	it comes		-> EXCHANGE_SENDING
 *	limits.rendezvous_s	-> ended with 504
 * EXCHANGE_SENDING	The body goes to the channel as it comes; read from unless
 *			the channel is slow.
 *	whole			-> EXCHANGE_AWAITING
 *	an answer		-> EXCHANGE_ANSWERING; what is left is dropped
 * EXCHANGE_AWAITING	The listener has it all.  Not read from.
 *	an answer		-> EXCHANGE_ANSWERING
 *	limits.response_s	-> ended with 504
 * EXCHANGE_ANSWERING	@response came; its body passes.  Not read from.
 *	whole			-> EXCHANGE_IDLE, or the connection ends
 */
enum exchange_state {
	EXCHANGE_IDLE,
	EXCHANGE_GATHERING,
	EXCHANGE_INVITING,
	EXCHANGE_SENDING,
	EXCHANGE_AWAITING,
	EXCHANGE_ANSWERING,
};

/**
 * struct exchange - What an HTTP client's session has besides
 * @since:	Last progress
 * @listener:	Has the request, or was told the address; NULL once the client
 *		was met, or when it is an imagined one
 * @missed:	@listener was blamed for not coming
 * @next, @prev: Others that @listener was asked
 * @channel:	Rendezvous socket for this client's requests, NULL while none
 * @id:		By which the answer names the request
 * @body:	Position in the request's body
 * @gathered:	Body so far
 * @message:	The request as a message, until it is sent
 * @started:	A frame of the body went to the channel
 * @response:	Answer, from EXCHANGE_ANSWERING on
 * @head_sent:	Its head went to the client
 * @chunked:	Its body goes in chunks
 * @silent:	Its body must not reach the client (HEAD, 204, 304)
 * @head_only:	The method was HEAD
 * @minor:	Of the client's HTTP version
 * @keep:	The client's connection may be used again
 */
struct exchange {
	enum exchange_state state;
	mono_t since;
	struct session *listener;
	bool missed;
	struct session *next;
	struct session *prev;
	struct session *channel;
	char id[REQUEST_ID_SIZE];
	struct http_body body;
	struct buffer gathered;
	char *message;
	size_t message_len;
	bool started;
	struct http_response response;
	bool has_response;
	bool head_sent;
	bool chunked;
	bool silent;
	bool head_only;
	unsigned int minor;
	bool keep;
};

/**
 * exchange_take() - A request came, and may be passed on
 * @client:	Authorized; becomes SESSION_HTTP or ends
 * @head:	Its head
 */
void exchange_take(struct session *client, const struct http_request *head);

/** exchange_receive() - Bytes of the client: body, or the next request */
bool exchange_receive(struct session *client, const uint8_t *data, size_t len);

/** exchange_writable() - All that was written to the client is sent */
void exchange_writable(struct session *client);

/** exchange_met() - A listener came to the address: it gets the request if it
 *  has not had it, and answers there from now on */
void exchange_met(struct session *client, struct session *channel);

/** exchange_flow() - The channel takes bytes again */
void exchange_flow(struct session *client);

/** exchange_parted() - The channel is gone
 *  @clean: with a Close; then an answer that has begun is whole */
void exchange_parted(struct session *client, bool clean);

/** exchange_fail() - It cannot be answered as it should: an error, or when an
 *  answer has begun the end of the connection */
void exchange_fail(struct session *client, int status, const char *text);

/** exchange_closed() - The client is gone */
void exchange_closed(struct session *client);

void exchange_tick(struct session *client, mono_t now);

/* For http_forward.c and http_answer.c: */

/** exchange_set_state() - And its limits count anew, as after exchange_progress() */
void exchange_set_state(struct session *client, enum exchange_state state);
void exchange_progress(struct session *client);

/** exchange_link(), exchange_unlink() - A listener is, or is not any more, expected
 *  to answer over its control channel */
void exchange_link(struct session *client, struct session *listener);
void exchange_unlink(struct session *client);

/** exchange_free_message() - The request's: it was sent, or nobody gets it */
void exchange_free_message(struct session *client);

/** exchange_forget_headers() - The answer's, the same way */
void exchange_forget_headers(struct session *client);

/** exchange_reset() - Forget all of one request but the channel */
void exchange_reset(struct session *client);

/** exchange_part() - Give the channel up, if there is one */
void exchange_part(struct session *client);

/** exchange_fail_busy() - 503: there was no room */
void exchange_fail_busy(struct session *client);

#endif /* RELAY_HTTP_EXCHANGE_H */

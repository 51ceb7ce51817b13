/* SPDX-License-Identifier: MIT */

/*
 * exchange.h - HTTP requests and their bodies, put together from messages
 *
 * A request comes as a text message, its body, if it has one, as a binary one
 * after it: on the control channel (listener.h reads it there) and on a
 * rendezvous connection alike.
 */

#ifndef HYCO_EXCHANGE_H
#define HYCO_EXCHANGE_H

#include <hyco/conn.h>
#include <hyco/message.h>

/* Over the control channel: more goes by rendezvous. */
#define HYCO_BODY_LEN_MAX 65536

/**
 * struct hyco_exchange - The request under way
 * @request:	Valid once hyco_exchange_take() said 1
 * @text:	Its message: hyco_message_header() finds headers there
 * @body:	Its body, in the connection's buffer; NULL for none
 * @waits:	Its body has not come yet
 */
struct hyco_exchange {
	struct hyco_request request;
	char *text;
	size_t text_len;
	const uint8_t *body;
	size_t body_len;
	bool waits;
};

void hyco_exchange_init(struct hyco_exchange *exchange);
void hyco_exchange_fini(struct hyco_exchange *exchange);

/**
 * hyco_exchange_take() - Take a message
 * @received:	Message (borrowed: @body points into it)
 *
 * Return: 1 when the request is whole, 0 when its body is awaited or the message
 *	   was none of ours, HYCO_EBADMSG for a malformed request, HYCO_EPROTO for
 *	   a body of nothing, HYCO_EMSGSIZE without memory
 */
int hyco_exchange_take(struct hyco_exchange *exchange,
		       const struct hyco_received *received)
	__attribute__((warn_unused_result));

#endif /* HYCO_EXCHANGE_H */

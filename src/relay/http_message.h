/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_message.h - HTTP requests and answers as a listener sees them
 *
 * Pure: between HTTP heads and the JSON of azure-relay-protocol section 5.
 */

#ifndef RELAY_HTTP_MESSAGE_H
#define RELAY_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "codec/http.h"

/* Pseudonym of this relay in Via, where its Host is not known. */
#define HTTP_VIA_NAME "relaytun"

/* Room for a header's name. */
#define HTTP_NAME_SIZE 256

/**
 * struct http_ask - A request as it is passed on
 * @address:	Rendezvous address
 * @id:		By which the answer names it
 * @head:	What the client sent; headers that concern the connection are
 *		left out
 * @target:	Request target without the relay's own arguments
 * @drop_authorization: The header Authorization was for the relay
 * @remote, @remote_port: The client
 * @body:	Does a body follow?
 */
struct http_ask {
	const char *address;
	const char *id;
	const struct http_request *head;
	const char *target;
	bool drop_authorization;
	const char *remote;
	uint16_t remote_port;
	bool body;
};

/** http_message_fits() - Are the names of all headers short enough to be passed on?
 *  Of a request that is not, http_message_ask() would leave some out */
bool http_message_fits(const struct http_request *head);

/**
 * http_message_ask() - The whole request as a message
 * @len:	Set to the text's length
 *
 * Return: heap text (the caller's), NULL when memory runs out
 */
char *http_message_ask(const struct http_ask *ask, size_t *len);

/** http_message_invite() - A message that only tells an address; as above */
char *http_message_invite(const char *address, const char *id, size_t *len);

#define HTTP_ID_SIZE 160

/**
 * struct http_response - A listener's answer
 * @id:		The request it answers
 * @status:	200 to 599
 * @reason:	Its phrase, "" for none
 * @headers:	Lines "Name: value\r\n", checked; those that concern the
 *		connection are left out
 * @length:	Content-Length it gave, -1 for none: means something only where
 *		no body follows
 * @via:	Its own Via header, "" for none
 * @body:	Does a body follow?
 */
struct http_response {
	char id[HTTP_ID_SIZE];
	int status;
	char reason[128];
	struct strbuf headers;
	int64_t length;
	char via[256];
	bool body;
};

/**
 * http_message_response() - Read an answer
 * @text:	JSON, not NUL-terminated
 * @response:	Filled in; http_response_fini() it after 1, and after -EBADMSG
 *
 * Return: 1; 0 when this is another message, or no JSON; -EBADMSG for an answer
 *	   that must not reach a client (status, CR or LF in a header): @id
 *	   is set then
 */
int http_message_response(const char *text, size_t len,
			  struct http_response *response)
	__attribute__((warn_unused_result));
void http_response_fini(struct http_response *response);

/**
 * http_response_head() - The head that the client gets
 * @host:	Name of this relay for Via
 * @length:	Of the body; -1: it comes in chunks; -2: it ends with the
 *		connection, or there is none and nothing is said of it
 * @keep:	May the client's connection be used again?
 */
void http_response_head(const struct http_response *response, const char *host,
			int64_t length, bool keep, struct strbuf *out);

/** http_response_has_body() - May an answer of this status have a body? */
bool http_response_has_body(int status);

#endif /* RELAY_HTTP_MESSAGE_H */

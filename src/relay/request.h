/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * request.h - What a client asks of the relay
 *
 * Pure: from a request head to a gesture (azure-relay-protocol section 1), and
 * the texts that answer it.
 */

#ifndef RELAY_REQUEST_H
#define RELAY_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "codec/http.h"
#include "codec/ws.h"

enum gesture {
	GESTURE_LISTEN,
	GESTURE_CONNECT,
	GESTURE_ACCEPT,  /* or reject, when @reject_status is set */
	GESTURE_REQUEST, /* a listener comes for the requests of a client */
	GESTURE_HTTP,    /* no WebSocket: a request for a listener */
};

#define REQUEST_ID_SIZE     129
#define REQUEST_SECRET_SIZE 33

/**
 * struct request - One gesture
 * @path:	Decoded path behind "/$hc/", or behind "/" for HTTP
 * @raw_path:	The same as sent, for the accept address (slice of the head)
 * @own_query:	Query without the relay's own arguments, as sent
 * @token:	Decoded token, @token_len bytes
 * @authorization: It came in the header Authorization (HTTP only)
 * @id:		sb-hc-id, "" when absent
 * @secret:	Accept, request: proof that we made the address
 * @reject_status: Accept: 0, or the status the sender shall get
 * @reject_text: Its text
 * @key:	Sec-WebSocket-Key
 * @protocols:	Sec-WebSocket-Protocol as sent, "" when absent
 */
struct request {
	enum gesture gesture;
	char path[512];
	struct slice raw_path;
	char own_query[8192];
	char token[4096];
	size_t token_len;
	bool authorization;
	char id[REQUEST_ID_SIZE];
	char secret[REQUEST_SECRET_SIZE];
	int reject_status;
	char reject_text[128];
	struct slice key;
	struct slice protocols;
};

/** struct refusal - Status and text of an answer that is no 101 */
struct refusal {
	int status;
	const char *text;
};

/**
 * request_read() - From a head to a gesture
 * @head:	Parsed head
 * @request:	Filled in; slices point into the head's bytes.  On failure
 *		@path, @gesture, @id and @secret are there if @secret is not ""
 * @refusal:	On failure what to answer
 *
 * Return: true when it is a gesture
 */
bool request_read(const struct http_request *head, struct request *request,
		  struct refusal *refusal);

/** request_offers() - Is @protocol one of those the client offered? */
bool request_offers(struct slice protocols, struct slice protocol);

/** request_first_protocol() - The first the client offered, empty when none */
struct slice request_first_protocol(struct slice protocols);

/**
 * request_write_101() - The answer that makes a WebSocket
 * @key:	Client's Sec-WebSocket-Key
 * @protocol:	Chosen sub-protocol, empty for none
 *
 * Return: length at @out, or -EMSGSIZE
 */
ssize_t request_write_101(struct slice key, struct slice protocol, char *out,
			  size_t size);

/**
 * request_write_refusal() - Any other answer, with tracking id and date
 * @tracking:	Text of the tracking id
 * @now_s:	Wall clock, seconds since 1970
 */
ssize_t request_write_refusal(int status, const char *text,
			      const char *tracking, int64_t now_s, char *out,
			      size_t size);

#endif /* RELAY_REQUEST_H */

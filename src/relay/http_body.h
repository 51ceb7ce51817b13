/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_body.h - The body of an HTTP/1.1 request, as it arrives
 *
 * Pure: bytes behind a head in, the body's bytes out, whatever its framing
 * (RFC 9112 sections 6 and 7).  Trailers are dropped.  Knows nothing of what
 * becomes of the body.
 */

#ifndef RELAY_HTTP_BODY_H
#define RELAY_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "codec/http.h"

/**
 * enum http_body_state - What comes next
 *
 * HTTP_BODY_DONE	Nothing: the body is whole.
 * HTTP_BODY_LENGTH	@left bytes of a body whose length was announced.
 * HTTP_BODY_SIZE	A chunk's line with its size.
 * HTTP_BODY_CHUNK	@left bytes of a chunk.
 * HTTP_BODY_CHUNK_END	The line end behind a chunk.
 * HTTP_BODY_TRAILER	Trailers, up to the empty line.
 */
enum http_body_state {
	HTTP_BODY_DONE,
	HTTP_BODY_LENGTH,
	HTTP_BODY_SIZE,
	HTTP_BODY_CHUNK,
	HTTP_BODY_CHUNK_END,
	HTTP_BODY_TRAILER,
};

/**
 * struct http_body - Position in a body
 * @left:	Bytes to come, see the states
 * @present:	Did the head announce a body?
 * @line:	A line of the chunked framing so far
 * @line_len:	Bytes of it
 * @trailer_len: Bytes of trailers so far
 */
struct http_body {
	enum http_body_state state;
	uint64_t left;
	bool present;
	char line[128];
	size_t line_len;
	size_t trailer_len;
};

/**
 * http_body_init() - What body does a head announce?
 *
 * Return: 0; -EBADMSG when Content-Length is no number, differs from another,
 *	   or stands beside Transfer-Encoding; -ENOTSUP for a coding other
 *	   than chunked
 */
int http_body_init(struct http_body *body, const struct http_request *head)
	__attribute__((warn_unused_result));

/**
 * http_body_feed() - Take bytes
 * @in:		Bytes received
 * @in_len:	How many
 * @in_used:	Set to how many were used; less than @in_len when the body is
 *		whole or @out is full
 * @out:	Receives bytes of the body
 * @out_size:	Room there
 *
 * Return: bytes written to @out, or -EBADMSG for malformed framing
 */
ssize_t http_body_feed(struct http_body *body, const uint8_t *in, size_t in_len,
		       size_t *in_used, uint8_t *out, size_t out_size)
	__attribute__((warn_unused_result));

static inline bool http_body_is_done(const struct http_body *body)
{
	return body->state == HTTP_BODY_DONE;
}

#endif /* RELAY_HTTP_BODY_H */

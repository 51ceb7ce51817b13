/* SPDX-License-Identifier: MIT */

/*
 * http.h - The head of an HTTP/1.1 request or answer
 *
 * Strict on structure (RFC 9112: no bare LF or NUL, no white space before the
 * colon, no obs-fold), tolerant of unknown header names.  Nothing is
 * copied: slices point into the caller's bytes.  Used by the relay (requests)
 * and by the client library (answers).
 */

#ifndef CODEC_HTTP_H
#define CODEC_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_HEADER_CNT_MAX 96

/** struct slice - Bytes of somebody else's buffer, not NUL-terminated */
struct slice {
	const char *data;
	size_t len;
};

struct http_header {
	struct slice name;
	struct slice value; /* without white space around it */
};

/**
 * struct http_request - A request head, slices into the parsed bytes
 * @method:	"GET"
 * @target:	As sent, still percent-encoded: "/$hc/oslo?sb-hc-action=listen"
 * @minor:	1 for HTTP/1.1, 0 for HTTP/1.0
 * @headers:	In order of arrival
 */
struct http_request {
	struct slice method;
	struct slice target;
	unsigned int minor;
	struct http_header headers[HTTP_HEADER_CNT_MAX];
	size_t header_cnt;
};

struct http_answer {
	int status;
	struct slice reason;
	struct http_header headers[HTTP_HEADER_CNT_MAX];
	size_t header_cnt;
};

/**
 * http_request_parse() - Read a request head
 * @data:	Bytes received so far
 * @len:	How many
 * @request:	Filled in on success
 *
 * Return: length of the head in bytes with its empty line (what follows is
 *	   body or frames), -EAGAIN when it is not complete, -EBADMSG when
 *	   malformed, -EMSGSIZE above HTTP_HEAD_LEN_MAX or HTTP_HEADER_CNT_MAX
 */
ssize_t http_request_parse(const char *data, size_t len,
			   struct http_request *request)
	__attribute__((warn_unused_result));

/** http_request_parse_max() - As http_request_parse(), for heads of up to @max
 *  bytes */
ssize_t http_request_parse_max(const char *data, size_t len, size_t max,
			       struct http_request *request)
	__attribute__((warn_unused_result));

/** http_answer_parse() - Read the head of an answer; as http_request_parse() */
ssize_t http_answer_parse(const char *data, size_t len,
			  struct http_answer *answer)
	__attribute__((warn_unused_result));

/**
 * http_header_find() - Value of the first header of a name, without case
 * @headers:	Headers of a head
 * @cnt:	How many
 * @name:	Name to look for
 *
 * Return: its value, or NULL
 */
const struct slice *http_header_find(const struct http_header *headers,
				     size_t cnt, const char *name);

/** http_header_has_token() - Is @token one of the comma-separated words, in any
 *  header of that name?  ("Connection: keep-alive, Upgrade") */
bool http_header_has_token(const struct http_header *headers, size_t cnt,
			   const char *name, const char *token);

/** http_is_token() - A name or method as RFC 9110 section 5.6.2 has it? */
bool http_is_token(struct slice text);

/** http_is_text() - No control characters but tab: fit for a header's value? */
bool http_is_text(struct slice text);

/** slice_equal_nocase() - Equal to a text, ASCII case ignored? */
bool slice_equal_nocase(struct slice slice, const char *text);

/** slice_equal() - Equal to a text, byte by byte? */
bool slice_equal(struct slice slice, const char *text);

/** http_is_token() - RFC 9110 5.6.2: what a name or method may be, not empty */
bool http_is_token(struct slice text);

/** http_is_text() - No control characters but tab? */
bool http_is_text(struct slice text);

/**
 * http_query_begins() - Does a query argument begin with a text?
 * @arg:	Percent-encoded or not, as others would decode it
 * @text:	Compared without case; what is malformed stands for itself
 *
 * Return: how many bytes of @arg are that text, or -1
 */
ssize_t http_query_begins(struct slice arg, const char *text);

/**
 * http_query_find() - Raw value of a query argument
 * @query:	What follows the '?', without it
 * @name:	Name, compared decoded and without case (azure-relay-protocol
 *		section 1)
 * @value:	Receives the value, still percent-encoded
 *
 * Return: true when present
 */
bool http_query_find(struct slice query, const char *name, struct slice *value);

#endif /* CODEC_HTTP_H */

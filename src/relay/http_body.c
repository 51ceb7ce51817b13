/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * http_body.c - The body of an HTTP/1.1 request, as it arrives
 */

#include "relay/http_body.h"

#include <errno.h>
#include <string.h>

#define TRAILER_LEN_MAX 8192

/** parse_length() - Digits alone; Return: false when it is no such number */
static bool parse_length(struct slice text, uint64_t *value)
{
	size_t i;

	*value = 0;
	if (!text.len || text.len > 18)
		return false;
	for (i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(text.data[i] - '0');
	}
	return true;
}

/** read_lengths() - All headers Content-Length must say the same
 *  Return: 1 with @value, 0 when there is none, -EBADMSG */
static int read_lengths(const struct http_request *head, uint64_t *value)
{
	int found = 0;
	uint64_t one;
	size_t i;

	for (i = 0; i < head->header_cnt; i++) {
		const struct http_header *header = &head->headers[i];

		if (!slice_equal_nocase(header->name, "Content-Length"))
			continue;
		if (!parse_length(header->value, &one) ||
		    (found && one != *value))
			return -EBADMSG;
		*value = one;
		found = 1;
	}
	return found;
}

int http_body_init(struct http_body *body, const struct http_request *head)
{
	const struct slice *coding = http_header_find(
		head->headers, head->header_cnt, "Transfer-Encoding");
	uint64_t length = 0;
	int found = read_lengths(head, &length);
	size_t codings = 0;
	size_t i;

	memset(body, 0, sizeof(*body));
	if (found < 0)
		return found;
	if (!coding) {
		body->present = length > 0;
		body->left = length;
		body->state = length ? HTTP_BODY_LENGTH : HTTP_BODY_DONE;
		return 0;
	}
	/* Two framings, or one that HTTP/1.0 does not know: smuggling. */
	if (found || !head->minor)
		return -EBADMSG;
	for (i = 0; i < head->header_cnt; i++)
		codings += slice_equal_nocase(head->headers[i].name,
					      "Transfer-Encoding");
	if (codings != 1 || !slice_equal_nocase(*coding, "chunked"))
		return -ENOTSUP;
	body->present = true;
	body->state = HTTP_BODY_SIZE;
	return 0;
}

/**
 * take_line() - Gather a line of the framing
 *
 * Return: 1 when it is whole (without its CRLF), 0 when it is not, -EBADMSG
 *	   for a bare CR or LF or one that is too long
 */
static int take_line(struct http_body *body, uint8_t byte)
{
	size_t len = body->line_len;

	if (byte == '\n') {
		if (!len || body->line[len - 1] != '\r')
			return -EBADMSG;
		body->line_len = 0;
		body->line[len - 1] = '\0';
		return 1;
	}
	if (len + 1 >= sizeof(body->line) ||
	    (len && body->line[len - 1] == '\r') || byte == '\0')
		return -EBADMSG;
	body->line[body->line_len++] = (char)byte;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/** start_chunk() - "1a" or "1a;extension"; Return: 0 or -EBADMSG */
static int start_chunk(struct http_body *body)
{
	size_t i;

	body->left = 0;
	for (i = 0; hex_digit(body->line[i]) >= 0; i++) {
		if (i == 15)
			return -EBADMSG;
		body->left = body->left << 4 |
			     (unsigned int)hex_digit(body->line[i]);
	}
	if (!i || (body->line[i] && !strchr("; \t", body->line[i])))
		return -EBADMSG;
	body->state = body->left ? HTTP_BODY_CHUNK : HTTP_BODY_TRAILER;
	return 0;
}

/** take_framing() - One byte that is not of the body; Return: 0 or -EBADMSG */
static int take_framing(struct http_body *body, uint8_t byte)
{
	bool empty = body->line_len == 1 && body->line[0] == '\r';
	int got;

	/* Trailers may be long: of a line only its two ends matter. */
	if (body->state == HTTP_BODY_TRAILER) {
		if (++body->trailer_len > TRAILER_LEN_MAX)
			return -EBADMSG;
		if (body->line_len + 2 >= sizeof(body->line)) {
			body->line[1] = body->line[body->line_len - 1];
			body->line_len = 2;
		}
	}
	if (body->state == HTTP_BODY_CHUNK_END &&
	    byte != (body->line_len ? '\n' : '\r'))
		return -EBADMSG;
	got = take_line(body, byte);
	if (got <= 0)
		return got;
	if (body->state == HTTP_BODY_SIZE)
		return start_chunk(body);
	if (body->state == HTTP_BODY_CHUNK_END) {
		body->state = HTTP_BODY_SIZE;
		return 0;
	}
	if (empty)
		body->state = HTTP_BODY_DONE;
	return 0;
}

/** take_data() - As much of the body as there is and fits; Return: bytes */
static size_t take_data(struct http_body *body, const uint8_t *in, size_t len,
			uint8_t *out)
{
	if (len > body->left)
		len = (size_t)body->left;
	memcpy(out, in, len);
	body->left -= len;
	if (!body->left)
		body->state = body->state == HTTP_BODY_LENGTH
				      ? HTTP_BODY_DONE
				      : HTTP_BODY_CHUNK_END;
	return len;
}

ssize_t http_body_feed(struct http_body *body, const uint8_t *in, size_t in_len,
		       size_t *in_used, uint8_t *out, size_t out_size)
{
	size_t used = 0;
	size_t put = 0;

	while (used < in_len && !http_body_is_done(body)) {
		if (body->state == HTTP_BODY_LENGTH ||
		    body->state == HTTP_BODY_CHUNK) {
			size_t len = in_len - used;
			size_t took;

			if (put == out_size)
				break;
			if (len > out_size - put)
				len = out_size - put;
			took = take_data(body, in + used, len, out + put);
			used += took;
			put += took;
		} else if (take_framing(body, in[used++])) {
			*in_used = used;
			return -EBADMSG;
		}
	}
	*in_used = used;
	return (ssize_t)put;
}

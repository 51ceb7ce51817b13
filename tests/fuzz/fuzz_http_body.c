/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_http_body.c - A body in two pieces gives what it gives in one
 *
 * First byte: where it is cut, and how much room the output has.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/http_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** run() - Feed @in from @from to @len; Return: false when malformed */
static bool run(struct http_body *body, const uint8_t *in, size_t from,
		size_t len, size_t room, uint8_t *out, size_t *out_len)
{
	while (from < len && !http_body_is_done(body)) {
		size_t used;
		ssize_t put = http_body_feed(body, in + from, len - from, &used,
					     out + *out_len, room);

		if (put < 0)
			return false;
		if (used > len - from || (size_t)put > room || !used)
			abort();
		from += used;
		*out_len += (size_t)put;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *whole = malloc(size + 1);
	uint8_t *pieces = malloc(size + 1);
	struct http_request head;
	struct http_body body;
	ssize_t head_len = size ? http_request_parse((const char *)data + 1,
						     size - 1, &head)
				: -1;

	if (whole && pieces && head_len > 0 && !http_body_init(&body, &head)) {
		const uint8_t *in = data + 1 + head_len;
		size_t len = size - 1 - (size_t)head_len;
		size_t cut = data[0] % (len + 1);
		struct http_body other = body;
		size_t whole_len = 0;
		size_t pieces_len = 0;
		bool good = run(&body, in, 0, len, len + 1, whole, &whole_len);
		bool good_pieces =
			run(&other, in, 0, cut, 1 + data[0] % 7, pieces,
			    &pieces_len) &&
			run(&other, in, cut, len, len + 1, pieces, &pieces_len);

		if (good != good_pieces || body.state != other.state ||
		    (good && (whole_len != pieces_len ||
			      memcmp(whole, pieces, whole_len))))
			abort();
	}
	free(whole);
	free(pieces);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_splice.c - A stream in two pieces gives what it gives in one
 *
 * First byte: where it is cut, and whether it pauses.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/splice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** run() - Feed @in from @from to @len; Return: false after a fault */
static bool run(struct splice *splice, const uint8_t *in, size_t from,
		size_t len, bool pause, uint8_t *out, size_t *out_len)
{
	while (from < len) {
		size_t used;
		size_t put;
		enum splice_event event =
			splice_feed(splice, in + from, len - from, &used,
				    out + *out_len, &put, pause);

		if (used > len - from || put > used + SPLICE_EXTRA)
			abort();
		from += used;
		*out_len += put;
		if (event == SPLICE_FAULT)
			return false;
		if (event == SPLICE_BOUNDARY && !splice_at_boundary(splice))
			abort();
		pause = false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *whole = malloc(size + SPLICE_EXTRA);
	uint8_t *pieces = malloc(size + 2 * SPLICE_EXTRA);
	size_t whole_len = 0;
	size_t pieces_len = 0;
	struct splice a;
	struct splice b;

	if (size > 1 && whole && pieces) {
		size_t len = size - 1;
		size_t cut = (size_t)(data[0] >> 1) % (len + 1);
		bool good;
		bool good_pieces;

		splice_init(&a);
		splice_init(&b);
		good = run(&a, data + 1, 0, len, false, whole, &whole_len);
		good_pieces =
			run(&b, data + 1, 0, cut, false, pieces, &pieces_len) &&
			run(&b, data + 1, cut, len, data[0] & 1, pieces,
			    &pieces_len);
		if (good != good_pieces || whole_len != pieces_len ||
		    memcmp(whole, pieces, whole_len))
			abort();
	}
	free(whole);
	free(pieces);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * random.c - Unpredictable bytes from the kernel
 */

#include "sys/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *data, size_t len)
{
	uint8_t *p = data;

	while (len > 0) {
		ssize_t got = getrandom(p, len, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			/* Without randomness there is no safe way on. */
			abort();
		}
		p += got;
		len -= (size_t)got;
	}
}

void random_mask(struct random_pool *pool, uint8_t mask[4])
{
	if (pool->left < 4) {
		random_bytes(pool->bytes, sizeof(pool->bytes));
		pool->left = sizeof(pool->bytes);
	}
	pool->left -= 4;
	memcpy(mask, pool->bytes + pool->left, 4);
}

uint64_t random_below(uint64_t limit)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	/* The bias of the remainder is below 2^-40 for the delays and picks
	 * this is used for. */
	return value % limit;
}

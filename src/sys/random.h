/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * random.h - Unpredictable bytes from the kernel
 */

#ifndef SYS_RANDOM_H
#define SYS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_POOL_LEN 512

/** struct random_pool - Bytes fetched ahead, for many small draws (masks) */
struct random_pool {
	uint8_t bytes[RANDOM_POOL_LEN];
	size_t left;
};

/** random_bytes() - Fill @data; the kernel's generator cannot fail once seeded,
 *  so a failure ends the program */
void random_bytes(void *data, size_t len);

/** random_mask() - Four bytes from a pool, each used once (RFC 6455 5.3) */
void random_mask(struct random_pool *pool, uint8_t mask[4]);

/** random_below() - A number in [0, @limit), @limit at least 1 */
uint64_t random_below(uint64_t limit);

#endif /* SYS_RANDOM_H */

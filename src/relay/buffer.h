/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * buffer.h - Bytes that a session keeps, counted and wiped
 *
 * Pure.  What a client sent may hold a token: whatever memory had it is
 * overwritten before it is freed.
 */

#ifndef RELAY_BUFFER_H
#define RELAY_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct buffer - Bytes in order of arrival
 * @data:	Heap, NULL while empty
 * @len:	Bytes in use
 * @size:	Bytes allocated
 * @held:	The relay's count of bytes that all its buffers take
 */
struct buffer {
	uint8_t *data;
	size_t len;
	size_t size;
	size_t *held;
};

/** buffer_init() - Empty; @held is counted up and down as memory is taken */
void buffer_init(struct buffer *buffer, size_t *held);

/** buffer_add() - Append; Return: false when memory runs out (nothing added) */
bool buffer_add(struct buffer *buffer, const void *data, size_t len);

/** buffer_growth() - Memory that adding so many bytes would take */
size_t buffer_growth(const struct buffer *buffer, size_t len);

/** buffer_drop() - Take the first @len bytes away */
void buffer_drop(struct buffer *buffer, size_t len);

/** buffer_clear() - Wipe and free; may be used again */
void buffer_clear(struct buffer *buffer);

/** buffer_move() - @to takes what @from has; @to must be empty */
void buffer_move(struct buffer *to, struct buffer *from);

#endif /* RELAY_BUFFER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * buffer.c - Bytes that a session keeps, counted and wiped
 */

#include "relay/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 1024

void buffer_init(struct buffer *buffer, size_t *held)
{
	*buffer = (struct buffer){.held = held};
}

/** size_for() - What is allocated for so many bytes: twice as much each time, so
 *  that appending n bytes costs O(n) */
static size_t size_for(const struct buffer *buffer, size_t need)
{
	size_t size = buffer->size ? buffer->size : SIZE_MIN;

	while (size < need)
		size *= 2;
	return size;
}

size_t buffer_growth(const struct buffer *buffer, size_t len)
{
	if (!len || len <= buffer->size - buffer->len)
		return 0;
	if (len > SIZE_MAX / 4 - buffer->len)
		return SIZE_MAX;
	return size_for(buffer, buffer->len + len) - buffer->size;
}

/** grow() - Into new memory, so that the old can be wiped */
static bool grow(struct buffer *buffer, size_t need)
{
	size_t size = size_for(buffer, need);
	uint8_t *data = malloc(size);

	if (!data)
		return false;
	if (buffer->data) {
		memcpy(data, buffer->data, buffer->len);
		explicit_bzero(buffer->data, buffer->len);
		free(buffer->data);
	}
	*buffer->held += size - buffer->size;
	buffer->data = data;
	buffer->size = size;
	return true;
}

bool buffer_add(struct buffer *buffer, const void *data, size_t len)
{
	if (!len)
		return true;
	if (len > SIZE_MAX / 4 - buffer->len)
		return false;
	if (buffer->len + len > buffer->size &&
	    !grow(buffer, buffer->len + len))
		return false;
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	return true;
}

void buffer_drop(struct buffer *buffer, size_t len)
{
	if (len >= buffer->len) {
		buffer_clear(buffer);
		return;
	}
	memmove(buffer->data, buffer->data + len, buffer->len - len);
	buffer->len -= len;
}

void buffer_clear(struct buffer *buffer)
{
	if (!buffer->data)
		return;
	explicit_bzero(buffer->data, buffer->size);
	free(buffer->data);
	*buffer->held -= buffer->size;
	buffer->data = NULL;
	buffer->len = 0;
	buffer->size = 0;
}

void buffer_move(struct buffer *to, struct buffer *from)
{
	assert(!to->data);
	*to = *from;
	buffer_init(from, to->held);
}

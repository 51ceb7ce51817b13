/* SPDX-License-Identifier: MIT */

/*
 * cursor.h - Reading and writing bytes with an error that sticks
 *
 * A failed step leaves the cursor where it was, marks it failed, and makes all
 * further steps do nothing: check once at the end.  Little-endian, as the wire
 * format is; network order has its own names.
 */

#ifndef CODEC_CURSOR_H
#define CODEC_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *data;
	size_t len;
	size_t off;
	bool failed;
};

struct writer {
	uint8_t *data;
	size_t size;
	size_t len;
	bool failed;
};

static inline struct reader reader_of(const void *data, size_t len)
{
	return (struct reader){.data = data, .len = len};
}

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : r->len - r->off;
}

/** reader_bytes() - Step over @len bytes; Return: where they are, or NULL */
static inline const uint8_t *reader_bytes(struct reader *r, size_t len)
{
	const uint8_t *p;

	if (r->failed || r->len - r->off < len) {
		r->failed = true;
		return NULL;
	}
	p = r->data + r->off;
	r->off += len;
	return p;
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 2);

	if (!p)
		return 0;
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);

	return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			       (uint32_t)p[3] << 24
		 : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 8);
	uint64_t value = 0;
	size_t i;

	for (i = 0; p && i < 8; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

static inline struct writer writer_of(void *data, size_t size)
{
	return (struct writer){.data = data, .size = size};
}

/** writer_room() - Take @len bytes of room; Return: where to write, or NULL */
static inline uint8_t *writer_room(struct writer *w, size_t len)
{
	uint8_t *p;

	if (w->failed || w->size - w->len < len) {
		w->failed = true;
		return NULL;
	}
	p = w->data + w->len;
	w->len += len;
	return p;
}

static inline void writer_bytes(struct writer *w, const void *data, size_t len)
{
	uint8_t *p = writer_room(w, len);

	if (p && len)
		memcpy(p, data, len);
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
	writer_bytes(w, &value, 1);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
	uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

	writer_bytes(w, bytes, sizeof(bytes));
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
	uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8),
			    (uint8_t)(value >> 16), (uint8_t)(value >> 24)};

	writer_bytes(w, bytes, sizeof(bytes));
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
	writer_u32(w, (uint32_t)value);
	writer_u32(w, (uint32_t)(value >> 32));
}

#endif /* CODEC_CURSOR_H */

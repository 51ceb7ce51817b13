/* SPDX-License-Identifier: MIT */

/*
 * strbuf.c - A text that grows while it is printed
 */

#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 256

void strbuf_init(struct strbuf *sb)
{
	*sb = (struct strbuf){0};
}

void strbuf_fini(struct strbuf *sb)
{
	free(sb->text);
	*sb = (struct strbuf){0};
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->text ? sb->text : "";
}

/**
 * strbuf_reserve() - Make room
 * @sb:		Text
 * @len:	Bytes that are about to be appended, NUL not counted
 *
 * Doubles, so that appending n bytes costs O(n).
 */
static void strbuf_reserve(struct strbuf *sb, size_t len)
{
	size_t size = sb->size ? sb->size : SIZE_FIRST;
	char *grown;

	if (len > SIZE_MAX / 4 - sb->len)
		abort();
	while (size <= sb->len + len)
		size *= 2;
	if (size == sb->size)
		return;
	grown = realloc(sb->text, size);
	if (!grown)
		abort();
	sb->text = grown;
	sb->size = size;
}

void strbuf_add(struct strbuf *sb, const char *data, size_t len)
{
	strbuf_reserve(sb, len);
	if (len)
		memcpy(sb->text + sb->len, data, len);
	sb->len += len;
	sb->text[sb->len] = '\0';
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	strbuf_reserve(sb, 0);
	len = vsnprintf(sb->text + sb->len, sb->size - sb->len, fmt, ap);
	if (len < 0)
		abort();
	if ((size_t)len >= sb->size - sb->len) {
		strbuf_reserve(sb, (size_t)len);
		vsnprintf(sb->text + sb->len, sb->size - sb->len, fmt, again);
	}
	va_end(again);
	sb->len += (size_t)len;
}

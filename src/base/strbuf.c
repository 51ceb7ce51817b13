/* SPDX-License-Identifier: MIT */

/*
 * strbuf.c - A text that grows while it is printed
 */

#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(struct strbuf *sb)
{
	*sb = (struct strbuf){0};
}

void strbuf_fini(struct strbuf *sb)
{
	free(sb->text);
	strbuf_init(sb);
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->text ? sb->text : "";
}

/** grow() - Room for @len bytes and a NUL behind what is there */
static void grow(struct strbuf *sb, size_t len)
{
	size_t size = sb->size ? sb->size : 256;
	char *text;

	if (sb->size - sb->len > len)
		return;
	while (size - sb->len <= len) {
		if (size > SIZE_MAX / 2)
			abort();
		size *= 2;
	}
	text = realloc(sb->text, size);
	if (!text)
		abort();
	sb->text = text;
	sb->size = size;
}

void strbuf_add(struct strbuf *sb, const char *data, size_t len)
{
	grow(sb, len);
	memcpy(sb->text + sb->len, data, len);
	sb->len += len;
	sb->text[sb->len] = '\0';
}

void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0)
		abort();
	grow(sb, (size_t)len);
	vsnprintf(sb->text + sb->len, (size_t)len + 1, fmt, again);
	va_end(again);
	sb->len += (size_t)len;
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(sb, fmt, ap);
	va_end(ap);
}

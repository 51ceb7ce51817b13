/* SPDX-License-Identifier: MIT */

/*
 * strbuf.h - A text that grows while it is printed
 *
 * For rulesets, normal forms, JSON and status tables: whoever renders text
 * renders it here, and a shell writes it out.
 */

#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

/**
 * struct strbuf - Text under construction
 * @text:	NUL-terminated, heap, owned; NULL while nothing was added
 * @len:	Bytes in use, without the NUL
 * @size:	Bytes allocated
 */
struct strbuf {
	char *text;
	size_t len;
	size_t size;
};

void strbuf_init(struct strbuf *sb);
void strbuf_fini(struct strbuf *sb);

/** strbuf_str() - The text so far, "" when empty; valid until the next add */
const char *strbuf_str(const struct strbuf *sb);

/** strbuf_add() - Append @len bytes at @data */
void strbuf_add(struct strbuf *sb, const char *data, size_t len);

/** strbuf_printf() - Append formatted text; memory running out aborts */
void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#endif /* BASE_STRBUF_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * log.c - One event per line on stderr
 */

#include "sys/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * DOC: Theory of operation
 *
 * A line is formatted into a buffer on the stack, cleaned into a second one and
 * leaves with one write(), so that lines of several threads and of the several
 * processes that share this stderr do not mix.
 *
 * Cleaning happens in one pass, in this order at each byte: the value after
 * "sig=" (or "sig%3D", a token that was percent-encoded again) and after
 * "SharedAccessKey=" is replaced by "***"; a byte that is not printable ASCII
 * is written as \xNN and a backslash is doubled, so that nothing a stranger
 * sends can end a line, forge the next one or talk to a terminal.
 *
 * Within quotes that stand in the format, other quotes become \": so nothing can
 * end a value and forge the next key.  To know the format's quotes from those of
 * the arguments, a line is formatted twice: first as it is, then with a character
 * in place of the format's quotes that the first text does not have.
 */

/* Longest formatted text; what is longer ends in "...". */
#define TEXT_SIZE 2048
/* Program, priority and the text with each byte escaped fit. */
#define LINE_SIZE (4 * TEXT_SIZE + 128)

/* The level and name are the one mutable state of the process that every
 * thread may read: written once, before threads start. */
static struct {
	char program[96];
	enum log_level level;
	bool journal;
} log_state = {.level = LOG_LEVEL_INFO};

/**
 * struct secret - A value that must not be shown
 * @key:	What stands before it, compared without regard to case
 * @ends:	Characters that end it, besides those that end any value
 */
struct secret {
	const char *key;
	const char *ends;
};

static const struct secret secrets[] = {
	{"sig=", "&"},
	{"sig%3d", "&%"},
	{"SharedAccessKey=", ";"},
};

void log_open(const char *program, enum log_level level)
{
	snprintf(log_state.program, sizeof(log_state.program), "%s", program);
	log_state.level = level;
	log_state.journal = getenv("JOURNAL_STREAM");
}

/**
 * secret_value_end() - Where the value of a secret ends
 * @secret:	Which one
 * @value:	Its first byte
 * @mark:	A quote of the format, see mark_quotes()
 *
 * A "sig%3d" value is percent-encoded twice ("%252B" for "+"), so a "%25" in it
 * is not its end; "%26" is.
 *
 * Return: first byte that is not part of it
 */
static const char *secret_value_end(const struct secret *secret,
				    const char *value, char mark)
{
	const char ends[] = {' ', '\t', '\r', '\n', '"', '\'', '<',  '>', ',',
			     ')', ']',  '}',  '&',  ';', '%',  mark, '\0'};
	const char *pos = value;

	for (;;) {
		pos += strcspn(pos, ends);
		if (!*pos)
			return pos;
		if (*pos == '%' && (!strchr(secret->ends, '%') ||
				    strncmp(pos, "%26", 3) != 0)) {
			pos++;
			continue;
		}
		return pos;
	}
}

/**
 * secret_at() - Does the key of a secret stand here?
 *
 * Return: the secret, or NULL
 */
static const struct secret *secret_at(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		const char *key = secrets[i].key;

		if (strncasecmp(text, key, strlen(key)) == 0)
			return &secrets[i];
	}
	return NULL;
}

/**
 * mark_quotes() - Format again, with a mark in place of the format's quotes
 * @text:	What the format gave, TEXT_SIZE; written anew
 *
 * Return: the mark, a character that is nowhere else in @text; 0 when @text has
 *	   all that could be it: it stays as it is then
 */
__attribute__((format(printf, 2, 0))) static char mark_quotes(char *text,
							      const char *fmt,
							      va_list ap)
{
	char marked[TEXT_SIZE];
	char mark = 1;
	size_t i;

	while (mark < 0x20 && strchr(text, mark))
		mark++;
	if (mark == 0x20 || strlen(fmt) >= sizeof(marked))
		return 0;
	for (i = 0; fmt[i]; i++)
		marked[i] = fmt[i] == '"' ? mark : fmt[i];
	marked[i] = '\0';
	vsnprintf(text, TEXT_SIZE, marked, ap);
	return mark;
}

/**
 * clean() - Copy a text with secrets masked and strange bytes escaped
 * @text:	NUL-terminated
 * @mark:	Stands in it for each quote of the format; 0: no quote is its own
 * @out:	Room for four bytes for each of @text, and for masks
 *
 * Return: bytes written, no NUL among them
 */
static size_t clean(const char *text, char mark, char *out)
{
	bool within = !mark;
	char *pos = out;

	while (*text) {
		const struct secret *secret = secret_at(text);
		unsigned char byte = (unsigned char)*text;

		if (secret) {
			size_t key_len = strlen(secret->key);

			memcpy(pos, text, key_len);
			memcpy(pos + key_len, "***", 3);
			pos += key_len + 3;
			text = secret_value_end(secret, text + key_len, mark);
			continue;
		}
		if (*text == mark) {
			*pos++ = '"';
			within = !within;
		} else if (byte < 0x20 || byte > 0x7e) {
			pos += sprintf(pos, "\\x%02x", byte);
		} else {
			if (byte == '\\' || (byte == '"' && within))
				*pos++ = '\\';
			*pos++ = *text;
		}
		text++;
	}
	return (size_t)(pos - out);
}

/** log_line() - Format, clean and write one line; keeps errno */
__attribute__((format(printf, 2, 0))) static void log_line(enum log_level level,
							   const char *fmt,
							   va_list ap)
{
	/* syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG */
	static const char priority[] = {'3', '4', '6', '7'};
	int saved_errno = errno;
	char text[TEXT_SIZE];
	char line[LINE_SIZE];
	size_t len = 0;
	va_list again;
	int text_len;
	char mark;

	if (level > log_state.level)
		return;

	va_copy(again, ap);
	errno = saved_errno;
	text_len = vsnprintf(text, sizeof(text), fmt, ap);
	if (text_len < 0)
		text[0] = '\0';
	errno = saved_errno;
	mark = mark_quotes(text, fmt, again);
	va_end(again);
	if (text_len >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);

	if (log_state.journal)
		len = (size_t)sprintf(line, "<%c>", priority[level]);
	if (log_state.program[0])
		len += (size_t)sprintf(line + len, "%s: ", log_state.program);
	len += clean(text, mark, line + len);
	line[len++] = '\n';

	/* Nobody to tell when stderr itself fails. */
	if (write(STDERR_FILENO, line, len) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

void log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERR, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

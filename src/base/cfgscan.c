/* SPDX-License-Identifier: MIT */

/*
 * cfgscan.c - A look at a libconfig text before libconfig sees it
 */

/**
 * DOC: Why look twice
 *
 * libconfig 1.5 parses well, but
 *
 * - it opens the files that "@include" names, and we parse without I/O; whoever
 *   may read files finds them by cfg_scan_include() and puts one text together,
 * - it says "syntax error" for everything, often on a later line: of a quote
 *   that was never closed it knows only the end of the file,
 * - it leaks a string that stands where none may stand,
 * - it notes for a string in a list the line of what follows the string,
 * - it takes a number modulo 2^32.
 *
 * So one pass over the tokens comes before it.  scan_token() takes the next
 * token, on_open(), on_close() and on_string() hold it against the one before
 * and the stack of open brackets, on_word() looks at numbers.  What a bracket
 * may contain beyond that is left to libconfig.
 */

#include "base/cfgscan.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The deepest of our texts has 5 levels. */
#define DEPTH_MAX 32

/**
 * struct scanner - State of the pass
 * @scan:	Result
 * @pos:	Next byte
 * @line:	Its line
 * @prev:	First byte of the token before: a bracket, ',', ';', '=', '"',
 *		or 'w' for any word; ';' at the beginning
 * @open:	Brackets that are open, innermost last
 * @open_line:	Their lines
 * @depth:	How many
 * @source:	For errors
 * @diag:	For errors
 */
struct scanner {
	struct cfg_scan *scan;
	const char *pos;
	unsigned int line;
	char prev;
	char open[DEPTH_MAX];
	unsigned int open_line[DEPTH_MAX];
	size_t depth;
	const struct cfg_source *source;
	struct diag *diag;
};

/**
 * innermost() - The bracket we are in
 * @s:		Scanner
 *
 * Return: '(', '[', '{', or '\0' outside of all
 */
static char innermost(const struct scanner *s)
{
	return s->depth ? s->open[s->depth - 1] : '\0';
}

/**
 * skip_comment() - Step over a block comment
 * @s:		Scanner, at its first byte
 *
 * Return: 0, or -EBADMSG when it has no end
 */
static int skip_comment(struct scanner *s)
{
	const char *end = strstr(s->pos + 2, "*/");
	unsigned int line = s->line;

	if (!end) {
		cfg_source_error(s->source, s->diag, line,
				 "this comment has no end; close it with */");
		return -EBADMSG;
	}
	for (; s->pos < end + 2; s->pos++)
		s->line += *s->pos == '\n';
	return 0;
}

/**
 * skip_blank() - Step over white space and comments
 * @s:		Scanner
 *
 * Return: 0, or -EBADMSG when a comment has no end
 */
static int skip_blank(struct scanner *s)
{
	int err = 0;

	while (!err) {
		if (*s->pos == '#' || !strncmp(s->pos, "//", 2)) {
			s->pos += strcspn(s->pos, "\n");
		} else if (!strncmp(s->pos, "/*", 2)) {
			err = skip_comment(s);
		} else if (*s->pos && strchr(" \t\r\n\f", *s->pos)) {
			s->line += *s->pos == '\n';
			s->pos++;
		} else {
			break;
		}
	}
	return err;
}

/**
 * line_add() - Note the line of a string
 * @scan:	Result
 * @line:	Where the string begins
 */
static void line_add(struct cfg_scan *scan, unsigned int line)
{
	unsigned int *grown;

	if (scan->line_cnt == scan->line_size) {
		scan->line_size = scan->line_size ? 2 * scan->line_size : 64;
		grown = reallocarray(scan->lines, scan->line_size,
				     sizeof(*grown));
		if (!grown)
			abort();
		scan->lines = grown;
	}
	scan->lines[scan->line_cnt++] = line;
}

/**
 * skip_string() - Step over a string
 * @s:		Scanner, at its opening quote
 *
 * Return: 0, or -EBADMSG when it has no end
 */
static int skip_string(struct scanner *s)
{
	unsigned int line = s->line;

	for (s->pos++; *s->pos && *s->pos != '"'; s->pos++) {
		if (s->pos[0] == '\\' && s->pos[1])
			s->pos++;
		s->line += *s->pos == '\n';
	}
	if (!*s->pos) {
		cfg_source_error(s->source, s->diag, line,
				 "this text has no end; close it with a '\"'");
		return -EBADMSG;
	}
	s->pos++;
	return 0;
}

/**
 * on_string() - Take a string
 * @s:		Scanner, at its opening quote
 *
 * Return: 0, or -EBADMSG when it has no end or may not stand here
 */
static int on_string(struct scanner *s)
{
	char in = innermost(s);

	if (!strchr("=:([\"", s->prev) &&
	    !(s->prev == ',' && (in == '(' || in == '['))) {
		cfg_source_error(
			s->source, s->diag, s->line,
			"a text in quotes is not expected here; is a '=' or "
			"a ',' missing before it?");
		return -EBADMSG;
	}
	if (s->prev != '"')
		line_add(s->scan, s->line);
	s->prev = '"';
	return skip_string(s);
}

/**
 * on_open() - Take an opening bracket
 * @s:		Scanner, at it
 *
 * Return: 0, or -EBADMSG when it may not stand here
 */
static int on_open(struct scanner *s)
{
	char in = innermost(s);

	if (in == '[') {
		cfg_source_error(
			s->source, s->diag, s->line,
			"'[ ]' holds plain values only; use '( )' for a list "
			"of groups or lists");
		return -EBADMSG;
	}
	if (in == '(' && s->prev != '(' && s->prev != ',') {
		cfg_source_error(
			s->source, s->diag, s->line,
			"two entries of the list follow each other; put a "
			"',' between them");
		return -EBADMSG;
	}
	if (s->depth == DEPTH_MAX) {
		cfg_source_error(s->source, s->diag, s->line,
				 "more than %d brackets inside each other",
				 DEPTH_MAX);
		return -EBADMSG;
	}
	s->open[s->depth] = *s->pos;
	s->open_line[s->depth] = s->line;
	s->depth++;
	s->prev = *s->pos++;
	return 0;
}

/**
 * on_close() - Take a closing bracket
 * @s:		Scanner, at it
 *
 * Return: 0, or -EBADMSG when it may not stand here
 */
static int on_close(struct scanner *s)
{
	char in = innermost(s);
	char close = *s->pos;
	char open = close == ')' ? '(' : close == ']' ? '[' : '{';
	char ref[CFG_REF_SIZE];

	if (!in) {
		cfg_source_error(
			s->source, s->diag, s->line,
			"this '%c' closes nothing; remove it, or add the "
			"'%c' that it belongs to",
			close, open);
		return -EBADMSG;
	}
	if (in != open) {
		cfg_source_error(
			s->source, s->diag, s->line,
			"'%c' does not close the '%c' of %s", close, in,
			cfg_source_ref(s->source, s->open_line[s->depth - 1],
				       s->line, ref));
		return -EBADMSG;
	}
	if (s->prev == ',' && close != '}') {
		cfg_source_error(
			s->source, s->diag, s->line,
			"remove the ',' before this '%c': it stands between "
			"entries only",
			close);
		return -EBADMSG;
	}
	s->depth--;
	s->prev = *s->pos++;
	return 0;
}

/**
 * read_include() - Is it "@include" with a name?
 * @pos:	At the '@'
 * @include:	Receives place and name when it is
 */
static bool read_include(const char *pos, struct cfg_include *include)
{
	const char *name = pos + strlen("@include");
	size_t len;

	if (strncmp(pos, "@include", strlen("@include")))
		return false;
	name += strspn(name, " \t");
	len = *name == '"' ? strcspn(name + 1, "\"\n") : 0;
	if (!len || name[1 + len] != '"')
		return false;
	include->at = pos;
	include->end = name + len + 2;
	include->name = name + 1;
	include->name_len = len;
	return true;
}

/**
 * on_at() - Refuse an '@': libconfig knows it in "@include" only
 * @s:		Scanner, at it
 *
 * Return: -EBADMSG
 */
static int on_at(struct scanner *s)
{
	struct cfg_include include;

	if (read_include(s->pos, &include))
		cfg_source_error(s->source, s->diag, s->line,
				 "no files are included here; put the settings "
				 "of the other file in its place");
	else
		cfg_source_error(
			s->source, s->diag, s->line,
			"'@' is not expected here; texts stand in quotes, and "
			"files are included by @include \"FILE\"");
	return -EBADMSG;
}

/**
 * number_fits() - Is a word no number, or one that libconfig takes unchanged?
 * @word:	First byte
 * @len:	Its length
 */
static bool number_fits(const char *word, size_t len)
{
	int base = len > 2 && (word[1] | 0x20) == 'x' ? 16 : 10;
	char *end;
	long long value;

	if (!memchr("+-0123456789", word[0], 12))
		return true;
	/* Saturates when it is too large even for this. */
	value = strtoll(word, &end, base);
	/* A trailing L asks for 64 bits; what else follows is a fraction, or
	 * wrong. */
	return end != word + len || (value >= INT_MIN && value <= INT_MAX);
}

/**
 * on_word() - Take a name, a number, or a byte that starts nothing
 * @s:		Scanner, at its first byte
 *
 * Return: 0, or -EBADMSG when it is a number that is too large
 */
static int on_word(struct scanner *s)
{
	size_t len = strspn(s->pos, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_*.+-");

	if (!number_fits(s->pos, len)) {
		cfg_source_error(s->source, s->diag, s->line,
				 "the number %.*s is too large", (int)len,
				 s->pos);
		return -EBADMSG;
	}
	s->pos += len ? len : 1;
	s->prev = 'w';
	return 0;
}

/**
 * scan_token() - Take the next token
 * @s:		Scanner, at its first byte
 *
 * Return: 0, or -EBADMSG when it may not stand here
 */
static int scan_token(struct scanner *s)
{
	switch (*s->pos) {
	case '"':
		return on_string(s);
	case '(':
	case '[':
	case '{':
		return on_open(s);
	case ')':
	case ']':
	case '}':
		return on_close(s);
	case '@':
		return on_at(s);
	case '\xef':
		if (strncmp(s->pos, "\xef\xbb\xbf", 3) != 0)
			return on_word(s);
		cfg_source_error(s->source, s->diag, s->line,
				 "a UTF-8 byte order mark (BOM) stands here; "
				 "save the file without it");
		return -EBADMSG;
	case '=':
	case ':':
	case ',':
	case ';':
		s->prev = *s->pos++;
		return 0;
	default:
		return on_word(s);
	}
}

int cfg_scan_text(struct cfg_scan *scan, const struct cfg_source *source,
		  struct diag *diag)
{
	struct scanner s = {
		.scan = scan,
		.pos = source->text,
		.line = 1,
		.prev = ';',
		.source = source,
		.diag = diag,
	};
	int err;

	*scan = (struct cfg_scan){0};
	for (;;) {
		err = skip_blank(&s);
		if (err)
			return err;
		if (!*s.pos)
			break;
		err = scan_token(&s);
		if (err)
			return err;
	}
	if (s.depth) {
		cfg_source_error(source, diag, s.open_line[s.depth - 1],
				 "this '%c' is never closed", innermost(&s));
		return -EBADMSG;
	}
	return 0;
}

int cfg_scan_include(const struct cfg_source *source,
		     struct cfg_include *include, struct diag *diag)
{
	struct scanner s = {
		.pos = include->end ? include->end : source->text,
		.line = include->end ? include->line : 1,
		.source = source,
		.diag = diag,
	};

	for (;;) {
		int err = skip_blank(&s);

		if (err || !*s.pos)
			return err;
		if (*s.pos == '@') {
			include->line = s.line;
			if (read_include(s.pos, include))
				return 1;
			return on_at(&s);
		}
		if (*s.pos != '"')
			s.pos++;
		else if (skip_string(&s))
			return -EBADMSG;
	}
}

void cfg_scan_fini(struct cfg_scan *scan)
{
	free(scan->lines);
	*scan = (struct cfg_scan){0};
}

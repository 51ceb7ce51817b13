/* SPDX-License-Identifier: MIT */

/*
 * cfgsource.h - A configuration text that may come from several files
 *
 * Whoever reads files puts one text together and notes which lines are from
 * where; whoever judges the text counts its lines and reports errors here, so
 * that they name the file and line that a person must edit.
 */

#ifndef BASE_CFGSOURCE_H
#define BASE_CFGSOURCE_H

#include <stddef.h>

#include "base/diag.h"

/**
 * struct cfg_piece - Lines of a text that follow each other in one file
 * @first:	First of them in the text, counted from 1
 * @path:	Name of the file
 * @line:	Line of the file that @first is
 */
struct cfg_piece {
	unsigned int first;
	const char *path;
	unsigned int line;
};

/**
 * struct cfg_source - A text and where it is from
 * @text:	NUL-terminated
 * @path:	Name of the file it begins with, for errors
 * @pieces:	By @first, which is 1 for the first one
 * @piece_cnt:	Entries there; 0: all of it is @path
 */
struct cfg_source {
	const char *text;
	const char *path;
	const struct cfg_piece *pieces;
	size_t piece_cnt;
};

/** struct cfg_place - A line of a file; line 0: the file as a whole */
struct cfg_place {
	const char *path;
	unsigned int line;
};

/** cfg_source_place() - Where a line of the text is from */
struct cfg_place cfg_source_place(const struct cfg_source *source,
				  unsigned int line);

/** cfg_source_error() - Report an error at a line of the text, 0: about all */
void cfg_source_error(const struct cfg_source *source, struct diag *diag,
		      unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** cfg_source_warning() - As cfg_source_error() */
void cfg_source_warning(const struct cfg_source *source, struct diag *diag,
			unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "line 4294967295 of " and as much of a path as helps. */
#define CFG_REF_SIZE 128

/**
 * cfg_source_ref() - Another line, as the text of an error names it
 * @source:	Text
 * @line:	The line meant
 * @from:	Line the error stands at
 * @buf:	Receives "line 7", or "line 7 of FILE" when it is in another
 *		file
 *
 * Return: @buf
 */
const char *cfg_source_ref(const struct cfg_source *source, unsigned int line,
			   unsigned int from, char buf[CFG_REF_SIZE]);

#endif /* BASE_CFGSOURCE_H */

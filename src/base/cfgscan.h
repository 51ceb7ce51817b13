/* SPDX-License-Identifier: MIT */

/*
 * cfgscan.h - A look at a libconfig text before libconfig sees it
 */

#ifndef BASE_CFGSCAN_H
#define BASE_CFGSCAN_H

#include <stddef.h>

#include "base/cfgsource.h"
#include "base/diag.h"

/**
 * struct cfg_scan - What was seen
 * @lines:	Line on which each string begins, in order (heap, owned);
 *		adjacent strings are one, as for libconfig
 * @line_cnt:	Entries in use
 * @line_size:	Entries allocated
 */
struct cfg_scan {
	unsigned int *lines;
	size_t line_cnt;
	size_t line_size;
};

/**
 * cfg_scan_text() - Find the mistakes that libconfig reports badly or not at
 * all
 * @scan:	Caller's storage; cfg_scan_fini() it in any case
 * @source:	Text, and where its lines are from
 * @diag:	Receives the first mistake
 *
 * Return: 0, or -EBADMSG (one entry added to @diag).  0 does not mean that the
 *	   text is valid.
 */
int cfg_scan_text(struct cfg_scan *scan, const struct cfg_source *source,
		  struct diag *diag) __attribute__((warn_unused_result));
void cfg_scan_fini(struct cfg_scan *scan);

/**
 * struct cfg_include - An "@include" of a text
 * @at:		Its first byte
 * @end:	Behind its last; NULL: nothing was found so far
 * @name:	The file's name as it stands there, not NUL-terminated
 * @name_len:	Its length
 * @line:	Where it stands
 */
struct cfg_include {
	const char *at;
	const char *end;
	const char *name;
	size_t name_len;
	unsigned int line;
};

/**
 * cfg_scan_include() - Find the next "@include" that is no comment or text
 * @source:	Text of one file
 * @include:	The one before, or zeroed; receives the next one
 * @diag:	Receives what is wrong with it, also a comment or text without
 *		end
 *
 * Return: 1, 0 when there is none, or -EBADMSG (one entry added to @diag)
 */
int cfg_scan_include(const struct cfg_source *source,
		     struct cfg_include *include, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* BASE_CFGSCAN_H */

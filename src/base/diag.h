/* SPDX-License-Identifier: MIT */

/*
 * diag.h - Errors meant for a person, collected instead of printed
 *
 * Pure folders neither log nor exit: they say what is wrong, where, and what
 * would be right in a list that the caller prints.  Knows nothing of files,
 * terminals or levels.
 */

#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* More errors than this in one file are cut off and counted; the text of one
 * is cut at DIAG_TEXT_LEN_MAX. */
#define DIAG_CNT_MAX      200
#define DIAG_TEXT_LEN_MAX 400

struct diag_entry;

/**
 * struct diag - A list of errors and warnings in the order they were found
 * @entries:	The first @cnt are in use (heap, owned)
 * @cnt:	Entries kept, at most DIAG_CNT_MAX
 * @error_cnt:	Errors reported, those cut off included
 * @warning_cnt: Warnings reported, those cut off included
 */
struct diag {
	struct diag_entry *entries;
	size_t cnt;
	size_t error_cnt;
	size_t warning_cnt;
};

/**
 * diag_init() - An empty list
 * @diag:	Caller's storage
 */
void diag_init(struct diag *diag);

/**
 * diag_fini() - Free what the list holds
 * @diag:	List to empty; may be used again after diag_init()
 */
void diag_fini(struct diag *diag);

/**
 * diag_error() - Add an error
 * @diag:	List to add to
 * @path:	File it is about (copied), NULL when about none
 * @line:	Line in it, 0 when about the whole file
 * @fmt:	printf format: what is wrong, and what would be right
 */
void diag_error(struct diag *diag, const char *path, unsigned int line,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * diag_warning() - Add a warning; parameters as in diag_error()
 */
void diag_warning(struct diag *diag, const char *path, unsigned int line,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * diag_text() - One entry as "path:line: text" or "path: text" or "text"
 * @diag:	List
 * @idx:	Entry, below @diag->cnt
 * @buf:	Receives the NUL-terminated line, without newline; a warning's
 *		text begins with "warning: "
 * @size:	Room at @buf in bytes
 *
 * Return: length of the text, without NUL, cut to @size
 */
size_t diag_text(const struct diag *diag, size_t idx, char *buf, size_t size);

/** diag_is_warning() - Is an entry, below @diag->cnt, no error? */
bool diag_is_warning(const struct diag *diag, size_t idx);

/**
 * diag_sort() - Order entries by path, then line; equal ones keep their order
 * @diag:	List
 */
void diag_sort(struct diag *diag);

#endif /* BASE_DIAG_H */

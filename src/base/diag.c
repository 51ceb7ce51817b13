/* SPDX-License-Identifier: MIT */

/*
 * diag.c - Errors meant for a person, collected instead of printed
 */

#include "base/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Warnings may fill half the list, so that errors always find room. */
#define WARNING_CNT_MAX (DIAG_CNT_MAX / 2)

/**
 * struct diag_entry - One error or warning
 * @path:	File it is about (heap), NULL when about none
 * @line:	Line in it, 0 when about the whole file
 * @idx:	When it was added, so that sorting keeps the order of equals
 * @is_warning:	Not an error
 * @text:	What is wrong, and what would be right
 */
struct diag_entry {
	char *path;
	unsigned int line;
	size_t idx;
	bool is_warning;
	char text[DIAG_TEXT_LEN_MAX + 1];
};

void diag_init(struct diag *diag)
{
	*diag = (struct diag){0};
}

void diag_fini(struct diag *diag)
{
	size_t i;

	for (i = 0; i < diag->cnt; i++)
		free(diag->entries[i].path);
	free(diag->entries);
	*diag = (struct diag){0};
}

/**
 * text_clean() - Keep a text to one line of printable characters
 * @text:	Text that may quote bytes of a file; changed in place
 *
 * Bytes above 0x7f are left: they are UTF-8 in any sane file.
 */
static void text_clean(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/**
 * diag_room() - Make room for one more entry
 * @diag:	List with less than DIAG_CNT_MAX entries
 *
 * Return: the new entry, not counted as yet
 */
static struct diag_entry *diag_room(struct diag *diag)
{
	struct diag_entry *grown;

	/* Grow at 0, 1, 2, 4, 8, ... entries. */
	if ((diag->cnt & (diag->cnt - 1)) == 0) {
		grown = reallocarray(diag->entries,
				     diag->cnt ? 2 * diag->cnt : 1,
				     sizeof(*grown));
		if (!grown)
			abort();
		diag->entries = grown;
	}
	return &diag->entries[diag->cnt];
}

/**
 * diag_add() - Add an entry, if there is room
 * @diag:	List to add to
 * @is_warning:	Warning or error; counted by the caller
 * @path:	File or NULL
 * @line:	Line or 0
 * @fmt:	printf format
 * @ap:		Its arguments
 */
__attribute__((format(printf, 5, 0))) static void diag_add(
	struct diag *diag, bool is_warning, const char *path, unsigned int line,
	const char *fmt, va_list ap)
{
	size_t cnt_max = is_warning ? WARNING_CNT_MAX : DIAG_CNT_MAX;
	struct diag_entry *entry;

	if (diag->cnt >= cnt_max)
		return;

	entry = diag_room(diag);
	entry->path = path ? strdup(path) : NULL;
	if (path && !entry->path)
		abort();
	entry->line = line;
	entry->idx = diag->cnt;
	entry->is_warning = is_warning;
	if (vsnprintf(entry->text, sizeof(entry->text), fmt, ap) < 0)
		entry->text[0] = '\0';
	text_clean(entry->text);
	diag->cnt++;
}

void diag_error(struct diag *diag, const char *path, unsigned int line,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(diag, false, path, line, fmt, ap);
	va_end(ap);
	diag->error_cnt++;
}

void diag_warning(struct diag *diag, const char *path, unsigned int line,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(diag, true, path, line, fmt, ap);
	va_end(ap);
	diag->warning_cnt++;
}

size_t diag_text(const struct diag *diag, size_t idx, char *buf, size_t size)
{
	const struct diag_entry *entry = &diag->entries[idx];
	const char *level = entry->is_warning ? "warning: " : "";
	int len;

	if (!entry->path)
		len = snprintf(buf, size, "%s%s", level, entry->text);
	else if (!entry->line)
		len = snprintf(buf, size, "%s: %s%s", entry->path, level,
			       entry->text);
	else
		len = snprintf(buf, size, "%s:%u: %s%s", entry->path,
			       entry->line, level, entry->text);
	if (len < 0 || !size)
		return 0;
	return (size_t)len < size ? (size_t)len : size - 1;
}

bool diag_is_warning(const struct diag *diag, size_t idx)
{
	return diag->entries[idx].is_warning;
}

/**
 * entry_compare() - Order for qsort(): no path, then path, line, age
 * @a:		One struct diag_entry
 * @b:		Another
 *
 * Return: as strcmp()
 */
static int entry_compare(const void *a, const void *b)
{
	const struct diag_entry *one = a;
	const struct diag_entry *two = b;
	int order =
		strcmp(one->path ? one->path : "", two->path ? two->path : "");

	if (order)
		return order;
	if (one->line != two->line)
		return one->line < two->line ? -1 : 1;
	return one->idx < two->idx ? -1 : one->idx > two->idx;
}

void diag_sort(struct diag *diag)
{
	if (diag->cnt)
		qsort(diag->entries, diag->cnt, sizeof(*diag->entries),
		      entry_compare);
}

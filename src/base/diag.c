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

struct diag_entry {
	char *path; /* NULL: about no file */
	unsigned int line;
	bool warning;
	size_t seq; /* order of arrival, for a stable sort */
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
	diag_init(diag);
}

/** add() - Room for one more entry, NULL when the list is long enough */
static struct diag_entry *add(struct diag *diag, const char *path,
			      unsigned int line)
{
	struct diag_entry *entry;

	if (diag->cnt == DIAG_CNT_MAX)
		return NULL;
	if (!diag->entries) {
		diag->entries = calloc(DIAG_CNT_MAX, sizeof(*diag->entries));
		if (!diag->entries)
			abort();
	}
	entry = &diag->entries[diag->cnt];
	entry->path = path ? strdup(path) : NULL;
	entry->line = line;
	entry->seq = diag->cnt++;
	return entry;
}

void diag_error(struct diag *diag, const char *path, unsigned int line,
		const char *fmt, ...)
{
	struct diag_entry *entry = add(diag, path, line);
	va_list ap;

	diag->error_cnt++;
	if (!entry)
		return;
	va_start(ap, fmt);
	vsnprintf(entry->text, sizeof(entry->text), fmt, ap);
	va_end(ap);
}

void diag_warning(struct diag *diag, const char *path, unsigned int line,
		  const char *fmt, ...)
{
	struct diag_entry *entry = add(diag, path, line);
	va_list ap;

	diag->warning_cnt++;
	if (!entry)
		return;
	entry->warning = true;
	va_start(ap, fmt);
	vsnprintf(entry->text, sizeof(entry->text), fmt, ap);
	va_end(ap);
}

size_t diag_text(const struct diag *diag, size_t idx, char *buf, size_t size)
{
	const struct diag_entry *entry = &diag->entries[idx];
	const char *kind = entry->warning ? "warning: " : "";
	int len;

	if (entry->path && entry->line)
		len = snprintf(buf, size, "%s:%u: %s%s", entry->path,
			       entry->line, kind, entry->text);
	else if (entry->path)
		len = snprintf(buf, size, "%s: %s%s", entry->path, kind,
			       entry->text);
	else
		len = snprintf(buf, size, "%s%s", kind, entry->text);
	if (len < 0)
		return 0;
	return (size_t)len < size ? (size_t)len : size - 1;
}

static int compare(const void *a, const void *b)
{
	const struct diag_entry *x = a;
	const struct diag_entry *y = b;
	int by_path = strcmp(x->path ? x->path : "", y->path ? y->path : "");

	if (by_path)
		return by_path;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void diag_sort(struct diag *diag)
{
	if (diag->cnt)
		qsort(diag->entries, diag->cnt, sizeof(*diag->entries),
		      compare);
}

/* SPDX-License-Identifier: MIT */

/*
 * cfgsource.c - A configuration text that may come from several files
 */

#include "base/cfgsource.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cfg_place cfg_source_place(const struct cfg_source *source,
				  unsigned int line)
{
	const struct cfg_piece *piece;
	size_t low = 0;
	size_t high = source->piece_cnt;

	if (!line || !source->piece_cnt)
		return (struct cfg_place){source->path, line};
	/* Behind the last piece that does not begin behind the line. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (source->pieces[mid].first <= line)
			low = mid + 1;
		else
			high = mid;
	}
	piece = &source->pieces[low ? low - 1 : 0];
	return (struct cfg_place){piece->path,
				  piece->line + (line - piece->first)};
}

void cfg_source_error(const struct cfg_source *source, struct diag *diag,
		      unsigned int line, const char *fmt, ...)
{
	const struct cfg_place at = cfg_source_place(source, line);
	char text[DIAG_TEXT_LEN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_error(diag, at.path, at.line, "%s", text);
}

void cfg_source_warning(const struct cfg_source *source, struct diag *diag,
			unsigned int line, const char *fmt, ...)
{
	const struct cfg_place at = cfg_source_place(source, line);
	char text[DIAG_TEXT_LEN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_warning(diag, at.path, at.line, "%s", text);
}

const char *cfg_source_ref(const struct cfg_source *source, unsigned int line,
			   unsigned int from, char buf[CFG_REF_SIZE])
{
	const struct cfg_place at = cfg_source_place(source, line);
	const struct cfg_place here = cfg_source_place(source, from);

	if (!strcmp(at.path, here.path))
		snprintf(buf, CFG_REF_SIZE, "line %u", at.line);
	else
		snprintf(buf, CFG_REF_SIZE, "line %u of %.100s", at.line,
			 at.path);
	return buf;
}

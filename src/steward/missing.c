/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * missing.c - What of ours was found missing, for one line of the log
 */

#include "steward/missing.h"

#include <stdbool.h>
#include <string.h>

void missing_init(struct missing *missing)
{
	strbuf_init(&missing->names);
	missing->cnt = 0;
}

void missing_fini(struct missing *missing)
{
	strbuf_fini(&missing->names);
	missing_init(missing);
}

/** is_named() - Is it in the list already, whole? */
static bool is_named(const struct missing *missing, const char *kind,
		     const char *name)
{
	const char *at = strbuf_str(&missing->names);
	size_t kind_len = strlen(kind);
	size_t name_len = strlen(name);

	while ((at = strstr(at, kind))) {
		const char *rest = at + kind_len;

		if (*rest == ' ' && strncmp(rest + 1, name, name_len) == 0 &&
		    (rest[1 + name_len] == ',' || !rest[1 + name_len]))
			return true;
		at = rest;
	}
	return false;
}

void missing_add(struct missing *missing, const char *kind, const char *name)
{
	if (!missing || is_named(missing, kind, name))
		return;
	missing->cnt++;
	if (missing->cnt <= MISSING_NAMED_MAX)
		strbuf_printf(&missing->names, "%s%s %s",
			      missing->names.len ? ", " : "", kind, name);
}

const char *missing_text(struct missing *missing)
{
	if (missing->cnt > MISSING_NAMED_MAX) {
		strbuf_printf(&missing->names, " and %zu more",
			      missing->cnt - MISSING_NAMED_MAX);
		missing->cnt = MISSING_NAMED_MAX;
	}
	return strbuf_str(&missing->names);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * missing.h - What of ours was found missing, for one line of the log
 *
 * Pure.  The first names are kept, further ones are counted.
 */

#ifndef STEWARD_MISSING_H
#define STEWARD_MISSING_H

#include <stddef.h>

#include "base/strbuf.h"

#define MISSING_NAMED_MAX 6

/**
 * struct missing - What was missing
 * @names:	"route to 10.1.0.0/24, address 100.64.0.1"
 * @cnt:	How many, those not named included
 */
struct missing {
	struct strbuf names;
	size_t cnt;
};

void missing_init(struct missing *missing);
void missing_fini(struct missing *missing);

/**
 * missing_add() - One more
 * @missing:	List, NULL when nobody asks
 * @kind:	"route to"
 * @name:	"10.1.0.0/24"
 *
 * One that is named already is not counted again.
 */
void missing_add(struct missing *missing, const char *kind, const char *name);

/** missing_text() - "... and 7 more"; Return: text, valid until the next
 *  missing_add(); call it once */
const char *missing_text(struct missing *missing);

#endif /* STEWARD_MISSING_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * table_diff.h - From one table to another by differences
 */

#ifndef STEWARD_TABLE_DIFF_H
#define STEWARD_TABLE_DIFF_H

#include "base/strbuf.h"
#include "steward/table.h"

enum table_diff {
	TABLE_DIFF_NONE,    /* they are the same */
	TABLE_DIFF_SCRIPT,  /* a script was made */
	TABLE_DIFF_REPLACE, /* only table_print() leads from one to the other */
};

/**
 * table_diff() - The script that makes a standing table another one
 * @old:	What stands
 * @new:	What is wanted
 * @out:	Receives the script, for one transaction; nothing unless
 *		TABLE_DIFF_SCRIPT is returned
 *
 * What is the same in both is not touched: its counters and whatever else the
 * kernel keeps with it stay.  Of a chain that differs all rules are new.
 */
enum table_diff table_diff(const struct table *old, const struct table *new,
			   struct strbuf *out);

#endif /* STEWARD_TABLE_DIFF_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rules.h - The ruleset in the kernel: found, changed, removed
 */

#ifndef STEWARD_RULES_H
#define STEWARD_RULES_H

#include <stdbool.h>

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/state.h"
#include "steward/table.h"

/**
 * rules_wanted() - The table that a plan wants on this machine
 * @state:	What was opened
 * @ending:	The plan before, whose flows are being ended, or NULL
 *
 * Return: the table; table_free() it
 */
struct table *rules_wanted(const struct plan *plan, const struct state *state,
			   const struct plan *ending);

/**
 * rules_remembered() - The table that was loaded last, as a file tells
 *
 * Return: the table, or NULL when there is no such file or it is damaged
 */
struct table *rules_remembered(const struct gateway_conf *conf);

/**
 * rules_adopt() - The table that stands, if it is known exactly
 *
 * Return: the table, or NULL: none stands, or it is not the one remembered
 */
struct table *rules_adopt(const struct gateway_conf *conf);

/**
 * rules_load() - Make a table stand, by differences where that can be
 *
 * It gets the spare name while a table of somebody else has ours, and leaves that
 * alone; both the loss of the name and its return are said.
 *
 * @stands:	What stands, NULL when that is not known; becomes @wanted
 * @wanted:	Consumed
 *
 * Return: 0, or -EIO or what writing the file gave, with an entry in @diag;
 *	   then @stands stands as before
 */
int rules_load(const struct gateway_conf *conf, struct table **stands,
	       struct table *wanted, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * rules_replace() - Likewise all of it: what stands is not what it was
 *
 * After a failure @stands is NULL.
 */
int rules_replace(const struct gateway_conf *conf, struct table **stands,
		  struct table *wanted, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * rules_displaced() - Do our rules stand by the spare name?
 * @stands:	What rules_load() left, or NULL
 */
bool rules_displaced(const struct table *stands);

/** rules_remove() - The tables that are ours: the one with our name unless somebody
 *  else made it, and the spare one */
int rules_remove(const struct gateway_conf *conf, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_RULES_H */

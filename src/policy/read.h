/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * read.h - What reading gateways and reading sites have in common
 */

#ifndef POLICY_READ_H
#define POLICY_READ_H

#include "base/cfgread.h"
#include "policy/draft.h"
#include "policy/netval.h"

/**
 * read_fault() - Report a malformed value, if it is one
 * @cfg:	Text
 * @line:	Where the value stands
 * @key:	What it is
 * @text:	The value
 * @fault:	What is wrong, or NULL
 *
 * Return: true when it was one
 */
bool read_fault(struct cfg *cfg, unsigned int line, const char *key,
		const char *text, const char *fault);

/**
 * read_name() - The name of an entry
 * @cfg:	Text
 * @group:	The entry
 * @what:	What it is: "gateway"
 * @judge:	value_name() or value_label()
 *
 * Return: name and line; the name is "" after an error
 */
struct draft_text read_name(struct cfg *cfg, config_setting_t *group,
			    const char *what,
			    const char *(*judge)(const char *text));

/**
 * read_prefixes() - A text or list of prefixes
 * @cfg:	Text
 * @group:	Group it stands in
 * @key:	Its key
 * @what:	What an entry is: "network"
 * @judge:	Judges an entry.  One with host bits is reported and taken
 *		without them: what is meant is clear enough to find further
 *		errors
 * @cnt:	Set to the number of entries read
 * @known:	Set to whether none was malformed; false also without any
 *
 * Return: the well-formed ones, in the arena, in the text's order
 */
struct draft_prefix *read_prefixes(struct cfg *cfg, config_setting_t *group,
				   const char *key, const char *what,
				   netval_prefix_fn *judge, size_t *cnt,
				   bool *known);

#endif /* POLICY_READ_H */

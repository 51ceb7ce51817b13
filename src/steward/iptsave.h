/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iptsave.h - The rules of iptables-legacy in nftables' terms
 *
 * Pure: from what iptables-legacy-save prints to what `nft -j list ruleset` would
 * print of the same rules, for sim.h.
 */

#ifndef STEWARD_IPTSAVE_H
#define STEWARD_IPTSAVE_H

/* Appended to the names of tables, so that nobody looks for them with nft. */
#define IPTSAVE_TABLE_SUFFIX " (iptables-legacy)"

/**
 * iptsave_to_json() - Translate
 * @text:	As iptables-legacy-save or ip6tables-legacy-save prints it
 * @family:	"ip" or "ip6"
 *
 * What is not known here becomes a question without an answer.  The handle of a
 * rule is its number in its chain.
 *
 * Return: heap text (the caller's)
 */
char *iptsave_to_json(const char *text, const char *family);

/**
 * iptsave_rule() - A rule's line in the text
 * @table:	With the suffix
 * @handle:	As in the translation
 *
 * Return: heap text (the caller's), "" when there is none
 */
char *iptsave_rule(const char *text, const char *table, const char *chain,
		   long handle);

#endif /* STEWARD_IPTSAVE_H */

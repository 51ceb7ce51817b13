/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft.h - The ruleset of a gateway as a table
 *
 * Pure: a plan goes in, a table comes out.  steward/apply.c loads it, or what
 * differs from the one that stands, in one transaction; `relaytun check
 * --show-nft` prints it; tests pin it.
 */

#ifndef STEWARD_NFT_H
#define STEWARD_NFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "policy/plan.h"
#include "steward/state.h"
#include "steward/table.h"

/** nft_table_name() - "relaytun_NAME", as in `nft list table inet ...` */
void nft_table_name(const char *gateway, struct strbuf *out);

/** nft_spare_name() - "relaytun__NAME", for as long as somebody else's table has the
 *  name of ours; no gateway's name begins with "_" */
void nft_spare_name(const char *gateway, struct strbuf *out);

/** nft_ifname_ok() - May this interface name stand in a ruleset? */
bool nft_ifname_ok(const char *name);

/**
 * struct nft_opened - Where the steward itself switched forwarding on
 * @v4:		Names of interfaces; each passes nft_ifname_ok()
 * @v4_cnt:	Entries there
 * @v6:		Likewise for IPv6
 * @v6_cnt:	Entries there
 * @v6_all:	IPv6 on every interface there is or will be: this kernel has one
 *		switch for all of them
 * @v6_off:	The kernel has no IPv6: nothing of it is to stand
 * @ending:	The plan before, whose flows may be about to end (borrowed), or
 *		NULL
 *
 * On these nothing but the tunnel's own traffic may be forwarded, as it was
 * before.
 */
struct nft_opened {
	const char *const *v4;
	size_t v4_cnt;
	const char *const *v6;
	size_t v6_cnt;
	bool v6_all;
	bool v6_off;
	const struct plan *ending;
};

/** nft_opened() - What a state says was opened (borrowed from it) */
struct nft_opened nft_opened(const struct state *state);

/**
 * nft_table() - The ruleset that a plan wants
 * @plan:	Wanted state
 * @opened:	What was opened
 *
 * Return: the table; table_free() it
 */
struct table *nft_table(const struct plan *plan,
			const struct nft_opened *opened);

/**
 * nft_render() - The whole table, replacing one that stands, in one transaction
 * @plan:	Wanted state
 * @opened:	What was opened
 */
void nft_render(const struct plan *plan, const struct nft_opened *opened,
		struct strbuf *out);

/** nft_render_removal() - Remove a table, if it stands
 *  @name:	"relaytun_NAME" */
void nft_render_removal(const char *name, struct strbuf *out);

#endif /* STEWARD_NFT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft.h - The ruleset of a gateway as text
 *
 * Pure: a plan goes in, one nft script comes out.  steward/apply.c loads it in
 * one transaction; `relaytun check --show-nft` prints it; tests pin it.
 */

#ifndef STEWARD_NFT_H
#define STEWARD_NFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "policy/plan.h"

/** nft_table_name() - "relaytun_NAME", as in `nft list table inet ...` */
void nft_table_name(const struct plan *plan, struct strbuf *out);

/** nft_ifname_ok() - May this interface name stand in a ruleset? */
bool nft_ifname_ok(const char *name);

/**
 * nft_render() - The whole table, replacing one that stands, in one transaction
 * @plan:	Wanted state
 * @opened:	Names of the interfaces on which the steward itself switched
 *		forwarding on: on these nothing but the tunnel's own traffic may
 *		be forwarded, as it was before.  Each passes nft_ifname_ok()
 * @opened_cnt:	Entries there
 */
void nft_render(const struct plan *plan, const char *const *opened,
		size_t opened_cnt, struct strbuf *out);

/** nft_render_opened() - Only the set of opened interfaces of a standing table,
 *  replaced in one transaction */
void nft_render_opened(const struct plan *plan, const char *const *opened,
		       size_t opened_cnt, struct strbuf *out);

/** nft_render_removal() - Remove the table of the gateway @name, if it stands */
void nft_render_removal(const char *name, struct strbuf *out);

#endif /* STEWARD_NFT_H */

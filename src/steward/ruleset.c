/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ruleset.c - Loading nft scripts into the kernel
 */

#include "steward/ruleset.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <string.h>

/** report() - The first line libnftables wrote: the rest points into a script
 *  that the operator has not before them */
static void report(struct diag *diag, const char *error)
{
	size_t len = strcspn(error, "\n");

	if (len == 0)
		diag_error(diag, NULL, 0, "nftables refuses the ruleset");
	else
		diag_error(diag, NULL, 0,
			   "nftables refuses the ruleset: %.*s; has this "
			   "kernel nf_tables, nf_nat and nf_conntrack?",
			   (int)len, error);
}

int ruleset_load(const char *script, struct diag *diag)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int ret = 0;

	if (!nft) {
		diag_error(diag, NULL, 0, "libnftables cannot be initialised");
		return -EIO;
	}
	if (nft_ctx_buffer_error(nft) || nft_ctx_buffer_output(nft)) {
		diag_error(diag, NULL, 0, "no memory for libnftables");
		ret = -EIO;
	} else if (nft_run_cmd_from_buffer(nft, script)) {
		report(diag, nft_ctx_get_error_buffer(nft));
		ret = -EIO;
	}
	nft_ctx_free(nft);
	return ret;
}

/** list() - Add what a command lists; nothing when it fails */
static void list(const char *command, struct strbuf *out)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft)
		return;
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_STATELESS);
	if (!nft_ctx_buffer_error(nft) && !nft_ctx_buffer_output(nft) &&
	    !nft_run_cmd_from_buffer(nft, command))
		strbuf_printf(out, "%s", nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
}

void ruleset_list_set(const char *gateway, const char *set, struct strbuf *out)
{
	struct strbuf command;

	strbuf_init(&command);
	strbuf_printf(&command, "list set inet relaytun_%s %s", gateway, set);
	list(strbuf_str(&command), out);
	strbuf_fini(&command);
}

void ruleset_list_table(const char *table, struct strbuf *out)
{
	struct strbuf command;

	strbuf_init(&command);
	strbuf_printf(&command, "list table inet %s", table);
	list(strbuf_str(&command), out);
	strbuf_fini(&command);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rules.c - The ruleset in the kernel: found, changed, removed
 */

#include "steward/rules.h"

#include <stdlib.h>
#include <string.h>

#include "steward/ipv6.h"
#include "steward/kept.h"
#include "steward/nft.h"
#include "steward/owner.h"
#include "steward/ruleset.h"
#include "steward/table_diff.h"
#include "steward/table_listing.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * The script of the table that stands lies beside the state file, as
 * STATE_FILE.rules.  It is written before the table is loaded: so when the disk
 * is full, nothing has changed.
 *
 * A steward that starts reads it (rules_adopt()) and believes it when the kernel
 * has a table with the same seal, and when that still has as many rules and
 * elements everywhere: then it applies only what differs, as a reload does, and
 * counters go on.  In every other case the whole table is replaced, in one
 * transaction; flows go on then as well.
 *
 * A crash between writing and loading leaves a file whose seal the kernel does
 * not have.
 */

struct table *rules_wanted(const struct plan *plan, const struct state *state,
			   const struct plan *ending)
{
	struct nft_opened opened = nft_opened(state);

	opened.v6_off = !ipv6_usable(plan->conf);
	opened.ending = ending;
	return nft_table(plan, &opened);
}

struct table *rules_remembered(const struct gateway_conf *conf)
{
	struct table *table;
	char *text;

	if (kept_read(conf, KEPT_RULES, &text) < 0)
		return NULL;
	table = table_parse(text);
	free(text);
	return table;
}

/** stands_whole() - Does the kernel have this very table, with all that is in it? */
static bool stands_whole(const struct table *table)
{
	const char *seal = table_seal_name(table);
	struct strbuf listing;
	bool whole;

	strbuf_init(&listing);
	ruleset_list_table(table->name, &listing);
	whole = seal && strstr(strbuf_str(&listing), seal) &&
		table_matches(table, strbuf_str(&listing));
	strbuf_fini(&listing);
	return whole;
}

struct table *rules_adopt(const struct gateway_conf *conf)
{
	struct table *table = rules_remembered(conf);

	if (!table || stands_whole(table))
		return table;
	table_free(table);
	return NULL;
}

/** remember() - Write the file */
static int remember(const struct gateway_conf *conf, const struct table *table,
		    struct diag *diag)
{
	struct strbuf text;
	int err;

	strbuf_init(&text);
	table_print(table, &text);
	err = kept_write(conf, KEPT_RULES, &text, diag);
	strbuf_fini(&text);
	return err;
}

/** load_table() - All of a table, in place of one that stands */
static int load_table(const struct table *table, struct diag *diag)
{
	struct strbuf script;
	int err;

	strbuf_init(&script);
	table_print(table, &script);
	err = ruleset_load(strbuf_str(&script), diag);
	strbuf_fini(&script);
	return err;
}

/** load_script() - A difference; Return: whether it was accepted */
static bool load_script(const struct strbuf *script)
{
	char reason[DIAG_TEXT_LEN_MAX] = "";
	struct diag diag;
	bool done;

	diag_init(&diag);
	done = !ruleset_load(strbuf_str(script), &diag);
	if (!done) {
		diag_text(&diag, 0, reason, sizeof(reason));
		log_warn("event=rules_replaced reason=\"the table is not as it "
			 "was left: %s\"",
			 reason);
	}
	diag_fini(&diag);
	return done;
}

/** load() - From @stands to @wanted, which is remembered */
static int load(const struct gateway_conf *conf, const struct table *stands,
		const struct table *wanted, struct diag *diag)
{
	enum table_diff how = TABLE_DIFF_REPLACE;
	struct strbuf script;
	int err = 0;

	strbuf_init(&script);
	if (stands)
		how = table_diff(stands, wanted, &script);
	if (how != TABLE_DIFF_NONE)
		err = remember(conf, wanted, diag);
	if (!err && (how == TABLE_DIFF_REPLACE ||
		     (how == TABLE_DIFF_SCRIPT && !load_script(&script))))
		err = load_table(wanted, diag);
	if (err && stands) {
		struct diag unheard;

		/* Else the next start would replace all of it. */
		diag_init(&unheard);
		(void)!remember(conf, stands, &unheard);
		diag_fini(&unheard);
	}
	strbuf_fini(&script);
	return err;
}

int rules_load(const struct gateway_conf *conf, struct table **stands,
	       struct table *wanted, struct diag *diag)
{
	int err = load(conf, *stands, wanted, diag);

	if (err) {
		table_free(wanted);
		return err;
	}
	table_free(*stands);
	*stands = wanted;
	return 0;
}

int rules_remove(const struct gateway_conf *conf, struct diag *diag)
{
	int owner = owner_of(conf->name, diag);
	struct strbuf script;
	int err;

	if (owner != OWNER_US)
		return owner < 0 ? owner : 0;
	strbuf_init(&script);
	nft_render_removal(conf->name, &script);
	err = ruleset_load(strbuf_str(&script), diag);
	strbuf_fini(&script);
	return err;
}

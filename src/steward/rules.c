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
 * Somebody may delete our table and give its name to one of theirs.  That one is
 * not touched; ours is loaded by a spare name, whole, and moves back when its name
 * is free again (watch.c sees that).  No reload is accepted until then, as no start
 * would be.
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

/** load_table() - All of a table, in place of what stands by either name */
static int load_table(const struct gateway_conf *conf,
		      const struct table *table, struct diag *diag)
{
	struct strbuf script;
	struct strbuf spare;
	int err;

	strbuf_init(&script);
	strbuf_init(&spare);
	nft_spare_name(conf->name, &spare);
	if (strcmp(table->name, strbuf_str(&spare)) != 0)
		nft_render_removal(strbuf_str(&spare), &script);
	table_print(table, &script);
	err = ruleset_load(strbuf_str(&script), diag);
	strbuf_fini(&spare);
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

bool rules_displaced(const struct table *stands)
{
	return stands && strncmp(stands->name, "relaytun__", 10) == 0;
}

/** give_name() - Ours, or the spare one while somebody else's table has it
 *  Return: 0, or -EIO with an entry in @diag */
static int give_name(const struct gateway_conf *conf, struct table *wanted,
		     struct diag *diag)
{
	int owner = owner_of(conf->name, diag);
	struct strbuf spare;

	if (owner != OWNER_OTHER)
		return owner < 0 ? owner : 0;
	strbuf_init(&spare);
	nft_spare_name(conf->name, &spare);
	table_rename(wanted, strbuf_str(&spare));
	strbuf_fini(&spare);
	return 0;
}

/** tell_name() - When it is another one than before */
static void tell_name(const struct gateway_conf *conf, bool before, bool now)
{
	if (now && !before)
		log_err("event=name_taken reason=\"somebody made a table inet "
			"relaytun_%s: it is left alone, this gateway's rules "
			"stand as relaytun__%s\" remedy=\"nft delete table "
			"inet relaytun_%s\"",
			conf->name, conf->name, conf->name);
	if (before && !now)
		log_info("event=name_free reason=\"the rules stand as "
			 "relaytun_%s again\"",
			 conf->name);
}

/** load() - From @stands to @wanted, which is remembered */
static int load(const struct gateway_conf *conf, const struct table *stands,
		const struct table *wanted, struct diag *diag)
{
	enum table_diff how = TABLE_DIFF_REPLACE;
	struct strbuf script;
	int err = 0;

	strbuf_init(&script);
	if (stands && !strcmp(stands->name, wanted->name))
		how = table_diff(stands, wanted, &script);
	if (how != TABLE_DIFF_NONE)
		err = remember(conf, wanted, diag);
	if (!err && (how == TABLE_DIFF_REPLACE ||
		     (how == TABLE_DIFF_SCRIPT && !load_script(&script))))
		err = load_table(conf, wanted, diag);
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

/** take_place() - @wanted becomes what stands, by differences from @known or all
 *  of it; see rules_load() */
static int take_place(const struct gateway_conf *conf, struct table **stands,
		      const struct table *known, struct table *wanted,
		      struct diag *diag)
{
	int err = give_name(conf, wanted, diag);

	if (!err)
		err = load(conf, known, wanted, diag);
	if (err) {
		table_free(wanted);
		return err;
	}
	tell_name(conf, rules_displaced(*stands), rules_displaced(wanted));
	table_free(*stands);
	*stands = wanted;
	return 0;
}

int rules_load(const struct gateway_conf *conf, struct table **stands,
	       struct table *wanted, struct diag *diag)
{
	return take_place(conf, stands, *stands, wanted, diag);
}

int rules_replace(const struct gateway_conf *conf, struct table **stands,
		  struct table *wanted, struct diag *diag)
{
	int err = take_place(conf, stands, NULL, wanted, diag);

	if (err) {
		table_free(*stands);
		*stands = NULL;
	}
	return err;
}

int rules_remove(const struct gateway_conf *conf, struct diag *diag)
{
	int owner = owner_of(conf->name, diag);
	struct strbuf script;
	struct strbuf name;
	int err;

	if (owner < 0)
		return owner;
	strbuf_init(&script);
	strbuf_init(&name);
	nft_spare_name(conf->name, &name);
	nft_render_removal(strbuf_str(&name), &script);
	if (owner == OWNER_US) {
		strbuf_fini(&name);
		nft_table_name(conf->name, &name);
		nft_render_removal(strbuf_str(&name), &script);
	}
	err = ruleset_load(strbuf_str(&script), diag);
	strbuf_fini(&name);
	strbuf_fini(&script);
	return err;
}

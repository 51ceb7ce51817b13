/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * statefile.c - The state file: what an earlier run of this gateway remembered
 */

#include "steward/statefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "steward/owner.h"
#include "steward/ruleset.h"
#include "sys/file.h"

#define STATE_LEN_MAX (16u << 20)
#define STATE_MODE    0644
#define RUN_DIR_MODE  0755

/* How a state file begins, and whose it is. */
#define HEAD  "# relaytun"
#define OWNER HEAD " gateway "

/* Of a state file this tells whose it is. */
#define BEGIN_SIZE 256

/** is_ours() - Does a text begin as this gateway's state?  One without a name does,
 *  of an earlier release; and one that is empty or begins with NUL: that is what a
 *  loss of power makes of ours */
static bool is_ours(const struct gateway_conf *conf, const char *text,
		    struct diag *diag)
{
	const char *name = text + strlen(OWNER);
	size_t len;

	if (strncmp(text, OWNER, strlen(OWNER)) == 0) {
		len = strcspn(name, "\n");
		if (len == strlen(conf->name) && !memcmp(name, conf->name, len))
			return true;
		diag_error(diag, conf->state_file, 0,
			   "state file of gateway %.*s: give each gateway a "
			   "state_file of its own",
			   (int)len, name);
		return false;
	}
	if (!*text || strncmp(text, HEAD, strlen(HEAD)) == 0)
		return true;
	diag_error(diag, conf->state_file, 0,
		   "something that is no state file lies there; choose another "
		   "state_file, or remove it");
	return false;
}

/** read_file() - The state file's part of what is remembered */
static int read_file(const struct gateway_conf *conf, struct state *state,
		     struct diag *diag)
{
	char begin[BEGIN_SIZE];
	ssize_t len = file_peek(conf->state_file, begin, sizeof(begin));
	size_t skipped;
	char *text;

	if (len == -ENOENT)
		return 0;
	if (len >= 0 && !is_ours(conf, begin, diag))
		return -EEXIST;
	if (len >= 0)
		len = file_read(conf->state_file, STATE_LEN_MAX, &text);
	if (len == -EBADMSG) {
		diag_warning(diag, conf->state_file, 0,
			     "state file is damaged: what the ruleset tells is "
			     "used instead");
		return 0;
	}
	if (len < 0) {
		diag_error(diag, conf->state_file, 0,
			   "state file cannot be read: %s; remove it: what is "
			   "opened is told by the ruleset as well",
			   file_why(len));
		return (int)len;
	}
	skipped = state_parse(state, text);
	if (skipped)
		diag_warning(diag, conf->state_file, 0,
			     "%zu lines mean nothing to this version and are "
			     "ignored",
			     skipped);
	free(text);
	return 0;
}

/** take_listing() - What a set of the ruleset that stands tells */
static void take_listing(const struct gateway_conf *conf, const char *set,
			 struct state *state, struct name_list *list)
{
	struct strbuf listing;

	strbuf_init(&listing);
	ruleset_list_set(conf->name, set, &listing);
	state_take_listing(state, list, strbuf_str(&listing));
	strbuf_fini(&listing);
}

/** take_all() - Likewise: was the switch for all interfaces used? */
static void take_all(const struct gateway_conf *conf, struct state *state)
{
	struct strbuf listing;

	strbuf_init(&listing);
	ruleset_list_set(conf->name, "opened_all", &listing);
	if (strstr(strbuf_str(&listing), "ipv6 }")) {
		state->opened6_all = true;
		state_set(state, "net/ipv6/conf/all/forwarding", 0, 1);
	}
	strbuf_fini(&listing);
}

/** table_is_ours() - May what it tells be believed?  Who cannot ask is told nothing
 *  by it either */
static bool table_is_ours(const struct gateway_conf *conf)
{
	struct diag unheard;
	bool ours;

	diag_init(&unheard);
	ours = owner_of(conf->name, &unheard) == OWNER_US;
	diag_fini(&unheard);
	return ours;
}

int statefile_read(const struct gateway_conf *conf, struct state *state,
		   struct diag *diag)
{
	bool ours = table_is_ours(conf);
	int err;

	/* The ruleset first: a file that is lost or damaged must not make a
	 * router of this machine for good. */
	if (ours) {
		take_listing(conf, "opened", state, &state->opened);
		take_listing(conf, "opened_v6", state, &state->opened6);
	}
	err = read_file(conf, state, diag);
	/* Last, so that it is put back first. */
	if (ours)
		take_all(conf, state);
	return err;
}

int statefile_write(const struct gateway_conf *conf, const struct state *state,
		    struct diag *diag)
{
	const char *path = conf->state_file;
	struct strbuf text;
	int err = file_make_parents(path, RUN_DIR_MODE);

	strbuf_init(&text);
	strbuf_printf(&text, OWNER "%s\n", conf->name);
	state_print(state, &text);
	if (!err)
		err = file_write_atomic(path, text.text, text.len, STATE_MODE);
	strbuf_fini(&text);
	if (err)
		diag_error(diag, path, 0, "state file cannot be written: %s",
			   strerror(-err));
	return err;
}

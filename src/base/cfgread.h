/* SPDX-License-Identifier: MIT */

/*
 * cfgread.h - Typed reading of libconfig settings with complete errors
 *
 * A table says which keys a group may have and of what type; reading reports
 * every unknown key, wrong type and missing key with its line in one run.
 * Used for policy.cfg, gateway.cfg and relay.cfg alike.  Texts come as bytes:
 * no file is opened here, and an "@include" that is still in one is refused.
 */

#ifndef BASE_CFGREAD_H
#define BASE_CFGREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libconfig.h>

#include "base/arena.h"
#include "base/cfgsource.h"
#include "base/diag.h"

/**
 * struct cfg - One text being read
 * @config:	libconfig's tree; each setting knows its line
 * @path:	Name used in errors about all of it (borrowed)
 * @source:	Where its lines are from, for errors (what it points to is
 *		borrowed)
 * @diag:	Where errors go (borrowed)
 * @arena:	Where strings are copied to (borrowed)
 */
struct cfg {
	config_t config;
	const char *path;
	struct cfg_source source;
	struct diag *diag;
	struct arena *arena;
};

/**
 * cfg_open() - Parse a text's syntax
 * @cfg:	Caller's storage; cfg_close() it in any case
 * @text:	Text, NUL-terminated; need not live on
 * @path:	Name for errors
 * @arena:	Memory for strings read later
 * @diag:	Receives the syntax error, if any
 *
 * Return: 0, or -EBADMSG (one entry added to @diag)
 */
int cfg_open(struct cfg *cfg, const char *text, const char *path,
	     struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));

/** cfg_open_source() - As cfg_open(), of a text from several files; its text
 *  need not live on, its pieces must */
int cfg_open_source(struct cfg *cfg, const struct cfg_source *source,
		    struct arena *arena, struct diag *diag)
	__attribute__((warn_unused_result));
void cfg_close(struct cfg *cfg);

/** cfg_root() - The group of the whole text */
config_setting_t *cfg_root(struct cfg *cfg);

/**
 * cfg_keys() - Report each key of a group that is not in a list
 * @cfg:	Text
 * @group:	Group to look at
 * @what:	What the group is, for the error: "service", "gateway"
 * @keys:	Allowed keys, NULL-terminated; the error lists them
 */
void cfg_keys(struct cfg *cfg, config_setting_t *group, const char *what,
	      const char *const *keys);

/**
 * The readers below look up @key in @group.  A missing key gives the default
 * without an error when the function has one, else an error "WHAT needs KEY";
 * a wrong type is an error that names the right one.  After an error the
 * default (NULL, 0) is returned: callers go on to find more errors.
 */
const char *cfg_string(struct cfg *cfg, config_setting_t *group,
		       const char *what, const char *key);
const char *cfg_string_or(struct cfg *cfg, config_setting_t *group,
			  const char *key, const char *def);
int64_t cfg_int(struct cfg *cfg, config_setting_t *group, const char *what,
		const char *key, int64_t min, int64_t max);
int64_t cfg_int_or(struct cfg *cfg, config_setting_t *group, const char *key,
		   int64_t def, int64_t min, int64_t max);
bool cfg_bool_or(struct cfg *cfg, config_setting_t *group, const char *key,
		 bool def);

/** cfg_group() - A sub-group, NULL when missing (no error) or of wrong type */
config_setting_t *cfg_group(struct cfg *cfg, config_setting_t *group,
			    const char *key);

/**
 * cfg_list() - A list "( ... )" or array "[ ... ]", NULL when missing (no
 * error) or of wrong type.  Walk it with cfg_list_len() and cfg_list_elem().
 */
config_setting_t *cfg_list(struct cfg *cfg, config_setting_t *group,
			   const char *key);

/** cfg_texts() - As cfg_list(), and a single text in quotes is a list of one */
config_setting_t *cfg_texts(struct cfg *cfg, config_setting_t *group,
			    const char *key);

/** cfg_list_len() - Entries of what cfg_list() or cfg_texts() gave; 0 of
 *  NULL */
size_t cfg_list_len(const config_setting_t *list);
config_setting_t *cfg_list_elem(config_setting_t *list, size_t idx);

/** cfg_elem_group() - An entry that must be a group; NULL after an error, which
 *  says what the entries are ("service") */
config_setting_t *cfg_elem_group(struct cfg *cfg, config_setting_t *list,
				 size_t idx, const char *what);

/** cfg_elem_string() - An entry that must be a text; NULL after an error */
const char *cfg_elem_string(struct cfg *cfg, config_setting_t *list, size_t idx,
			    const char *what);

/**
 * cfg_strings() - A list of strings
 * @cnt:	Set to the number of entries
 *
 * Return: array in the arena; NULL with *@cnt 0 when the key is missing
 */
const char **cfg_strings(struct cfg *cfg, config_setting_t *group,
			 const char *key, size_t *cnt);

/** cfg_error() - Report an error of the caller at a line of the text */
void cfg_error(struct cfg *cfg, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** cfg_has() - Is @key set in @group? */
bool cfg_has(config_setting_t *group, const char *key);

/** cfg_line() - Line of a setting in the text, for errors of the caller */
unsigned int cfg_line(const config_setting_t *setting);

/** cfg_key_line() - Line of @key in @group; the group's when it is missing */
unsigned int cfg_key_line(config_setting_t *group, const char *key);

#endif /* BASE_CFGREAD_H */

/* SPDX-License-Identifier: MIT */

/*
 * cfgread.c - Typed reading of libconfig settings with complete errors
 */

#include "base/cfgread.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cfgscan.h"
#include "base/strbuf.h"

void cfg_error(struct cfg *cfg, unsigned int line, const char *fmt, ...)
{
	char text[DIAG_TEXT_LEN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cfg_source_error(&cfg->source, cfg->diag, line, "%s", text);
}

/**
 * syntax_error() - Report what libconfig says, in words that help
 * @cfg:	Text that did not parse
 */
static void syntax_error(struct cfg *cfg)
{
	const char *said = config_error_text(&cfg->config);
	int line = config_error_line(&cfg->config);
	const char *text = "syntax error here or just before; settings are "
			   "KEY = VALUE;";

	if (said && strstr(said, "duplicate"))
		text = "this key is set for the second time in its group; "
		       "remove one of the two";
	else if (said && strstr(said, "mismatched"))
		text = "values of different types in one '[ ]'; all must be of "
		       "the type of the first";
	cfg_error(cfg, line > 0 ? (unsigned int)line : 0, "%s", text);
}

/**
 * lines_fix() - Give each string in a list the line it begins on
 * @setting:	Root of the tree or a part of it
 * @next:	Lines of the strings from here on, in the text's order
 *
 * libconfig notes the line of the token behind the string.  Recursion is as
 * deep as the brackets, which cfg_scan_text() bounds.
 *
 * Return: lines of the strings behind this part
 */
static const unsigned int *lines_fix(config_setting_t *setting,
				     const unsigned int *next)
{
	int cnt = config_setting_length(setting);
	int i;

	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		if (!config_setting_name(setting))
			setting->line = *next;
		return next + 1;
	}
	for (i = 0; i < cnt; i++)
		next = lines_fix(
			config_setting_get_elem(setting, (unsigned int)i),
			next);
	return next;
}

/**
 * cfg_parse() - Let libconfig parse
 * @cfg:	Where to
 * @text:	Text that cfg_scan_text() found nothing wrong with
 *
 * A comment on the last line needs a newline behind it (libconfig 1.5), so one
 * is added.  No file can be opened: there is no "@include" left in the text,
 * and no path below the include directory exists.
 *
 * Return: true when the syntax is right
 */
static bool cfg_parse(struct cfg *cfg, const char *text)
{
	struct strbuf copy;
	bool ok;

	strbuf_init(&copy);
	strbuf_printf(&copy, "%s\n", text);
	config_set_include_dir(&cfg->config, "/dev/null");
	ok = config_read_string(&cfg->config, strbuf_str(&copy)) == CONFIG_TRUE;
	/* relay.cfg has keys in it. */
	explicit_bzero(copy.text, copy.len);
	strbuf_fini(&copy);
	return ok;
}

int cfg_open_source(struct cfg *cfg, const struct cfg_source *source,
		    struct arena *arena, struct diag *diag)
{
	struct cfg_scan scan;
	int err;

	config_init(&cfg->config);
	cfg->path = source->path;
	cfg->source = *source;
	cfg->diag = diag;
	cfg->arena = arena;

	err = cfg_scan_text(&scan, source, diag);
	if (err)
		goto out;
	if (!cfg_parse(cfg, source->text)) {
		syntax_error(cfg);
		err = -EBADMSG;
		goto out;
	}
	lines_fix(cfg_root(cfg), scan.lines);
out:
	cfg->source.text = NULL;
	cfg_scan_fini(&scan);
	return err;
}

int cfg_open(struct cfg *cfg, const char *text, const char *path,
	     struct arena *arena, struct diag *diag)
{
	const struct cfg_source source = {.text = text, .path = path};

	return cfg_open_source(cfg, &source, arena, diag);
}

void cfg_close(struct cfg *cfg)
{
	config_destroy(&cfg->config);
}

config_setting_t *cfg_root(struct cfg *cfg)
{
	return config_root_setting(&cfg->config);
}

unsigned int cfg_line(const config_setting_t *setting)
{
	return config_setting_source_line(setting);
}

unsigned int cfg_key_line(config_setting_t *group, const char *key)
{
	const config_setting_t *setting = config_setting_get_member(group, key);

	return cfg_line(setting ? setting : group);
}

bool cfg_has(config_setting_t *group, const char *key)
{
	return config_setting_get_member(group, key) != NULL;
}

/**
 * key_is_known() - Is a key in a list?
 * @name:	The key
 * @keys:	NULL-terminated list
 */
static bool key_is_known(const char *name, const char *const *keys)
{
	for (; *keys; keys++) {
		if (!strcmp(name, *keys))
			return true;
	}
	return false;
}

void cfg_keys(struct cfg *cfg, config_setting_t *group, const char *what,
	      const char *const *keys)
{
	int cnt = config_setting_length(group);
	struct strbuf known;
	size_t k;
	int i;

	strbuf_init(&known);
	for (k = 0; keys[k]; k++)
		strbuf_printf(&known, "%s%s", k ? ", " : "", keys[k]);

	for (i = 0; i < cnt; i++) {
		config_setting_t *setting =
			config_setting_get_elem(group, (unsigned int)i);
		const char *name = config_setting_name(setting);

		if (!key_is_known(name, keys))
			cfg_error(
				cfg, cfg_line(setting),
				"unknown key \"%.*s\" in a %s; known keys: %s",
				NAME_MAX, name, what, strbuf_str(&known));
	}
	strbuf_fini(&known);
}

/**
 * type_name() - What a setting is, for errors
 * @setting:	Any setting
 *
 * Return: static text
 */
static const char *type_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		return "a text";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	default:
		return "a list";
	}
}

/**
 * missing() - Report that a key is needed
 * @cfg:	Text
 * @group:	Group that lacks it
 * @what:	What the group is
 * @key:	The key
 */
static void missing(struct cfg *cfg, const config_setting_t *group,
		    const char *what, const char *key)
{
	/* The root has no line of its own. */
	cfg_error(cfg, cfg_line(group), "%s needs \"%s\"", what, key);
}

/**
 * wrong_type() - Report that a setting has the wrong type
 * @cfg:	Text
 * @setting:	The setting
 * @right:	What it must be: "a text in quotes"
 */
static void wrong_type(struct cfg *cfg, const config_setting_t *setting,
		       const char *right)
{
	const char *name = config_setting_name(setting);

	cfg_error(cfg, cfg_line(setting), "\"%.*s\" must be %s, not %s",
		  NAME_MAX, name ? name : "?", right, type_name(setting));
}

/**
 * string_value() - The text of a setting
 * @cfg:	Text
 * @setting:	The setting, or NULL
 * @def:	Result without a setting or after an error
 *
 * Return: copy in the arena, or @def
 */
static const char *string_value(struct cfg *cfg, config_setting_t *setting,
				const char *def)
{
	if (!setting)
		return def;
	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		wrong_type(cfg, setting, "a text in quotes");
		return def;
	}
	return arena_strdup(cfg->arena, config_setting_get_string(setting));
}

const char *cfg_string(struct cfg *cfg, config_setting_t *group,
		       const char *what, const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (!setting)
		missing(cfg, group, what, key);
	return string_value(cfg, setting, NULL);
}

const char *cfg_string_or(struct cfg *cfg, config_setting_t *group,
			  const char *key, const char *def)
{
	return string_value(cfg, config_setting_get_member(group, key), def);
}

/**
 * int_value() - The number of a setting
 * @cfg:	Text
 * @setting:	The setting, or NULL
 * @def:	Result without a setting or after an error
 * @min:	Smallest right value
 * @max:	Largest right value
 *
 * Return: the number, or @def
 */
static int64_t int_value(struct cfg *cfg, config_setting_t *setting,
			 int64_t def, int64_t min, int64_t max)
{
	int64_t value;

	if (!setting)
		return def;
	if (config_setting_type(setting) == CONFIG_TYPE_INT) {
		value = config_setting_get_int(setting);
	} else if (config_setting_type(setting) == CONFIG_TYPE_INT64) {
		value = config_setting_get_int64(setting);
	} else {
		wrong_type(cfg, setting, "a whole number");
		return def;
	}
	if (value < min || value > max) {
		cfg_error(cfg, cfg_line(setting),
			  "\"%s\" must be %" PRId64 " to %" PRId64
			  ", not %" PRId64,
			  config_setting_name(setting), min, max, value);
		return def;
	}
	return value;
}

int64_t cfg_int(struct cfg *cfg, config_setting_t *group, const char *what,
		const char *key, int64_t min, int64_t max)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (!setting)
		missing(cfg, group, what, key);
	return int_value(cfg, setting, 0, min, max);
}

int64_t cfg_int_or(struct cfg *cfg, config_setting_t *group, const char *key,
		   int64_t def, int64_t min, int64_t max)
{
	return int_value(cfg, config_setting_get_member(group, key), def, min,
			 max);
}

bool cfg_bool_or(struct cfg *cfg, config_setting_t *group, const char *key,
		 bool def)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (!setting)
		return def;
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
		wrong_type(cfg, setting, "true or false");
		return def;
	}
	return config_setting_get_bool(setting) == CONFIG_TRUE;
}

config_setting_t *cfg_group(struct cfg *cfg, config_setting_t *group,
			    const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (setting && !config_setting_is_group(setting)) {
		wrong_type(cfg, setting, "a group { }");
		return NULL;
	}
	return setting;
}

/**
 * is_sequence() - List or array?
 * @setting:	Any setting
 */
static bool is_sequence(const config_setting_t *setting)
{
	return config_setting_is_list(setting) ||
	       config_setting_is_array(setting);
}

config_setting_t *cfg_list(struct cfg *cfg, config_setting_t *group,
			   const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (setting && !is_sequence(setting)) {
		wrong_type(cfg, setting, "a list ( )");
		return NULL;
	}
	return setting;
}

config_setting_t *cfg_texts(struct cfg *cfg, config_setting_t *group,
			    const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (setting && !is_sequence(setting) &&
	    config_setting_type(setting) != CONFIG_TYPE_STRING) {
		wrong_type(cfg, setting, "a list [ ] of texts in quotes");
		return NULL;
	}
	return setting;
}

size_t cfg_list_len(const config_setting_t *list)
{
	if (!list)
		return 0;
	return is_sequence(list) ? (size_t)config_setting_length(list) : 1;
}

config_setting_t *cfg_list_elem(config_setting_t *list, size_t idx)
{
	return is_sequence(list)
		       ? config_setting_get_elem(list, (unsigned int)idx)
		       : list;
}

config_setting_t *cfg_elem_group(struct cfg *cfg, config_setting_t *list,
				 size_t idx, const char *what)
{
	config_setting_t *elem = cfg_list_elem(list, idx);

	if (!config_setting_is_group(elem)) {
		cfg_error(cfg, cfg_line(elem),
			  "each %s must be a group { }, not %s", what,
			  type_name(elem));
		return NULL;
	}
	return elem;
}

const char *cfg_elem_string(struct cfg *cfg, config_setting_t *list, size_t idx,
			    const char *what)
{
	config_setting_t *elem = cfg_list_elem(list, idx);

	if (config_setting_type(elem) != CONFIG_TYPE_STRING) {
		cfg_error(cfg, cfg_line(elem),
			  "each %s must be a text in quotes, not %s", what,
			  type_name(elem));
		return NULL;
	}
	return arena_strdup(cfg->arena, config_setting_get_string(elem));
}

const char **cfg_strings(struct cfg *cfg, config_setting_t *group,
			 const char *key, size_t *cnt)
{
	config_setting_t *list = cfg_texts(cfg, group, key);
	size_t len = cfg_list_len(list);
	const char **strings;
	const char *text;
	size_t i;

	*cnt = 0;
	if (!list)
		return NULL;
	strings = arena_array(cfg->arena, len, sizeof(*strings));
	for (i = 0; i < len; i++) {
		text = cfg_elem_string(cfg, list, i, key);
		if (text)
			strings[(*cnt)++] = text;
	}
	return strings;
}

/* SPDX-License-Identifier: MIT */

/*
 * cfgread.c - Typed reading of libconfig settings with complete errors
 */

#include "base/cfgread.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"

/**
 * find_include() - Line of an "@include" directive, 0 when there is none
 *
 * libconfig follows it at the start of a line only, and would open files.
 */
static unsigned int find_include(const char *text)
{
	unsigned int line = 1;

	while (text) {
		text += strspn(text, " \t");
		if (!strncmp(text, "@include", 8))
			return line;
		text = strchr(text, '\n');
		if (text)
			text++;
		line++;
	}
	return 0;
}

int cfg_open(struct cfg *cfg, const char *text, const char *path,
	     struct arena *arena, struct diag *diag)
{
	unsigned int line = find_include(text);

	*cfg = (struct cfg){.path = path, .diag = diag, .arena = arena};
	config_init(&cfg->config);
	if (line) {
		diag_error(diag, path, line,
			   "@include is not supported yet: put the text here");
		return -EBADMSG;
	}
	if (config_read_string(&cfg->config, text))
		return 0;
	diag_error(diag, path, (unsigned int)config_error_line(&cfg->config),
		   "%s: a setting is NAME = VALUE;",
		   config_error_text(&cfg->config));
	return -EBADMSG;
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
	config_setting_t *setting = config_setting_get_member(group, key);

	return cfg_line(setting ? setting : group);
}

void cfg_keys(struct cfg *cfg, config_setting_t *group, const char *what,
	      const char *const *keys)
{
	int cnt = config_setting_length(group);
	int i;

	for (i = 0; i < cnt; i++) {
		config_setting_t *setting =
			config_setting_get_elem(group, (unsigned int)i);
		const char *name = config_setting_name(setting);
		struct strbuf list;
		size_t k;

		for (k = 0; keys[k] && strcmp(keys[k], name); k++)
			;
		if (keys[k])
			continue;
		strbuf_init(&list);
		for (k = 0; keys[k]; k++)
			strbuf_printf(&list, "%s%s", k ? ", " : "", keys[k]);
		diag_error(cfg->diag, cfg->path, cfg_line(setting),
			   "unknown key \"%s\" in %s: known are %s", name, what,
			   strbuf_str(&list));
		strbuf_fini(&list);
	}
}

static const char *type_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "a boolean";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "a list";
	}
}

static void wrong_type(struct cfg *cfg, const config_setting_t *setting,
		       const char *right)
{
	const char *name = config_setting_name(setting);

	diag_error(cfg->diag, cfg->path, cfg_line(setting),
		   "%s%s%s is %s: it must be %s", name ? "\"" : "",
		   name ? name : "entry", name ? "\"" : "", type_name(setting),
		   right);
}

static void missing(struct cfg *cfg, const config_setting_t *group,
		    const char *what, const char *key)
{
	diag_error(cfg->diag, cfg->path, cfg_line(group), "%s needs \"%s\"",
		   what, key);
}

/** read_string() - A setting's string in the arena, NULL after an error */
static const char *read_string(struct cfg *cfg, const config_setting_t *setting)
{
	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		wrong_type(cfg, setting, "a string in quotes");
		return NULL;
	}
	return arena_strdup(cfg->arena, config_setting_get_string(setting));
}

const char *cfg_string(struct cfg *cfg, config_setting_t *group,
		       const char *what, const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (!setting) {
		missing(cfg, group, what, key);
		return NULL;
	}
	return read_string(cfg, setting);
}

const char *cfg_string_or(struct cfg *cfg, config_setting_t *group,
			  const char *key, const char *def)
{
	config_setting_t *setting = config_setting_get_member(group, key);
	const char *text = setting ? read_string(cfg, setting) : def;

	return text ? text : def;
}

/** read_int() - A setting's number, @def after an error */
static int64_t read_int(struct cfg *cfg, const config_setting_t *setting,
			int64_t def, int64_t min, int64_t max)
{
	int type = config_setting_type(setting);
	int64_t value;

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
		wrong_type(cfg, setting, "a number");
		return def;
	}
	value = type == CONFIG_TYPE_INT ? config_setting_get_int(setting)
					: config_setting_get_int64(setting);
	if (value >= min && value <= max)
		return value;
	diag_error(cfg->diag, cfg->path, cfg_line(setting),
		   "\"%s\" is %lld: it must be %lld to %lld",
		   config_setting_name(setting), (long long)value,
		   (long long)min, (long long)max);
	return def;
}

int64_t cfg_int(struct cfg *cfg, config_setting_t *group, const char *what,
		const char *key, int64_t min, int64_t max)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (!setting) {
		missing(cfg, group, what, key);
		return 0;
	}
	return read_int(cfg, setting, 0, min, max);
}

int64_t cfg_int_or(struct cfg *cfg, config_setting_t *group, const char *key,
		   int64_t def, int64_t min, int64_t max)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	return setting ? read_int(cfg, setting, def, min, max) : def;
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
	return config_setting_get_bool(setting) != 0;
}

config_setting_t *cfg_group(struct cfg *cfg, config_setting_t *group,
			    const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (setting && !config_setting_is_group(setting)) {
		wrong_type(cfg, setting, "a group { ... }");
		return NULL;
	}
	return setting;
}

config_setting_t *cfg_list(struct cfg *cfg, config_setting_t *group,
			   const char *key)
{
	config_setting_t *setting = config_setting_get_member(group, key);

	if (setting && !config_setting_is_list(setting) &&
	    !config_setting_is_array(setting)) {
		wrong_type(cfg, setting, "a list ( ... ) or [ ... ]");
		return NULL;
	}
	return setting;
}

const char **cfg_strings(struct cfg *cfg, config_setting_t *group,
			 const char *key, size_t *cnt)
{
	config_setting_t *list = config_setting_get_member(group, key);
	const char **strings;
	unsigned int len;
	unsigned int i;

	*cnt = 0;
	if (!list)
		return NULL;
	if (config_setting_type(list) == CONFIG_TYPE_STRING) {
		strings = arena_array(cfg->arena, 1, sizeof(*strings));
		strings[0] = read_string(cfg, list);
		*cnt = 1;
		return strings;
	}
	list = cfg_list(cfg, group, key);
	if (!list)
		return NULL;
	len = (unsigned int)config_setting_length(list);
	strings = arena_array(cfg->arena, len + 1, sizeof(*strings));
	for (i = 0; i < len; i++) {
		const char *text =
			read_string(cfg, config_setting_get_elem(list, i));

		if (text)
			strings[(*cnt)++] = text;
	}
	return strings;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * read.c - What reading gateways and reading sites have in common
 */

#include "policy/read.h"

bool read_fault(struct cfg *cfg, unsigned int line, const char *key,
		const char *text, const char *fault)
{
	if (fault)
		cfg_error(cfg, line, "%s \"%.100s\": %s", key, text, fault);
	return fault != NULL;
}

struct draft_text read_name(struct cfg *cfg, config_setting_t *group,
			    const char *what,
			    const char *(*judge)(const char *text))
{
	struct draft_text name = {
		.text = cfg_string(cfg, group, what, "name"),
		.line = cfg_key_line(group, "name"),
	};

	if (!name.text ||
	    read_fault(cfg, name.line, "name", name.text, judge(name.text)))
		name.text = "";
	return name;
}

/**
 * read_prefix() - One entry of a list of prefixes
 * @cfg:	Text
 * @text:	The entry, or NULL after an error
 * @what:	What it is
 * @judge:	Judges it
 * @prefix:	Receives it; its line is there already
 *
 * Return: true when it can be used
 */
static bool read_prefix(struct cfg *cfg, const char *text, const char *what,
			netval_prefix_fn *judge, struct draft_prefix *prefix)
{
	char right[IP_PREFIX_TEXT_SIZE];
	const char *fault;
	bool host_bits;

	if (!text)
		return false;
	fault = judge(text, &prefix->prefix, &host_bits);
	if (!host_bits)
		return !read_fault(cfg, prefix->line, what, text, fault);
	cfg_error(cfg, prefix->line, "%s \"%.100s\": %s %s", what, text, fault,
		  ip_prefix_format(&prefix->prefix, right));
	return true;
}

struct draft_prefix *read_prefixes(struct cfg *cfg, config_setting_t *group,
				   const char *key, const char *what,
				   netval_prefix_fn *judge, size_t *cnt,
				   bool *known)
{
	config_setting_t *list = cfg_texts(cfg, group, key);
	size_t len = cfg_list_len(list);
	struct draft_prefix *prefixes =
		arena_array(cfg->arena, len, sizeof(*prefixes));
	size_t i;

	*cnt = 0;
	*known = len != 0;
	for (i = 0; i < len; i++) {
		struct draft_prefix *prefix = &prefixes[*cnt];

		prefix->line = cfg_line(cfg_list_elem(list, i));
		if (read_prefix(cfg, cfg_elem_string(cfg, list, i, what), what,
				judge, prefix))
			++*cnt;
		else
			*known = false;
	}
	return prefixes;
}

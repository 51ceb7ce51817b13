/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * simtext.c - What the text of a ruleset tells beyond its JSON
 */

#include "steward/simtext.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "steward/sim_match.h"

/* As nft writes the target when it has no translation of it. */
#define UNTRANSLATED "xt target"

const char *simtext_line(const char *rules, const struct sim_place *place,
			 size_t *len)
{
	char head[320];
	char handle[32];
	const char *end;
	const char *at;

	snprintf(head, sizeof(head), "table %s %s {", place->family,
		 place->table);
	at = strstr(rules, head);
	snprintf(head, sizeof(head), "\n\tchain %s {", place->chain);
	at = at ? strstr(at, head) : NULL;
	if (!at)
		return NULL;
	snprintf(handle, sizeof(handle), " # handle %ld\n", place->handle);
	end = strstr(at + 1, handle);
	if (!end)
		return NULL;
	for (at = end; at > rules && at[-1] != '\n';)
		at--;
	at += strspn(at, "\t ");
	*len = (size_t)(end - at);
	return at;
}

bool simtext_wanted(const char *json)
{
	return strstr(json, "\"xt\"") && strstr(json, "\"CT\"");
}

/** has_word() - Does a word stand in a line, outside quotes? */
static bool has_word(const char *line, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	bool quoted = false;
	size_t i;

	for (i = 0; i + word_len <= len; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		if (!quoted && !strncmp(line + i, word, word_len) &&
		    (i == 0 || line[i - 1] == ' ') &&
		    (i + word_len == len || line[i + word_len] == ' '))
			return true;
	}
	return false;
}

/** is_ct() - Is a statement iptables' target CT? */
static bool is_ct(const json_t *expr)
{
	const json_t *xt = json_object_get(expr, "xt");
	const char *name = json_string_value(json_object_get(xt, "name"));

	return name && !strcmp(name, "CT");
}

/** settle() - A rule with such a statement becomes what its line says */
static void settle(json_t *rule, const char *rules)
{
	json_t *exprs = json_object_get(rule, "expr");
	const struct sim_place place = {
		.family = json_string_value(json_object_get(rule, "family")),
		.table = json_string_value(json_object_get(rule, "table")),
		.chain = json_string_value(json_object_get(rule, "chain")),
		.handle = (long)json_integer_value(
			json_object_get(rule, "handle")),
	};
	const char *line = NULL;
	json_t *expr;
	size_t len;
	size_t i;

	if (place.family && place.table && place.chain)
		line = simtext_line(rules, &place, &len);
	if (!line || has_word(line, len, UNTRANSLATED))
		return;
	json_array_foreach(exprs, i, expr)
	{
		if (is_ct(expr))
			json_array_set_new(
				exprs, i,
				json_pack("{s:n}",
					  has_word(line, len, SIM_NOTRACK)
						  ? "notrack"
						  : "comment"));
	}
}

void simtext_take(struct sim *sim, const char *rules)
{
	const char *key;
	json_t *list;
	json_t *rule;
	json_t *expr;
	size_t i;
	size_t n;

	json_object_foreach(sim->rules, key, list)
	{
		json_array_foreach(list, i, rule)
		{
			bool wanted = false;

			json_array_foreach(json_object_get(rule, "expr"), n,
					   expr)
			{
				wanted |= is_ct(expr);
			}
			if (wanted)
				settle(rule, rules);
		}
	}
}

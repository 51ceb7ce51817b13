/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iptsave.c - The rules of iptables-legacy in nftables' terms
 */

#include "steward/iptsave.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer words are cut: nothing that is looked at is as long. */
#define WORD_SIZE 256

/**
 * struct translation - The text so far
 * @list:	Objects, as nft has them
 * @table:	The one being read, with its suffix
 * @chains:	Chains of it: name to number of rules
 */
struct translation {
	const char *family;
	json_t *list;
	char table[WORD_SIZE];
	json_t *chains;
};

/** next_word() - Cut a word off a line; quotes hold it together
 *  Return: whether there was one */
static bool next_word(const char **line, char word[WORD_SIZE])
{
	const char *at = *line;
	bool quoted = false;
	size_t len = 0;

	while (*at == ' ')
		at++;
	if (!*at || *at == '\n')
		return false;
	for (; *at && *at != '\n' && (quoted || *at != ' '); at++) {
		if (*at == '"') {
			quoted = !quoted;
			continue;
		}
		if (*at == '\\' && at[1] && at[1] != '\n')
			at++;
		if (len + 1 < WORD_SIZE)
			word[len++] = *at;
	}
	word[len] = '\0';
	*line = at;
	return true;
}

/** next_value() - The word behind an option; "" when another option comes */
static void next_value(const char **line, char value[WORD_SIZE])
{
	const char *behind = *line;

	if (next_word(&behind, value) && value[0] != '-' &&
	    strcmp(value, "!") != 0)
		*line = behind;
	else
		value[0] = '\0';
}

/** match() - A match statement (@left and @right are consumed) */
static json_t *match(json_t *left, json_t *right, bool negated)
{
	return json_pack("{s:{s:s, s:o, s:o}}", "match", "op",
			 negated ? "!=" : "==", "left", left, "right", right);
}

static json_t *meta(const char *key)
{
	return json_pack("{s:{s:s}}", "meta", "key", key);
}

static json_t *payload(const char *protocol, const char *field)
{
	return json_pack("{s:{s:s, s:s}}", "payload", "protocol", protocol,
			 "field", field);
}

/** prefix_json() - "10.0.0.0/8" */
static json_t *prefix_json(const char *text)
{
	const char *slash = strchr(text, '/');

	if (!slash)
		return json_string(text);
	return json_pack("{s:{s:s#, s:i}}", "prefix", "addr", text,
			 (int)(slash - text), "len",
			 (int)strtol(slash + 1, NULL, 10));
}

/** ports_json() - "80", "80:90", "22,80:90" */
static json_t *ports_json(const char *text)
{
	json_t *set = json_array();

	while (*text) {
		char *end;
		long first = strtol(text, &end, 10);
		long last = first;

		if (*end == ':')
			last = strtol(end + 1, &end, 10);
		json_array_append_new(set, json_pack("{s:[i, i]}", "range",
						     (int)first, (int)last));
		text = *end == ',' ? end + 1 : "";
	}
	return json_pack("{s:o}", "set", set);
}

/** states_json() - "RELATED,ESTABLISHED" */
static json_t *states_json(const char *text)
{
	json_t *set = json_array();
	char word[WORD_SIZE];

	while (*text) {
		size_t len = strcspn(text, ",");
		size_t i;

		for (i = 0; i < len && i + 1 < sizeof(word); i++)
			word[i] = text[i] >= 'A' && text[i] <= 'Z'
					  ? (char)(text[i] - 'A' + 'a')
					  : text[i];
		word[i] = '\0';
		json_array_append_new(set, json_string(word));
		text += len + (text[len] == ',');
	}
	return json_pack("{s:o}", "set", set);
}

/** ifname_json() - "eth+" is nft's "eth*" */
static json_t *ifname_json(char *word)
{
	size_t len = strlen(word);

	if (len && word[len - 1] == '+')
		word[len - 1] = '*';
	return json_string(word);
}

/** option_json() - An option that asks something; NULL: not known here */
static json_t *option_json(const char *family, const char *option, char *value,
			   bool negated)
{
	if (!strcmp(option, "-s"))
		return match(payload(family, "saddr"), prefix_json(value),
			     negated);
	if (!strcmp(option, "-d"))
		return match(payload(family, "daddr"), prefix_json(value),
			     negated);
	if (!strcmp(option, "-i"))
		return match(meta("iifname"), ifname_json(value), negated);
	if (!strcmp(option, "-o"))
		return match(meta("oifname"), ifname_json(value), negated);
	if (!strcmp(option, "-p"))
		return match(meta("l4proto"), json_string(value), negated);
	if (!strcmp(option, "--dport") || !strcmp(option, "--dports"))
		return match(payload("th", "dport"), ports_json(value),
			     negated);
	if (!strcmp(option, "--sport") || !strcmp(option, "--sports"))
		return match(payload("th", "sport"), ports_json(value),
			     negated);
	if (!strcmp(option, "--ctstate") || !strcmp(option, "--state"))
		return match(json_pack("{s:{s:s}}", "ct", "key", "state"),
			     states_json(value), negated);
	return NULL;
}

/** is_silent() - A target that decides nothing */
static bool is_silent(const char *target)
{
	static const char *const targets[] = {
		"LOG", "NFLOG", "ULOG", "MARK",  "CONNMARK", "TCPMSS",
		"CT",  "SET",   "TOS",  "TRACE", "DSCP",     "CLASSIFY",
	};
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		if (!strcmp(target, targets[i]))
			return true;
	}
	return false;
}

/** target_json() - "-j TARGET"; NULL for one that decides nothing */
static json_t *target_json(const struct translation *to, const char *target,
			   bool comes_back)
{
	static const struct {
		const char *target;
		const char *verdict;
	} verdicts[] = {
		{"NOTRACK", "notrack"}, {"ACCEPT", "accept"}, {"DROP", "drop"},
		{"REJECT", "reject"},   {"RETURN", "return"},
	};
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		if (!strcmp(target, verdicts[i].target))
			return json_pack("{s:n}", verdicts[i].verdict);
	}
	if (json_object_get(to->chains, target))
		return json_pack("{s:{s:s}}", comes_back ? "jump" : "goto",
				 "target", target);
	return is_silent(target) ? NULL : json_pack("{s:n}", "xt");
}

/** add_rule() - "-A CHAIN ..." */
static void add_rule(struct translation *to, const char *line)
{
	json_t *exprs = json_array();
	json_t *verdict = NULL;
	char chain[WORD_SIZE];
	char option[WORD_SIZE];
	char value[WORD_SIZE];
	bool negated = false;
	json_int_t number;

	if (!next_word(&line, chain)) {
		json_decref(exprs);
		return;
	}
	while (next_word(&line, option)) {
		json_t *expr;

		if (!strcmp(option, "!")) {
			negated = true;
			continue;
		}
		if (option[0] != '-')
			continue; /* a second value of what is not known */
		next_value(&line, value);
		expr = option_json(to->family, option, value, negated);
		negated = false;
		if (expr)
			json_array_append_new(exprs, expr);
		else if (!strcmp(option, "-j") || !strcmp(option, "-g"))
			verdict = target_json(to, value, option[1] == 'j');
		else if (!strcmp(option, "--notrack") && !verdict)
			verdict = target_json(to, "NOTRACK", true);
		else if (strcmp(option, "-m") != 0 &&
			 strcmp(option, "--comment") != 0 &&
			 strcmp(option, "--reject-with") != 0 &&
			 (!verdict || json_object_get(verdict, "xt")))
			json_array_append_new(exprs, json_pack("{s:n}", "xt"));
	}
	if (verdict)
		json_array_append_new(exprs, verdict);
	number = json_integer_value(json_object_get(to->chains, chain)) + 1;
	json_object_set_new(to->chains, chain, json_integer(number));
	json_array_append_new(to->list,
			      json_pack("{s:{s:s, s:s, s:s, s:I, s:o}}", "rule",
					"family", to->family, "table",
					to->table, "chain", chain, "handle",
					number, "expr", exprs));
}

/** hook_of() - Hook of a chain that has one; NULL for the others */
static const char *hook_of(const char *chain)
{
	static const char *const hooks[][2] = {
		{"INPUT", "input"},
		{"FORWARD", "forward"},
		{"OUTPUT", "output"},
		{"PREROUTING", "prerouting"},
		{"POSTROUTING", "postrouting"},
	};
	size_t i;

	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++) {
		if (!strcmp(chain, hooks[i][0]))
			return hooks[i][1];
	}
	return NULL;
}

/** prio_of() - Where the chains of a table come */
static int prio_of(const char *table)
{
	return strncmp(table, "raw ", 4) ? 0 : -300;
}

/** add_chain() - ":FORWARD DROP [0:0]" */
static void add_chain(struct translation *to, const char *line)
{
	char name[WORD_SIZE];
	char policy[WORD_SIZE];
	const char *hook;
	json_t *chain;

	if (!next_word(&line, name) || !next_word(&line, policy))
		return;
	hook = hook_of(name);
	chain = json_pack("{s:s, s:s, s:s}", "family", to->family, "table",
			  to->table, "name", name);
	if (hook) {
		json_object_set_new(chain, "hook", json_string(hook));
		json_object_set_new(chain, "type", json_string("filter"));
		json_object_set_new(chain, "prio",
				    json_integer(prio_of(to->table)));
		json_object_set_new(chain, "policy",
				    json_string(strcmp(policy, "DROP")
							? "accept"
							: "drop"));
	}
	json_object_set_new(to->chains, name, json_integer(0));
	json_array_append_new(to->list, json_pack("{s:o}", "chain", chain));
}

/** read_line() - One line of the text */
static void read_line(struct translation *to, const char *line)
{
	char word[WORD_SIZE];

	if (line[0] == '*') {
		line++;
		(void)next_word(&line, word);
		snprintf(to->table, sizeof(to->table),
			 "%.64s" IPTSAVE_TABLE_SUFFIX, word);
		json_decref(to->chains);
		to->chains = json_object();
	} else if (line[0] == ':') {
		add_chain(to, line + 1);
	} else if (strncmp(line, "-A ", 3) == 0) {
		add_rule(to, line + 3);
	}
}

char *iptsave_to_json(const char *text, const char *family)
{
	struct translation to = {
		.family = family,
		.list = json_array(),
		.chains = json_object(),
	};
	json_t *root;
	char *json;

	while (*text) {
		size_t len = strcspn(text, "\n");

		read_line(&to, text);
		text += len + (text[len] == '\n');
	}
	root = json_pack("{s:o}", "nftables", to.list);
	json = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	json_decref(to.chains);
	return json;
}

char *iptsave_rule(const char *text, const char *table, const char *chain,
		   long handle)
{
	size_t table_len = strlen(table);
	bool here = false;

	if (table_len < strlen(IPTSAVE_TABLE_SUFFIX))
		return strdup("");
	table_len -= strlen(IPTSAVE_TABLE_SUFFIX);
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *at = text + 3;
		char word[WORD_SIZE];

		if (*text == '*')
			here = len == table_len + 1 &&
			       !strncmp(text + 1, table, table_len);
		if (here && !strncmp(text, "-A ", 3) && next_word(&at, word) &&
		    !strcmp(word, chain) && --handle == 0)
			return strndup(text, len);
		text += len + (text[len] == '\n');
	}
	return strdup("");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * state.c - What the steward must remember: the state file's text
 */

#include "steward/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* "SITE/SERVICE" */
#define FULL_NAME_LEN_MAX (2 * NAME_LEN_MAX + 1)
/* Digits of a setting's value. */
#define NUMBER_LEN_MAX 10

void state_init(struct state *state, struct arena *arena)
{
	*state = (struct state){.arena = arena};
}

bool name_list_has(const struct name_list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->cnt; i++) {
		if (strcmp(list->names[i], name) == 0)
			return true;
	}
	return false;
}

void state_add(struct state *state, struct name_list *list, const char *name)
{
	if (name_list_has(list, name))
		return;
	if (list->cnt == list->size) {
		size_t size = list->size ? 2 * list->size : 8;
		const char **names =
			arena_array(state->arena, size, sizeof(*names));

		if (list->cnt)
			memcpy(names, list->names, list->cnt * sizeof(*names));
		list->names = names;
		list->size = size;
	}
	list->names[list->cnt++] = arena_strdup(state->arena, name);
}

void state_keep(struct name_list *list, bool (*good)(const char *name))
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < list->cnt; i++) {
		if (good(list->names[i]))
			list->names[kept++] = list->names[i];
	}
	list->cnt = kept;
}

void state_set(struct state *state, const char *path, long before, long found)
{
	size_t i;

	for (i = 0; i < state->setting_cnt; i++) {
		if (strcmp(state->settings[i].path, path) == 0)
			return;
	}
	if (state->setting_cnt == state->setting_size) {
		size_t size = state->setting_size ? 2 * state->setting_size : 8;
		struct state_setting *settings =
			arena_array(state->arena, size, sizeof(*settings));

		if (state->setting_cnt)
			memcpy(settings, state->settings,
			       state->setting_cnt * sizeof(*settings));
		state->settings = settings;
		state->setting_size = size;
	}
	state->settings[state->setting_cnt++] = (struct state_setting){
		arena_strdup(state->arena, path), before, found};
}

void state_take_listing(struct state *state, struct name_list *list,
			const char *listing)
{
	const char *at = strstr(listing, "elements = {");
	const char *end = at ? strchr(at, '}') : NULL;

	while (end) {
		const char *open = memchr(at, '"', (size_t)(end - at));
		const char *close =
			open ? memchr(open + 1, '"', (size_t)(end - open - 1))
			     : NULL;
		char name[IFNAME_LEN_MAX + 1];
		size_t len = close ? (size_t)(close - open - 1) : 0;

		if (!close)
			return;
		if (len && len <= IFNAME_LEN_MAX) {
			memcpy(name, open + 1, len);
			name[len] = '\0';
			state_add(state, list, name);
		}
		at = close + 1;
	}
}

/**
 * parse_id() - "NAME NUMBER"; the name may have spaces in it
 * @line:	Changed
 * @id:		Receives both; the name points into @line
 */
static bool parse_id(char *line, struct plan_id *id)
{
	char *space = strrchr(line, ' ');
	unsigned long number;
	char *end;

	if (!space || space == line || space - line > FULL_NAME_LEN_MAX)
		return false;
	*space = '\0';
	if (space[1] < '1' || space[1] > '9')
		return false;
	number = strtoul(space + 1, &end, 10);
	if (*end || number > PLAN_ID_MAX)
		return false;
	*id = (struct plan_id){line, (uint32_t)number};
	return true;
}

/** parse_number() - Decimal digits up to @end; Return: whether it is one */
static bool parse_number(const char *text, char end, long *number,
			 const char **rest)
{
	char *stop;

	if (*text < '0' || *text > '9' || strlen(text) > 2 * NUMBER_LEN_MAX)
		return false;
	*number = strtol(text, &stop, 10);
	*rest = stop + 1;
	return stop - text <= NUMBER_LEN_MAX && *stop == end;
}

/** parse_setting() - "PATH BEFORE FOUND"; a path that leads elsewhere is none */
static bool parse_setting(struct state *state, char *line)
{
	char *space = strchr(line, ' ');
	const char *rest;
	long before;
	long found;

	if (!space || space == line || strncmp(line, "net/", 4) != 0)
		return false;
	*space = '\0';
	if (strstr(line, "..") ||
	    !parse_number(space + 1, ' ', &before, &rest) ||
	    !parse_number(rest, '\0', &found, &rest))
		return false;
	state_set(state, line, before, found);
	return true;
}

/**
 * parse_ifname() - "KEYWORD NAME": a name for a list
 *
 * Return: whether it is such a line, and good
 */
static bool parse_ifname(struct state *state, const char *line,
			 const char *keyword, struct name_list *list)
{
	const char *name = line + strlen(keyword);
	size_t len;

	if (strncmp(line, keyword, strlen(keyword)) != 0)
		return false;
	len = strlen(name);
	if (len == 0 || len > IFNAME_LEN_MAX || strchr(name, ' '))
		return false;
	state_add(state, list, name);
	return true;
}

/**
 * parse_line() - One line, whose end is a NUL
 * @line:	Changed; what is kept points into it
 *
 * Return: whether it means something
 */
static bool parse_line(struct state *state, char *line)
{
	if (strncmp(line, "setting ", 8) == 0)
		return parse_setting(state, line + 8);
	if (strncmp(line, "id ", 3) == 0) {
		if (!parse_id(line + 3, &state->ids[state->id_cnt]))
			return false;
		state->id_cnt++;
		return true;
	}
	if (strcmp(line, "forwarding6 *") == 0) {
		state->opened6_all = true;
		return true;
	}
	return !*line || *line == '#' ||
	       parse_ifname(state, line, "forwarding ", &state->opened) ||
	       parse_ifname(state, line, "forwarding6 ", &state->opened6) ||
	       parse_ifname(state, line, "lro ", &state->lro);
}

/** line_cnt() - An upper bound of the lines of a text */
static size_t line_cnt(const char *text)
{
	size_t cnt = 1;

	for (; *text; text++)
		cnt += *text == '\n';
	return cnt;
}

size_t state_parse(struct state *state, const char *text)
{
	char *line = arena_strdup(state->arena, text);
	size_t skipped = 0;

	state->ids =
		arena_array(state->arena, line_cnt(text), sizeof(*state->ids));
	while (line) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		if (!parse_line(state, line))
			skipped++;
		line = end;
	}
	return skipped;
}

/** print_names() - One line per name of a list */
static void print_names(const struct name_list *list, const char *keyword,
			struct strbuf *out)
{
	size_t i;

	for (i = 0; i < list->cnt; i++)
		strbuf_printf(out, "%s %s\n", keyword, list->names[i]);
}

void state_print(const struct state *state, struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "# relaytun: what this gateway must put back, and "
			   "the marks it gave.\n"
			   "# \"forwarding IF\": was off before it came.\n");
	print_names(&state->opened, "forwarding", out);
	print_names(&state->opened6, "forwarding6", out);
	if (state->opened6_all)
		strbuf_printf(out, "forwarding6 *\n");
	print_names(&state->lro, "lro", out);
	for (i = 0; i < state->setting_cnt; i++)
		strbuf_printf(
			out, "setting %s %ld %ld\n", state->settings[i].path,
			state->settings[i].before, state->settings[i].found);
	for (i = 0; i < state->id_cnt; i++)
		strbuf_printf(out, "id %s %u\n", state->ids[i].name,
			      state->ids[i].id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct plan_id *)a)->name,
		      ((const struct plan_id *)b)->name);
}

/**
 * take_id() - Remember an id, unless the name has one
 * @state:	With room behind its ids
 * @old_cnt:	So many of them are ordered by name
 * @site:	Name of the site
 * @name:	Name of the service or route
 * @id:		Its id
 */
static void take_id(struct state *state, size_t old_cnt, const char *site,
		    const char *name, uint32_t id)
{
	char full[FULL_NAME_LEN_MAX + 1];
	struct plan_id key = {.name = full, .id = id};

	snprintf(full, sizeof(full), "%s/%s", site, name);
	if (bsearch(&key, state->ids, old_cnt, sizeof(key), by_name))
		return;
	key.name = arena_strdup(state->arena, full);
	state->ids[state->id_cnt++] = key;
}

void state_take_ids(struct state *state, const struct plan *plan)
{
	size_t old_cnt = state->id_cnt;
	size_t new_cnt = plan->service_cnt + plan->grant_cnt;
	struct plan_id *ids =
		arena_array(state->arena, old_cnt + new_cnt + 1, sizeof(*ids));
	size_t i;

	if (old_cnt) {
		memcpy(ids, state->ids, old_cnt * sizeof(*ids));
		qsort(ids, old_cnt, sizeof(*ids), by_name);
	}
	state->ids = ids;
	for (i = 0; i < plan->service_cnt; i++)
		take_id(state, old_cnt, plan->services[i].site->name,
			plan->services[i].service->name, plan->services[i].id);
	for (i = 0; i < plan->grant_cnt; i++)
		take_id(state, old_cnt, plan->grants[i].site->name,
			plan->grants[i].route->name, plan->grants[i].id);
}

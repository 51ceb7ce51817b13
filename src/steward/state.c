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

void state_init(struct state *state, struct arena *arena)
{
	*state = (struct state){.arena = arena};
}

bool state_is_opened(const struct state *state, const char *ifname)
{
	size_t i;

	for (i = 0; i < state->opened_cnt; i++) {
		if (strcmp(state->opened[i], ifname) == 0)
			return true;
	}
	return false;
}

void state_open(struct state *state, const char *ifname)
{
	if (state_is_opened(state, ifname))
		return;
	if (state->opened_cnt == state->opened_size) {
		size_t size = state->opened_size ? 2 * state->opened_size : 8;
		const char **opened =
			arena_array(state->arena, size, sizeof(*opened));

		if (state->opened_cnt)
			memcpy(opened, state->opened,
			       state->opened_cnt * sizeof(*opened));
		state->opened = opened;
		state->opened_size = size;
	}
	state->opened[state->opened_cnt++] = arena_strdup(state->arena, ifname);
}

void state_take_listing(struct state *state, const char *listing)
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
			state_open(state, name);
		}
		at = close + 1;
	}
}

void state_forget(struct state *state, const char *ifname)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < state->opened_cnt; i++) {
		if (strcmp(state->opened[i], ifname) != 0)
			state->opened[kept++] = state->opened[i];
	}
	state->opened_cnt = kept;
}

/**
 * parse_id() - "NAME NUMBER"
 * @line:	Changed
 * @id:		Receives both; the name points into @line
 */
static bool parse_id(char *line, struct plan_id *id)
{
	char *space = strchr(line, ' ');
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

/**
 * parse_line() - One line, whose end is a NUL
 * @line:	Changed; what is kept points into it
 *
 * Return: whether it means something
 */
static bool parse_line(struct state *state, char *line)
{
	if (strncmp(line, "forwarding ", 11) == 0) {
		size_t len = strlen(line + 11);

		if (len == 0 || len > IFNAME_LEN_MAX || strchr(line + 11, ' '))
			return false;
		state_open(state, line + 11);
		return true;
	}
	if (strncmp(line, "id ", 3) == 0) {
		if (!parse_id(line + 3, &state->ids[state->id_cnt]))
			return false;
		state->id_cnt++;
		return true;
	}
	return !*line || *line == '#';
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

void state_print(const struct state *state, struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "# relaytun: what this gateway must put back, and "
			   "the marks it gave.\n"
			   "# \"forwarding IF\": was off before it came.\n");
	for (i = 0; i < state->opened_cnt; i++)
		strbuf_printf(out, "forwarding %s\n", state->opened[i]);
	for (i = 0; i < state->id_cnt; i++)
		strbuf_printf(out, "id %s %u\n", state->ids[i].name,
			      state->ids[i].id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct plan_id *)a)->name,
		      ((const struct plan_id *)b)->name);
}

void state_take_ids(struct state *state, const struct plan *plan)
{
	size_t old_cnt = state->id_cnt;
	struct plan_id *ids = arena_array(
		state->arena, old_cnt + plan->service_cnt + 1, sizeof(*ids));
	char name[FULL_NAME_LEN_MAX + 1];
	size_t i;

	if (old_cnt) {
		memcpy(ids, state->ids, old_cnt * sizeof(*ids));
		qsort(ids, old_cnt, sizeof(*ids), by_name);
	}
	for (i = 0; i < plan->service_cnt; i++) {
		const struct plan_service *entry = &plan->services[i];
		struct plan_id key = {.name = name, .id = entry->id};

		snprintf(name, sizeof(name), "%s/%s", entry->site->name,
			 entry->service->name);
		if (bsearch(&key, ids, old_cnt, sizeof(*ids), by_name))
			continue;
		key.name = arena_strdup(state->arena, name);
		ids[state->id_cnt++] = key;
	}
	state->ids = ids;
}

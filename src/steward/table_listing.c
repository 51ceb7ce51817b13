/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * table_listing.c - Is a table that the kernel lists still whole?
 */

#include "steward/table_listing.h"

#include <stdlib.h>
#include <string.h>

/** struct shape - An object: what it is, and how much is in it */
struct shape {
	const char *title; /* "chain forward"; not ended */
	size_t title_len;
	size_t line_cnt;
};

/** struct shapes - Those of a table (heap) */
struct shapes {
	struct shape *list;
	size_t cnt;
	size_t size;
};

/** begin() - The next object */
static void begin(struct shapes *shapes, const char *title, size_t title_len)
{
	if (shapes->cnt == shapes->size) {
		size_t size = shapes->size ? 2 * shapes->size : 256;
		struct shape *larger =
			reallocarray(shapes->list, size, sizeof(*larger));

		if (!larger)
			abort();
		shapes->list = larger;
		shapes->size = size;
	}
	shapes->list[shapes->cnt++] = (struct shape){title, title_len, 0};
}

/** starts() - Does a line begin so? */
static bool starts(const char *line, size_t len, const char *with)
{
	size_t with_len = strlen(with);

	return len >= with_len && memcmp(line, with, with_len) == 0;
}

/** count_elements() - Of one line of them; Return: whether more follow */
static bool count_elements(struct shape *shape, const char *line, size_t len)
{
	bool more = true;
	bool any = false;
	size_t i;

	for (i = 0; i < len && more; i++) {
		if (line[i] == '}') {
			more = false;
		} else if (line[i] == ',') {
			shape->line_cnt += any;
			any = false;
		} else if (line[i] != ' ' && line[i] != '\t') {
			any = true;
		}
	}
	shape->line_cnt += any;
	return more;
}

/** count_line() - A line of an object, two tabs in; Return: whether elements
 *  follow */
static bool count_line(struct shape *shape, const char *line, size_t len)
{
	static const char elements[] = "elements = {";

	if (starts(line, len, elements))
		return count_elements(shape, line + sizeof(elements) - 1,
				      len - (sizeof(elements) - 1));
	if (starts(shape->title, shape->title_len, "chain ") &&
	    !starts(line, len, "comment ") && !starts(line, len, "type "))
		shape->line_cnt++;
	return false;
}

/** read_listing() - All objects of a listing; they point into it */
static void read_listing(const char *at, struct shapes *shapes)
{
	bool in_elements = false;

	while (*at) {
		size_t len = strcspn(at, "\n");
		size_t depth = strspn(at, "\t");
		const char *text = at + depth;
		size_t text_len = len - depth;

		if (in_elements)
			in_elements = count_elements(
				&shapes->list[shapes->cnt - 1], text, text_len);
		else if (depth == 1 && text_len > 2 &&
			 starts(text + text_len - 2, 2, " {"))
			begin(shapes, text, text_len - 2);
		else if (depth == 2 && shapes->cnt)
			in_elements = count_line(&shapes->list[shapes->cnt - 1],
						 text, text_len);
		at += len + (at[len] == '\n');
	}
}

static int by_title(const void *a, const void *b)
{
	const struct shape *x = a;
	const struct shape *y = b;
	size_t len = x->title_len < y->title_len ? x->title_len : y->title_len;
	int order = memcmp(x->title, y->title, len);

	if (order)
		return order;
	return x->title_len < y->title_len ? -1 : x->title_len > y->title_len;
}

static void sort(struct shapes *shapes)
{
	if (shapes->cnt)
		qsort(shapes->list, shapes->cnt, sizeof(*shapes->list),
		      by_title);
}

bool table_matches(const struct table *table, const char *listing)
{
	struct shapes found = {0};
	struct shapes wanted = {0};
	struct strbuf script;
	bool same;
	size_t i;

	/* Our own script has the same form, one element a line. */
	strbuf_init(&script);
	table_print(table, &script);
	read_listing(strbuf_str(&script), &wanted);
	read_listing(listing, &found);
	sort(&wanted);
	sort(&found);
	same = wanted.cnt == found.cnt;
	for (i = 0; same && i < wanted.cnt; i++)
		same = !by_title(&wanted.list[i], &found.list[i]) &&
		       wanted.list[i].line_cnt == found.list[i].line_cnt;
	free(found.list);
	free(wanted.list);
	strbuf_fini(&script);
	return same;
}

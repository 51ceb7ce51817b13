/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * table_diff.c - From one table to another by differences
 */

#include "steward/table_diff.h"

#include <stdlib.h>
#include <string.h>

/**
 * DOC: Order of a script
 *
 * An object can only go when nothing refers to it, and only be referred to once
 * it is there.  So first go elements and the rules of chains that change or go;
 * then comes everything new, in one `table` block, which adds to a table that
 * stands; then elements, which may lead to new chains; and what nothing refers
 * to any more goes last: maps before the chains they led to.
 *
 * An element whose value changes is deleted and added in the same transaction:
 * no packet finds it missing.
 */

/** struct pairing - Objects of both tables by kind and name */
struct pairing {
	const struct table *table;
	const struct table_object **old;
	const struct table_object **new;
	size_t old_cnt;
	size_t new_cnt;
};

/** enum part - What is written in one walk over all objects */
enum part {
	PART_DELETE_ELEMENTS,
	PART_FLUSH,
	PART_ADD,
	PART_ADD_ELEMENTS,
	PART_DELETE_SETS,
	PART_DELETE_CHAINS,
	PART_DELETE_TIMEOUTS,
	PART_CNT,
};

static int by_name(const void *a, const void *b)
{
	const struct table_object *x = *(const struct table_object *const *)a;
	const struct table_object *y = *(const struct table_object *const *)b;

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return strcmp(x->name, y->name);
}

/** sorted() - Pointers to the objects of a table, by kind and name */
static const struct table_object **sorted(const struct table *table)
{
	const struct table_object **list =
		calloc(table->object_cnt + 1, sizeof(*list));
	size_t i;

	if (!list)
		abort();
	for (i = 0; i < table->object_cnt; i++)
		list[i] = &table->objects[i];
	qsort(list, table->object_cnt, sizeof(*list), by_name);
	return list;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/** same_lines() - The same lines in the same order? */
static bool same_lines(const struct table_object *a,
		       const struct table_object *b)
{
	size_t i;

	if (a->line_cnt != b->line_cnt)
		return false;
	for (i = 0; i < a->line_cnt; i++) {
		if (!same_text(a->lines[i].key, b->lines[i].key) ||
		    !same_text(a->lines[i].value, b->lines[i].value))
			return false;
	}
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct table_line *x = *(const struct table_line *const *)a;
	const struct table_line *y = *(const struct table_line *const *)b;

	return strcmp(x->key, y->key);
}

/** sorted_lines() - Pointers to the elements of a set, by key */
static const struct table_line **sorted_lines(const struct table_object *set)
{
	const struct table_line **list =
		calloc(set->line_cnt + 1, sizeof(*list));
	size_t i;

	if (!list)
		abort();
	for (i = 0; i < set->line_cnt; i++)
		list[i] = &set->lines[i];
	if (set->line_cnt)
		qsort(list, set->line_cnt, sizeof(*list), by_key);
	return list;
}

/** add_text() - A text as it is */
static void add_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text, strlen(text));
}

/** print_missing() - Elements of @a that @b has not, with the same value
 *  @command:	Begin of the command, "add element inet TABLE"
 *  @with_value: Print values, too */
static void print_missing(const struct table_object *a,
			  const struct table_object *b, const char *command,
			  const char *table, bool with_value,
			  struct strbuf *out)
{
	const struct table_line **mine = sorted_lines(a);
	const struct table_line **others = sorted_lines(b);
	size_t cnt = 0;
	size_t k = 0;
	size_t i;

	for (i = 0; i < a->line_cnt; i++) {
		while (k < b->line_cnt &&
		       strcmp(others[k]->key, mine[i]->key) < 0)
			k++;
		if (k < b->line_cnt && !strcmp(others[k]->key, mine[i]->key) &&
		    same_text(others[k]->value, mine[i]->value))
			continue;
		if (!cnt++)
			strbuf_printf(out, "%s element inet %s %s {\n", command,
				      table, a->name);
		else
			add_text(out, ",\n");
		strbuf_printf(out, "\t%s", mine[i]->key);
		if (with_value && mine[i]->value)
			strbuf_printf(out, " : %s", mine[i]->value);
	}
	if (cnt)
		add_text(out, "\n}\n");
	free(others);
	free(mine);
}

/** gone() - An object that is no longer wanted */
static void gone(const struct pairing *pair, const struct table_object *old,
		 enum part part, struct strbuf *out)
{
	static const struct table_object nothing = {.name = ""};
	bool chain = old->kind == TABLE_CHAIN;
	bool timeout = old->kind == TABLE_TIMEOUT;
	enum part end = chain     ? PART_DELETE_CHAINS
			: timeout ? PART_DELETE_TIMEOUTS
				  : PART_DELETE_SETS;

	if (part == PART_FLUSH && chain && old->line_cnt)
		strbuf_printf(out, "flush chain inet %s %s\n",
			      pair->table->name, old->name);
	/* Chains that it leads to can go only then. */
	if (part == PART_DELETE_ELEMENTS && old->kind == TABLE_MAP)
		print_missing(old, &nothing, "delete", pair->table->name, false,
			      out);
	if (part == end)
		strbuf_printf(out, "delete %s inet %s %s\n",
			      table_kind_word(old->kind), pair->table->name,
			      old->name);
}

/** came() - A new object */
static void came(const struct table_object *new, enum part part,
		 struct strbuf *out)
{
	if (part == PART_ADD)
		table_print_object(new, out);
}

/** changed() - One that stands and has other lines */
static void changed(const struct pairing *pair, const struct table_object *old,
		    const struct table_object *new, enum part part,
		    struct strbuf *out)
{
	if (new->kind == TABLE_CHAIN) {
		if (part == PART_FLUSH && old->line_cnt)
			strbuf_printf(out, "flush chain inet %s %s\n",
				      pair->table->name, old->name);
		if (part == PART_ADD)
			table_print_object(new, out);
		return;
	}
	if (part == PART_DELETE_ELEMENTS)
		print_missing(old, new, "delete", pair->table->name, false,
			      out);
	if (part == PART_ADD_ELEMENTS)
		print_missing(new, old, "add", pair->table->name, true, out);
}

/** walk() - One part of the script, over the objects of both tables */
static void walk(const struct pairing *pair, enum part part, struct strbuf *out)
{
	size_t o = 0;
	size_t n = 0;

	while (o < pair->old_cnt || n < pair->new_cnt) {
		int order = o == pair->old_cnt ? 1
			    : n == pair->new_cnt
				    ? -1
				    : by_name(&pair->old[o], &pair->new[n]);

		if (order < 0)
			gone(pair, pair->old[o++], part, out);
		else if (order > 0)
			came(pair->new[n++], part, out);
		else if (same_lines(pair->old[o], pair->new[n]))
			o++, n++;
		else
			changed(pair, pair->old[o++], pair->new[n++], part,
				out);
	}
}

/** same_heads() - Is what stands under one name the same thing in both? */
static bool same_heads(const struct pairing *pair)
{
	size_t o = 0;
	size_t n = 0;

	while (o < pair->old_cnt && n < pair->new_cnt) {
		int order = by_name(&pair->old[o], &pair->new[n]);

		if (!order &&
		    strcmp(pair->old[o]->head, pair->new[n]->head) != 0)
			return false;
		o += order <= 0;
		n += order >= 0;
	}
	return true;
}

/** write_script() - All parts; the new objects in one block */
static void write_script(const struct pairing *pair, struct strbuf *out)
{
	enum part part;

	for (part = 0; part < PART_CNT; part++) {
		struct strbuf text;

		strbuf_init(&text);
		walk(pair, part, &text);
		if (part == PART_ADD && text.len)
			strbuf_printf(out, "table inet %s {%s}\n",
				      pair->table->name, strbuf_str(&text));
		else
			strbuf_add(out, strbuf_str(&text), text.len);
		strbuf_fini(&text);
	}
}

enum table_diff table_diff(const struct table *old, const struct table *new,
			   struct strbuf *out)
{
	struct pairing pair = {
		.table = new,
		.old_cnt = old->object_cnt,
		.new_cnt = new->object_cnt,
	};
	size_t before = out->len;
	enum table_diff ret = TABLE_DIFF_REPLACE;

	if (strcmp(old->name, new->name) != 0 ||
	    !same_text(old->comment, new->comment))
		return TABLE_DIFF_REPLACE;
	pair.old = sorted(old);
	pair.new = sorted(new);
	if (same_heads(&pair)) {
		write_script(&pair, out);
		ret = out->len == before ? TABLE_DIFF_NONE : TABLE_DIFF_SCRIPT;
	}
	free(pair.old);
	free(pair.new);
	return ret;
}

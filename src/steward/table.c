/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * table.c - One nf_tables table as a list of named objects
 */

#include "steward/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * DOC: Form of the script
 *
 * One line, one thing, and its indentation says what: one tab an object, two
 * its head and rules, three an element.  So a script that was stored can be read
 * back without a parser of nft's language, and `nft -f` takes it as well.
 *
 * The first two lines create and delete the table, so that the third may create
 * it whether or not one stands.
 */

#define FNV64_OFFSET_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV64_PRIME        UINT64_C(0x100000001b3)

#define SEAL_PREFIX        "is_"

static const char *const kind_words[] = {
	[TABLE_TIMEOUT] = "ct timeout",
	[TABLE_SET] = "set",
	[TABLE_MAP] = "map",
	[TABLE_CHAIN] = "chain",
};
#define KIND_CNT (sizeof(kind_words) / sizeof(*kind_words))

struct table *table_new(const char *name, const char *comment)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		abort();
	arena_init(&table->arena);
	table->name = arena_strdup(&table->arena, name);
	if (comment)
		table->comment = arena_strdup(&table->arena, comment);
	return table;
}

void table_rename(struct table *table, const char *name)
{
	table->name = arena_strdup(&table->arena, name);
}

void table_free(struct table *table)
{
	if (table)
		arena_fini(&table->arena);
	free(table);
}

/** grow() - A larger copy of an array; the old one stays in the arena */
static void *grow(struct arena *arena, const void *items, size_t cnt,
		  size_t size, size_t item_size)
{
	void *larger = arena_array(arena, size, item_size);

	if (cnt)
		memcpy(larger, items, cnt * item_size);
	return larger;
}

void table_add(struct table *table, enum table_kind kind, const char *name,
	       const char *head)
{
	struct arena *arena = &table->arena;

	if (table->object_cnt == table->object_size) {
		size_t size = table->object_size ? 2 * table->object_size : 64;

		table->objects = grow(arena, table->objects, table->object_cnt,
				      size, sizeof(*table->objects));
		table->object_size = size;
	}
	table->objects[table->object_cnt++] = (struct table_object){
		.kind = kind,
		.name = arena_strdup(arena, name),
		.head = arena_strdup(arena, head),
	};
}

void table_line(struct table *table, const char *key, const char *value)
{
	struct table_object *object = &table->objects[table->object_cnt - 1];
	struct arena *arena = &table->arena;

	assert(table->object_cnt);
	if (object->line_cnt == object->line_size) {
		size_t size = object->line_size ? 4 * object->line_size : 4;

		object->lines = grow(arena, object->lines, object->line_cnt,
				     size, sizeof(*object->lines));
		object->line_size = size;
	}
	object->lines[object->line_cnt++] = (struct table_line){
		.key = arena_strdup(arena, key),
		.value = value ? arena_strdup(arena, value) : NULL,
	};
}

/** hash() - FNV-1a over a text and its NUL; NULL is another text than "" */
static uint64_t hash(uint64_t sum, const char *text)
{
	if (!text)
		return (sum ^ 0xff) * FNV64_PRIME;
	do {
		sum = (sum ^ (uint8_t)*text) * FNV64_PRIME;
	} while (*text++);
	return sum;
}

void table_seal(struct table *table)
{
	uint64_t sum = hash(FNV64_OFFSET_BASIS, table->name);
	char name[sizeof(SEAL_PREFIX) + 16];
	size_t i;
	size_t l;

	sum = hash(sum, table->comment);
	for (i = 0; i < table->object_cnt; i++) {
		const struct table_object *object = &table->objects[i];

		sum = hash(sum, kind_words[object->kind]);
		sum = hash(sum, object->name);
		sum = hash(sum, object->head);
		for (l = 0; l < object->line_cnt; l++) {
			sum = hash(sum, object->lines[l].key);
			sum = hash(sum, object->lines[l].value);
		}
	}
	snprintf(name, sizeof(name), SEAL_PREFIX "%016" PRIx64, sum);
	table_add(table, TABLE_CHAIN, name, "");
}

const char *table_seal_name(const struct table *table)
{
	const struct table_object *last;

	if (!table->object_cnt)
		return NULL;
	last = &table->objects[table->object_cnt - 1];
	if (last->kind != TABLE_CHAIN ||
	    strncmp(last->name, SEAL_PREFIX, strlen(SEAL_PREFIX)) != 0)
		return NULL;
	return last->name;
}

const struct table_object *table_find(const struct table *table,
				      enum table_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < table->object_cnt; i++) {
		if (table->objects[i].kind == kind &&
		    strcmp(table->objects[i].name, name) == 0)
			return &table->objects[i];
	}
	return NULL;
}

/** print_text() - Without printf's cost: there may be 100,000 of them */
static void print_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text, strlen(text));
}

/** print_head() - Each of its lines two tabs in */
static void print_head(const char *head, struct strbuf *out)
{
	while (*head) {
		size_t len = strcspn(head, "\n") + 1;

		print_text(out, "\t\t");
		strbuf_add(out, head, len);
		head += len;
	}
}

static void print_elements(const struct table_object *object,
			   struct strbuf *out)
{
	size_t i;

	if (!object->line_cnt)
		return;
	print_text(out, "\t\telements = {\n");
	for (i = 0; i < object->line_cnt; i++) {
		print_text(out, "\t\t\t");
		print_text(out, object->lines[i].key);
		if (object->lines[i].value) {
			print_text(out, " : ");
			print_text(out, object->lines[i].value);
		}
		print_text(out, i + 1 < object->line_cnt ? ",\n" : "\n");
	}
	print_text(out, "\t\t}\n");
}

static void print_rules(const struct table_object *object, struct strbuf *out)
{
	size_t i;

	for (i = 0; i < object->line_cnt; i++) {
		print_text(out, "\t\t");
		print_text(out, object->lines[i].key);
		print_text(out, "\n");
	}
}

void table_print_object(const struct table_object *object, struct strbuf *out)
{
	strbuf_printf(out, "\n\t%s %s {\n", kind_words[object->kind],
		      object->name);
	print_head(object->head, out);
	if (object->kind == TABLE_CHAIN)
		print_rules(object, out);
	else
		print_elements(object, out);
	print_text(out, "\t}\n");
}

const char *table_kind_word(enum table_kind kind)
{
	return kind_words[kind];
}

void table_print(const struct table *table, struct strbuf *out)
{
	size_t i;

	strbuf_printf(out,
		      "table inet %s\n"
		      "delete table inet %s\n"
		      "table inet %s {\n",
		      table->name, table->name, table->name);
	if (table->comment)
		strbuf_printf(out, "\tcomment %s\n", table->comment);
	for (i = 0; i < table->object_cnt; i++)
		table_print_object(&table->objects[i], out);
	print_text(out, "}\n");
}

/**
 * struct reading - Where table_parse() is
 * @at:		Rest of the text
 * @line:	The line taken last, without its newline (heap, changed freely)
 * @table:	Being built
 * @head:	Of the object whose lines are being read
 * @in_object:	Between an object's braces
 * @in_elements: Between those of its elements
 */
struct reading {
	const char *at;
	char *line;
	struct table *table;
	struct strbuf head;
	bool in_object;
	bool in_elements;
};

/** next_line() - Take one; Return: whether there was one */
static bool next_line(struct reading *reading)
{
	size_t len = strcspn(reading->at, "\n");

	if (!*reading->at)
		return false;
	free(reading->line);
	reading->line = strndup(reading->at, len);
	if (!reading->line)
		abort();
	reading->at += len + (reading->at[len] == '\n');
	return true;
}

/** after() - What follows @prefix in @text; NULL when it does not begin so */
static char *after(char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/** cut_end() - Take @end off a text; Return: whether it ended so */
static bool cut_end(char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);

	if (len < end_len || strcmp(text + len - end_len, end) != 0)
		return false;
	text[len - end_len] = '\0';
	return true;
}

/** read_object_line() - "KIND NAME {": begin it */
static bool read_object_line(struct reading *reading, char *text)
{
	size_t kind;

	for (kind = 0; kind < KIND_CNT; kind++) {
		char *name = after(text, kind_words[kind]);

		name = name ? after(name, " ") : NULL;
		if (!name || !cut_end(name, " {") || !*name)
			continue;
		table_add(reading->table, (enum table_kind)kind, name, "");
		reading->in_object = true;
		return true;
	}
	return false;
}

/** is_head() - Is a chain's line part of its head? */
static bool is_head(char *text)
{
	return after(text, "comment ") || after(text, "type ");
}

/** read_inner_line() - Two tabs in: head, rule, or the begin of elements */
static bool read_inner_line(struct reading *reading, char *text)
{
	struct table *table = reading->table;
	struct table_object *object = &table->objects[table->object_cnt - 1];

	if (object->kind == TABLE_CHAIN && !is_head(text)) {
		table_line(table, text, NULL);
		return true;
	}
	if ((object->kind == TABLE_SET || object->kind == TABLE_MAP) &&
	    strcmp(text, "elements = {") == 0) {
		reading->in_elements = true;
		return true;
	}
	strbuf_printf(&reading->head, "%s\n", text);
	return object->line_cnt == 0;
}

/** read_element() - Three tabs in */
static bool read_element(struct reading *reading, char *text)
{
	const struct table *table = reading->table;
	char *value = NULL;

	(void)cut_end(text, ",");
	if (table->objects[table->object_cnt - 1].kind == TABLE_MAP) {
		value = strstr(text, " : ");
		if (!value)
			return false;
		*value = '\0';
		value += strlen(" : ");
	}
	table_line(reading->table, text, value);
	return true;
}

/** end_object() - Its closing brace */
static bool end_object(struct reading *reading)
{
	struct table *table = reading->table;
	struct table_object *object = &table->objects[table->object_cnt - 1];

	object->head = arena_strdup(&table->arena, strbuf_str(&reading->head));
	strbuf_fini(&reading->head);
	strbuf_init(&reading->head);
	reading->in_object = false;
	return true;
}

/** read_line() - One line between the table's braces */
static bool read_line(struct reading *reading)
{
	char *line = reading->line;
	char *text;

	if (reading->in_elements) {
		if (strcmp(line, "\t\t}") == 0) {
			reading->in_elements = false;
			return true;
		}
		text = after(line, "\t\t\t");
		return text && read_element(reading, text);
	}
	if (reading->in_object) {
		if (strcmp(line, "\t}") == 0)
			return end_object(reading);
		text = after(line, "\t\t");
		return text && read_inner_line(reading, text);
	}
	if (!*line)
		return true;
	text = after(line, "\t");
	return text && read_object_line(reading, text);
}

/** read_begin() - The lines before the first object */
static bool read_begin(struct reading *reading)
{
	char *name;
	char *text;

	if (!next_line(reading) || !after(reading->line, "table inet ") ||
	    !next_line(reading) ||
	    !after(reading->line, "delete table inet ") || !next_line(reading))
		return false;
	name = after(reading->line, "table inet ");
	if (!name || !cut_end(name, " {") || !*name)
		return false;
	reading->table = table_new(name, NULL);
	if (reading->at[0] == '\t' && next_line(reading)) {
		text = after(reading->line, "\tcomment ");
		if (!text)
			return false;
		reading->table->comment =
			arena_strdup(&reading->table->arena, text);
	}
	return true;
}

struct table *table_parse(const char *text)
{
	struct reading reading = {.at = text};
	bool good = read_begin(&reading);
	bool ended = false;

	strbuf_init(&reading.head);
	while (good && !ended && next_line(&reading)) {
		ended = !reading.in_object && strcmp(reading.line, "}") == 0;
		good = ended || read_line(&reading);
	}
	strbuf_fini(&reading.head);
	free(reading.line);
	if (good && ended)
		return reading.table;
	table_free(reading.table);
	return NULL;
}

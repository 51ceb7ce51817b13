/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * table.h - One nf_tables table as a list of named objects
 *
 * Pure: built by steward/nft.c, printed as an nft script, read back from one,
 * and compared with another.  Knows the form of a table and nothing of what its
 * rules mean.
 */

#ifndef STEWARD_TABLE_H
#define STEWARD_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

enum table_kind {
	TABLE_TIMEOUT, /* ct timeout object: no lines */
	TABLE_SET,     /* lines are elements */
	TABLE_MAP,     /* lines are elements with a value */
	TABLE_CHAIN,   /* lines are rules */
};

/**
 * struct table_line - A rule, or an element of a set or map
 * @key:	The rule, or the element without its value
 * @value:	Of a map's element; else NULL
 */
struct table_line {
	const char *key;
	const char *value;
};

/**
 * struct table_object - A chain, set, map or ct timeout object
 * @name:	Unique among those of its kind in the table
 * @head:	What it is: type, flags, hook, comment; lines that each end with
 *		a newline.  It never changes under one name, else the whole
 *		table is replaced
 * @lines:	Rules in order; elements in any
 */
struct table_object {
	enum table_kind kind;
	const char *name;
	const char *head;
	struct table_line *lines;
	size_t line_cnt;
	size_t line_size;
};

/**
 * struct table - All of it
 * @name:	As in `nft list table inet NAME`
 * @comment:	Quoted text, or NULL
 */
struct table {
	struct arena arena;
	const char *name;
	const char *comment;
	struct table_object *objects;
	size_t object_cnt;
	size_t object_size;
};

/** table_new() - Without objects; table_free() it */
struct table *table_new(const char *name, const char *comment);

/** table_rename() - The same table by another name; its seal stays */
void table_rename(struct table *table, const char *name);

/** table_free() - NULL is fine */
void table_free(struct table *table);

/** table_add() - Begin an object; the lines that follow are its own */
void table_add(struct table *table, enum table_kind kind, const char *name,
	       const char *head);

/** table_line() - A line of the object begun last (texts are copied) */
void table_line(struct table *table, const char *key, const char *value);

/** table_seal() - Add an empty chain whose name is a digest of all the rest: by
 *  it a table that stands says which it is */
void table_seal(struct table *table);

/** table_seal_name() - Name of that chain; NULL in a table without */
const char *table_seal_name(const struct table *table);

/** table_find() - An object by its name; NULL when there is none */
const struct table_object *table_find(const struct table *table,
				      enum table_kind kind, const char *name);

/** table_print() - The script that puts the table in place of one that stands,
 *  if one does, in one transaction */
void table_print(const struct table *table, struct strbuf *out);

/** table_print_object() - One object, as it stands inside the table's braces */
void table_print_object(const struct table_object *object, struct strbuf *out);

/** table_kind_word() - "set", "ct timeout" and so on */
const char *table_kind_word(enum table_kind kind);

/**
 * table_parse() - Read what table_print() printed
 *
 * Return: the table, or NULL when the text is no such script
 */
struct table *table_parse(const char *text);

#endif /* STEWARD_TABLE_H */

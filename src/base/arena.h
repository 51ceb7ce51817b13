/* SPDX-License-Identifier: MIT */

/*
 * arena.h - Memory that is built up, then freed whole
 *
 * For configuration: many small objects with one life.  Not for packets.
 */

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

void arena_init(struct arena *arena);

/**
 * arena_fini() - Free everything taken from the arena, wiping it first
 * @arena:	Arena; may be used again after arena_init()
 */
void arena_fini(struct arena *arena);

/**
 * arena_alloc() - Zeroed memory, aligned for any type
 * @arena:	Arena to take from
 * @size:	Bytes; 0 gives a pointer that must not be read
 *
 * Return: memory that lives as long as @arena.  Never NULL: a configuration
 *	   that does not fit into memory ends the program (abort).
 */
void *arena_alloc(struct arena *arena, size_t size)
	__attribute__((returns_nonnull, alloc_size(2)));

/** arena_array() - arena_alloc() of @cnt items of @size bytes, overflow checked */
void *arena_array(struct arena *arena, size_t cnt, size_t size)
	__attribute__((returns_nonnull, alloc_size(2, 3)));

/** arena_strdup() - NUL-terminated copy of @str that lives as long as @arena */
char *arena_strdup(struct arena *arena, const char *str)
	__attribute__((returns_nonnull));

#endif /* BASE_ARENA_H */

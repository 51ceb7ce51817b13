/* SPDX-License-Identifier: MIT */

/*
 * arena.c - Memory that is built up, then freed whole
 */

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 16384

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data */
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena)
{
	arena->blocks = NULL;
}

void arena_fini(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		explicit_bzero(block->data, block->used);
		free(block);
	}
}

/** add_block() - A new block at the head of the list, with room for @size */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block;

	if (room > SIZE_MAX - sizeof(*block))
		abort();
	block = calloc(1, sizeof(*block) + room);
	if (!block)
		abort();
	block->size = room;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	size_t mask = alignof(max_align_t) - 1;
	void *at;

	if (size > SIZE_MAX - mask)
		abort();
	size = (size + mask) & ~mask;
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	at = block->data + block->used;
	block->used += size;
	return at;
}

void *arena_array(struct arena *arena, size_t cnt, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(cnt, size, &bytes))
		abort();
	return arena_alloc(arena, bytes);
}

char *arena_strdup(struct arena *arena, const char *str)
{
	size_t size = strlen(str) + 1;

	return memcpy(arena_alloc(arena, size), str, size);
}

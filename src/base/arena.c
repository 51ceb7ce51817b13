/* SPDX-License-Identifier: MIT */

/*
 * arena.c - Memory that is built up, then freed whole
 */

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A policy of ordinary size fits into one block. */
#define BLOCK_SIZE (16u << 10)

/**
 * struct arena_block - One piece of heap
 * @next:	Block that was filled before this one
 * @size:	Bytes at @data
 * @used:	Bytes of @data given out
 * @data:	Zero wherever it was not given out
 */
struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *arena)
{
	arena->blocks = NULL;
}

void arena_fini(struct arena *arena)
{
	struct arena_block *block = arena->blocks;
	struct arena_block *next;

	for (; block; block = next) {
		next = block->next;
		explicit_bzero(block->data, block->used);
		free(block);
	}
	arena->blocks = NULL;
}

/**
 * block_new() - A zeroed block
 * @size:	Bytes of data it must hold at least
 *
 * Return: the block; memory running out aborts
 */
static struct arena_block *block_new(size_t size)
{
	struct arena_block *block;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (size > SIZE_MAX - sizeof(*block))
		abort();
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		abort();
	block->size = size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *mem;

	if (size > SIZE_MAX - align)
		abort();
	size = (size + align - 1) / align * align;

	if (!block || block->size - block->used < size) {
		block = block_new(size);
		block->next = arena->blocks;
		arena->blocks = block;
	}
	mem = block->data + block->used;
	block->used += size;
	return mem;
}

void *arena_array(struct arena *arena, size_t cnt, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(cnt, size, &total))
		abort();
	return arena_alloc(arena, total);
}

char *arena_strdup(struct arena *arena, const char *str)
{
	size_t size = strlen(str) + 1;

	return memcpy(arena_alloc(arena, size), str, size);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_arena.c - Memory that is freed whole
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

static void arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	static const size_t sizes[] = {1, 7, 16, 100, 5000, 20000, 1, 3000000};
	struct arena arena;
	size_t i;
	size_t b;

	(void)state;
	arena_init(&arena);

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *mem = arena_alloc(&arena, sizes[i]);

		assert_int_equal((uintptr_t)mem % alignof(max_align_t), 0);
		for (b = 0; b < sizes[i]; b++)
			assert_int_equal(mem[b], 0);
		memset(mem, 0xff, sizes[i]);
	}
	arena_fini(&arena);
}

static void arena_pieces_do_not_overlap(void **state)
{
	uint8_t *mem[5000];
	struct arena arena;
	size_t i;
	size_t b;

	(void)state;
	arena_init(&arena);

	for (i = 0; i < 5000; i++) {
		mem[i] = arena_array(&arena, i % 7 + 1, 3);
		memset(mem[i], (int)(i & 0xff), (i % 7 + 1) * 3);
	}

	for (i = 0; i < 5000; i++) {
		for (b = 0; b < (i % 7 + 1) * 3; b++)
			assert_int_equal(mem[i][b], i & 0xff);
	}
	arena_fini(&arena);
}

static void arena_strdup_copies_with_the_nul(void **state)
{
	char text[] = "oslo";
	struct arena arena;
	char *copy;

	(void)state;
	arena_init(&arena);

	copy = arena_strdup(&arena, text);
	text[0] = 'x';

	assert_string_equal(copy, "oslo");
	arena_fini(&arena);
}

static void arena_may_be_used_again_after_fini_and_init(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	arena_fini(&arena);
	arena_fini(&arena);
	arena_init(&arena);

	assert_string_equal(arena_strdup(&arena, ""), "");
	arena_fini(&arena);
}

/** alloc_in_child() - Does an array of this size end the program by abort? */
static int alloc_in_child(size_t cnt, size_t size)
{
	struct arena arena;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		arena_init(&arena);
		_exit(arena_array(&arena, cnt, size) ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void arena_array_aborts_when_the_size_overflows(void **state)
{
	(void)state;
	assert_true(alloc_in_child(SIZE_MAX / 2, 3));
	assert_true(alloc_in_child(SIZE_MAX, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(arena_pieces_do_not_overlap),
		cmocka_unit_test(arena_strdup_copies_with_the_nul),
		cmocka_unit_test(arena_may_be_used_again_after_fini_and_init),
		cmocka_unit_test(arena_array_aborts_when_the_size_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

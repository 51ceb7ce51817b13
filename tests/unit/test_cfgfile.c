/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_cfgfile.c - A text of several files, and where its lines are from
 *
 * Errors as a person sees them are pinned by test_golden_policy.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "in_dir.h"
#include "sys/cfgfile.h"

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/** struct fixture - A loaded file, with all it needs */
struct fixture {
	struct arena arena;
	struct diag diag;
	struct cfgfile file;
	int err;
};

static void fixture_open(struct fixture *f, const char *path)
{
	arena_init(&f->arena);
	diag_init(&f->diag);
	f->err = cfgfile_load(&f->file, path, &f->arena, &f->diag);
	assert_int_equal(f->err != 0, f->diag.error_cnt != 0);
}

static void fixture_close(struct fixture *f)
{
	cfgfile_free(&f->file);
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

/** assert_error() - Is this one of the errors? */
static void assert_error(const struct fixture *f, const char *expected)
{
	char text[1024];
	size_t i;

	for (i = 0; i < f->diag.cnt; i++) {
		diag_text(&f->diag, i, text, sizeof(text));
		if (!strcmp(text, expected))
			return;
	}
	fail_msg("not reported: %s", expected);
}

/** assert_place() - Is this line of the text from there? */
static void assert_place(const struct fixture *f, unsigned int line,
			 const char *path, unsigned int file_line)
{
	struct cfg_place at = cfg_source_place(&f->file.source, line);

	assert_string_equal(at.path, path);
	assert_int_equal(at.line, file_line);
}

static void a_file_without_includes_is_its_own_text(void **state)
{
	struct fixture f;

	(void)state;
	put("a", "x = 1;\n# @include \"b\"\ny = \"@include \\\"c\\\"\";");
	fixture_open(&f, "a");

	assert_int_equal(f.err, 0);
	assert_string_equal(
		f.file.source.text,
		"x = 1;\n# @include \"b\"\ny = \"@include \\\"c\\\"\";");
	assert_place(&f, 0, "a", 0);
	assert_place(&f, 1, "a", 1);
	assert_place(&f, 3, "a", 3);
	fixture_close(&f);
}

static void an_empty_file_is_an_empty_text(void **state)
{
	struct fixture f;

	(void)state;
	put("a", "");
	fixture_open(&f, "a");

	assert_int_equal(f.err, 0);
	assert_string_equal(f.file.source.text, "");
	fixture_close(&f);
}

static void each_line_is_from_the_file_that_has_it(void **state)
{
	struct fixture f;

	(void)state;
	put("a", "one\ntwo @include \"b\" two\n@include \"b\"\nfour");
	put("b", "b1\nb2 # no line end");
	fixture_open(&f, "a");

	assert_int_equal(f.err, 0);
	assert_string_equal(f.file.source.text,
			    "one\ntwo \nb1\nb2 # no line end\n two\n\n"
			    "b1\nb2 # no line end\n\nfour");
	assert_place(&f, 1, "a", 1);
	assert_place(&f, 2, "a", 2);
	assert_place(&f, 3, "b", 1);
	assert_place(&f, 4, "b", 2);
	assert_place(&f, 5, "a", 2);
	assert_place(&f, 6, "a", 3);
	assert_place(&f, 7, "b", 1);
	assert_place(&f, 8, "b", 2);
	assert_place(&f, 9, "a", 3);
	assert_place(&f, 10, "a", 4);
	fixture_close(&f);
}

static void a_name_is_looked_for_beside_the_including_file(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkdir("d/e", 0755), 0);
	put("d/a", "@include \"e/b\"");
	put("d/e/b", "@include \"c\"\n@include \"../f\"");
	put("d/e/c", "c");
	put("d/f", "f");
	fixture_open(&f, "d/a");

	assert_int_equal(f.err, 0);
	assert_place(&f, 3, "d/e/c", 1);
	assert_place(&f, 6, "d/e/../f", 1);
	fixture_close(&f);
}

static void a_file_that_includes_itself_is_refused_under_any_name(void **state)
{
	struct fixture f;

	(void)state;
	put("a", "@include \"b\"");
	assert_int_equal(symlink("a", "b"), 0);
	fixture_open(&f, "a");

	assert_int_equal(f.err, -EBADMSG);
	assert_int_equal(f.diag.error_cnt, 1);
	assert_error(&f, "a:1: cannot include b: it would include itself");
	fixture_close(&f);
}

/** chain() - Files 1 to @cnt, each of which includes the next one */
static void chain(unsigned int cnt)
{
	char text[64];
	char path[16];
	unsigned int i;

	for (i = 1; i <= cnt; i++) {
		snprintf(path, sizeof(path), "%u", i);
		snprintf(text, sizeof(text), "@include \"%u\"", i + 1);
		put(path, i < cnt ? text : "");
	}
}

static void eight_files_inside_each_other_are_the_most(void **state)
{
	struct fixture f;

	(void)state;
	chain(CFGFILE_DEPTH_MAX);
	fixture_open(&f, "1");
	assert_int_equal(f.err, 0);
	fixture_close(&f);

	chain(CFGFILE_DEPTH_MAX + 1);
	fixture_open(&f, "1");
	assert_error(&f, "8:1: cannot include 9: 8 files inside each other are "
			 "the most");
	fixture_close(&f);
}

static void a_thousand_includes_are_the_most(void **state)
{
	struct strbuf text;
	struct fixture f;
	size_t i;

	(void)state;
	strbuf_init(&text);
	for (i = 0; i < CFGFILE_INCLUDE_MAX; i++)
		strbuf_printf(&text, "@include \"b\"\n");
	put("a", strbuf_str(&text));
	put("b", "");
	fixture_open(&f, "a");
	assert_int_equal(f.err, 0);
	fixture_close(&f);

	/* Ten times ten times more: it ends early. */
	put("b", "@include \"c\" @include \"c\" @include \"c\"");
	put("c", "");
	fixture_open(&f, "a");
	assert_int_equal(f.err, -EBADMSG);
	assert_in_range(f.diag.error_cnt, 1, 10);
	fixture_close(&f);
	strbuf_fini(&text);
}

/** put_size() - A file of so many spaces */
static void put_size(const char *path, off_t size)
{
	static char block[1 << 20];
	FILE *file = fopen(path, "w");
	off_t left;

	assert_non_null(file);
	memset(block, ' ', sizeof(block));
	for (left = size; left > 0; left -= (off_t)sizeof(block)) {
		size_t len = left < (off_t)sizeof(block) ? (size_t)left
							 : sizeof(block);

		assert_int_equal(fwrite(block, 1, len, file), len);
	}
	assert_int_equal(fclose(file), 0);
}

static void a_text_that_is_too_large_is_refused_however_it_is_cut(void **state)
{
	struct fixture f;

	(void)state;
	put_size("50M", 50 << 20);
	fixture_open(&f, "50M");
	assert_error(&f, "50M: is larger than 16777216 bytes, the most a "
			 "configuration may have");
	fixture_close(&f);

	put("a", "@include \"50M\"");
	fixture_open(&f, "a");
	assert_error(&f, "a:1: cannot include 50M: with it the text is larger "
			 "than the most that a configuration may have, 16 MiB");
	fixture_close(&f);

	put_size("9M", 9 << 20);
	put("a", "@include \"9M\"\n@include \"9M\"");
	fixture_open(&f, "a");
	assert_error(&f, "a:2: cannot include 9M: with it the text is larger "
			 "than the most that a configuration may have, 16 MiB");
	fixture_close(&f);
}

static void only_regular_files_are_included(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	put("a", "@include \"fifo\"\n@include \"none\"\n@include \".\"");
	fixture_open(&f, "a");

	assert_int_equal(f.diag.error_cnt, 3);
	assert_error(&f, "a:1: cannot include fifo: it is no regular file");
	assert_error(&f, "a:2: cannot include none: No such file or directory");
	fixture_close(&f);
}

static void what_has_no_end_is_told_of_the_file_that_has_it(void **state)
{
	struct fixture f;

	(void)state;
	put("a", "x = [ @include \"b\" ];\ny = \"z\";\n@include \"c\"");
	put("b", "\n\"10.0.0.0/8");
	put("c", "/* never closed");
	fixture_open(&f, "a");

	assert_int_equal(f.diag.error_cnt, 2);
	assert_error(&f, "b:2: this text has no end; close it with a '\"'");
	assert_error(&f, "c:1: this comment has no end; close it with */");
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_dir(a_file_without_includes_is_its_own_text),
		in_dir(an_empty_file_is_an_empty_text),
		in_dir(each_line_is_from_the_file_that_has_it),
		in_dir(a_name_is_looked_for_beside_the_including_file),
		in_dir(a_file_that_includes_itself_is_refused_under_any_name),
		in_dir(eight_files_inside_each_other_are_the_most),
		in_dir(a_thousand_includes_are_the_most),
		in_dir(a_text_that_is_too_large_is_refused_however_it_is_cut),
		in_dir(only_regular_files_are_included),
		in_dir(what_has_no_end_is_told_of_the_file_that_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

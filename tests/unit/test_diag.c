/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_diag.c - Errors meant for a person
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/diag.h"

/** line_at() - Entry as text, in a caller's buffer */
static const char *line_at(const struct diag *diag, size_t idx, char buf[512])
{
	diag_text(diag, idx, buf, 512);
	return buf;
}

static void diag_text_names_path_and_line_when_it_has_them(void **state)
{
	struct diag diag;
	char buf[512];

	(void)state;
	diag_init(&diag);

	diag_error(&diag, "a.cfg", 7, "port %d is too large", 70000);
	diag_error(&diag, "a.cfg", 0, "is empty");
	diag_error(&diag, NULL, 0, "nothing to do");
	diag_warning(&diag, "a.cfg", 9, "odd");

	assert_string_equal(line_at(&diag, 0, buf),
			    "a.cfg:7: port 70000 is too large");
	assert_string_equal(line_at(&diag, 1, buf), "a.cfg: is empty");
	assert_string_equal(line_at(&diag, 2, buf), "nothing to do");
	assert_string_equal(line_at(&diag, 3, buf), "a.cfg:9: warning: odd");
	assert_int_equal(diag.error_cnt, 3);
	assert_int_equal(diag.warning_cnt, 1);
	assert_true(diag_is_warning(&diag, 3));
	assert_false(diag_is_warning(&diag, 2));
	diag_fini(&diag);
}

static void diag_text_is_cut_to_the_room_and_says_its_length(void **state)
{
	struct diag diag;
	char buf[8];

	(void)state;
	diag_init(&diag);
	diag_error(&diag, NULL, 0, "0123456789");

	assert_int_equal(diag_text(&diag, 0, buf, sizeof(buf)), 7);
	assert_string_equal(buf, "0123456");
	diag_fini(&diag);
}

static void diag_keeps_an_error_on_one_line(void **state)
{
	struct diag diag;
	char buf[512];

	(void)state;
	diag_init(&diag);

	diag_error(&diag, "a.cfg", 1, "unknown \"%s\"",
		   "x\ny\033[31m\x7f\xc3\xa5");

	assert_string_equal(line_at(&diag, 0, buf),
			    "a.cfg:1: unknown \"x?y?[31m?\xc3\xa5\"");
	diag_fini(&diag);
}

static void diag_copies_the_path(void **state)
{
	char path[] = "a.cfg";
	struct diag diag;
	char buf[512];

	(void)state;
	diag_init(&diag);

	diag_error(&diag, path, 1, "x");
	memset(path, 'z', strlen(path));

	assert_string_equal(line_at(&diag, 0, buf), "a.cfg:1: x");
	diag_fini(&diag);
}

static void diag_sort_orders_by_path_and_line_and_keeps_equals(void **state)
{
	static const char *const sorted[] = {
		"no path",         "a.cfg: whole",  "a.cfg:2: first",
		"a.cfg:2: second", "a.cfg:10: ten", "b.cfg:1: other",
	};
	struct diag diag;
	char buf[512];
	size_t i;

	(void)state;
	diag_init(&diag);
	diag_error(&diag, "b.cfg", 1, "other");
	diag_error(&diag, "a.cfg", 10, "ten");
	diag_error(&diag, "a.cfg", 2, "first");
	diag_error(&diag, NULL, 0, "no path");
	diag_error(&diag, "a.cfg", 2, "second");
	diag_error(&diag, "a.cfg", 0, "whole");

	diag_sort(&diag);

	for (i = 0; i < 6; i++)
		assert_string_equal(line_at(&diag, i, buf), sorted[i]);
	diag_fini(&diag);
}

static void diag_counts_what_it_cuts_off_and_keeps_room_for_errors(void **state)
{
	struct diag diag;
	char buf[512];
	int i;

	(void)state;
	diag_init(&diag);

	for (i = 0; i < 1000; i++)
		diag_warning(&diag, "a.cfg", 1, "w");
	for (i = 0; i < 1000; i++)
		diag_error(&diag, "a.cfg", 1, "e%d", i);

	assert_int_equal(diag.cnt, DIAG_CNT_MAX);
	assert_int_equal(diag.warning_cnt, 1000);
	assert_int_equal(diag.error_cnt, 1000);
	assert_string_equal(line_at(&diag, DIAG_CNT_MAX / 2, buf),
			    "a.cfg:1: e0");
	diag_fini(&diag);
}

static void diag_cuts_a_long_text(void **state)
{
	struct diag diag;
	char buf[2048];

	(void)state;
	diag_init(&diag);

	diag_error(&diag, NULL, 0, "%01000d", 0);

	assert_int_equal(diag_text(&diag, 0, buf, sizeof(buf)),
			 DIAG_TEXT_LEN_MAX);
	diag_fini(&diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			diag_text_names_path_and_line_when_it_has_them),
		cmocka_unit_test(
			diag_text_is_cut_to_the_room_and_says_its_length),
		cmocka_unit_test(diag_keeps_an_error_on_one_line),
		cmocka_unit_test(diag_copies_the_path),
		cmocka_unit_test(
			diag_sort_orders_by_path_and_line_and_keeps_equals),
		cmocka_unit_test(
			diag_counts_what_it_cuts_off_and_keeps_room_for_errors),
		cmocka_unit_test(diag_cuts_a_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

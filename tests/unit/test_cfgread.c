/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_cfgread.c - Typed reading of libconfig texts
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cfgread.h"

/** struct fixture - A text being read, with all it needs */
struct fixture {
	struct arena arena;
	struct diag diag;
	struct cfg cfg;
	int err;
};

/** fixture_open() - Parse a text as "t.cfg" */
static void fixture_open(struct fixture *f, const char *text)
{
	arena_init(&f->arena);
	diag_init(&f->diag);
	f->err = cfg_open(&f->cfg, text, "t.cfg", &f->arena, &f->diag);
}

static void fixture_close(struct fixture *f)
{
	cfg_close(&f->cfg);
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

/** assert_only_error() - Is this the one error that was reported? */
static void assert_only_error(const struct fixture *f, const char *text)
{
	char buf[512] = "";

	assert_int_equal(f->diag.error_cnt, 1);
	diag_text(&f->diag, 0, buf, sizeof(buf));
	assert_string_equal(buf, text);
}

static void a_syntax_error_is_one_entry_with_line_and_remedy(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{"a = 1;\nb = ;\n",
		 "t.cfg:2: syntax error here or just before; settings are "
		 "KEY = VALUE;"},
		{"a = 1;\na = 2;\n",
		 "t.cfg:2: this key is set for the second time in its group; "
		 "remove one of the two"},
		{"a = [ 1,\n \"x\" ];",
		 "t.cfg:2: values of different types in one '[ ]'; all must be "
		 "of the type of the first"},
		{"\xef\xbb\xbf"
		 "a = 1;\n",
		 "t.cfg:1: a UTF-8 byte order mark (BOM) stands here; save the "
		 "file without it"},
		{"a = \"x\n\n\n",
		 "t.cfg:1: this text has no end; close it with "
		 "a '\"'"},
		{"a = \"x\\\"\n",
		 "t.cfg:1: this text has no end; close it with "
		 "a '\"'"},
		{"\na = 1; /* x\n\n",
		 "t.cfg:2: this comment has no end; close it with */"},
		{"a = {\nb = (1,2;\n}\n",
		 "t.cfg:3: '}' does not close the '(' of line 2"},
		{"a = {\nb = 1;\n\n", "t.cfg:1: this '{' is never closed"},
		{"a = 1;\n}\n", "t.cfg:2: this '}' closes nothing; remove it, "
				"or add the '{' that it belongs to"},
		{"a = ( 1,\n2,\n);\n",
		 "t.cfg:3: remove the ',' before this ')': it stands between "
		 "entries only"},
		{"a = (\n{ b = 1; }\n{ b = 2; });\n",
		 "t.cfg:3: two entries of the list follow each other; put a "
		 "',' between them"},
		{"a = [\n{ b = 1; } ];\n",
		 "t.cfg:2: '[ ]' holds plain values only; use '( )' for a list "
		 "of groups or lists"},
		{"a \"x\";\n",
		 "t.cfg:1: a text in quotes is not expected here; "
		 "is a '=' or a ',' missing before it?"},
		{"\"x\"", "t.cfg:1: a text in quotes is not expected here; is "
			  "a '=' or a ',' missing before it?"},
		{"a = { b = 1,\n\"x\" };",
		 "t.cfg:2: a text in quotes is not expected here; is a '=' or "
		 "a ',' missing before it?"},
	};
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_open(&f, cases[i].text);

		assert_int_equal(f.err, -EBADMSG);
		assert_only_error(&f, cases[i].error);
		fixture_close(&f);
	}
}

static void a_number_that_libconfig_would_cut_is_refused(void **state)
{
	static const char *const bad[] = {
		"2147483648",  "-2147483649", "4294967297",
		"0x80000000",  "0X100000001", "99999999999999999999",
		"+4294968796",
	};
	static const char *const good[] = {
		"2147483647",  "-2147483648",  "0x7fffffff",
		"4294967297L", "5000000000.0",
	};
	struct fixture f;
	char text[64];
	char error[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "\na = %s;", bad[i]);
		snprintf(error, sizeof(error),
			 "t.cfg:2: the number %s is too large", bad[i]);
		fixture_open(&f, text);

		assert_int_equal(f.err, -EBADMSG);
		assert_only_error(&f, error);
		fixture_close(&f);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "a = %s;", good[i]);
		fixture_open(&f, text);

		assert_int_equal(f.err, 0);
		fixture_close(&f);
	}
}

static void brackets_may_be_nested_only_so_deep(void **state)
{
	struct fixture f;
	char text[128] = "a = ";

	(void)state;
	memset(text + 4, '(', 33);
	memset(text + 37, ')', 33);
	fixture_open(&f, text);

	assert_int_equal(f.err, -EBADMSG);
	assert_only_error(&f, "t.cfg:1: more than 32 brackets inside each "
			      "other");
	fixture_close(&f);
}

static void include_is_refused_where_libconfig_would_open_a_file(void **state)
{
	static const char *const texts[] = {
		"a = 1;\n@include \"/etc/passwd\"\n",
		"a = 1;\n \t@include\t\"/etc/passwd\"\n",
		"a = 1; /* */\n@include \"/etc/passwd\"\n",
		"a = \"\\\\\"; # \"\n@include \"/etc/passwd\"\n",
		"a = 1; // /*\n@include \"/etc/passwd\"\n",
	};
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fixture_open(&f, texts[i]);

		assert_int_equal(f.err, -EBADMSG);
		assert_only_error(
			&f,
			"t.cfg:2: no files are included here; put the settings "
			"of the other file in its place");
		fixture_close(&f);
	}
}

static void include_is_fine_inside_texts_and_comments(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "a = \"x\n@include \\\"y\\\"\";\n"
			 "# @include \"z\"\n/*\n@include \"z\"\n*/\n"
			 "// @include \"z\"");

	assert_int_equal(f.err, 0);
	assert_string_equal(cfg_string(&f.cfg, cfg_root(&f.cfg), "text", "a"),
			    "x\n@include \"y\"");
	fixture_close(&f);
}

static void a_comment_may_end_the_text_without_a_newline(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "a = 1; # last");

	assert_int_equal(f.err, 0);
	fixture_close(&f);
}

static void an_empty_text_is_an_empty_group(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f, "");

	assert_int_equal(f.err, 0);
	assert_null(
		cfg_string(&f.cfg, cfg_root(&f.cfg), "gateway.cfg", "name"));
	assert_only_error(&f, "t.cfg: gateway.cfg needs \"name\"");
	fixture_close(&f);
}

static void cfg_keys_reports_every_unknown_key_with_its_line(void **state)
{
	static const char *const keys[] = {"name", "site", NULL};
	struct fixture f;
	char buf[512];

	(void)state;
	fixture_open(&f, "g = {\n name = \"x\";\n nmae = 1;\n Site = 2;\n};\n");

	cfg_keys(&f.cfg, cfg_group(&f.cfg, cfg_root(&f.cfg), "g"), "gateway",
		 keys);

	assert_int_equal(f.diag.error_cnt, 2);
	diag_text(&f.diag, 0, buf, sizeof(buf));
	assert_string_equal(buf, "t.cfg:3: unknown key \"nmae\" in a gateway; "
				 "known keys: name, site");
	diag_text(&f.diag, 1, buf, sizeof(buf));
	assert_string_equal(buf, "t.cfg:4: unknown key \"Site\" in a gateway; "
				 "known keys: name, site");
	fixture_close(&f);
}

static void readers_give_the_values_of_the_text(void **state)
{
	struct fixture f;
	config_setting_t *root;

	(void)state;
	fixture_open(&f, "s = \"a\" \"b\"; i = 7; h = 0x10; l = 5000000000L; "
			 "n = -3; t = true; f = false;");
	root = cfg_root(&f.cfg);

	assert_string_equal(cfg_string(&f.cfg, root, "x", "s"), "ab");
	assert_string_equal(cfg_string_or(&f.cfg, root, "s", "d"), "ab");
	assert_int_equal(cfg_int(&f.cfg, root, "x", "i", 0, 9), 7);
	assert_int_equal(cfg_int_or(&f.cfg, root, "h", 1, 0, 99), 16);
	assert_true(cfg_int(&f.cfg, root, "x", "l", 0, INT64_MAX) ==
		    INT64_C(5000000000));
	assert_int_equal(cfg_int(&f.cfg, root, "x", "n", -5, 0), -3);
	assert_true(cfg_bool_or(&f.cfg, root, "t", false));
	assert_false(cfg_bool_or(&f.cfg, root, "f", true));
	assert_true(cfg_has(root, "s"));
	assert_int_equal(f.diag.error_cnt, 0);
	fixture_close(&f);
}

static void readers_give_the_default_when_the_key_is_missing(void **state)
{
	struct fixture f;
	config_setting_t *root;
	size_t cnt = 7;

	(void)state;
	fixture_open(&f, "x = 1;");
	root = cfg_root(&f.cfg);

	assert_string_equal(cfg_string_or(&f.cfg, root, "s", "d"), "d");
	assert_int_equal(cfg_int_or(&f.cfg, root, "i", 5, 0, 9), 5);
	assert_true(cfg_bool_or(&f.cfg, root, "b", true));
	assert_null(cfg_group(&f.cfg, root, "g"));
	assert_null(cfg_list(&f.cfg, root, "l"));
	assert_null(cfg_strings(&f.cfg, root, "l", &cnt));
	assert_int_equal(cnt, 0);
	assert_false(cfg_has(root, "s"));
	assert_int_equal(f.diag.error_cnt, 0);
	fixture_close(&f);
}

static void readers_name_the_right_type(void **state)
{
	static const char *const errors[] = {
		"t.cfg:2: \"s\" must be a text in quotes, not a number",
		"t.cfg:3: \"i\" must be a whole number, not a text",
		"t.cfg:4: \"b\" must be true or false, not a number",
		"t.cfg:5: \"g\" must be a group { }, not a list",
		"t.cfg:6: \"l\" must be a list ( ), not a text",
		"t.cfg:7: \"k\" must be a list [ ] of texts in quotes, not "
		"true or "
		"false",
		"t.cfg:8: each port must be a text in quotes, not a number",
		"t.cfg:9: each site must be a group { }, not a text",
		"t.cfg:10: \"r\" must be 1 to 9, not 10",
	};
	struct fixture f;
	config_setting_t *root;
	char buf[512];
	size_t i;

	(void)state;
	fixture_open(&f, "\ns = 1;\ni = \"x\";\nb = 1;\ng = ();\nl = \"x\";\n"
			 "k = true;\np = ( \"x\", 1 );\nq = ( \"x\" );\n"
			 "r = 10;\n");
	root = cfg_root(&f.cfg);

	assert_null(cfg_string(&f.cfg, root, "x", "s"));
	assert_int_equal(cfg_int(&f.cfg, root, "x", "i", 0, 9), 0);
	assert_true(cfg_bool_or(&f.cfg, root, "b", true));
	assert_null(cfg_group(&f.cfg, root, "g"));
	assert_null(cfg_list(&f.cfg, root, "l"));
	assert_null(cfg_texts(&f.cfg, root, "k"));
	assert_null(cfg_elem_string(&f.cfg, cfg_list(&f.cfg, root, "p"), 1,
				    "port"));
	assert_null(
		cfg_elem_group(&f.cfg, cfg_list(&f.cfg, root, "q"), 0, "site"));
	assert_int_equal(cfg_int_or(&f.cfg, root, "r", 3, 1, 9), 3);

	assert_int_equal(f.diag.error_cnt, 9);
	for (i = 0; i < 9; i++) {
		diag_text(&f.diag, i, buf, sizeof(buf));
		assert_string_equal(buf, errors[i]);
	}
	fixture_close(&f);
}

static void cfg_strings_takes_lists_arrays_and_a_single_text(void **state)
{
	static const char *const texts[] = {
		"l = ( \"a\", \"b\" );",
		"l = [ \"a\", \"b\" ];",
		"l = \"a\";",
		"l = ( );",
	};
	static const size_t cnts[] = {2, 2, 1, 0};
	struct fixture f;
	const char **strings;
	size_t cnt;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		fixture_open(&f, texts[i]);

		strings = cfg_strings(&f.cfg, cfg_root(&f.cfg), "l", &cnt);

		assert_int_equal(cnt, cnts[i]);
		if (cnt > 0)
			assert_string_equal(strings[0], "a");
		if (cnt > 1)
			assert_string_equal(strings[1], "b");
		assert_int_equal(f.diag.error_cnt, 0);
		fixture_close(&f);
	}
}

static void every_setting_knows_the_line_it_begins_on(void **state)
{
	struct fixture f;
	config_setting_t *root;
	config_setting_t *list;
	size_t i;

	(void)state;
	fixture_open(&f, "z = \"0\";\n" /* 1 */
			 "l = [\n"      /* 2 */
			 " \"a\"\n"     /* 3 */
			 "\n"
			 " , \"b\" \n" /* 5 */
			 " \"bb\" # \"no\"\n"
			 " ,\n"
			 " \"c\\\"\n\n" /* 8 */
			 "\"\n"
			 "]; g = {\n" /* 11 */
			 " k\n"       /* 12 */
			 " = \"x\"\n"
			 " ; m = (\n"   /* 14 */
			 " {},\n"       /* 15 */
			 " \"y\"\n);\n" /* 16 */
			 " };\n");
	assert_int_equal(f.err, 0);
	root = cfg_root(&f.cfg);

	list = cfg_list(&f.cfg, root, "l");
	assert_int_equal(cfg_key_line(root, "l"), 2);
	for (i = 0; i < 3; i++) {
		static const unsigned int lines[] = {3, 5, 8};

		assert_int_equal(cfg_line(cfg_list_elem(list, i)), lines[i]);
	}
	assert_int_equal(cfg_list_len(list), 3);
	root = cfg_group(&f.cfg, root, "g");
	assert_int_equal(cfg_line(root), 11);
	assert_int_equal(cfg_key_line(root, "k"), 12);
	assert_int_equal(cfg_key_line(root, "absent"), 11);
	list = cfg_list(&f.cfg, root, "m");
	assert_int_equal(cfg_line(cfg_list_elem(list, 0)), 15);
	assert_int_equal(cfg_line(cfg_list_elem(list, 1)), 16);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_syntax_error_is_one_entry_with_line_and_remedy),
		cmocka_unit_test(a_number_that_libconfig_would_cut_is_refused),
		cmocka_unit_test(brackets_may_be_nested_only_so_deep),
		cmocka_unit_test(
			include_is_refused_where_libconfig_would_open_a_file),
		cmocka_unit_test(include_is_fine_inside_texts_and_comments),
		cmocka_unit_test(a_comment_may_end_the_text_without_a_newline),
		cmocka_unit_test(an_empty_text_is_an_empty_group),
		cmocka_unit_test(
			cfg_keys_reports_every_unknown_key_with_its_line),
		cmocka_unit_test(readers_give_the_values_of_the_text),
		cmocka_unit_test(
			readers_give_the_default_when_the_key_is_missing),
		cmocka_unit_test(readers_name_the_right_type),
		cmocka_unit_test(
			cfg_strings_takes_lists_arrays_and_a_single_text),
		cmocka_unit_test(every_setting_knows_the_line_it_begins_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

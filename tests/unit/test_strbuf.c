/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_strbuf.c - A text that grows
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/strbuf.h"

static void strbuf_is_an_empty_text_at_first(void **state)
{
	struct strbuf sb;

	(void)state;
	strbuf_init(&sb);

	assert_string_equal(strbuf_str(&sb), "");
	assert_int_equal(sb.len, 0);
	strbuf_fini(&sb);
}

static void strbuf_appends_bytes_and_formatted_text(void **state)
{
	struct strbuf sb;

	(void)state;
	strbuf_init(&sb);

	strbuf_printf(&sb, "%s=%d", "port", 443);
	strbuf_add(&sb, ";xx", 1);
	strbuf_printf(&sb, "%s", "");
	strbuf_add(&sb, "", 0);

	assert_string_equal(strbuf_str(&sb), "port=443;");
	assert_int_equal(sb.len, 9);
	strbuf_fini(&sb);
}

static void strbuf_grows_at_every_length(void **state)
{
	struct strbuf sb;
	size_t i;

	(void)state;
	strbuf_init(&sb);

	for (i = 0; i < 5000; i++) {
		strbuf_printf(&sb, "%c", (int)('a' + i % 26));
		assert_int_equal(sb.len, i + 1);
		assert_int_equal(strlen(strbuf_str(&sb)), i + 1);
	}

	for (i = 0; i < 5000; i++)
		assert_int_equal(sb.text[i], 'a' + i % 26);
	strbuf_fini(&sb);
}

static void strbuf_printf_takes_a_text_longer_than_its_room(void **state)
{
	struct strbuf sb;

	(void)state;
	strbuf_init(&sb);

	strbuf_printf(&sb, "%0100000d|", 7);

	assert_int_equal(sb.len, 100001);
	assert_int_equal(sb.text[99999], '7');
	assert_int_equal(sb.text[100000], '|');
	assert_int_equal(sb.text[100001], '\0');
	strbuf_fini(&sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_is_an_empty_text_at_first),
		cmocka_unit_test(strbuf_appends_bytes_and_formatted_text),
		cmocka_unit_test(strbuf_grows_at_every_length),
		cmocka_unit_test(
			strbuf_printf_takes_a_text_longer_than_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

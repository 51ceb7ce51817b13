/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_policy_docs.c - docs/policy.md and relaytun-policy(5) explain every key
 * that a policy may have, and no other
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/keys.h"
#include "sys/file.h"

/** read_doc() - A file of docs/ to @text; heap */
static void read_doc(const char *path, char **text)
{
	if (file_read(path, 1 << 20, text) < 0)
		fail_msg("%s cannot be read", path);
}

/** add_keys() - Keys of a table, one a line */
static void add_keys(const struct policy_keys *keys, struct strbuf *out)
{
	size_t i;

	for (i = 0; keys->keys[i]; i++)
		strbuf_printf(out, "%s\n", keys->keys[i]);
}

/**
 * marked_words() - The first word of each line that begins so
 * @text:	Text
 * @end:	Where to end
 * @mark:	What such a line begins with
 * @stop:	Characters that end the word
 */
static void marked_words(const char *text, const char *end, const char *mark,
			 const char *stop, struct strbuf *out)
{
	const char *line = text;

	while (line < end) {
		if (!strncmp(line, mark, strlen(mark))) {
			line += strlen(mark);
			strbuf_printf(out, "%.*s\n", (int)strcspn(line, stop),
				      line);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

static void docs_policy_md_has_a_table_for_each_kind_of_group(void **state)
{
	const struct policy_keys *const *all = policy_keys_all();
	char *text = NULL;
	char heading[64];

	(void)state;
	read_doc("docs/policy.md", &text);
	for (; *all; all++) {
		struct strbuf expected;
		struct strbuf found;
		const char *begin;
		const char *end;

		strbuf_init(&expected);
		strbuf_init(&found);
		snprintf(heading, sizeof(heading), "\n### Keys of a %s\n",
			 (*all)->what);
		begin = strstr(text, heading);
		if (!begin)
			fail_msg("no heading \"%s\"", heading);
		end = strstr(begin + strlen(heading), "\n#");
		assert_non_null(end);

		marked_words(begin, end, "| `", "`", &found);

		add_keys(*all, &expected);
		assert_string_equal(strbuf_str(&found), strbuf_str(&expected));
		strbuf_fini(&found);
		strbuf_fini(&expected);
	}
	free(text);
}

/** add_nested() - Keys of a table, each followed by those of the groups it
 *  lists */
static void add_nested(const struct policy_keys *keys, struct strbuf *out)
{
	static const struct {
		const char *key;
		const struct policy_keys *keys;
	} nested[] = {
		{"gateways", &policy_keys_gateway},
		{"sites", &policy_keys_site},
		{"services", &policy_keys_service},
		{"routes", &policy_keys_route},
	};
	size_t i;
	size_t k;

	for (i = 0; keys->keys[i]; i++) {
		strbuf_printf(out, "%s\n", keys->keys[i]);
		for (k = 0; k < sizeof(nested) / sizeof(nested[0]); k++) {
			if (!strcmp(nested[k].key, keys->keys[i]))
				add_nested(nested[k].keys, out);
		}
	}
}

static void the_manual_page_has_every_key_in_its_place(void **state)
{
	char *text = NULL;
	struct strbuf expected;
	struct strbuf found;

	(void)state;
	read_doc("docs/man/relaytun-policy.5", &text);
	strbuf_init(&expected);
	strbuf_init(&found);

	marked_words(text, text + strlen(text), ".It Ic ", "\n", &found);

	add_nested(&policy_keys_root, &expected);
	assert_string_equal(strbuf_str(&found), strbuf_str(&expected));
	strbuf_fini(&found);
	strbuf_fini(&expected);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			docs_policy_md_has_a_table_for_each_kind_of_group),
		cmocka_unit_test(the_manual_page_has_every_key_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

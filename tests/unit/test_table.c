/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_table.c - The form of a table, and differences of two
 */

#include "steward/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plans.h"
#include "steward/nft.h"
#include "steward/table_diff.h"

static const char small_text[] = "table inet t\n"
				 "delete table inet t\n"
				 "table inet t {\n"
				 "\tcomment \"why : not, {\"\n"
				 "\n"
				 "\tct timeout idle {\n"
				 "\t\tprotocol tcp;\n"
				 "\t\tpolicy = { established : 30 }\n"
				 "\t}\n"
				 "\n"
				 "\tset names {\n"
				 "\t\ttype ifname\n"
				 "\t\telements = {\n"
				 "\t\t\t\"eth0\",\n"
				 "\t\t\t\"a,b\"\n"
				 "\t\t}\n"
				 "\t}\n"
				 "\n"
				 "\tmap ports {\n"
				 "\t\ttype inet_service : verdict\n"
				 "\t\telements = {\n"
				 "\t\t\t80 : goto a,\n"
				 "\t\t\t81 : goto b\n"
				 "\t\t}\n"
				 "\t}\n"
				 "\n"
				 "\tchain hook {\n"
				 "\t\tcomment \"x\"\n"
				 "\t\ttype filter hook input priority 0; "
				 "policy accept;\n"
				 "\t\tct mark 1 accept\n"
				 "\t\tdrop\n"
				 "\t}\n"
				 "}\n";

/** small() - The table that small_text shows */
static struct table *small(void)
{
	struct table *table = table_new("t", "\"why : not, {\"");

	table_add(table, TABLE_TIMEOUT, "idle",
		  "protocol tcp;\npolicy = { established : 30 }\n");
	table_add(table, TABLE_SET, "names", "type ifname\n");
	table_line(table, "\"eth0\"", NULL);
	table_line(table, "\"a,b\"", NULL);
	table_add(table, TABLE_MAP, "ports", "type inet_service : verdict\n");
	table_line(table, "80", "goto a");
	table_line(table, "81", "goto b");
	table_add(table, TABLE_CHAIN, "hook",
		  "comment \"x\"\n"
		  "type filter hook input priority 0; policy accept;\n");
	table_line(table, "ct mark 1 accept", NULL);
	table_line(table, "drop", NULL);
	return table;
}

/** expect_print() - Does a table print so? */
static void expect_print(const struct table *table, const char *text)
{
	struct strbuf out;

	strbuf_init(&out);
	table_print(table, &out);
	assert_string_equal(strbuf_str(&out), text);
	strbuf_fini(&out);
}

/** expect_diff() - Is this the way from one to the other?  Frees both */
static void expect_diff(struct table *old, struct table *new,
			enum table_diff how, const char *script)
{
	struct strbuf out;

	strbuf_init(&out);
	assert_int_equal(table_diff(old, new, &out), how);
	assert_string_equal(strbuf_str(&out), script);
	strbuf_fini(&out);
	table_free(old);
	table_free(new);
}

static void a_table_prints_one_thing_a_line(void **state)
{
	struct table *table = small();

	(void)state;
	expect_print(table, small_text);
	table_free(table);
}

static void what_was_printed_is_read_back(void **state)
{
	struct table *table = table_parse(small_text);

	(void)state;
	assert_non_null(table);
	assert_string_equal(table->name, "t");
	assert_int_equal(table->object_cnt, 4);
	assert_string_equal(table->objects[2].lines[1].value, "goto b");
	assert_string_equal(table->objects[3].lines[1].key, "drop");
	expect_print(table, small_text);
	expect_diff(small(), table, TABLE_DIFF_NONE, "");
}

static void rulesets_are_read_back_as_they_were(void **state)
{
	const struct nft_opened opened = {.v6_all = true};
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 20; seed++) {
		struct arena arena;
		struct strbuf out;
		struct table *table;

		arena_init(&arena);
		strbuf_init(&out);
		nft_render(plans_make(seed, seed % 2 ? ROLE_SITE : ROLE_CLOUD,
				      &arena),
			   &opened, &out);
		table = table_parse(strbuf_str(&out));
		assert_non_null(table);
		expect_print(table, strbuf_str(&out));
		assert_non_null(table_seal_name(table));
		table_free(table);
		strbuf_fini(&out);
		arena_fini(&arena);
	}
}

static void a_text_that_is_cut_or_changed_is_no_table(void **state)
{
	char text[sizeof(small_text)];
	size_t len;

	(void)state;
	for (len = 0; len + 2 < sizeof(small_text); len++) {
		struct table *table;

		memcpy(text, small_text, len);
		text[len] = '\0';
		table = table_parse(text);
		assert_null(table);
	}
	assert_null(table_parse("table inet t\ndelete table inet t\n"
				"table inet t {\n\tthing x {\n\t}\n}\n"));
	assert_null(table_parse("table inet t\ndelete table inet t\n"
				"table inet t {\n\tmap x {\n\t\telements = {\n"
				"\t\t\t80\n\t\t}\n\t}\n}\n"));
}

static void a_seal_tells_tables_apart(void **state)
{
	struct table *a = small();
	struct table *b = small();
	struct table *c = small();

	(void)state;
	table_line(c, "accept", NULL);
	assert_null(table_seal_name(a));
	table_seal(a);
	table_seal(b);
	table_seal(c);

	assert_string_equal(table_seal_name(a), table_seal_name(b));
	assert_string_not_equal(table_seal_name(a), table_seal_name(c));
	table_free(a);
	table_free(b);
	table_free(c);
}

static void only_elements_that_differ_are_touched(void **state)
{
	struct table *old = small();
	struct table *new = small();

	(void)state;
	old->objects[2].lines[0] = (struct table_line){"80", "goto c"};
	old->objects[2].lines[1] = (struct table_line){"9", "goto a"};
	new->objects[1].line_cnt = 1;

	expect_diff(old, new, TABLE_DIFF_SCRIPT,
		    "delete element inet t names {\n"
		    "\t\"a,b\"\n"
		    "}\n"
		    "delete element inet t ports {\n"
		    "\t80,\n"
		    "\t9\n"
		    "}\n"
		    "add element inet t ports {\n"
		    "\t80 : goto a,\n"
		    "\t81 : goto b\n"
		    "}\n");
}

static void the_order_of_elements_is_no_difference(void **state)
{
	struct table *new = small();
	struct table_line first = new->objects[2].lines[0];

	(void)state;
	new->objects[2].lines[0] = new->objects[2].lines[1];
	new->objects[2].lines[1] = first;

	expect_diff(small(), new, TABLE_DIFF_NONE, "");
}

static void what_is_referred_to_comes_first_and_goes_last(void **state)
{
	struct table *old = small();
	struct table *new = small();

	(void)state;
	table_add(old, TABLE_CHAIN, "gone", "");
	table_line(old, "ip saddr @old_set drop", NULL);
	table_add(old, TABLE_SET, "old_set", "type ipv4_addr\n");
	old->objects[3].lines[1].key = "goto gone";
	new->objects[0].name = "idle_60";
	table_add(new, TABLE_CHAIN, "came", "");
	table_line(new, "ct timeout set \"idle_60\"", NULL);

	expect_diff(old, new, TABLE_DIFF_SCRIPT,
		    "flush chain inet t gone\n"
		    "flush chain inet t hook\n"
		    "table inet t {\n"
		    "\tct timeout idle_60 {\n"
		    "\t\tprotocol tcp;\n"
		    "\t\tpolicy = { established : 30 }\n"
		    "\t}\n"
		    "\n"
		    "\tchain came {\n"
		    "\t\tct timeout set \"idle_60\"\n"
		    "\t}\n"
		    "\n"
		    "\tchain hook {\n"
		    "\t\tcomment \"x\"\n"
		    "\t\ttype filter hook input priority 0; policy accept;\n"
		    "\t\tct mark 1 accept\n"
		    "\t\tdrop\n"
		    "\t}\n"
		    "}\n"
		    "delete set inet t old_set\n"
		    "delete chain inet t gone\n"
		    "delete ct timeout inet t idle\n");
}

static void another_head_or_name_replaces_the_table(void **state)
{
	struct table *new = small();

	(void)state;
	new->objects[2].head = "type inet_service : mark\n";
	expect_diff(small(), new, TABLE_DIFF_REPLACE, "");
	new = small();
	new->name = "u";
	expect_diff(small(), new, TABLE_DIFF_REPLACE, "");
	new = small();
	new->comment = NULL;
	expect_diff(small(), new, TABLE_DIFF_REPLACE, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_prints_one_thing_a_line),
		cmocka_unit_test(what_was_printed_is_read_back),
		cmocka_unit_test(rulesets_are_read_back_as_they_were),
		cmocka_unit_test(a_text_that_is_cut_or_changed_is_no_table),
		cmocka_unit_test(a_seal_tells_tables_apart),
		cmocka_unit_test(only_elements_that_differ_are_touched),
		cmocka_unit_test(the_order_of_elements_is_no_difference),
		cmocka_unit_test(what_is_referred_to_comes_first_and_goes_last),
		cmocka_unit_test(another_head_or_name_replaces_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

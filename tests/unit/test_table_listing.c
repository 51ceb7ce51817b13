/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_table_listing.c - Is a table that the kernel lists still whole?
 */

#include "steward/table_listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char listing[] =
	"table inet t {\n"
	"\tcomment \"why\"\n"
	"\tct timeout idle {\n"
	"\t\tprotocol tcp\n"
	"\t\tl3proto ip\n"
	"\t\tpolicy = { established : 30 }\n"
	"\t}\n"
	"\n"
	"\tmap ports {\n"
	"\t\ttype inet_service : verdict\n"
	"\t\tflags interval\n"
	"\t\telements = { 80 : goto a, 81-90 : goto b,\n"
	"\t\t\t     91 : goto c }\n"
	"\t}\n"
	"\n"
	"\tset none {\n"
	"\t\ttype ifname\n"
	"\t}\n"
	"\n"
	"\tchain hook {\n"
	"\t\tcomment \"x\"\n"
	"\t\ttype filter hook input priority filter; policy accept;\n"
	"\t\tct mark 0x00000001 accept\n"
	"\t\tdnat ip to 10.1.0.7:tcp dport map { 100 : 200, 101 : 201,\n"
	"\t\t\t\t\t\t    102 : 202 }\n"
	"\t}\n"
	"\n"
	"\tchain is_0123 {\n"
	"\t}\n"
	"}\n";

/** stands() - The table that the listing shows, in our own words, and more */
static struct table *stands(size_t more_rules, size_t more_elements)
{
	struct table *table = table_new("t", "\"why\"");

	table_add(table, TABLE_CHAIN, "hook",
		  "comment \"x\"\ntype filter hook input priority 0; policy "
		  "accept;\n");
	table_line(table, "ct mark 1 accept", NULL);
	table_line(table, "dnat ip to 10.1.0.7 : th dport map { 100 : 200 }",
		   NULL);
	while (more_rules--)
		table_line(table, "drop", NULL);
	table_add(table, TABLE_MAP, "ports", "type inet_service : verdict\n");
	table_line(table, "80", "goto a");
	table_line(table, "81-90", "goto b");
	table_line(table, "91", "goto c");
	while (more_elements--)
		table_line(table, "99", "goto c");
	table_add(table, TABLE_SET, "none", "type ifname\n");
	table_add(table, TABLE_TIMEOUT, "idle", "protocol tcp;\n");
	table_add(table, TABLE_CHAIN, "is_0123", "");
	return table;
}

static void expect(struct table *table, bool whole)
{
	assert_int_equal(table_matches(table, listing), whole);
	table_free(table);
}

static void a_table_is_whole_whatever_words_nft_uses(void **state)
{
	(void)state;
	expect(stands(0, 0), true);
}

static void a_rule_or_element_too_few_is_noticed(void **state)
{
	(void)state;
	expect(stands(1, 0), false);
	expect(stands(0, 1), false);
}

static void an_object_too_few_or_too_many_is_noticed(void **state)
{
	struct table *table = stands(0, 0);

	(void)state;
	table_add(table, TABLE_CHAIN, "more", "");
	expect(table, false);
	table = stands(0, 0);
	table->object_cnt--;
	expect(table, false);
	table = stands(0, 0);
	table->objects[2].name = "nine";
	expect(table, false);
}

static void no_listing_is_no_table(void **state)
{
	struct table *table = stands(0, 0);

	(void)state;
	assert_false(table_matches(table, ""));
	assert_false(table_matches(table, "elements = { }\n\t\tx\n"));
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_whole_whatever_words_nft_uses),
		cmocka_unit_test(a_rule_or_element_too_few_is_noticed),
		cmocka_unit_test(an_object_too_few_or_too_many_is_noticed),
		cmocka_unit_test(no_listing_is_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

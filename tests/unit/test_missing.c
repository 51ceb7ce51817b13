/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "steward/missing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void what_is_named_already_is_not_named_again(void **state)
{
	struct missing missing;

	(void)state;
	missing_init(&missing);
	missing_add(&missing, "route to", "10.1.0.0/2");
	missing_add(&missing, "route to", "10.1.0.0/24");
	missing_add(&missing, "route to", "10.1.0.0/24");
	missing_add(&missing, "address", "10.1.0.0/24");
	missing_add(&missing, "route to", "10.1.0.0/2");

	assert_int_equal(missing.cnt, 3);
	assert_string_equal(missing_text(&missing),
			    "route to 10.1.0.0/2, route to 10.1.0.0/24, "
			    "address 10.1.0.0/24");
	missing_fini(&missing);
	assert_int_equal(missing.cnt, 0);
}

static void many_are_counted(void **state)
{
	struct missing missing;
	char name[8];
	int i;

	(void)state;
	missing_init(&missing);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%03d", i);
		missing_add(&missing, "rule", name);
	}

	assert_string_equal(missing_text(&missing),
			    "rule 000, rule 001, rule 002, rule 003, rule 004, "
			    "rule 005 and 994 more");
	missing_fini(&missing);
}

static void nobody_needs_to_ask(void **state)
{
	(void)state;
	missing_add(NULL, "rule", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named_already_is_not_named_again),
		cmocka_unit_test(many_are_counted),
		cmocka_unit_test(nobody_needs_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

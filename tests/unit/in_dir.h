/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * in_dir.h - Tests that work in a directory of their own
 */

#ifndef TESTS_IN_DIR_H
#define TESTS_IN_DIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** enter_dir() - Setup of a test: into a new directory */
static inline int enter_dir(void **state)
{
	char *dir = strdup("/tmp/relaytun-test-XXXXXX");

	if (!dir || !mkdtemp(dir) || chdir(dir))
		return -1;
	*state = dir;
	return 0;
}

/** leave_dir() - Its teardown: the directory goes */
static inline int leave_dir(void **state)
{
	char *dir = *state;
	char command[128];
	int ret;

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ret = chdir("/") || system(command);
	free(dir);
	return ret;
}

/* An entry of a table of tests, in place of cmocka_unit_test(). */
#define in_dir(test) cmocka_unit_test_setup_teardown(test, enter_dir, leave_dir)

#endif /* TESTS_IN_DIR_H */

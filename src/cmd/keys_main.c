/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * keys_main.c - relaytun-keys: the verbs that handle secrets
 *
 * A program of its own, so that keys are never in a process that does more.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cmd/cmd.h"

int main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};

	/* No core dumps: there are keys in memory. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);

	if (argc > 1 && !strcmp(argv[1], "token"))
		return cmd_token(argc - 1, argv + 1);
	fputs("relaytun-keys: call it as relaytun token\n", stderr);
	return EXIT_USAGE;
}

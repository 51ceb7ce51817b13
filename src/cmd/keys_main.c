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
#include "sys/output.h"

int main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};

	/* No core dumps: there are keys in memory. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);

	if (argc > 0 && !strcmp(argv[0], "relaytun token"))
		return output_end(argv[0], cmd_token(argc, argv));
	fputs("relaytun-keys: call it as relaytun token\n", stderr);
	return EXIT_USAGE;
}

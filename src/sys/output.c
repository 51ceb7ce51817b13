/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * output.c - Was everything printed that was to be?
 */

#include "sys/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int output_end(const char *who, int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot print: %s\n", who,
		errno ? strerror(errno) : "output is incomplete");
	return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

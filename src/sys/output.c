/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * output.c - What programs say to a person, and whether all of it was printed
 */

#include "sys/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

/* Beside a text: its file and line. */
#define PLACE_SIZE 4096

void output_diag(const struct diag *diag)
{
	size_t total = diag->error_cnt + diag->warning_cnt;
	char line[PLACE_SIZE + DIAG_TEXT_LEN_MAX];
	size_t i;

	for (i = 0; i < diag->cnt; i++) {
		diag_text(diag, i, line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
	if (total > diag->cnt)
		fprintf(stderr, "... and %zu more\n", total - diag->cnt);
}

int output_end(const char *who, int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot print: %s\n", who,
		errno ? strerror(errno) : "output is incomplete");
	return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

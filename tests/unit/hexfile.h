/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hexfile.h - Golden vectors: bytes in hex, "#" begins a comment
 */

#ifndef TESTS_HEXFILE_H
#define TESTS_HEXFILE_H

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** hexfile_digit() - Value of a hex digit; ends the test on anything else */
static inline unsigned int hexfile_digit(const char *path, int c)
{
	if (isdigit(c))
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a' + 10);
	fprintf(stderr, "%s: '%c' is no hex digit\n", path, c);
	abort();
}

/**
 * hexfile_read() - All bytes of a file
 * @path:	From the root of the repository, where tests are run
 * @buf:	Receives them
 * @size:	Room there; a longer file ends the test
 *
 * Return: how many
 */
static inline size_t hexfile_read(const char *path, uint8_t *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t len = 0;
	int c;

	if (!file) {
		fprintf(stderr, "%s: run tests from the root of the tree\n",
			path);
		abort();
	}
	while ((c = fgetc(file)) != EOF) {
		while (c == '#' && (c = fgetc(file)) != EOF) {
			while (c != '\n' && c != EOF)
				c = fgetc(file);
		}
		if (c == EOF)
			break;
		if (isspace(c))
			continue;
		if (len == size)
			abort();
		buf[len] = (uint8_t)(hexfile_digit(path, c) << 4);
		buf[len++] |= (uint8_t)hexfile_digit(path, fgetc(file));
	}
	fclose(file);
	return len;
}

#endif /* TESTS_HEXFILE_H */

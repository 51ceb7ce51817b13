/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * replay_main.c - Runs a fuzzer's function over files, without a fuzzer
 *
 * Linked to each fuzz_*.c by gcc, so that the seed corpus and every input that
 * once failed is replayed under the sanitizers by `make check-unit`:
 *
 *	build/fuzz/fuzz_policy tests/fuzz/corpus/policy FILE...
 *
 * Of each file also every prefix is run when it is short, and each file with
 * one byte changed, so that a replay without exploring still says something.
 * With -s only the files themselves are run.
 */

#ifndef LIBFUZZER

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Longest input whose prefixes and neighbours are run as well. */
#define VARIED_LEN_MAX 4096
/* At most so many of each, spread evenly. */
#define VARIED_CNT_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * run_copy() - Run one input from memory of exactly its size
 * @data:	Input
 * @len:	Its length
 *
 * So that a sanitizer sees a read behind the end.
 */
static void run_copy(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

/**
 * run_varied() - Run prefixes of an input, and neighbours of it
 * @data:	Input, unchanged afterwards
 * @len:	Its length
 */
static void run_varied(uint8_t *data, size_t len)
{
	size_t step = len / VARIED_CNT_MAX + 1;
	size_t i;

	for (i = 0; i < len; i += step) {
		uint8_t byte = data[i];

		run_copy(data, i);
		data[i] ^= (uint8_t)(1u << (i / step % 8));
		run_copy(data, len);
		data[i] = byte;
	}
}

/**
 * run_file() - Run one file
 * @path:	Its path
 * @varied:	Also what is near it
 *
 * Return: 0, or 1 after an error that was printed
 */
static int run_file(const char *path, bool varied)
{
	uint8_t *data = NULL;
	size_t size = 0;
	size_t len = 0;
	FILE *file = fopen(path, "rb");

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	do {
		if (len == size) {
			size = size ? 2 * size : 65536;
			data = realloc(data, size);
			if (!data)
				abort();
		}
		len += fread(data + len, 1, size - len, file);
	} while (!feof(file) && !ferror(file));
	fclose(file);

	run_copy(data, len);
	if (varied && len <= VARIED_LEN_MAX)
		run_varied(data, len);
	free(data);
	return 0;
}

/**
 * run_path() - Run one file, or all files of a directory
 * @path:	Its path
 * @varied:	Also what is near each
 * @cnt:	Counts files
 *
 * Return: 0, or 1 after an error that was printed
 */
static int run_path(const char *path, bool varied, size_t *cnt)
{
	struct dirent *entry;
	struct stat st;
	char name[4096];
	int failed = 0;
	DIR *dir;

	if (!stat(path, &st) && !S_ISDIR(st.st_mode)) {
		++*cnt;
		return run_file(path, varied);
	}
	dir = opendir(path);
	if (!dir) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	for (entry = readdir(dir); entry; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		failed |= run_path(name, varied, cnt);
	}
	closedir(dir);
	return failed;
}

int main(int argc, char **argv)
{
	bool varied = true;
	size_t cnt = 0;
	int failed = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-s"))
			varied = false;
		else
			failed |= run_path(argv[i], varied, &cnt);
	}
	if (!cnt) {
		fprintf(stderr, "usage: %s [-s] FILE-OR-DIRECTORY...\n",
			argv[0]);
		return 2;
	}
	printf("%zu inputs replayed\n", cnt);
	return failed;
}

#endif /* LIBFUZZER */

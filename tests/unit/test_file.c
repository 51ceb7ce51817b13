/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "in_dir.h"

static void put(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void a_file_is_read_whole_and_terminated(void **state)
{
	static char big[100001];
	char *text;

	(void)state;
	memset(big, 'x', sizeof(big));
	put("small", "a\nb\n", 4, 0644);
	put("empty", "", 0, 0644);
	put("big", big, sizeof(big), 0644);

	assert_int_equal(file_read("small", 100, &text), 4);
	assert_string_equal(text, "a\nb\n");
	free(text);
	assert_int_equal(file_read("empty", 100, &text), 0);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(file_read("big", 200000, &text), sizeof(big));
	assert_memory_equal(text, big, sizeof(big));
	assert_int_equal(text[sizeof(big)], 0);
	free(text);
}

static void the_longest_allowed_content_is_read_and_one_byte_more_is_not(
	void **state)
{
	char *text;

	(void)state;
	put("four", "abcd", 4, 0644);

	assert_int_equal(file_read("four", 4, &text), 4);
	free(text);
	assert_int_equal(file_read("four", 3, &text), -EMSGSIZE);
	assert_null(text);
}

static void how_a_file_begins_is_read_whatever_is_in_it(void **state)
{
	char text[6];

	(void)state;
	put("file", "ab\0cdefgh", 9, 0644);
	assert_int_equal(file_peek("file", text, sizeof(text)), 5);
	assert_memory_equal(text, "ab\0cd", 6);
	put("file", "", 0, 0644);
	assert_int_equal(file_peek("file", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(file_peek("none", text, sizeof(text)), -ENOENT);
	assert_int_equal(file_peek(".", text, sizeof(text)), -EISDIR);
}

static void what_cannot_be_read_has_its_reason(void **state)
{
	char *text;

	(void)state;
	put("nul", "a\0b", 3, 0644);

	assert_int_equal(file_read("nul", 100, &text), -EBADMSG);
	assert_int_equal(file_read("missing", 100, &text), -ENOENT);
	assert_int_equal(file_read(".", 100, &text), -EISDIR);
	assert_null(text);
	assert_string_equal(file_why(-ENOENT), "No such file or directory");
	assert_string_equal(file_why(-EBADMSG),
			    "it has NUL bytes in it; it must be a text file");
}

static void what_could_keep_a_reader_waiting_is_not_read(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);

	assert_int_equal(file_read("fifo", 100, &text), -ENOTSUP);
	assert_null(text);
	assert_int_equal(file_read("/dev/zero", 100, &text), -ENOTSUP);
	assert_string_equal(file_why(-ENOTSUP), "it is no regular file");
	assert_int_equal(file_check("fifo"), -ENOTSUP);
	assert_int_equal(file_check("none"), -ENOENT);
	put("file", "x", 1, 0600);
	assert_int_equal(file_check("file"), 0);
}

static void a_secret_loses_only_its_trailing_newlines(void **state)
{
	const char *why;
	char *text;

	(void)state;
	put("key", "a+b/c= \r\n\n", 10, 0600);

	assert_int_equal(file_read_secret("key", 100, &text, &why), 7);
	assert_string_equal(text, "a+b/c= ");
	assert_null(why);
	file_wipe(text, 7);
}

static void a_secret_that_others_may_read_is_refused_with_the_remedy(
	void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0666};
	const char *why;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		put("key", "secret", 6, modes[i]);
		assert_int_equal(file_read_secret("key", 100, &text, &why),
				 -EACCES);
		assert_null(text);
		assert_non_null(strstr(why, "chmod 600"));
	}
}

static void a_secret_that_is_no_usable_file_is_refused_with_a_reason(
	void **state)
{
	const char *why;
	char *text;

	(void)state;
	put("empty", "\n", 1, 0600);
	put("nothing", "", 0, 0644);
	put("nul", "a\0b", 3, 0600);
	put("long", "abcd", 4, 0600);
	assert_int_equal(mkfifo("fifo", 0600), 0);

	assert_int_equal(file_read_secret("empty", 9, &text, &why), -EBADMSG);
	assert_string_equal(why, "empty; write the key there");
	assert_int_equal(file_read_secret("nothing", 9, &text, &why), -EBADMSG);
	assert_string_equal(why, "empty; write the key there");
	assert_int_equal(file_read_secret("nul", 9, &text, &why), -EBADMSG);
	assert_non_null(strstr(why, "NUL"));
	assert_int_equal(file_read_secret("long", 3, &text, &why), -EMSGSIZE);
	assert_string_equal(why, "too long for a key");
	assert_int_equal(file_read_secret("none", 9, &text, &why), -ENOENT);
	assert_non_null(strstr(why, "no such file"));
	assert_int_equal(file_read_secret("fifo", 9, &text, &why), -EACCES);
	assert_non_null(strstr(why, "not a regular file"));
	assert_null(text);
}

static void a_key_of_several_lines_is_refused(void **state)
{
	static const char *const keys[] = {"one\ntwo", "one\r\ntwo\n", "\none",
					   "one\x1b[31m"};
	const char *why;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		put("key", keys[i], strlen(keys[i]), 0600);
		assert_int_equal(file_read_secret("key", 99, &text, &why),
				 -EBADMSG);
		assert_null(text);
		assert_non_null(strstr(why, "one line"));
	}
}

static void a_key_of_another_user_is_refused(void **state)
{
	const char *why;
	char *text;

	(void)state;
	put("key", "secret", 6, 0600);
	if (chown("key", 65534, (gid_t)-1)) {
		assert_int_equal(errno, EPERM);
		skip(); /* only root can make one */
	}

	assert_int_equal(file_read_secret("key", 99, &text, &why), -EACCES);
	assert_null(text);
	assert_non_null(strstr(why, "belongs to another user"));
}

/** group_reads() - What reading a key of this mode gives, when a group may */
static ssize_t group_reads(mode_t mode, gid_t group)
{
	const char *why;
	char *text;
	ssize_t len;

	put("key", "secret", 6, mode);
	len = file_read_group_secret("key", 99, group, &text, &why);
	if (len > 0)
		file_wipe(text, (size_t)len);
	return len;
}

static void a_key_may_be_read_by_the_group_that_is_named_and_no_other(
	void **state)
{
	const char *why;
	struct stat st;
	char *text;

	(void)state;
	put("key", "secret", 6, 0640);
	assert_int_equal(stat("key", &st), 0);
	assert_int_equal(file_read_secret("key", 99, &text, &why), -EACCES);
	assert_int_equal(group_reads(0640, st.st_gid), 6);
	assert_int_equal(group_reads(0640, st.st_gid + 1), -EACCES);
	assert_int_equal(group_reads(0640, (gid_t)-1), -EACCES);
	assert_int_equal(group_reads(0660, st.st_gid), -EACCES);
	assert_int_equal(group_reads(0644, st.st_gid), -EACCES);
}

static void a_write_replaces_the_file_with_all_bytes_and_its_mode(void **state)
{
	struct stat st;
	char *text;

	(void)state;
	put("f", "old and longer", 14, 0600);
	put("f.new", "left by a crash", 15, 0400);

	assert_int_equal(file_write_atomic("f", "new", 3, 0640), 0);

	assert_int_equal(file_read("f", 100, &text), 3);
	assert_string_equal(text, "new");
	free(text);
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(access("f.new", F_OK), -1);
}

static void a_write_that_fails_leaves_the_old_file(void **state)
{
	char *text;

	(void)state;
	put("f", "old", 3, 0600);
	/* A directory with something in it cannot be unlinked or replaced. */
	assert_int_equal(mkdir("f.new", 0700), 0);

	assert_int_equal(file_write_atomic("f", "new", 3, 0600), -EISDIR);
	assert_int_equal(file_write_atomic("no/f", "new", 3, 0600), -ENOENT);

	assert_int_equal(file_read("f", 100, &text), 3);
	assert_string_equal(text, "old");
	free(text);
}

static void missing_parents_are_made_and_standing_ones_kept(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("a", 0700), 0);
	put("file", "x", 1, 0600);

	assert_int_equal(file_make_parents("a/b/c/file", 0750), 0);
	assert_int_equal(file_make_parents("a/b/c/file", 0700), 0);
	assert_int_equal(file_make_parents("plain", 0700), 0);
	assert_int_equal(file_make_parents("file/b/c", 0700), -ENOTDIR);

	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(access("a/b/c/file", F_OK), -1);
	assert_int_equal(access("plain", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_dir(a_file_is_read_whole_and_terminated),
		in_dir(the_longest_allowed_content_is_read_and_one_byte_more_is_not),
		in_dir(how_a_file_begins_is_read_whatever_is_in_it),
		in_dir(what_cannot_be_read_has_its_reason),
		in_dir(what_could_keep_a_reader_waiting_is_not_read),
		in_dir(a_secret_loses_only_its_trailing_newlines),
		in_dir(a_secret_that_others_may_read_is_refused_with_the_remedy),
		in_dir(a_secret_that_is_no_usable_file_is_refused_with_a_reason),
		in_dir(a_key_of_several_lines_is_refused),
		in_dir(a_key_of_another_user_is_refused),
		in_dir(a_key_may_be_read_by_the_group_that_is_named_and_no_other),
		in_dir(a_write_replaces_the_file_with_all_bytes_and_its_mode),
		in_dir(a_write_that_fails_leaves_the_old_file),
		in_dir(missing_parents_are_made_and_standing_ones_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

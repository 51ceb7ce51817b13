/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "sys/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/** struct capture - stderr led into memory for a while */
struct capture {
	int memory;
	int stderr_copy;
};

static void capture_open(struct capture *capture)
{
	capture->memory = memfd_create("stderr", MFD_CLOEXEC);
	capture->stderr_copy = dup(STDERR_FILENO);
	assert_true(capture->memory >= 0 && capture->stderr_copy >= 0);
	assert_int_equal(dup2(capture->memory, STDERR_FILENO), STDERR_FILENO);
}

static void capture_close(struct capture *capture, char *text, size_t size)
{
	ssize_t len = pread(capture->memory, text, size - 1, 0);

	dup2(capture->stderr_copy, STDERR_FILENO);
	close(capture->stderr_copy);
	close(capture->memory);
	assert_true(len >= 0);
	text[len] = '\0';
}

/** logged() - What log_info("%s", @text) puts on stderr */
static const char *logged(const char *text, char *out, size_t size)
{
	struct capture capture;

	unsetenv("JOURNAL_STREAM");
	log_open("t", LOG_LEVEL_INFO);
	capture_open(&capture);
	log_info("%s", text);
	capture_close(&capture, out, size);
	return out;
}

static void a_line_begins_with_the_program_and_ends_once(void **state)
{
	char out[256];

	(void)state;
	assert_string_equal(logged("peer=oslo-a event=open", out, sizeof(out)),
			    "t: peer=oslo-a event=open\n");
}

static void control_characters_and_foreign_bytes_are_escaped(void **state)
{
	char out[256];

	(void)state;
	assert_string_equal(
		logged("a\nb\r\tc\x1b[31m\x7f\xc2\x9b\\", out, sizeof(out)),
		"t: a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f\\xc2\\x9b"
		"\\\\\n");
}

static void signatures_and_keys_are_masked(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{"sr=sb&sig=AbC%2Fd%3D&se=17&skn=send",
		 "t: sr=sb&sig=***&se=17&skn=send\n"},
		{"sr=sb&SIG=AbC", "t: sr=sb&SIG=***\n"},
		{"token=\"sr=x&sig=AbC\" next",
		 "t: token=\"sr=x&sig=***\" next\n"},
		{"sig=one sig=two", "t: sig=*** sig=***\n"},
		{"sb-hc-token=sr%3Dsb%26sig%3DAb%252Bc%253D%26se%3D17",
		 "t: sb-hc-token=sr%3Dsb%26sig%3D***%26se%3D17\n"},
		{"Endpoint=sb://x/;SharedAccessKey=a+b/c=;EntityPath=e",
		 "t: Endpoint=sb://x/;SharedAccessKey=***;EntityPath=e\n"},
		{"config=eth0 design=7", "t: config=eth0 design=7\n"},
	};
	char out[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(logged(cases[i].in, out, sizeof(out)),
				    cases[i].out);
}

/** quoted() - What log_info() makes of @text as a value in quotes */
static const char *quoted(const char *text, char *out, size_t size)
{
	struct capture capture;

	unsetenv("JOURNAL_STREAM");
	log_open("t", LOG_LEVEL_INFO);
	capture_open(&capture);
	log_info("error=\"%s\" n=%d", text, 7);
	capture_close(&capture, out, size);
	return out;
}

static void quotes_in_a_quoted_value_are_escaped(void **state)
{
	char all[40] = "";
	char out[512];
	int i;

	(void)state;
	assert_string_equal(quoted("as it is", out, sizeof(out)),
			    "t: error=\"as it is\" n=7\n");
	assert_string_equal(quoted("a (see \"ip route\")", out, sizeof(out)),
			    "t: error=\"a (see \\\"ip route\\\")\" n=7\n");
	/* Nobody can end the value and begin another. */
	assert_string_equal(quoted("x\" event=forged y=\"", out, sizeof(out)),
			    "t: error=\"x\\\" event=forged y=\\\"\" n=7\n");
	assert_string_equal(quoted("\x01\"\x02", out, sizeof(out)),
			    "t: error=\"\\x01\\\"\\x02\" n=7\n");
	assert_string_equal(quoted("\"sig=AbC\" next", out, sizeof(out)),
			    "t: error=\"\\\"sig=***\\\" next\" n=7\n");
	/* Every control character at once: then all quotes are escaped. */
	for (i = 1; i < 0x20; i++)
		all[i - 1] = (char)i;
	strcat(all, "\"");
	quoted(all, out, sizeof(out));
	assert_non_null(strstr(out, "t: error=\\\"\\x01"));
	assert_non_null(strstr(out, "\\x1f\\\"\\\" n=7\n"));
	/* A text that is no value stays readable. */
	assert_string_equal(logged("gateway \"a\" is", out, sizeof(out)),
			    "t: gateway \"a\" is\n");
}

static void a_level_above_the_chosen_one_is_silent(void **state)
{
	struct capture capture;
	char out[256];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_open("t", LOG_LEVEL_WARN);

	capture_open(&capture);
	log_debug("debug");
	log_info("info");
	log_warn("warn");
	log_err("err");
	capture_close(&capture, out, sizeof(out));

	assert_string_equal(out, "t: warn\nt: err\n");
}

static void the_journal_gets_a_priority_before_each_line(void **state)
{
	struct capture capture;
	char out[256];

	(void)state;
	setenv("JOURNAL_STREAM", "8:123", 1);
	log_open("t", LOG_LEVEL_DEBUG);

	capture_open(&capture);
	log_err("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	capture_close(&capture, out, sizeof(out));
	unsetenv("JOURNAL_STREAM");

	assert_string_equal(out, "<3>t: e\n<4>t: w\n<6>t: i\n<7>t: d\n");
}

static void an_endless_text_is_cut_and_says_so(void **state)
{
	static char text[10000];
	static char out[20000];
	size_t len;

	(void)state;
	memset(text, '\n', sizeof(text) - 1);

	logged(text, out, sizeof(out));

	/* 2044 bytes of it, each escaped to four, and the mark. */
	len = strlen("t: ") + 2044 * 4 + strlen("...\n");
	assert_int_equal(strlen(out), len);
	assert_string_equal(out + len - 8, "\\x0a...\n");
}

static void errno_is_kept_and_can_be_shown(void **state)
{
	struct capture capture;
	char out[256];
	int kept;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_open("t", LOG_LEVEL_INFO);

	capture_open(&capture);
	errno = ENOENT;
	log_err("open: %m");
	kept = errno;
	capture_close(&capture, out, sizeof(out));

	assert_string_equal(out, "t: open: No such file or directory\n");
	assert_int_equal(kept, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_begins_with_the_program_and_ends_once),
		cmocka_unit_test(
			control_characters_and_foreign_bytes_are_escaped),
		cmocka_unit_test(signatures_and_keys_are_masked),
		cmocka_unit_test(quotes_in_a_quoted_value_are_escaped),
		cmocka_unit_test(a_level_above_the_chosen_one_is_silent),
		cmocka_unit_test(the_journal_gets_a_priority_before_each_line),
		cmocka_unit_test(an_endless_text_is_cut_and_says_so),
		cmocka_unit_test(errno_is_kept_and_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

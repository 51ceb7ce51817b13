/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_golden_policy.c - Golden files of both configuration languages
 *
 * tests/golden/policy and tests/golden/gateway hold, per case NAME.cfg:
 *
 *	NAME.ok		the normal form, when the text is valid
 *	NAME.err	every error and warning, as printed, when there is any
 *
 * Files that a case includes are called NAME.inc.
 *
 * Cases that begin with "bad-" are invalid and have no .ok.  UPDATE_GOLDEN=1
 * writes what comes out; read the difference before it is committed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "policy/parse.h"
#include "policy/print.h"
#include "sys/cfgfile.h"
#include "sys/file.h"

#define POLICY_DIR  "tests/golden/policy"
#define GATEWAY_DIR "tests/golden/gateway"

/**
 * struct result - What a text gives
 * @valid:	There is a table
 * @ok:		Its normal form
 * @err:	Errors and warnings, one a line
 */
struct result {
	bool valid;
	struct strbuf ok;
	struct strbuf err;
};

/** language_fn - Parse a text and print its normal form; false when invalid */
typedef bool (*language_fn)(const struct cfg_source *source,
			    struct arena *arena, struct diag *diag,
			    struct strbuf *ok);

static bool policy_language(const struct cfg_source *source,
			    struct arena *arena, struct diag *diag,
			    struct strbuf *ok)
{
	const struct policy *policy = policy_parse_source(source, arena, diag);

	if (policy)
		policy_print(policy, ok);
	return policy != NULL;
}

static bool gateway_language(const struct cfg_source *source,
			     struct arena *arena, struct diag *diag,
			     struct strbuf *ok)
{
	const struct gateway_conf *conf =
		gateway_conf_parse_source(source, arena, diag);

	if (conf)
		gateway_conf_print(conf, ok);
	return conf != NULL;
}

/** result_make() - Run a file, or a text when there is one, through a language */
static void result_make(struct result *result, language_fn language,
			const char *path, const char *text)
{
	struct cfg_source source = {.text = text, .path = path};
	char line[DIAG_TEXT_LEN_MAX + 256];
	struct cfgfile file = {.text = NULL};
	struct arena arena;
	struct diag diag;
	int err = 0;
	size_t i;

	arena_init(&arena);
	diag_init(&diag);
	strbuf_init(&result->ok);
	strbuf_init(&result->err);
	if (!text) {
		err = cfgfile_load(&file, path, &arena, &diag);
		source = file.source;
	}
	result->valid = !err && language(&source, &arena, &diag, &result->ok);
	cfgfile_free(&file);
	for (i = 0; i < diag.cnt; i++) {
		diag_text(&diag, i, line, sizeof(line));
		strbuf_printf(&result->err, "%s\n", line);
	}
	assert_int_equal(result->valid, diag.error_cnt == 0);
	diag_fini(&diag);
	arena_fini(&arena);
}

static void result_free(struct result *result)
{
	strbuf_fini(&result->ok);
	strbuf_fini(&result->err);
}

/** golden_path() - "STEM.SUFFIX", in a caller's buffer of 512 bytes */
static const char *golden_path(char *buf, const char *file, const char *suffix)
{
	snprintf(buf, 512, "%.*s%s", (int)(strlen(file) - 4), file, suffix);
	return buf;
}

/** assert_golden() - Is a text what its file says?  No file: is it empty? */
static void assert_golden(const char *path, const char *text)
{
	char *expected = NULL;
	ssize_t len;

	if (getenv("UPDATE_GOLDEN")) {
		unlink(path);
		if (text[0])
			assert_int_equal(file_write_atomic(path, text,
							   strlen(text), 0644),
					 0);
	}
	len = file_read(path, POLICY_LEN_MAX, &expected);
	if (len == -ENOENT && !text[0])
		return;
	if (len < 0)
		fail_msg("%s: %s; the output is:\n%s", path,
			 strerror((int)-len), text);
	if (strcmp(text, expected))
		print_error("%s differs\n", path);
	assert_string_equal(text, expected);
	free(expected);
}

/** check_case() - One NAME.cfg */
static void check_case(const char *file, language_fn language)
{
	struct result again;
	struct result result;
	char path[512];

	result_make(&result, language, file, NULL);

	if (result.valid != (strncmp(file, "bad-", 4) != 0))
		fail_msg("%s is %s:\n%s", file,
			 result.valid ? "valid" : "invalid",
			 strbuf_str(&result.err));
	assert_golden(golden_path(path, file, ".ok"), strbuf_str(&result.ok));
	assert_golden(golden_path(path, file, ".err"), strbuf_str(&result.err));
	if (result.valid) {
		result_make(&again, language, "again", strbuf_str(&result.ok));
		assert_string_equal(strbuf_str(&again.ok),
				    strbuf_str(&result.ok));
		result_free(&again);
	}
	result_free(&result);
}

/** check_dir() - All cases of a directory; at least @cnt_min */
static void check_dir(const char *dir, language_fn language, size_t cnt_min)
{
	struct dirent *entry;
	DIR *entries;
	size_t cnt = 0;

	/* So that errors name a file as short as it is in the goldens. */
	assert_int_equal(chdir(dir), 0);
	entries = opendir(".");
	assert_non_null(entries);
	for (entry = readdir(entries); entry; entry = readdir(entries)) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".cfg"))
			continue;
		check_case(entry->d_name, language);
		cnt++;
	}
	closedir(entries);
	assert_int_equal(chdir("../../.."), 0);
	assert_true(cnt >= cnt_min);
}

static void every_policy_gives_its_normal_form_or_its_errors(void **state)
{
	(void)state;
	check_dir(POLICY_DIR, policy_language, 20);
}

static void every_gateway_cfg_gives_its_normal_form_or_its_errors(void **state)
{
	(void)state;
	check_dir(GATEWAY_DIR, gateway_language, 8);
}

/** check_example() - Does a file of etc/ give the normal form of a case? */
static void check_example(const char *path, const char *ok,
			  language_fn language)
{
	struct result result;

	result_make(&result, language, path, NULL);

	assert_string_equal(strbuf_str(&result.err), "");
	assert_golden(ok, strbuf_str(&result.ok));
	result_free(&result);
}

static void the_shipped_examples_are_valid_without_a_warning(void **state)
{
	(void)state;
	check_example("etc/policy.cfg", POLICY_DIR "/example.ok",
		      policy_language);
	check_example("etc/gateway.cfg", GATEWAY_DIR "/example-cloud.ok",
		      gateway_language);
	check_example("etc/gateway-site.cfg", GATEWAY_DIR "/example-site.ok",
		      gateway_language);
}

static void the_shipped_examples_fit_together(void **state)
{
	static const char *const confs[] = {"etc/gateway.cfg",
					    "etc/gateway-site.cfg"};
	const struct gateway_conf *conf;
	const struct policy *policy;
	struct arena arena;
	struct diag diag;
	char *conf_text;
	char *text;
	size_t i;

	(void)state;
	arena_init(&arena);
	diag_init(&diag);
	assert_true(file_read("etc/policy.cfg", POLICY_LEN_MAX, &text) > 0);
	policy = policy_parse(text, "policy", &arena, &diag);
	assert_non_null(policy);

	for (i = 0; i < 2; i++) {
		assert_true(file_read(confs[i], POLICY_LEN_MAX, &conf_text) >
			    0);
		conf = gateway_conf_parse(conf_text, confs[i], &arena, &diag);
		assert_non_null(conf);
		assert_non_null(
			gateway_conf_check(policy, conf, confs[i], &diag));
		free(conf_text);
	}
	free(text);
	diag_fini(&diag);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_policy_gives_its_normal_form_or_its_errors),
		cmocka_unit_test(
			every_gateway_cfg_gives_its_normal_form_or_its_errors),
		cmocka_unit_test(
			the_shipped_examples_are_valid_without_a_warning),
		cmocka_unit_test(the_shipped_examples_fit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

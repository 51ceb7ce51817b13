/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "relay/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <hyco/token.h>

#define NOW INT64_C(1800000000)

static struct relay_key own_keys[] = {
	{.name = "listen",
	 .rights = RELAY_LISTEN,
	 .key = (char[]){"kl"},
	 .key_len = 2},
	{.name = "send",
	 .rights = RELAY_SEND,
	 .key = (char[]){"ks"},
	 .key_len = 2},
	{.name = "both",
	 .rights = RELAY_SEND,
	 .key = (char[]){"own"},
	 .key_len = 3},
};

static struct relay_key root_keys[] = {
	{.name = "root",
	 .rights = RELAY_MANAGE,
	 .key = (char[]){"kr"},
	 .key_len = 2},
	{.name = "both",
	 .rights = RELAY_LISTEN,
	 .key = (char[]){"root"},
	 .key_len = 4},
};

static struct relay_path paths[] = {
	{.path = "hyco", .keys = own_keys, .key_cnt = 3},
	{.path = "hyco2"},
};

static const struct relay_conf conf = {
	.keys = root_keys,
	.key_cnt = 2,
	.paths = paths,
	.path_cnt = 2,
};

/** check() - Verdict on a token signed here */
static struct auth_verdict check(const struct relay_path *path,
				 enum relay_right right, const char *audience,
				 const char *name, const char *key,
				 int64_t expiry_s)
{
	char token[HYCO_TOKEN_SIZE];
	ssize_t len = hyco_token_sign(audience, name, key, strlen(key),
				      expiry_s, token, sizeof(token));

	assert_true(len > 0);
	return auth_check(&conf, path, right, token, (size_t)len, NOW);
}

static int status(enum relay_right right, const char *name, const char *key)
{
	return check(&paths[0], right, "http://ns/hyco", name, key, NOW + 60)
		.status;
}

static void a_key_gives_its_own_right_and_no_other(void **state)
{
	(void)state;
	assert_int_equal(status(RELAY_LISTEN, "listen", "kl"), 0);
	assert_int_equal(status(RELAY_SEND, "send", "ks"), 0);
	assert_int_equal(status(RELAY_SEND, "listen", "kl"), 403);
	assert_int_equal(status(RELAY_LISTEN, "send", "ks"), 403);
}

static void manage_of_the_namespace_gives_both_everywhere(void **state)
{
	(void)state;
	assert_int_equal(status(RELAY_LISTEN, "root", "kr"), 0);
	assert_int_equal(status(RELAY_SEND, "root", "kr"), 0);
	assert_int_equal(check(&paths[1], RELAY_SEND, "http://ns/", "root",
			       "kr", NOW + 60)
				 .status,
			 0);
}

static void a_key_of_another_connection_is_unknown_here(void **state)
{
	(void)state;
	assert_int_equal(check(&paths[1], RELAY_LISTEN, "http://ns/hyco2",
			       "listen", "kl", NOW + 60)
				 .status,
			 401);
}

static void a_key_of_the_connection_goes_before_one_of_the_namespace(
	void **state)
{
	(void)state;
	assert_int_equal(status(RELAY_SEND, "both", "own"), 0);
	assert_int_equal(status(RELAY_LISTEN, "both", "root"), 401);
}

static void an_unknown_name_and_a_wrong_key_are_told_in_the_same_words(
	void **state)
{
	struct auth_verdict name =
		check(&paths[0], RELAY_LISTEN, "http://ns/hyco", "nobody", "kl",
		      NOW + 60);
	struct auth_verdict key =
		check(&paths[0], RELAY_LISTEN, "http://ns/hyco", "listen", "x",
		      NOW + 60);

	(void)state;
	assert_int_equal(name.status, 401);
	assert_int_equal(key.status, 401);
	assert_string_equal(name.text, key.text);
}

static void a_token_ends_at_its_second_of_expiry(void **state)
{
	struct auth_verdict good = check(
		&paths[0], RELAY_SEND, "http://ns/hyco", "send", "ks", NOW + 1);
	struct auth_verdict late = check(&paths[0], RELAY_SEND,
					 "http://ns/hyco", "send", "ks", NOW);

	(void)state;
	assert_int_equal(good.status, 0);
	assert_true(good.expiry_s == NOW + 1);
	assert_int_equal(late.status, 401);
	assert_non_null(strstr(late.text, "Expired"));
}

static void an_audience_covers_its_path_and_what_lies_below(void **state)
{
	static const struct {
		const char *audience;
		int want;
	} cases[] = {
		{"http://ns/hyco", 0},     {"http://ns/hyco/", 0},
		{"http://ns/", 0},         {"sb://NS:443/hyco", 0},
		{"http://ns/hyco2", 403},  {"http://ns/hyc", 403},
		{"http://ns/hyco/x", 403},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(check(&paths[0], RELAY_SEND, cases[i].audience,
				       "send", "ks", NOW + 60)
					 .status,
				 cases[i].want);
}

static void no_token_and_no_sense_are_401_and_differ_in_text(void **state)
{
	struct auth_verdict none =
		auth_check(&conf, &paths[0], RELAY_SEND, "", 0, NOW);
	struct auth_verdict nonsense =
		auth_check(&conf, &paths[0], RELAY_SEND, "Bearer x", 8, NOW);

	(void)state;
	assert_int_equal(none.status, 401);
	assert_int_equal(nonsense.status, 401);
	assert_string_not_equal(none.text, nonsense.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_gives_its_own_right_and_no_other),
		cmocka_unit_test(manage_of_the_namespace_gives_both_everywhere),
		cmocka_unit_test(a_key_of_another_connection_is_unknown_here),
		cmocka_unit_test(
			a_key_of_the_connection_goes_before_one_of_the_namespace),
		cmocka_unit_test(
			an_unknown_name_and_a_wrong_key_are_told_in_the_same_words),
		cmocka_unit_test(a_token_ends_at_its_second_of_expiry),
		cmocka_unit_test(
			an_audience_covers_its_path_and_what_lies_below),
		cmocka_unit_test(
			no_token_and_no_sense_are_401_and_differ_in_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_connection_string.c - Connection strings (conformance case C03)
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <hyco/connection_string.h>
#include <hyco/error.h>

static int parse(const char *text, struct hyco_connection_string *out,
		 const char **why)
{
	return hyco_connection_string_parse(text, strlen(text), out, why);
}

static void C03_order_case_slashes_and_a_trailing_semicolon_do_not_matter(
	void **state)
{
	static const char *const texts[] = {
		"Endpoint=sb://Contoso.servicebus.windows.net/;"
		"SharedAccessKeyName=send;SharedAccessKey=a=b==;EntityPath=o/1",
		"entitypath=/o/1/;SHAREDACCESSKEY=a=b==;sharedaccesskeyname="
		"send;endpoint=sb://contoso.servicebus.windows.net;",
		" Endpoint = sb://contoso.servicebus.windows.net/ ; "
		"SharedAccessKeyName=send;SharedAccessKey=a=b==;EntityPath=o/"
		"1\r\n",
	};
	struct hyco_connection_string s;
	char address[512];
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(parse(texts[i], &s, &why), 0);
		assert_string_equal(s.endpoint.host,
				    "contoso.servicebus.windows.net");
		assert_string_equal(s.key_name, "send");
		assert_string_equal(s.key, "a=b==");
		assert_string_equal(s.path, "o/1");
		assert_string_equal(s.token, "");
		assert_true(hyco_connection_string_address(
				    &s, NULL, address, sizeof(address)) > 0);
		assert_string_equal(address,
				    "wss://contoso.servicebus.windows.net/o/1");
	}
}

static void C03_without_a_path_the_caller_says_it(void **state)
{
	struct hyco_connection_string s;
	char address[512];
	const char *why;

	(void)state;
	assert_int_equal(parse("Endpoint=sb://n:8443/;SharedAccessKeyName=k;"
			       "SharedAccessKey=v",
			       &s, &why),
			 0);
	assert_int_equal(hyco_connection_string_address(&s, NULL, address,
							sizeof(address)),
			 HYCO_EINVAL);
	assert_true(hyco_connection_string_address(&s, "a b/\xc3\xb8", address,
						   sizeof(address)) > 0);
	assert_string_equal(address, "wss://n:8443/a%20b/%C3%B8");
	assert_int_equal(hyco_connection_string_address(&s, "abc", address, 10),
			 HYCO_EMSGSIZE);
}

static void C03_a_signature_takes_the_place_of_a_key(void **state)
{
	struct hyco_connection_string s;
	const char *why;

	(void)state;
	assert_int_equal(
		parse("Endpoint=sb://n/;SharedAccessSignature="
		      "SharedAccessSignature sr=http%3A%2F%2Fn%2Fo&sig="
		      "9ADimLhHe2X%2BXie1dM1FZgUrEPScyEhiOTRf1xvuVJs%3D&se="
		      "1800003600&skn=send;EntityPath=o",
		      &s, &why),
		0);
	assert_string_equal(s.token,
			    "SharedAccessSignature sr=http%3A%2F%2Fn%2Fo&sig="
			    "9ADimLhHe2X%2BXie1dM1FZgUrEPScyEhiOTRf1xvuVJs%3D&"
			    "se=1800003600&skn=send");
}

static void C03_each_bad_form_has_its_own_message(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} bad[] = {
		{"", "empty"},
		{" \n", "empty"},
		{"hello", "no '='"},
		{"Endpoint=sb://n/;", "neither a key"},
		{"SharedAccessKeyName=k;SharedAccessKey=v",
		 "Endpoint is missing"},
		{"Endpoint=sb://n/;SharedAccessKey=v",
		 "SharedAccessKeyName is missing"},
		{"Endpoint=sb://n/;SharedAccessKeyName=k",
		 "SharedAccessKey is missing"},
		{"Endpoint=sb://n/;Endpoint=sb://n/", "twice"},
		{"Endpoint=sb://n/;Colour=red", "unknown key"},
		{"Endpoint=sb://n/;SharedAccessKey=", "value is empty"},
		{"Endpoint=sb://n/o;SharedAccessKeyName=k", "no path"},
		{"Endpoint=ws://n/;SharedAccessKeyName=k", "begin with sb"},
		{"Endpoint=n;SharedAccessKeyName=k", "must be like"},
		{"Endpoint=sb://n/;EntityPath=//;", "EntityPath is empty"},
		{"Endpoint=sb://n/;SharedAccessSignature=x", "whole token"},
		{"Endpoint=sb://n/;;SharedAccessKeyName=k", "no '='"},
	};
	struct hyco_connection_string s;
	const char *why;
	char long_key[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(bad[i].text, &s, &why), HYCO_EBADMSG);
		if (!strstr(why, bad[i].word))
			fail_msg("\"%s\": %s", bad[i].text, why);
	}
	memset(long_key, 'x', sizeof(long_key));
	memcpy(long_key, "SharedAccessKey=", 16);
	long_key[399] = '\0';
	assert_int_equal(parse(long_key, &s, &why), HYCO_EBADMSG);
	assert_non_null(strstr(why, "too long"));
	assert_int_equal(hyco_connection_string_parse("a\0b", 3, &s, &why),
			 HYCO_EBADMSG);
	assert_non_null(strstr(why, "NUL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			C03_order_case_slashes_and_a_trailing_semicolon_do_not_matter),
		cmocka_unit_test(C03_without_a_path_the_caller_says_it),
		cmocka_unit_test(C03_a_signature_takes_the_place_of_a_key),
		cmocka_unit_test(C03_each_bad_form_has_its_own_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

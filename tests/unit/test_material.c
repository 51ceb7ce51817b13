/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_material.c - What a file of keys, tokens or certificates must hold
 */

#include "steward/material.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The least that has the form of each. */
#define CERTIFICATE                                                            \
	"-----BEGIN CERTIFICATE-----\nMAYwBAIBAAA=\n"                          \
	"-----END CERTIFICATE-----\n"
#define RSA_KEY                                                                \
	"-----BEGIN RSA PRIVATE KEY-----\nMAYCAQACAQA=\n"                      \
	"-----END RSA PRIVATE KEY-----\n"
#define EC_KEY                                                                 \
	"-----BEGIN EC PRIVATE KEY-----\nMAYCAQEEAQA=\n"                       \
	"-----END EC PRIVATE KEY-----\n"
#define LOCKED_KEY                                                             \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAYCAQACAQA=\n"                \
	"-----END ENCRYPTED PRIVATE KEY-----\n"
#define SIGNATURE                                                              \
	"SharedAccessSignature sr=http%3A%2F%2Fns%2Fp&"                        \
	"sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&se=1&skn=k"

/** judge() - Return: what is said of a credential, "" when it is good */
static const char *judge(enum credential_kind kind, const char *text)
{
	unsigned int line = 0;
	const char *fault =
		material_credential(kind, text, strlen(text), &line);

	return fault ? fault : "";
}

static void a_connection_string_must_be_complete(void **state)
{
	const enum credential_kind kind = CREDENTIAL_CONNECTION_STRING;

	(void)state;
	assert_string_equal(judge(kind, "Endpoint=sb://ns/;SharedAccessKeyName="
					"k;SharedAccessKey=aw=="),
			    "");
	assert_string_equal(judge(kind, "Endpoint=sb://ns/;"
					"SharedAccessSignature=" SIGNATURE),
			    "");
	assert_non_null(strstr(judge(kind, "garbage"), "a part has no '='"));
	assert_non_null(
		strstr(judge(kind, "Endpoint=sb://ns/"), "neither a key nor"));
	assert_non_null(strstr(judge(kind, "Endpoint=sb://ns/;"
					   "SharedAccessKeyName=k"),
			       "SharedAccessKey is missing"));
}

static void a_token_may_have_ended_but_must_be_one(void **state)
{
	(void)state;
	assert_string_equal(judge(CREDENTIAL_TOKEN, SIGNATURE), "");
	/* {"alg":"none"} . {"exp":1} */
	assert_string_equal(
		judge(CREDENTIAL_TOKEN, "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.x"),
		"");
	assert_non_null(strstr(judge(CREDENTIAL_TOKEN, "no token"), "neither"));
}

static void keys_and_secrets_are_any_text(void **state)
{
	(void)state;
	assert_string_equal(judge(CREDENTIAL_KEY, "garbage"), "");
	assert_string_equal(judge(CREDENTIAL_CLIENT_SECRET, "garbage"), "");
}

static void entra_needs_a_certificate_and_a_key_of_rsa(void **state)
{
	const enum credential_kind kind = CREDENTIAL_CLIENT_CERTIFICATE;

	(void)state;
	assert_string_equal(judge(kind, CERTIFICATE RSA_KEY), "");
	assert_string_equal(judge(kind, RSA_KEY CERTIFICATE), "");
	assert_non_null(strstr(judge(kind, RSA_KEY), "no certificate"));
	assert_non_null(strstr(judge(kind, CERTIFICATE), "no private key"));
	assert_non_null(strstr(judge(kind, CERTIFICATE EC_KEY), "RSA"));
	assert_non_null(
		strstr(judge(kind, CERTIFICATE LOCKED_KEY), "passphrase"));
}

static void a_fault_of_many_lines_has_its_line(void **state)
{
	unsigned int line = 0;

	(void)state;
	assert_null(material_identity(CERTIFICATE EC_KEY, &line));
	assert_int_equal(line, 0);
	assert_non_null(material_identity(CERTIFICATE LOCKED_KEY, &line));
	assert_int_equal(line, 4);
	assert_non_null(
		material_ca("one\n-----BEGIN CERTIFICATE-----\n", &line));
	assert_int_equal(line, 2);
}

static void a_bundle_holds_a_certificate_at_least(void **state)
{
	unsigned int line = 0;

	(void)state;
	assert_null(material_ca(CERTIFICATE CERTIFICATE, &line));
	assert_non_null(material_ca(RSA_KEY, &line));
	assert_int_equal(line, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_string_must_be_complete),
		cmocka_unit_test(a_token_may_have_ended_but_must_be_one),
		cmocka_unit_test(keys_and_secrets_are_any_text),
		cmocka_unit_test(entra_needs_a_certificate_and_a_key_of_rsa),
		cmocka_unit_test(a_fault_of_many_lines_has_its_line),
		cmocka_unit_test(a_bundle_holds_a_certificate_at_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

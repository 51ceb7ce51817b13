/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <openssl/x509.h>

#include "sys/trust.h"

/* An authority of nobody's, until 2126. */
#define CERT                                                                   \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBfzCCASWgAwIBAgIUbS/HPit4QytwT9W6RLqwU1T927swCgYIKoZIzj0EAwIw\n"   \
	"FDESMBAGA1UEAwwJQXV0aG9yaXR5MCAXDTI2MTEyNDE1MDg1M1oYDzIxMjYxMDMx\n"   \
	"MTUwODUzWjAUMRIwEAYDVQQDDAlBdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO\n"   \
	"PQMBBwNCAAQpdmLqZf8tQxdk8WewwEy25Z/Y5BYx1ql9BOjwyc4ilsHRzyRIWOB1\n"   \
	"5fZm2Uf2a9GrGdvdKQSuyWBIF6gkA1pYo1MwUTAdBgNVHQ4EFgQU5+VNyEi6kbLb\n"   \
	"TN9hiAtt0aaUXMYwHwYDVR0jBBgwFoAU5+VNyEi6kbLbTN9hiAtt0aaUXMYwDwYD\n"   \
	"VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAvokZcEsmVxtL/nZ/JAlo\n"   \
	"NDvVnlNMSUxzbVL+jizpF+wCIC1M9eFTYEe7Y5tZ78xV6oLjYfOB0lETALQbRx60\n"   \
	"uakz\n"                                                               \
	"-----END CERTIFICATE-----\n"

/** count() - How many authorities there are */
static int count(X509_STORE *trust)
{
	return sk_X509_OBJECT_num(X509_STORE_get0_objects(trust));
}

static void a_bundle_is_read_whole(void **state)
{
	static const char pem[] =
		"# Authority\n" CERT "\n# The same again\n" CERT;
	X509_STORE *trust = trust_new(pem, strlen(pem));

	(void)state;
	assert_non_null(trust);
	assert_int_equal(count(trust), 1);
	assert_ptr_equal(trust_keep(trust), trust);
	trust_free(trust);
	assert_int_equal(count(trust), 1);
	trust_free(trust);
}

static void what_is_no_bundle_is_left_to_libcurl(void **state)
{
	static const char cut[] = CERT;

	(void)state;
	assert_null(trust_new("", 0));
	assert_null(trust_new("no certificate", 14));
	assert_null(trust_new(cut, strlen(cut) / 2));
	assert_null(trust_keep(NULL));
	trust_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_is_read_whole),
		cmocka_unit_test(what_is_no_bundle_is_left_to_libcurl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

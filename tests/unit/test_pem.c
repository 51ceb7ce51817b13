/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "codec/pem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

/* openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBbzCCARWgAwIBAgIURofd/1UCDsXjC+YJmWBc+lv+aqkwCgYIKoZIzj0EAwIw\n"
	"DDEKMAgGA1UEAwwBdDAgFw0yNjExMjQwODI4MTNaGA8yMTI2MTAzMTA4MjgxM1ow\n"
	"DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHsbXAj0TE+D\n"
	"XtyFaS8hpCLzdpLoqb9616d3Q2Fo6DIGlLpt8nOYyvnqkjzzjsF0NgkwYRXOSISE\n"
	"IAT7xd+1432jUzBRMB0GA1UdDgQWBBQVn+fDUz97Wpn83IrLQZkJlgyqmzAfBgNV\n"
	"HSMEGDAWgBQVn+fDUz97Wpn83IrLQZkJlgyqmzAPBgNVHRMBAf8EBTADAQH/MAoG\n"
	"CCqGSM49BAMCA0gAMEUCIDqE1+X/KK4P9bjNAA652NNKRz/RoLZ0lqJYgKl4TBvU\n"
	"AiEA4bHQzUkj5C5rdDz+6rVtmB5aFlmZjGTuYXRjRG95c9M=\n"
	"-----END CERTIFICATE-----\n";

static void certificates_are_counted_whatever_stands_between_them(void **state)
{
	char text[4096];
	unsigned int line = 0;

	(void)state;
	snprintf(text, sizeof(text), "# ours\n%s\n# theirs\n%s", certificate,
		 certificate);

	assert_int_equal(pem_certificates(certificate, &line), 1);
	assert_int_equal(pem_certificates(text, &line), 2);
	assert_int_equal(pem_certificates("", &line), 0);
	assert_int_equal(pem_certificates("no certificate", &line), 0);
	assert_int_equal(line, 0);
}

static void a_damaged_certificate_is_found_with_its_line(void **state)
{
	char text[4096];
	unsigned int line = 0;

	(void)state;
	snprintf(text, sizeof(text), "%s\n%s", certificate, certificate);
	/* The length in the second one's first bytes. */
	memcpy(strstr(text + strlen(certificate), "MIIB"), "MIIA", 4);

	assert_int_equal(pem_certificates(text, &line), -EBADMSG);
	assert_int_equal(line, 12);
}

static void garbage_between_the_marks_is_no_certificate(void **state)
{
	static const char *const cases[] = {
		BEGIN "garbage\n" END,
		BEGIN END,
		BEGIN "MIIB\n" END,                  /* four bytes */
		BEGIN "MAMCAQEA\n" END,              /* a small sequence */
		BEGIN "!!!!\n" END,                  /* no base64 */
		BEGIN "MIIBbzCC\n",                  /* cut */
		BEGIN "MIIBbzCC\n-----END X-----\n", /* another end */
		BEGIN BEGIN END,
	};
	unsigned int line;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		line = 0;
		assert_int_equal(pem_certificates(cases[i], &line), -EBADMSG);
		assert_int_equal(line, 1);
	}
}

static void every_prefix_of_a_certificate_is_damaged_or_none(void **state)
{
	size_t marked = strlen(BEGIN) - 1;
	unsigned int line;
	char text[2048];
	size_t len;

	(void)state;
	for (len = 0; len < strlen(certificate) - 1; len++) {
		memcpy(text, certificate, len);
		text[len] = '\0';
		assert_int_equal(pem_certificates(text, &line),
				 len < marked ? 0 : -EBADMSG);
	}
}

static void a_changed_length_byte_is_found(void **state)
{
	unsigned int line;
	char text[2048];

	(void)state;
	strcpy(text, certificate);
	/* One byte less than its lengths say. */
	memcpy(strstr(text, "c9M="), "cw==", 4);

	assert_int_equal(pem_certificates(text, &line), -EBADMSG);
}

#define KEY_BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define KEY_END   "-----END PRIVATE KEY-----\n"

/* Heads and lengths of keys, with zeros in place of what is secret. */
static const char ec_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
			     "MAYCAQEEAQA=\n"
			     "-----END EC PRIVATE KEY-----\n";
static const char rsa_key[] = "-----BEGIN RSA PRIVATE KEY-----\r\n"
			      "MAYCAQACAQA=\r\n"
			      "-----END RSA PRIVATE KEY-----\r\n";
/* PKCS #8 of RSA, with a length of two bytes as real ones have. */
static const char rsa_pkcs8[] =
	KEY_BEGIN "MIIAFQIBADANBgkqhkiG9w0BAQEFAAQBAA==\n" KEY_END;
/* Of Ed25519: openssl genpkey -algorithm ed25519, with zeros */
static const char ed_pkcs8[] =
	KEY_BEGIN "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAAA\n" KEY_END;

static void private_keys_are_counted_and_those_of_rsa_told(void **state)
{
	const struct {
		const char *text;
		bool rsa;
	} cases[] = {{ec_key, false},
		     {rsa_key, true},
		     {rsa_pkcs8, true},
		     {ed_pkcs8, false}};
	unsigned int line = 0;
	char text[4096];
	bool rsa;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(pem_keys(cases[i].text, &rsa, &line), 1);
		assert_int_equal(rsa, cases[i].rsa);
		assert_int_equal(pem_certificates(cases[i].text, &line), 0);
		snprintf(text, sizeof(text), "%s%s%s", certificate,
			 cases[i].text, certificate);
		assert_int_equal(pem_keys(text, &rsa, &line), 1);
		assert_int_equal(pem_certificates(text, &line), 2);
	}
	assert_int_equal(pem_keys(certificate, &rsa, &line), 0);
	assert_int_equal(pem_keys("no key", &rsa, &line), 0);
	assert_int_equal(line, 0);
}

static void a_damaged_key_is_found_with_its_line(void **state)
{
	static const char *const cases[] = {
		KEY_BEGIN KEY_END,
		KEY_BEGIN "garbage\n" KEY_END,
		KEY_BEGIN "MAYCAQEEAQ==\n" KEY_END,          /* one less */
		KEY_BEGIN "MAYwAQEEAQA=\n" KEY_END,          /* no version */
		KEY_BEGIN "MIACAQEEAQA=\n" KEY_END,          /* no length */
		KEY_BEGIN "MAYCAQEEAQA=\n",                  /* cut */
		KEY_BEGIN "MAYCAQEEAQA=\n-----END X-----\n", /* another end */
	};
	unsigned int line;
	char text[4096];
	bool rsa;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		line = 0;
		snprintf(text, sizeof(text), "%s%s", ec_key, cases[i]);
		assert_int_equal(pem_keys(text, &rsa, &line), -EBADMSG);
		assert_int_equal(line, 4);
	}
}

static void a_key_with_a_passphrase_is_told_apart(void **state)
{
	static const char *const cases[] = {
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAYCAQEEAQA=\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
		"DEK-Info: AES-256-CBC,00\n\nMAYCAQEEAQA=\n"
		"-----END RSA PRIVATE KEY-----\n",
	};
	unsigned int line;
	bool rsa;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		line = 0;
		assert_int_equal(pem_keys(cases[i], &rsa, &line), -ENOKEY);
		assert_int_equal(line, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			private_keys_are_counted_and_those_of_rsa_told),
		cmocka_unit_test(a_damaged_key_is_found_with_its_line),
		cmocka_unit_test(a_key_with_a_passphrase_is_told_apart),
		cmocka_unit_test(
			certificates_are_counted_whatever_stands_between_them),
		cmocka_unit_test(a_damaged_certificate_is_found_with_its_line),
		cmocka_unit_test(garbage_between_the_marks_is_no_certificate),
		cmocka_unit_test(
			every_prefix_of_a_certificate_is_damaged_or_none),
		cmocka_unit_test(a_changed_length_byte_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

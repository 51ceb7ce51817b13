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

int main(void)
{
	const struct CMUnitTest tests[] = {
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

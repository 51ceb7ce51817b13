/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_text.c - Base64, percent and hex
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "codec/text.h"

/* RFC 4648 section 10. */
static const struct {
	const char *bytes;
	const char *base64;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};
#define VECTOR_CNT (sizeof(vectors) / sizeof(vectors[0]))

static const uint8_t *bytes_of(const char *text)
{
	return (const uint8_t *)text;
}

static void base64_equals_the_vectors_of_rfc_4648(void **state)
{
	uint8_t bytes[8];
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		size_t len = strlen(vectors[i].bytes);
		size_t text_len = strlen(vectors[i].base64);

		assert_int_equal(text_base64_encode(bytes_of(vectors[i].bytes),
						    len, text, sizeof(text)),
				 text_len);
		assert_string_equal(text, vectors[i].base64);
		assert_int_equal(text_base64_decode(vectors[i].base64, text_len,
						    bytes, sizeof(bytes)),
				 len);
		assert_memory_equal(bytes, vectors[i].bytes, len);
	}
}

static void base64_fits_exactly_or_is_refused(void **state)
{
	uint8_t bytes[8];
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		size_t len = strlen(vectors[i].bytes);
		size_t text_len = strlen(vectors[i].base64);

		assert_int_equal(text_base64_encode(bytes_of(vectors[i].bytes),
						    len, text, text_len),
				 -EMSGSIZE);
		assert_int_equal(text_base64_encode(bytes_of(vectors[i].bytes),
						    len, text, text_len + 1),
				 text_len);
		assert_int_equal(text_base64_decode(vectors[i].base64, text_len,
						    bytes, len),
				 len);
		if (len)
			assert_int_equal(text_base64_decode(vectors[i].base64,
							    text_len, bytes,
							    len - 1),
					 -EMSGSIZE);
	}
}

static void base64_gives_back_every_byte_at_every_length(void **state)
{
	uint8_t bytes[256];
	uint8_t again[256];
	char text[400];
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (len = 0; len <= sizeof(bytes); len++) {
		ssize_t used =
			text_base64_encode(bytes, len, text, sizeof(text));

		assert_int_equal(used, (len + 2) / 3 * 4);
		assert_int_equal(text_base64_decode(text, (size_t)used, again,
						    sizeof(again)),
				 len);
		assert_memory_equal(again, bytes, len);
	}
}

static void base64_decode_refuses_what_is_not_its_one_form(void **state)
{
	static const char *const bad[] = {
		"Z", /* lengths that are no multiple of four */
		"Zm",       "Zm8",  "Zm9vY",   "Zg", /* padding missing */
		"====",                              /* nothing but padding */
		"Z===",     "=g==", "Zg=v", /* a digit behind padding */
		"Zg==Zm9v",                 /* padding inside */
		"Zh==",                     /* bits under the padding */
		"Zm9=",     "Zm9 ",         /* white space */
		"Zm\nv",    "Zm9-",         /* the URL alphabet */
		"Zm9_",     "Zm9%", "Zm9\x80",
	};
	uint8_t bytes[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (text_base64_decode(bad[i], strlen(bad[i]), bytes,
				       sizeof(bytes)) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
	assert_int_equal(text_base64_decode("Zm\0v", 4, bytes, sizeof(bytes)),
			 -EBADMSG);
}

static void percent_encode_leaves_only_unreserved_characters(void **state)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._~";
	char text[8];
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		char byte = (char)c;
		ssize_t len = text_percent_encode(&byte, 1, text, sizeof(text));

		if (c && strchr(unreserved, c)) {
			assert_int_equal(len, 1);
			assert_int_equal(text[0], byte);
		} else {
			assert_int_equal(len, 3);
			assert_int_equal(text[0], '%');
		}
		assert_int_equal(text[len], '\0');
	}
}

static void percent_encode_writes_upper_case_digits_of_utf8(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(
		text_percent_encode("a b/\xc3\xb8?", 7, text, sizeof(text)),
		17);
	assert_string_equal(text, "a%20b%2F%C3%B8%3F");
}

static void percent_encode_fits_exactly_or_is_refused(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(text_percent_encode("abc", 3, text, 4), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(text_percent_encode("abc", 3, text, 3), -EMSGSIZE);
	assert_int_equal(text_percent_encode("a/", 2, text, 5), 4);
	assert_string_equal(text, "a%2F");
	assert_int_equal(text_percent_encode("a/", 2, text, 4), -EMSGSIZE);
	assert_int_equal(text_percent_encode("", 0, text, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(text_percent_encode("", 0, text, 0), -EMSGSIZE);
}

static void percent_decode_undoes_percent_encode(void **state)
{
	char text[64];
	char again[64];
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		const char bytes[3] = {'x', (char)c, 'y'};
		ssize_t len = text_percent_encode(bytes, 3, text, sizeof(text));

		assert_true(len > 0);
		assert_int_equal(text_percent_decode(text, (size_t)len, again,
						     sizeof(again)),
				 3);
		assert_memory_equal(again, bytes, 3);
	}
}

static void percent_decode_takes_both_cases_and_leaves_plus(void **state)
{
	char text[16];

	(void)state;
	assert_int_equal(
		text_percent_decode("%2f%2F+%41", 10, text, sizeof(text)), 4);
	assert_string_equal(text, "//+A");
}

static void percent_decode_refuses_half_escapes_and_nul(void **state)
{
	static const char *const bad[] = {
		"%",    "%4",   "abc%", "abc%4", "%4g", "%g4",
		"%%41", "% 41", "%00",  "a%00b", "%-1", "%0x",
	};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (text_percent_decode(bad[i], strlen(bad[i]), text,
					sizeof(text)) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
	assert_int_equal(text_percent_decode("a\0b", 3, text, sizeof(text)),
			 -EBADMSG);
}

static void percent_decode_reads_no_further_than_its_length(void **state)
{
	static const char valid[] = "a%41b%C3%B8";
	/* What a cut behind so many bytes leaves; -1: inside an escape. */
	static const int lens[] = {0, 1, -1, -1, 2, 3, -1, -1, 4, -1, -1, 5};
	char text[16];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(valid); len++) {
		ssize_t got =
			text_percent_decode(valid, len, text, sizeof(text));

		assert_int_equal(got, lens[len] < 0 ? -EBADMSG : lens[len]);
	}
}

static void percent_decode_fits_exactly_or_is_refused(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(text_percent_decode("%41bc", 5, text, 4), 3);
	assert_string_equal(text, "Abc");
	assert_int_equal(text_percent_decode("%41bc", 5, text, 3), -EMSGSIZE);
	assert_int_equal(text_percent_decode("", 0, text, 1), 0);
	assert_int_equal(text_percent_decode("", 0, text, 0), -EMSGSIZE);
}

static void hex_is_lower_case_and_fits_exactly_or_is_refused(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x0f, 0xf0, 0xab, 0xff};
	char text[16];

	(void)state;
	assert_int_equal(text_hex_encode(bytes, 5, text, 11), 10);
	assert_string_equal(text, "000ff0abff");
	assert_int_equal(text_hex_encode(bytes, 5, text, 10), -EMSGSIZE);
	assert_int_equal(text_hex_encode(bytes, 0, text, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(text_hex_encode(bytes, 0, text, 0), -EMSGSIZE);
}

static void a_component_keeps_what_encodeuricomponent_keeps(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(
		text_component_encode("a-_.~!'()* /\xc3\xa5", 14, out, 64), 22);
	assert_string_equal(out, "a-_.~!'()*%20%2F%C3%A5");
	assert_int_equal(text_component_encode("!!", 2, out, 2), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_equals_the_vectors_of_rfc_4648),
		cmocka_unit_test(base64_fits_exactly_or_is_refused),
		cmocka_unit_test(base64_gives_back_every_byte_at_every_length),
		cmocka_unit_test(
			base64_decode_refuses_what_is_not_its_one_form),
		cmocka_unit_test(
			percent_encode_leaves_only_unreserved_characters),
		cmocka_unit_test(
			percent_encode_writes_upper_case_digits_of_utf8),
		cmocka_unit_test(percent_encode_fits_exactly_or_is_refused),
		cmocka_unit_test(percent_decode_undoes_percent_encode),
		cmocka_unit_test(
			percent_decode_takes_both_cases_and_leaves_plus),
		cmocka_unit_test(percent_decode_refuses_half_escapes_and_nul),
		cmocka_unit_test(
			percent_decode_reads_no_further_than_its_length),
		cmocka_unit_test(percent_decode_fits_exactly_or_is_refused),
		cmocka_unit_test(
			hex_is_lower_case_and_fits_exactly_or_is_refused),
		cmocka_unit_test(
			a_component_keeps_what_encodeuricomponent_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

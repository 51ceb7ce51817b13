/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_http_body.c - The body of an HTTP/1.1 request, as it arrives
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "relay/http_body.h"

/** start() - Parse a head with these headers; Return: of http_body_init() */
static int start(struct http_body *body, const char *version,
		 const char *headers)
{
	struct http_request head;
	char text[512];
	int len = snprintf(text, sizeof(text), "POST / %s\r\n%s\r\n", version,
			   headers);

	assert_int_equal(http_request_parse(text, (size_t)len, &head), len);
	return http_body_init(body, &head);
}

/** feed() - @text in pieces of @step; Return: body's length, or -EBADMSG */
static ssize_t feed(struct http_body *body, const char *text, size_t step,
		    char *out, size_t *rest)
{
	size_t len = strlen(text);
	size_t at = 0;
	ssize_t put = 0;

	while (at < len && !http_body_is_done(body)) {
		size_t piece = len - at < step ? len - at : step;
		size_t used;
		ssize_t got =
			http_body_feed(body, (const uint8_t *)text + at, piece,
				       &used, (uint8_t *)out + put, 1000);

		assert_true(used <= piece);
		if (got < 0)
			return got;
		at += used;
		put += got;
	}
	*rest = len - at;
	return put;
}

static void without_framing_there_is_no_body(void **state)
{
	struct http_body body;

	(void)state;
	assert_int_equal(start(&body, "HTTP/1.1", ""), 0);
	assert_true(http_body_is_done(&body));
	assert_false(body.present);
	assert_int_equal(start(&body, "HTTP/1.1", "Content-Length: 0\r\n"), 0);
	assert_true(http_body_is_done(&body));
	assert_false(body.present);
}

static void a_length_is_counted_and_what_follows_is_left(void **state)
{
	struct http_body body;
	char out[1000];
	size_t rest;
	size_t step;

	(void)state;
	for (step = 1; step < 12; step++) {
		assert_int_equal(
			start(&body, "HTTP/1.1", "Content-Length: 5\r\n"), 0);
		assert_int_equal(feed(&body, "helloGET", step, out, &rest), 5);
		assert_memory_equal(out, "hello", 5);
		assert_int_equal(rest, 3);
		assert_true(http_body_is_done(&body));
	}
}

static void chunks_extensions_and_trailers_give_the_body_alone(void **state)
{
	static const char text[] =
		"5\r\nhello\r\n"
		"00A; name=\"x\"\r\n0123456789\r\n"
		"1\r\n\n\r\n"
		"0\r\nTrailer: 1\r\nOther: 22222\r\n\r\nNEXT";
	struct http_body body;
	char out[1000];
	size_t rest;
	size_t step;

	(void)state;
	for (step = 1; step < sizeof(text); step++) {
		assert_int_equal(start(&body, "HTTP/1.1",
				       "Transfer-Encoding: Chunked\r\n"),
				 0);
		assert_true(body.present);
		assert_int_equal(feed(&body, text, step, out, &rest), 16);
		assert_memory_equal(out, "hello0123456789\n", 16);
		assert_int_equal(rest, 4);
	}
}

static void two_framings_or_an_odd_length_are_refused(void **state)
{
	static const struct {
		const char *version;
		const char *headers;
		int err;
	} cases[] = {
		{"HTTP/1.1", "Content-Length: 5\r\nContent-Length: 6\r\n",
		 -EBADMSG},
		{"HTTP/1.1", "Content-Length: 5\r\nContent-Length: 5\r\n", 0},
		{"HTTP/1.1", "Content-Length: +5\r\n", -EBADMSG},
		{"HTTP/1.1", "Content-Length: 5, 5\r\n", -EBADMSG},
		{"HTTP/1.1", "Content-Length:\r\n", -EBADMSG},
		{"HTTP/1.1", "Content-Length: 9999999999999999999\r\n",
		 -EBADMSG},
		{"HTTP/1.1",
		 "Content-Length: 5\r\nTransfer-Encoding: "
		 "chunked\r\n",
		 -EBADMSG},
		{"HTTP/1.0", "Transfer-Encoding: chunked\r\n", -EBADMSG},
		{"HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\n", -ENOTSUP},
		{"HTTP/1.1",
		 "Transfer-Encoding: chunked\r\n"
		 "Transfer-Encoding: chunked\r\n",
		 -ENOTSUP},
	};
	struct http_body body;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			start(&body, cases[i].version, cases[i].headers),
			cases[i].err);
}

static void malformed_chunks_are_refused(void **state)
{
	static const char *const texts[] = {
		"\r\n",         "g\r\n",
		"-1\r\n",       "5\nhello",
		"5 x\n",        "1\r\nab",
		"1\r\na\n",     "0x5\r\n",
		"1\r\na\r\r\n", "fffffffffffffffff\r\n",
		"5\r\rhello",
	};
	struct http_body body;
	char out[1000];
	char longer[20000];
	size_t rest;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(start(&body, "HTTP/1.1",
				       "Transfer-Encoding: chunked\r\n"),
				 0);
		if (feed(&body, texts[i], 1, out, &rest) != -EBADMSG)
			fail_msg("accepted: %s", texts[i]);
	}
	/* A size line, and trailers, without an end. */
	memset(longer, '0', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(
		start(&body, "HTTP/1.1", "Transfer-Encoding: chunked\r\n"), 0);
	assert_int_equal(feed(&body, longer, 7, out, &rest), -EBADMSG);
	memcpy(longer, "0\r\n", 3);
	assert_int_equal(
		start(&body, "HTTP/1.1", "Transfer-Encoding: chunked\r\n"), 0);
	assert_int_equal(feed(&body, longer, 7, out, &rest), -EBADMSG);
}

static void a_full_output_leaves_the_rest_of_the_input(void **state)
{
	struct http_body body;
	uint8_t out[4];
	size_t used;

	(void)state;
	assert_int_equal(start(&body, "HTTP/1.1", "Content-Length: 9\r\n"), 0);
	assert_int_equal(http_body_feed(&body, (const uint8_t *)"123456789", 9,
					&used, out, 4),
			 4);
	assert_int_equal(used, 4);
	assert_int_equal(http_body_feed(&body, (const uint8_t *)"56789", 5,
					&used, out, 0),
			 0);
	assert_int_equal(used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_framing_there_is_no_body),
		cmocka_unit_test(a_length_is_counted_and_what_follows_is_left),
		cmocka_unit_test(
			chunks_extensions_and_trailers_give_the_body_alone),
		cmocka_unit_test(two_framings_or_an_odd_length_are_refused),
		cmocka_unit_test(malformed_chunks_are_refused),
		cmocka_unit_test(a_full_output_leaves_the_rest_of_the_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

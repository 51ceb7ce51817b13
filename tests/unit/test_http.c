/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_http.c - Heads of HTTP/1.1 requests and answers
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/http.h"

static const char request_text[] =
	"GET /$hc/oslo?sb-hc-action=listen HTTP/1.1\r\n"
	"Host: ns.example:8443\r\n"
	"Upgrade:websocket\r\n"
	"Connection: keep-alive, \t Upgrade\r\n"
	"X-Empty:\r\n"
	"X-Tabs:\t a\tb \t\r\n"
	"\r\n";

static const char answer_text[] = "HTTP/1.1 101 Switching Protocols\r\n"
				  "Upgrade: websocket\r\n"
				  "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
				  "\r\n";

/** request() - Parse a request from memory of exactly its size */
static ssize_t request(const char *text, size_t len,
		       struct http_request *request)
{
	char *copy = malloc(len ? len : 1);
	ssize_t got;

	assert_non_null(copy);
	memcpy(copy, text, len);
	got = http_request_parse(copy, len, request);
	free(copy);
	return got;
}

/** answer() - The same for an answer */
static ssize_t answer(const char *text, size_t len, struct http_answer *answer)
{
	char *copy = malloc(len ? len : 1);
	ssize_t got;

	assert_non_null(copy);
	memcpy(copy, text, len);
	got = http_answer_parse(copy, len, answer);
	free(copy);
	return got;
}

static void assert_slice(struct slice slice, const char *text)
{
	assert_int_equal(slice.len, strlen(text));
	assert_memory_equal(slice.data, text, slice.len);
}

static void a_request_is_taken_apart(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(
		http_request_parse(request_text, sizeof(request_text) - 1, &r),
		sizeof(request_text) - 1);
	assert_slice(r.method, "GET");
	assert_slice(r.target, "/$hc/oslo?sb-hc-action=listen");
	assert_int_equal(r.header_cnt, 5);
	assert_slice(r.headers[0].name, "Host");
	assert_slice(r.headers[0].value, "ns.example:8443");
	assert_slice(r.headers[1].value, "websocket");
	assert_slice(r.headers[3].value, "");
	assert_slice(r.headers[4].name, "X-Tabs");
	assert_slice(r.headers[4].value, "a\tb");
}

static void an_answer_is_taken_apart(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(
		http_answer_parse(answer_text, sizeof(answer_text) - 1, &a),
		sizeof(answer_text) - 1);
	assert_int_equal(a.status, 101);
	assert_slice(a.reason, "Switching Protocols");
	assert_int_equal(a.header_cnt, 2);
	assert_slice(a.headers[1].value, "Tue, 15 Nov 1994 08:12:31 GMT");
}

/** C06: the head may come in any two pieces */
static void a_head_cut_anywhere_waits_for_more(void **state)
{
	struct http_request r;
	struct http_answer a;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(request_text) - 1; len++)
		assert_int_equal(request(request_text, len, &r), -EAGAIN);
	for (len = 0; len < sizeof(answer_text) - 1; len++)
		assert_int_equal(answer(answer_text, len, &a), -EAGAIN);
}

/** C06: what follows the head is not looked at, and not counted */
static void bytes_behind_the_head_are_left_alone(void **state)
{
	static const char more[] = "\x81\x05Hello\0\n\r\n\r\n";
	char text[512];
	struct http_request r;
	struct http_answer a;

	(void)state;
	memcpy(text, request_text, sizeof(request_text) - 1);
	memcpy(text + sizeof(request_text) - 1, more, sizeof(more));
	assert_int_equal(
		request(text, sizeof(request_text) + sizeof(more) - 1, &r),
		sizeof(request_text) - 1);
	memcpy(text, answer_text, sizeof(answer_text) - 1);
	memcpy(text + sizeof(answer_text) - 1, more, sizeof(more));
	assert_int_equal(
		answer(text, sizeof(answer_text) + sizeof(more) - 1, &a),
		sizeof(answer_text) - 1);
}

static void malformed_request_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"GET",
		"GET /",
		"GET / ",
		"GET  / HTTP/1.1",
		" GET / HTTP/1.1",
		"GET /  HTTP/1.1",
		"GET / HTTP/1.1 ",
		"GET / HTTP/1.2",
		"GET / HTTP/2.0",
		"GET / http/1.1",
		"GET / HTTP/1.10",
		"GET /a b HTTP/1.1",
		"GET /a\tb HTTP/1.1",
		"GET /\x7f HTTP/1.1",
		"GET /\x01 HTTP/1.1",
		"GET /\r HTTP/1.1",
		"G\tT / HTTP/1.1",
		"G(T / HTTP/1.1",
		"G:T / HTTP/1.1",
		"\xc3\x98 / HTTP/1.1",
	};
	struct http_request r;
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int len = snprintf(text, sizeof(text), "%s\r\nHost: x\r\n\r\n",
				   bad[i]);

		if (request(text, (size_t)len, &r) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
}

static void malformed_status_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"HTTP/1.1",
		"HTTP/1.1 ",
		"HTTP/1.1  200 OK",
		"HTTP/1.1 20 OK",
		"HTTP/1.1 2000 OK",
		"HTTP/1.1 099 OK",
		"HTTP/1.1 -20 OK",
		"HTTP/1.1 2x0 OK",
		"HTTP/1.1\t200 OK",
		"HTTP/1.1 200\tOK",
		"HTTP/1.1 200 O\rK",
		"HTTP/1.1 200 O\x1bK",
		"HTTP/2 200 OK",
		"HTTP/1.2 200 OK",
		"ICY 200 OK",
		" HTTP/1.1 200 OK",
	};
	struct http_answer a;
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int len = snprintf(text, sizeof(text),
				   "%s\r\nServer: x\r\n\r\n", bad[i]);

		if (answer(text, (size_t)len, &a) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
}

static void a_reason_may_be_missing_or_any_text(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *reason;
	} cases[] = {
		{"HTTP/1.1 200\r\n\r\n", 200, ""},
		{"HTTP/1.1 200 \r\n\r\n", 200, ""},
		{"HTTP/1.0 404 Not Found\r\n\r\n", 404, "Not Found"},
		{"HTTP/1.1 599 \xc3\x98l 1\r\n\r\n", 599, "\xc3\x98l 1"},
		{"HTTP/1.1 999 x\r\n\r\n", 999, "x"},
	};
	struct http_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(http_answer_parse(cases[i].text,
						   strlen(cases[i].text), &a),
				 strlen(cases[i].text));
		assert_int_equal(a.status, cases[i].status);
		assert_slice(a.reason, cases[i].reason);
		assert_int_equal(a.header_cnt, 0);
	}
}

static void malformed_headers_are_refused(void **state)
{
	static const char *const bad[] = {
		"Host : x", /* space before the colon */
		"Host\t: x",
		"Host",       /* no colon */
		": x",        /* no name */
		"A: x\r\n y", /* obs-fold */
		"A: x\r\n\ty: z",
		" A: x",
		"A: x\ry", /* bare CR */
		"A: x\r",
		"A\x01: x",
		"A: \x01",
		"A: \x7f",
		"A\xc3\x98: x",
		"A(b): x",
	};
	struct http_request r;
	struct http_answer a;
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int len = snprintf(text, sizeof(text),
				   "GET / HTTP/1.1\r\n%s\r\n\r\n", bad[i]);

		if (request(text, (size_t)len, &r) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
		len = snprintf(text, sizeof(text),
			       "HTTP/1.1 200 OK\r\n%s\r\n\r\n", bad[i]);
		if (answer(text, (size_t)len, &a) != -EBADMSG)
			fail_msg("taken: \"%s\"", bad[i]);
	}
}

static void a_bare_lf_is_refused_at_once(void **state)
{
	static const char *const bad[] = {
		"GET / HTTP/1.1\n",
		"GET / HTTP/1.1\nHost: x\n\n",
		"GET / HTTP/1.1\r\nHost: x\n",
		"GET / HTTP/1.1\r\nHost: x\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
		"\n",
	};
	struct http_request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (request(bad[i], strlen(bad[i]), &r) != -EBADMSG)
			fail_msg("not refused: %s", bad[i]);
	}
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
	char text[sizeof(request_text)];
	struct http_request r;
	size_t end;
	size_t i;

	(void)state;
	/* Whole, and as soon as it has come. */
	for (i = 0; i < sizeof(request_text) - 3; i++) {
		memcpy(text, request_text, sizeof(text));
		text[i] = '\0';
		for (end = i + 1; end < sizeof(text); end++)
			assert_int_equal(request(text, end, &r), -EBADMSG);
	}
}

/** C06: a head over 16 kB */
static void a_head_may_have_16_kb_and_not_a_byte_more(void **state)
{
	static const char start[] = "GET / HTTP/1.1\r\nA: ";
	char *text = malloc(2 * HTTP_HEAD_LEN_MAX);
	struct http_request r;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 2 * HTTP_HEAD_LEN_MAX);
	memcpy(text, start, sizeof(start) - 1);
	assert_int_equal(request(text, HTTP_HEAD_LEN_MAX - 1, &r), -EAGAIN);
	assert_int_equal(request(text, HTTP_HEAD_LEN_MAX, &r), -EMSGSIZE);
	memcpy(text + HTTP_HEAD_LEN_MAX - 3, "\r\n\r\n", 4);
	assert_int_equal(request(text, 2 * HTTP_HEAD_LEN_MAX, &r), -EMSGSIZE);
	memcpy(text + HTTP_HEAD_LEN_MAX - 4, "\r\n\r\nx", 5);
	assert_int_equal(request(text, HTTP_HEAD_LEN_MAX - 1, &r), -EAGAIN);
	assert_int_equal(request(text, 2 * HTTP_HEAD_LEN_MAX, &r),
			 HTTP_HEAD_LEN_MAX);
	free(text);
}

static void there_may_be_96_headers_and_not_one_more(void **state)
{
	char text[4096] = "HTTP/1.1 200 OK\r\n";
	size_t len = strlen(text);
	struct http_answer *a = malloc(sizeof(*a));
	size_t i;

	(void)state;
	assert_non_null(a);
	for (i = 0; i < 96; i++) {
		memcpy(text + len, "N: v\r\n", 7);
		len += 6;
	}
	memcpy(text + len, "\r\n", 3);
	assert_int_equal(answer(text, len + 2, a), len + 2);
	assert_int_equal(a->header_cnt, 96);
	memcpy(text + len, "N: v\r\n\r\n", 9);
	assert_int_equal(answer(text, len + 8, a), -EMSGSIZE);
	free(a);
}

static void header_find_gives_the_first_without_case(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nA: 1\r\nab: 2\r\n"
				   "AB: 3\r\n\r\n";
	const struct slice *value;
	struct http_answer a;

	(void)state;
	assert_true(http_answer_parse(text, sizeof(text) - 1, &a) > 0);
	value = http_header_find(a.headers, a.header_cnt, "Ab");
	assert_non_null(value);
	assert_slice(*value, "2");
	assert_null(http_header_find(a.headers, a.header_cnt, "abc"));
	assert_null(http_header_find(a.headers, a.header_cnt, ""));
	assert_null(http_header_find(a.headers, 0, "A"));
}

static void header_has_token_takes_whole_words_of_any_such_header(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nC: keep-alive ,\tUp\r\n"
				   "C:,,close\r\nD: x\r\n\r\n";
	struct http_answer a;

	(void)state;
	assert_true(http_answer_parse(text, sizeof(text) - 1, &a) > 0);
	assert_true(http_header_has_token(a.headers, a.header_cnt, "c", "UP"));
	assert_true(
		http_header_has_token(a.headers, a.header_cnt, "C", "close"));
	assert_true(http_header_has_token(a.headers, a.header_cnt, "C",
					  "keep-alive"));
	assert_false(http_header_has_token(a.headers, a.header_cnt, "C", "U"));
	assert_false(
		http_header_has_token(a.headers, a.header_cnt, "C", "keep"));
	assert_false(http_header_has_token(a.headers, a.header_cnt, "C", "x"));
	assert_false(http_header_has_token(a.headers, a.header_cnt, "E", "x"));
}

static void query_find_compares_names_without_case_and_keeps_escapes(
	void **state)
{
	static const char query[] =
		"a=1&SB-HC-Action=listen&b&c=&d=x=y%20&a=2&&=e";
	static const struct {
		const char *name;
		const char *value;
	} cases[] = {
		{"a", "1"},      {"sb-hc-action", "listen"},
		{"b", ""},       {"c", ""},
		{"D", "x=y%20"}, {"sb-hc", NULL},
		{"e", NULL},     {"sb-hc-action2", NULL},
	};
	struct slice value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = http_query_find(
			(struct slice){query, sizeof(query) - 1}, cases[i].name,
			&value);

		assert_int_equal(found, cases[i].value != NULL);
		if (found)
			assert_slice(value, cases[i].value);
	}
	assert_false(http_query_find((struct slice){query, 0}, "a", &value));
}

static void slices_compare_by_their_whole_length(void **state)
{
	(void)state;
	assert_true(slice_equal((struct slice){"abc", 2}, "ab"));
	assert_false(slice_equal((struct slice){"abc", 3}, "ab"));
	assert_false(slice_equal((struct slice){"aB", 2}, "ab"));
	assert_true(slice_equal_nocase((struct slice){"aB", 2}, "Ab"));
	assert_false(slice_equal_nocase((struct slice){"a\0b", 3}, "a"));
	assert_false(slice_equal_nocase((struct slice){"a\0b", 3}, "axb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_taken_apart),
		cmocka_unit_test(an_answer_is_taken_apart),
		cmocka_unit_test(a_head_cut_anywhere_waits_for_more),
		cmocka_unit_test(bytes_behind_the_head_are_left_alone),
		cmocka_unit_test(malformed_request_lines_are_refused),
		cmocka_unit_test(malformed_status_lines_are_refused),
		cmocka_unit_test(a_reason_may_be_missing_or_any_text),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test(a_bare_lf_is_refused_at_once),
		cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
		cmocka_unit_test(a_head_may_have_16_kb_and_not_a_byte_more),
		cmocka_unit_test(there_may_be_96_headers_and_not_one_more),
		cmocka_unit_test(header_find_gives_the_first_without_case),
		cmocka_unit_test(
			header_has_token_takes_whole_words_of_any_such_header),
		cmocka_unit_test(
			query_find_compares_names_without_case_and_keeps_escapes),
		cmocka_unit_test(slices_compare_by_their_whole_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

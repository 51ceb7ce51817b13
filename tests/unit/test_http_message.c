/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_http_message.c - HTTP requests and answers as a listener sees them
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/http_message.h"

/** ask() - The message of a request with these headers, for free() */
static char *ask(const char *text, bool drop_authorization)
{
	struct http_request head;
	struct http_ask a = {
		.address = "wss://n/$hc/o?x",
		.id = "i",
		.head = &head,
		.target = "/o?a=b",
		.drop_authorization = drop_authorization,
		.remote = "192.0.2.1",
		.remote_port = 7,
		.body = true,
	};
	size_t len;
	char *message;

	assert_int_equal(http_request_parse(text, strlen(text), &head),
			 strlen(text));
	message = http_message_ask(&a, &len);
	assert_non_null(message);
	assert_int_equal(strlen(message), len);
	return message;
}

static void a_request_is_told_whole(void **state)
{
	char *message = ask(
		"POST /o HTTP/1.1\r\nHost: ns:8443\r\nX-A: 1\r\n\r\n", false);

	(void)state;
	assert_string_equal(
		message,
		"{\"request\":{\"address\":\"wss://n/$hc/o?x\",\"id\":\"i\","
		"\"requestTarget\":\"/o?a=b\",\"method\":\"POST\","
		"\"remoteEndpoint\":{\"address\":\"192.0.2.1\",\"port\":7},"
		"\"requestHeaders\":{\"X-A\":\"1\",\"Via\":\"1.1 ns:8443\"},"
		"\"body\":true}}");
	free(message);
}

static void headers_of_the_connection_do_not_reach_the_listener(void **state)
{
	char *message = ask(
		"GET /o HTTP/1.1\r\nHost: h\r\nConnection: X-Mine, close\r\n"
		"X-Mine: secret\r\nContent-Length: 5\r\nTE: a\r\n"
		"Trailer: b\r\nTransfer-Encoding: c\r\nUpgrade: d\r\n"
		"Close: e\r\nKeep-Alive: f\r\nExpect: 100-continue\r\n"
		"ServiceBusAuthorization: sas\r\nAuthorization: Basic x\r\n"
		"via: 1.0 first\r\nCookie: a=1\r\nCookie: b=2\r\n"
		"Accept: x\r\naccept: y\r\n\r\n",
		false);

	(void)state;
	assert_non_null(strstr(message,
			       "\"requestHeaders\":{\"Authorization\":\"Basic "
			       "x\",\"via\":\"1.0 first, 1.1 h\",\"Cookie\":"
			       "\"a=1; b=2\",\"Accept\":\"x, y\"}"));
	free(message);
}

static void authorization_for_the_relay_is_left_out(void **state)
{
	char *message =
		ask("GET /o HTTP/1.1\r\nAuthorization: sas\r\n\r\n", true);

	(void)state;
	assert_non_null(strstr(message, "\"requestHeaders\":{\"Via\":\"1.1 "
					"relaytun\"}"));
	free(message);
}

static void bytes_that_are_not_utf8_are_taken_as_latin1(void **state)
{
	char *message = ask("GET /o HTTP/1.1\r\nX: ol\xe5\r\n\r\n", false);

	(void)state;
	assert_non_null(strstr(message, "\"X\":\"ol\xc3\xa5\""));
	free(message);
}

/** read() - As http_message_response() */
static int take(const char *text, struct http_response *response)
{
	return http_message_response(text, strlen(text), response);
}

static void an_answer_is_read_and_its_head_written(void **state)
{
	struct http_response r;
	struct strbuf out;

	(void)state;
	strbuf_init(&out);
	assert_int_equal(
		take("{\"response\":{\"requestId\":\"i\",\"statusCode\":"
		     "\"201\","
		     "\"statusDescription\":\"Made\",\"responseHeaders\":{"
		     "\"X-A\":\"1\",\"X-N\":5,\"Set-Cookie\":[\"a\",\"b\"],"
		     "\"Content-Length\":\"7\",\"Connection\":\"x\","
		     "\"Transfer-Encoding\":\"chunked\",\"Via\":\"1.1 me\"},"
		     "\"body\":true}}",
		     &r),
		1);
	assert_string_equal(r.id, "i");
	assert_int_equal(r.status, 201);
	assert_true(r.body);
	assert_int_equal(r.length, 7);
	http_response_head(&r, "ns", 12, true, &out);
	assert_string_equal(strbuf_str(&out),
			    "HTTP/1.1 201 Made\r\nX-A: 1\r\nX-N: 5\r\n"
			    "Set-Cookie: a\r\nSet-Cookie: b\r\n"
			    "Via: 1.1 me, 1.1 ns\r\nContent-Length: 12\r\n"
			    "Connection: keep-alive\r\n\r\n");
	strbuf_fini(&out);
	http_response_fini(&r);
}

static void an_answer_that_could_split_a_head_is_refused(void **state)
{
	static const char *const bodies[] = {
		"\"statusCode\":200,\"responseHeaders\":{\"A\":\"x\\r\\nB: "
		"y\"}",
		"\"statusCode\":200,\"responseHeaders\":{\"A\":\"x\\ny\"}",
		"\"statusCode\":200,\"responseHeaders\":{\"A b\":\"x\"}",
		"\"statusCode\":200,\"responseHeaders\":{\"A:\":\"x\"}",
		"\"statusCode\":200,\"responseHeaders\":{\"\":\"x\"}",
		"\"statusCode\":200,\"responseHeaders\":{\"A\":[\"ok\",\"\\r\"]"
		"}",
		"\"statusCode\":200,\"responseHeaders\":{\"A\":{}}",
		"\"statusCode\":200,\"responseHeaders\":[]",
		"\"statusCode\":200,\"statusDescription\":\"a\\r\\nb\"",
		"\"statusCode\":101",
		"\"statusCode\":100",
		"\"statusCode\":600",
		"\"statusCode\":-200",
		"\"statusCode\":\"2 0\"",
		"\"statusCode\":2e2",
		"\"x\":1",
	};
	struct http_response r;
	char text[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"response\":{\"requestId\":\"i\",%s}}", bodies[i]);
		if (take(text, &r) != -EBADMSG)
			fail_msg("accepted: %s", text);
		assert_string_equal(r.id, "i");
		http_response_fini(&r);
	}
}

static void other_messages_are_no_answers(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"x",
		"{\"response\":7}",
		"{\"response\":{}}",
		"{\"response\":{\"requestId\":7}}",
		"{\"renewToken\":{}}",
	};
	struct http_response r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(take(texts[i], &r), 0);
		http_response_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_told_whole),
		cmocka_unit_test(
			headers_of_the_connection_do_not_reach_the_listener),
		cmocka_unit_test(authorization_for_the_relay_is_left_out),
		cmocka_unit_test(bytes_that_are_not_utf8_are_taken_as_latin1),
		cmocka_unit_test(an_answer_is_read_and_its_head_written),
		cmocka_unit_test(an_answer_that_could_split_a_head_is_refused),
		cmocka_unit_test(other_messages_are_no_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

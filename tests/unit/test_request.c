/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "relay/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UPGRADE                                                                \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n"                        \
	"Sec-WebSocket-Version: 13\r\n"                                        \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/** struct asked - A request and the bytes its slices point into */
struct asked {
	char text[8192];
	struct http_request head;
	struct request request;
	struct refusal refusal;
	bool good;
};

/** ask() - Read "GET @target" with @headers */
static void ask(struct asked *asked, const char *target, const char *headers)
{
	int len = snprintf(asked->text, sizeof(asked->text),
			   "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", target,
			   headers);

	assert_true(len > 0 && (size_t)len < sizeof(asked->text));
	assert_int_equal(
		http_request_parse(asked->text, (size_t)len, &asked->head),
		len);
	asked->good =
		request_read(&asked->head, &asked->request, &asked->refusal);
}

static void assert_slice(struct slice slice, const char *want)
{
	assert_int_equal(slice.len, strlen(want));
	if (slice.len)
		assert_memory_equal(slice.data, want, slice.len);
}

static void each_gesture_is_told_by_its_action_without_case(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/$hc/oslo?sb-hc-action=listen", UPGRADE);
	assert_true(a.good);
	assert_int_equal(a.request.gesture, GESTURE_LISTEN);
	ask(&a, "/$hc/oslo?SB-HC-Action=Connect", UPGRADE);
	assert_true(a.good);
	assert_int_equal(a.request.gesture, GESTURE_CONNECT);
	ask(&a, "/$hc/oslo?x=1&sb-hc-action=accept&sb-hc-rendezvous=ab",
	    UPGRADE);
	assert_true(a.good);
	assert_int_equal(a.request.gesture, GESTURE_ACCEPT);
	assert_string_equal(a.request.secret, "ab");
	assert_int_equal(a.request.reject_status, 0);
}

static void a_path_without_hc_is_a_request_for_a_listener(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/oslo/a%20b?x=1&sb-hc-id=7&y", "Authorization: t1\r\n");
	assert_true(a.good);
	assert_int_equal(a.request.gesture, GESTURE_HTTP);
	assert_string_equal(a.request.path, "oslo/a b");
	assert_slice(a.request.raw_path, "oslo/a%20b");
	assert_string_equal(a.request.own_query, "x=1&y&");
	assert_string_equal(a.request.id, "7");
	assert_string_equal(a.request.token, "t1");
	assert_true(a.request.authorization);
	ask(&a, "https://ns.example:443/oslo", "");
	assert_true(a.good);
	assert_string_equal(a.request.path, "oslo");
}

static void authorization_counts_only_beside_no_other_token(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/oslo?sb-hc-token=q", "Authorization: a\r\n");
	assert_string_equal(a.request.token, "q");
	assert_false(a.request.authorization);
	ask(&a, "/oslo", "Authorization: a\r\nServiceBusAuthorization: s\r\n");
	assert_string_equal(a.request.token, "s");
	assert_false(a.request.authorization);
	ask(&a, "/$hc/oslo?sb-hc-action=connect",
	    UPGRADE "Authorization: a\r\n");
	assert_int_equal(a.request.token_len, 0);
}

static void a_listener_may_come_for_requests(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/$hc/o?sb-hc-action=request&sb-hc-id=i&sb-hc-rendezvous=ab",
	    UPGRADE);
	assert_true(a.good);
	assert_int_equal(a.request.gesture, GESTURE_REQUEST);
	assert_string_equal(a.request.secret, "ab");
	assert_string_equal(a.request.id, "i");
}

static void what_is_not_a_gesture_is_refused_with_its_status(void **state)
{
	static const struct {
		const char *target;
		const char *headers;
		int status;
	} cases[] = {
		{"/", "", 404},
		{"*", "", 404},
		{"oslo", "", 404},
		{"http://h", "", 404},
		{"/oslo?sb-hc-action=listen", UPGRADE, 400},
		{"/a%00b", "", 404},
		{"/$hc/?sb-hc-action=listen", UPGRADE, 404},
		{"/$hc/a%00b?sb-hc-action=listen", UPGRADE, 404},
		{"/$hc/oslo?sb-hc-action=listen", "", 400},
		{"/$hc/oslo?sb-hc-action=listen", "Upgrade: h2c\r\n", 400},
		{"/$hc/oslo", UPGRADE, 400},
		{"/$hc/oslo?sb-hc-action=", UPGRADE, 400},
		{"/$hc/oslo?sb-hc-action=listens", UPGRADE, 400},
		{"/$hc/oslo?sb-hc-action=listen&sb-hc-id=%4", UPGRADE, 400},
		{"/$hc/oslo?sb-hc-action=listen&sb-hc-token=%zz", UPGRADE, 400},
		{"/$hc/o?sb-hc-action=accept&sb-hc-statusCode=42", UPGRADE,
		 400},
		{"/$hc/o?sb-hc-action=accept&sb-hc-statusCode=101", UPGRADE,
		 400},
		{"/$hc/o?sb-hc-action=accept&sb-hc-statusCode=40x", UPGRADE,
		 400},
	};
	struct asked a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(&a, cases[i].target, cases[i].headers);
		if (a.good || a.refusal.status != cases[i].status)
			fail_msg("%s: good %d, status %d", cases[i].target,
				 a.good, a.refusal.status);
		assert_non_null(a.refusal.text);
	}
}

static void a_post_or_a_short_key_makes_no_websocket(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/$hc/o?sb-hc-action=listen", UPGRADE);
	a.head.method = (struct slice){"POST", 4};
	assert_false(request_read(&a.head, &a.request, &a.refusal));
	assert_int_equal(a.refusal.status, 400);
	ask(&a, "/$hc/o?sb-hc-action=listen",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n");
	assert_false(a.good);
	assert_int_equal(a.refusal.status, 400);
}

static void the_relays_own_arguments_are_kept_from_the_listener(void **state)
{
	struct asked a;

	(void)state;
	ask(&a,
	    "/$hc/os%20lo/sub?a=%20b&sb-hc-token=t%2Bk&SB-HC-x=1"
	    "&sb-hc-action=connect&c&sb-hc-id=i%2F1",
	    UPGRADE);

	assert_true(a.good);
	assert_string_equal(a.request.path, "os lo/sub");
	assert_slice(a.request.raw_path, "os%20lo/sub");
	assert_string_equal(a.request.own_query, "a=%20b&c&");
	assert_string_equal(a.request.token, "t+k");
	assert_string_equal(a.request.id, "i/1");
}

static void an_argument_is_the_relays_however_its_name_is_written(void **state)
{
	struct asked a;

	(void)state;
	ask(&a,
	    "/o?a&sb%2Dhc-token=t%2Bk&%53b-hc%2did=7&s%62-hc-new=1&sb%2-hc-b"
	    "&sb%252Dhc-token=c",
	    "");

	assert_true(a.good);
	assert_string_equal(a.request.token, "t+k");
	assert_string_equal(a.request.id, "7");
	assert_string_equal(a.request.own_query,
			    "a&sb%2-hc-b&sb%252Dhc-token=c&");
}

static void the_token_of_the_query_goes_before_the_header(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/$hc/o?sb-hc-action=listen",
	    UPGRADE "servicebusauthorization: from header\r\n");
	assert_string_equal(a.request.token, "from header");
	assert_int_equal(a.request.token_len, 11);
	ask(&a, "/$hc/o?sb-hc-action=listen&sb-hc-token=q",
	    UPGRADE "ServiceBusAuthorization: from header\r\n");
	assert_string_equal(a.request.token, "q");
}

static void a_reject_is_told_with_and_without_prefix(void **state)
{
	struct asked a;

	(void)state;
	ask(&a,
	    "/$hc/o?sb-hc-action=accept&sb-hc-rendezvous=ab"
	    "&sb-hc-statusCode=403&sb-hc-statusDescription=no%20way",
	    UPGRADE);
	assert_true(a.good);
	assert_int_equal(a.request.reject_status, 403);
	assert_string_equal(a.request.reject_text, "no way");
	ask(&a,
	    "/$hc/o?sb-hc-action=accept&sb-hc-rendezvous=ab"
	    "&statusCode=503&statusDescription=busy",
	    UPGRADE);
	assert_true(a.good);
	assert_int_equal(a.request.reject_status, 503);
	assert_string_equal(a.request.reject_text, "busy");
}

static void a_senders_argument_named_status_code_is_no_reject(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "/$hc/o?statusCode=404&sb-hc-action=accept&sb-hc-rendezvous=ab",
	    UPGRADE);

	assert_true(a.good);
	assert_int_equal(a.request.reject_status, 0);
}

static void the_first_protocol_is_chosen_and_any_offered_is_accepted(
	void **state)
{
	struct slice offer = {"one , two,\tthree", 16};
	struct slice none = {0};

	(void)state;
	assert_slice(request_first_protocol(offer), "one");
	assert_slice(request_first_protocol(none), "");
	assert_true(request_offers(offer, (struct slice){"one", 3}));
	assert_true(request_offers(offer, (struct slice){"two", 3}));
	assert_true(request_offers(offer, (struct slice){"three", 5}));
	assert_false(request_offers(offer, (struct slice){"tw", 2}));
	assert_false(request_offers(offer, (struct slice){"four", 4}));
	assert_false(request_offers(none, (struct slice){"one", 3}));
}

static void a_101_has_the_accept_key_of_the_rfc(void **state)
{
	/* RFC 6455 section 1.3. */
	struct slice key = {"dGhlIHNhbXBsZSBub25jZQ==", 24};
	char out[512];
	ssize_t len;

	(void)state;
	len = request_write_101(key, (struct slice){"relaytun.1", 10}, out,
				sizeof(out));

	assert_string_equal(out, "HTTP/1.1 101 Switching Protocols\r\n"
				 "Upgrade: websocket\r\n"
				 "Connection: Upgrade\r\n"
				 "Sec-WebSocket-Accept: "
				 "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
				 "Sec-WebSocket-Protocol: relaytun.1\r\n\r\n");
	assert_int_equal(len, strlen(out));
	assert_int_equal(request_write_101(key, (struct slice){0}, out, 60),
			 -EMSGSIZE);
}

static void a_refusal_has_text_tracking_id_and_date(void **state)
{
	char out[512];
	ssize_t len;

	(void)state;
	len = request_write_refusal(404, "no such thing", "id-1", 784111777,
				    out, sizeof(out));

	/* The date is RFC 9110's example. */
	assert_string_equal(out, "HTTP/1.1 404 no such thing. TrackingId:id-1, "
				 "Timestamp:784111777\r\n"
				 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				 "Content-Length: 0\r\n"
				 "Connection: close\r\n\r\n");
	assert_int_equal(len, strlen(out));
}

static void a_text_from_outside_adds_no_line_to_a_refusal(void **state)
{
	char out[512];

	(void)state;
	assert_true(request_write_refusal(403, "a\r\nX: 1\x01\x7f", "id", 0,
					  out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "HTTP/1.1 403 a  X: 1  . TrackingId:id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_gesture_is_told_by_its_action_without_case),
		cmocka_unit_test(a_path_without_hc_is_a_request_for_a_listener),
		cmocka_unit_test(
			authorization_counts_only_beside_no_other_token),
		cmocka_unit_test(a_listener_may_come_for_requests),
		cmocka_unit_test(
			what_is_not_a_gesture_is_refused_with_its_status),
		cmocka_unit_test(a_post_or_a_short_key_makes_no_websocket),
		cmocka_unit_test(
			the_relays_own_arguments_are_kept_from_the_listener),
		cmocka_unit_test(
			an_argument_is_the_relays_however_its_name_is_written),
		cmocka_unit_test(the_token_of_the_query_goes_before_the_header),
		cmocka_unit_test(a_reject_is_told_with_and_without_prefix),
		cmocka_unit_test(
			a_senders_argument_named_status_code_is_no_reject),
		cmocka_unit_test(
			the_first_protocol_is_chosen_and_any_offered_is_accepted),
		cmocka_unit_test(a_101_has_the_accept_key_of_the_rfc),
		cmocka_unit_test(a_refusal_has_text_tracking_id_and_date),
		cmocka_unit_test(a_text_from_outside_adds_no_line_to_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

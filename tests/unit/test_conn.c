/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_conn.c - A connection to a relay, against a scripted peer
 *
 * Numbers of cases are those of the conformance list.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <hyco/error.h>
#include <hyco/rendezvous.h>

#include "hyco_peer.h"

#define IN_SIZE 100000

/** struct fixture - A connection that asks for "chat, relaytun.1" */
struct fixture {
	uint64_t seed;
	struct hyco_conn *conn;
	struct hyco_uri uri;
	char request[8192];
	char answer[4096];
	size_t answer_len;
};

static const struct hyco_header own_headers[] = {{"X-Own", 5, "1 2", 3}};

static void begin(struct fixture *f, int64_t pong_ms, int64_t silence_ms)
{
	const struct hyco_conn_config config = {
		.in_size = IN_SIZE,
		.random = peer_random,
		.arg = &f->seed,
		.pong_ms = pong_ms,
		.silence_ms = silence_ms,
	};
	struct hyco_upgrade upgrade = {
		.uri = &f->uri,
		.target = "/$hc/oslo?sb-hc-action=connect",
		.token = "SharedAccessSignature sr=x",
		.protocol = "chat, relaytun.1",
		.agent = "test",
		.headers = own_headers,
		.header_cnt = 1,
	};
	const char *why;

	f->seed = 1;
	assert_int_equal(
		hyco_uri_parse("wss://ns.example.net:8443/oslo", &f->uri, &why),
		0);
	f->conn = hyco_conn_new(&config);
	assert_non_null(f->conn);
	assert_int_equal(hyco_conn_begin(f->conn, &upgrade, 5000, 0), 0);
	peer_request(f->conn, f->request, sizeof(f->request));
	f->answer_len = peer_welcome(f->request,
				     "Sec-WebSocket-Protocol: relaytun.1\r\n",
				     f->answer, sizeof(f->answer));
}

static void expect_event(struct fixture *f, enum hyco_conn_event event)
{
	struct hyco_received received;

	assert_int_equal(hyco_conn_next(f->conn, &received), event);
}

static void expect_end(struct fixture *f, enum hyco_end_kind kind)
{
	expect_event(f, HYCO_CONN_ENDED);
	assert_int_equal(hyco_conn_end(f->conn)->kind, kind);
	assert_int_equal(hyco_conn_state(f->conn), HYCO_CONN_IDLE);
	expect_event(f, HYCO_CONN_NOTHING);
}

static void open_conn(struct fixture *f)
{
	begin(f, 0, 0);
	peer_give(f->conn, f->answer, f->answer_len);
	expect_event(f, HYCO_CONN_OPENED);
}

/** expect_frame() - The only frame that was sent */
static void expect_frame(struct fixture *f, enum ws_opcode opcode,
			 const void *payload, size_t len)
{
	uint8_t data[1024];
	size_t sent = peer_take(f->conn, data, sizeof(data));
	struct ws_head head;
	uint8_t *at;

	assert_int_equal(peer_read(data, sent, &head, &at), sent);
	assert_int_equal(head.opcode, opcode);
	assert_int_equal(head.payload_len, len);
	assert_memory_equal(at, payload, len);
}

static void the_request_has_all_that_was_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0, 0);

	assert_int_equal(
		strncmp(f.request,
			"GET /$hc/oslo?sb-hc-action=connect HTTP/1.1\r\n"
			"Host: ns.example.net:8443\r\n",
			72),
		0);
	assert_non_null(strstr(f.request, "\r\nX-Own: 1 2\r\n"));
	assert_non_null(strstr(
		f.request, "\r\nSec-WebSocket-Protocol: chat, relaytun.1\r\n"));
	assert_non_null(strstr(f.request, "\r\nServiceBusAuthorization: "
					  "SharedAccessSignature sr=x\r\n"));
	hyco_conn_free(f.conn);
}

static void nothing_is_received_before_the_request_is_out(void **state)
{
	const struct hyco_conn_config config = {.in_size = IN_SIZE,
						.random = peer_random,
						.arg = &(uint64_t){7}};
	struct hyco_conn *conn = hyco_conn_new(&config);
	const uint8_t *data;
	size_t room;

	(void)state;
	assert_int_equal(hyco_rendezvous_accept(conn, "wss://g.example.net/a",
						NULL, NULL, 0),
			 0);
	assert_null(hyco_conn_room(conn, &room));
	hyco_conn_written(conn, hyco_conn_output(conn, &data));
	assert_non_null(hyco_conn_room(conn, &room));
	hyco_conn_free(conn);
}

static void C05_an_accept_address_is_used_unchanged_at_its_own_host(
	void **state)
{
	static const char address[] =
		"wss://g7.example.net:444/$hc/oslo/a%20b?x=%2F&sb-hc-action="
		"accept&sb-hc-id=7&sb-hc-rendezvous=Z";
	const struct hyco_conn_config config = {.in_size = IN_SIZE,
						.random = peer_random,
						.arg = &(uint64_t){7}};
	struct hyco_conn *conn = hyco_conn_new(&config);
	char request[4096];

	(void)state;
	assert_int_equal(hyco_rendezvous_accept(conn, address, "p1", NULL, 0),
			 0);
	assert_string_equal(hyco_conn_uri(conn)->host, "g7.example.net");
	assert_int_equal(hyco_conn_uri(conn)->port, 444);
	peer_request(conn, request, sizeof(request));
	assert_non_null(strstr(
		request,
		"GET /$hc/oslo/a%20b?x=%2F&sb-hc-action=accept&sb-hc-id=7&"
		"sb-hc-rendezvous=Z HTTP/1.1\r\nHost: g7.example.net:444\r\n"));
	assert_non_null(strstr(request, "\r\nSec-WebSocket-Protocol: p1\r\n"));
	assert_null(strstr(request, "Authorization"));
	hyco_conn_free(conn);
}

static void C05_a_reject_adds_status_and_text_and_ends_with_410(void **state)
{
	const struct hyco_conn_config config = {.in_size = IN_SIZE,
						.random = peer_random,
						.arg = &(uint64_t){7}};
	struct hyco_conn *conn = hyco_conn_new(&config);
	struct hyco_received received;
	char request[4096];

	(void)state;
	assert_int_equal(
		hyco_rendezvous_reject(conn, "wss://g7.example.net/$hc/o?a=b",
				       403, "not \xc3\xa5 you", 0),
		0);
	peer_request(conn, request, sizeof(request));
	assert_non_null(strstr(request,
			       "GET /$hc/o?a=b&sb-hc-statusCode=403&"
			       "sb-hc-statusDescription=not%20%C3%A5%20you "
			       "HTTP/1.1\r\n"));
	peer_give(conn, "HTTP/1.1 410 Gone\r\n\r\n", 21);
	assert_int_equal(hyco_conn_next(conn, &received), HYCO_CONN_ENDED);
	assert_int_equal(hyco_conn_end(conn)->kind, HYCO_END_REFUSED);
	assert_int_equal(hyco_conn_end(conn)->answer.status, 410);
	assert_int_equal(hyco_rendezvous_reject(conn, "wss://g/a", 200, "", 0),
			 HYCO_EINVAL);
	hyco_conn_free(conn);
}

static void C06_a_head_split_at_every_byte_is_read(void **state)
{
	struct fixture f;
	size_t i;

	(void)state;
	begin(&f, 0, 0);
	for (i = 0; i + 1 < f.answer_len; i++) {
		peer_give(f.conn, f.answer + i, 1);
		expect_event(&f, HYCO_CONN_NOTHING);
	}
	peer_give(f.conn, f.answer + i, 1);
	expect_event(&f, HYCO_CONN_OPENED);
	assert_string_equal(hyco_conn_answer(f.conn)->protocol, "relaytun.1");
	hyco_conn_free(f.conn);
}

static void C06_bytes_behind_the_head_are_data(void **state)
{
	struct hyco_received received;
	struct fixture f;
	uint8_t data[64];

	(void)state;
	begin(&f, 0, 0);
	memcpy(f.answer + f.answer_len, data,
	       peer_frame(data, WS_TEXT, "early", 5));
	memcpy(f.answer + f.answer_len, data, 7);
	peer_give(f.conn, f.answer, f.answer_len + 7);

	expect_event(&f, HYCO_CONN_OPENED);
	assert_int_equal(hyco_conn_next(f.conn, &received), HYCO_CONN_MESSAGE);
	assert_true(received.text);
	assert_int_equal(received.len, 5);
	assert_memory_equal(received.data, "early", 5);
	hyco_conn_free(f.conn);
}

static void C06_a_wrong_101_is_no_relay(void **state)
{
	static const char *const wrong[] = {
		"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: "
		"Upgrade\r\nSec-WebSocket-Accept: "
		"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		"HTTP/1.1 101 x\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct fixture f;

		begin(&f, 0, 0);
		peer_give(f.conn, wrong[i], strlen(wrong[i]));
		expect_end(&f, HYCO_END_NO_RELAY);
		hyco_conn_free(f.conn);
	}
}

static void C06_a_missing_upgrade_or_a_foreign_protocol_is_refused(void **state)
{
	struct fixture f;
	char *at;

	(void)state;
	begin(&f, 0, 0);
	at = strstr(f.answer, "Upgrade: websocket");
	memcpy(at, "Upgrabe", 7);
	peer_give(f.conn, f.answer, f.answer_len);
	expect_end(&f, HYCO_END_NO_RELAY);
	hyco_conn_free(f.conn);

	begin(&f, 0, 0);
	at = strstr(f.answer, "relaytun.1");
	memcpy(at, "relaytun.2", 10);
	peer_give(f.conn, f.answer, f.answer_len);
	expect_end(&f, HYCO_END_NO_RELAY);
	hyco_conn_free(f.conn);
}

static void C06_a_head_over_16_kb_is_refused(void **state)
{
	char filler[1024];
	struct fixture f;
	int i;

	(void)state;
	begin(&f, 0, 0);
	peer_give(f.conn, "HTTP/1.1 101 x\r\n", 16);
	memset(filler, 'a', sizeof(filler));
	memcpy(filler, "X: ", 3);
	memcpy(filler + sizeof(filler) - 2, "\r\n", 2);
	for (i = 0; i < 15; i++) {
		peer_give(f.conn, filler, sizeof(filler));
		expect_event(&f, HYCO_CONN_NOTHING);
	}
	peer_give(f.conn, filler, sizeof(filler));
	expect_end(&f, HYCO_END_NO_RELAY);
	hyco_conn_free(f.conn);
}

static void C07_each_refusal_tells_status_reason_tracking_id_and_date(
	void **state)
{
	static const int statuses[] = {401, 403, 404, 410, 429, 500,
				       503, 302, 200, 504, 400, 502};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		const struct hyco_answer *answer;
		struct fixture f;
		char text[512];

		begin(&f, 0, 0);
		snprintf(text, sizeof(text),
			 "HTTP/1.1 %d Bad thing. TrackingId:4f-a_G1, "
			 "SystemTracker:ns\r\nDate: Fri, 15 Jan 2027 08:00:00 "
			 "GMT\r\n\r\n",
			 statuses[i]);
		peer_give(f.conn, text, strlen(text));
		expect_end(&f, HYCO_END_REFUSED);
		answer = &hyco_conn_end(f.conn)->answer;
		assert_int_equal(answer->status, statuses[i]);
		assert_string_equal(answer->tracking_id, "4f-a_G1");
		assert_int_equal(answer->date_s, 1800000000);
		assert_non_null(strstr(answer->reason, "Bad thing"));
		assert_non_null(strstr(hyco_conn_end(f.conn)->text, "4f-a_G1"));
		hyco_conn_free(f.conn);
	}
}

static void no_answer_within_the_limit_ends_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0, 0);
	assert_int_equal(hyco_conn_deadline_ms(f.conn), 5000);
	hyco_conn_tick(f.conn, 4999);
	expect_event(&f, HYCO_CONN_NOTHING);
	hyco_conn_tick(f.conn, 5000);
	expect_end(&f, HYCO_END_TIMEOUT);
	hyco_conn_free(f.conn);
}

static void C10_a_ping_is_answered_with_its_payload_the_newest_counts(
	void **state)
{
	struct fixture f;

	(void)state;
	open_conn(&f);
	peer_send(f.conn, WS_PING, "one", 3);
	expect_event(&f, HYCO_CONN_NOTHING);
	expect_frame(&f, WS_PONG, "one", 3);
	peer_send(f.conn, WS_PING, "", 0);
	expect_event(&f, HYCO_CONN_NOTHING);
	expect_frame(&f, WS_PONG, "", 0);
	hyco_conn_free(f.conn);
}

static void C10_a_ping_during_a_message_is_answered_behind_it(void **state)
{
	uint8_t data[64] = {0};
	uint8_t sent[256];
	struct ws_head head;
	struct fixture f;
	uint8_t *payload;
	size_t first;
	size_t len;

	(void)state;
	open_conn(&f);
	memcpy(data + HYCO_HEAD_SIZE, "message", 7);
	hyco_conn_send(f.conn, true, data + HYCO_HEAD_SIZE, 7);
	peer_send(f.conn, WS_PING, "a", 1);
	peer_send(f.conn, WS_PING, "b", 1);
	expect_event(&f, HYCO_CONN_NOTHING);

	len = peer_take(f.conn, sent, sizeof(sent));
	first = peer_read(sent, len, &head, &payload);
	assert_int_equal(head.opcode, WS_TEXT);
	assert_memory_equal(payload, "message", 7);
	assert_int_equal(peer_read(sent + first, len - first, &head, &payload),
			 len - first);
	assert_int_equal(head.opcode, WS_PONG);
	assert_memory_equal(payload, "b", 1);
	hyco_conn_free(f.conn);
}

static void C10_an_unsolicited_pong_is_ignored(void **state)
{
	uint8_t sent[64];
	struct fixture f;

	(void)state;
	open_conn(&f);
	peer_send(f.conn, WS_PONG, "x", 1);
	expect_event(&f, HYCO_CONN_NOTHING);
	assert_int_equal(peer_take(f.conn, sent, sizeof(sent)), 0);
	assert_int_equal(hyco_conn_state(f.conn), HYCO_CONN_OPEN);
	hyco_conn_free(f.conn);
}

static void C10_silence_beyond_the_limit_ends_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0, 10000);
	peer_give(f.conn, f.answer, f.answer_len);
	expect_event(&f, HYCO_CONN_OPENED);
	hyco_conn_tick(f.conn, 1000);
	assert_int_equal(hyco_conn_deadline_ms(f.conn), 11000);
	peer_send(f.conn, WS_PONG, "", 0);
	hyco_conn_tick(f.conn, 9000);
	hyco_conn_tick(f.conn, 18999);
	expect_event(&f, HYCO_CONN_NOTHING);
	hyco_conn_tick(f.conn, 19000);
	expect_end(&f, HYCO_END_SILENCE);
	hyco_conn_free(f.conn);
}

static void C14_an_empty_pong_goes_out_at_each_interval_without_any_ping(
	void **state)
{
	uint8_t sent[64];
	struct fixture f;
	int64_t ms;
	int pongs = 0;

	(void)state;
	begin(&f, 45000, 0);
	peer_give(f.conn, f.answer, f.answer_len);
	expect_event(&f, HYCO_CONN_OPENED);
	for (ms = 0; ms <= 450000; ms += 1000) {
		size_t len;

		hyco_conn_tick(f.conn, ms);
		len = peer_take(f.conn, sent, sizeof(sent));
		if (!len)
			continue;
		pongs++;
		assert_int_equal(len, 6);
		assert_int_equal(sent[0], 0x8a);
		assert_int_equal(sent[1], 0x80);
	}
	assert_int_equal(pongs, 10);
	hyco_conn_free(f.conn);
}

static void C12_frames_are_masked_with_fresh_keys(void **state)
{
	uint8_t masks[300][4];
	struct fixture f;
	size_t same = 0;
	size_t i;
	size_t k;

	(void)state;
	open_conn(&f);
	for (i = 0; i < 300; i++) {
		uint8_t data[64] = {0};
		uint8_t sent[64];

		hyco_conn_send(f.conn, false, data + HYCO_HEAD_SIZE, 4);
		assert_int_equal(peer_take(f.conn, sent, sizeof(sent)), 10);
		assert_true(sent[1] & 0x80);
		memcpy(masks[i], sent + 2, 4);
		for (k = 0; k < i; k++)
			same += !memcmp(masks[i], masks[k], 4);
	}
	assert_int_equal(same, 0);
	hyco_conn_free(f.conn);
}

static void C12_a_masked_frame_of_the_relay_is_1002(void **state)
{
	static const uint8_t masked[] = {0x82, 0x81, 1, 2, 3, 4, 5};
	struct fixture f;

	(void)state;
	open_conn(&f);
	peer_give(f.conn, masked, sizeof(masked));
	expect_end(&f, HYCO_END_PROTOCOL);
	expect_frame(&f, WS_CLOSE, "\x03\xea", 2);
	hyco_conn_free(f.conn);
}

static void C13_their_close_is_answered_and_told_with_its_code(void **state)
{
	struct fixture f;

	(void)state;
	open_conn(&f);
	peer_send(f.conn, WS_CLOSE,
		  "\x0f\xa1"
		  "bye",
		  5);
	expect_end(&f, HYCO_END_CLOSED);
	assert_int_equal(hyco_conn_end(f.conn)->close_code, 4001);
	assert_string_equal(hyco_conn_end(f.conn)->text,
			    "relay closed the connection: 4001 bye");
	expect_frame(&f, WS_CLOSE, "\x0f\xa1", 2);
	hyco_conn_free(f.conn);
}

static void C13_our_close_waits_for_theirs_and_no_longer_than_the_limit(
	void **state)
{
	struct hyco_received received;
	struct fixture f;

	(void)state;
	open_conn(&f);
	hyco_conn_close(f.conn, 1000, "done", 100);
	expect_frame(&f, WS_CLOSE,
		     "\x03\xe8"
		     "done",
		     6);
	/* What they had sent before still comes. */
	peer_send(f.conn, WS_BINARY, "late", 4);
	assert_int_equal(hyco_conn_next(f.conn, &received), HYCO_CONN_MESSAGE);
	expect_event(&f, HYCO_CONN_NOTHING);
	assert_false(hyco_conn_can_send(f.conn));
	peer_send(f.conn, WS_CLOSE, "\x03\xe8", 2);
	expect_end(&f, HYCO_END_CLOSED);
	hyco_conn_free(f.conn);

	open_conn(&f);
	hyco_conn_close(f.conn, 1000, "", 100);
	hyco_conn_tick(f.conn, hyco_conn_deadline_ms(f.conn));
	expect_end(&f, HYCO_END_CLOSED);
	hyco_conn_free(f.conn);
}

static void C13_a_close_without_a_code_is_told_as_1005(void **state)
{
	struct fixture f;

	(void)state;
	open_conn(&f);
	peer_send(f.conn, WS_CLOSE, "", 0);
	expect_end(&f, HYCO_END_CLOSED);
	assert_int_equal(hyco_conn_end(f.conn)->close_code, 1005);
	expect_frame(&f, WS_CLOSE, "", 0);
	hyco_conn_free(f.conn);
}

static void C13_codes_that_must_not_be_sent_are_1002(void **state)
{
	static const char *const bad[] = {"\x03\xed", "\x03\xee", "\x03\xec",
					  "\x03\xe7"};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct fixture f;

		open_conn(&f);
		peer_send(f.conn, WS_CLOSE, bad[i], 2);
		expect_end(&f, HYCO_END_PROTOCOL);
		expect_frame(&f, WS_CLOSE, "\x03\xea", 2);
		hyco_conn_free(f.conn);
	}
}

static void a_message_longer_than_fits_is_1009(void **state)
{
	static const uint8_t head[] = {0x82, 127, 0, 0, 0, 0, 0, 2, 0, 0};
	struct fixture f;

	(void)state;
	open_conn(&f);
	peer_give(f.conn, head, sizeof(head));
	expect_end(&f, HYCO_END_TOO_BIG);
	expect_frame(&f, WS_CLOSE, "\x03\xf1", 2);
	hyco_conn_free(f.conn);
}

static void a_lost_transport_sends_nothing_any_more(void **state)
{
	uint8_t data[64] = {0};
	struct fixture f;

	(void)state;
	open_conn(&f);
	hyco_conn_send(f.conn, false, data + HYCO_HEAD_SIZE, 4);
	hyco_conn_lost(f.conn, "reset\nby peer");
	assert_int_equal(peer_take(f.conn, data, sizeof(data)), 0);
	expect_end(&f, HYCO_END_TRANSPORT);
	assert_string_equal(hyco_conn_end(f.conn)->text, "reset?by peer");
	hyco_conn_free(f.conn);
}

static void headers_of_the_handshake_cannot_be_set(void **state)
{
	static const struct hyco_header bad[] = {
		{"Host", 4, "x", 1},
		{"sec-websocket-key", 17, "x", 1},
		{"ServiceBusAuthorization", 23, "x", 1},
		{"A B", 3, "x", 1},
		{"A", 1, "x\r\nB: y", 7},
		{"", 0, "x", 1},
	};
	struct hyco_uri uri;
	char data[2048];
	const char *why;
	size_t i;

	(void)state;
	assert_int_equal(hyco_uri_parse("wss://n/o", &uri, &why), 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct hyco_upgrade upgrade = {.uri = &uri,
						     .target = "/",
						     .headers = &bad[i],
						     .header_cnt = 1};

		assert_int_equal(
			hyco_upgrade_write(&upgrade, data, sizeof(data)),
			HYCO_EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_has_all_that_was_asked_for),
		cmocka_unit_test(nothing_is_received_before_the_request_is_out),
		cmocka_unit_test(
			C05_an_accept_address_is_used_unchanged_at_its_own_host),
		cmocka_unit_test(
			C05_a_reject_adds_status_and_text_and_ends_with_410),
		cmocka_unit_test(C06_a_head_split_at_every_byte_is_read),
		cmocka_unit_test(C06_bytes_behind_the_head_are_data),
		cmocka_unit_test(C06_a_wrong_101_is_no_relay),
		cmocka_unit_test(
			C06_a_missing_upgrade_or_a_foreign_protocol_is_refused),
		cmocka_unit_test(C06_a_head_over_16_kb_is_refused),
		cmocka_unit_test(
			C07_each_refusal_tells_status_reason_tracking_id_and_date),
		cmocka_unit_test(no_answer_within_the_limit_ends_it),
		cmocka_unit_test(
			C10_a_ping_is_answered_with_its_payload_the_newest_counts),
		cmocka_unit_test(
			C10_a_ping_during_a_message_is_answered_behind_it),
		cmocka_unit_test(C10_an_unsolicited_pong_is_ignored),
		cmocka_unit_test(C10_silence_beyond_the_limit_ends_it),
		cmocka_unit_test(
			C14_an_empty_pong_goes_out_at_each_interval_without_any_ping),
		cmocka_unit_test(C12_frames_are_masked_with_fresh_keys),
		cmocka_unit_test(C12_a_masked_frame_of_the_relay_is_1002),
		cmocka_unit_test(
			C13_their_close_is_answered_and_told_with_its_code),
		cmocka_unit_test(
			C13_our_close_waits_for_theirs_and_no_longer_than_the_limit),
		cmocka_unit_test(C13_a_close_without_a_code_is_told_as_1005),
		cmocka_unit_test(C13_codes_that_must_not_be_sent_are_1002),
		cmocka_unit_test(a_message_longer_than_fits_is_1009),
		cmocka_unit_test(a_lost_transport_sends_nothing_any_more),
		cmocka_unit_test(headers_of_the_handshake_cannot_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

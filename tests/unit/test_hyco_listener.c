/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_hyco_listener.c - A listener and a sender, against a scripted relay
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
#include <hyco/listener.h>
#include <hyco/sender.h>

#include "hyco_peer.h"

static const char *const hosts[] = {".example.org"};

struct fixture {
	uint64_t seed;
	struct hyco_listener *listener;
	struct hyco_conn *conn;
	struct hyco_listener_event event;
};

static void make(struct fixture *f)
{
	const struct hyco_listener_config config = {
		.address = "wss://ns.relay.example.net/oslo",
		.hosts = hosts,
		.host_cnt = 1,
		.random = peer_random,
		.arg = &f->seed,
	};
	const char *why;

	f->seed = 3;
	f->listener = hyco_listener_new(&config, &why);
	assert_non_null(f->listener);
	f->conn = hyco_listener_conn(f->listener);
}

static void expect(struct fixture *f, int64_t now_ms,
		   enum hyco_listener_event_kind kind)
{
	assert_int_equal(hyco_listener_next(f->listener, now_ms, &f->event),
			 kind);
}

/** welcome() - The relay's answer to the upgrade under way */
static void welcome(struct fixture *f, const char *token)
{
	char request[8192];
	char answer[1024];

	peer_request(f->conn, request, sizeof(request));
	assert_non_null(strstr(request, "GET /$hc/oslo?sb-hc-action=listen "));
	assert_non_null(strstr(request, token));
	peer_give(f->conn, answer,
		  peer_welcome(request, "", answer, sizeof(answer)));
}

/** register_at() - To PHASE_REGISTERED, with a token of an hour */
static void register_at(struct fixture *f, int64_t now_ms)
{
	make(f);
	expect(f, now_ms, HYCO_LISTENER_TOKEN);
	expect(f, now_ms, HYCO_LISTENER_NOTHING);
	assert_int_equal(
		hyco_listener_token(f->listener, "T1", 3600000, now_ms), 0);
	expect(f, now_ms, HYCO_LISTENER_CONNECT);
	welcome(f, "ServiceBusAuthorization: T1\r\n");
	expect(f, now_ms, HYCO_LISTENER_REGISTERED);
	assert_true(hyco_listener_is_registered(f->listener));
}

static void say(struct fixture *f, const char *text)
{
	peer_send(f->conn, WS_TEXT, text, strlen(text));
}

/** sent_text() - The only message that was sent, NUL-terminated */
static const char *sent_text(struct fixture *f, uint8_t *data, size_t size)
{
	size_t len = peer_take(f->conn, data, size - 1);
	struct ws_head head;
	uint8_t *payload;

	assert_int_equal(peer_read(data, len, &head, &payload), len);
	assert_int_equal(head.opcode, WS_TEXT);
	payload[head.payload_len] = '\0';
	return (const char *)payload;
}

static void C04_the_listen_address_keeps_names_encoded(void **state)
{
	static const struct {
		const char *address;
		const char *target;
	} cases[] = {
		{"wss://n.example/my%20hyco",
		 "GET /$hc/my%20hyco?sb-hc-action=listen HTTP"},
		{"wss://n.example/a/b/c/",
		 "GET /$hc/a/b/c?sb-hc-action=listen HTTP"},
		{"sb://n.example/%C3%B8st",
		 "GET /$hc/%C3%B8st?sb-hc-action=listen HTTP"},
		{"https://n.example/$hc/oslo",
		 "GET /$hc/oslo?sb-hc-action=listen HTTP"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t seed = 1;
		const struct hyco_listener_config config = {
			.address = cases[i].address,
			.random = peer_random,
			.arg = &seed,
		};
		struct fixture f;
		char request[4096];
		const char *why;

		f.listener = hyco_listener_new(&config, &why);
		assert_non_null(f.listener);
		f.conn = hyco_listener_conn(f.listener);
		expect(&f, 0, HYCO_LISTENER_TOKEN);
		assert_int_equal(hyco_listener_token(f.listener, "T", 60000, 0),
				 0);
		expect(&f, 0, HYCO_LISTENER_CONNECT);
		peer_request(f.conn, request, sizeof(request));
		assert_non_null(strstr(request, cases[i].target));
		hyco_listener_free(f.listener);
	}
}

static void C08_an_accept_is_told_with_all_its_parts(void **state)
{
	struct fixture f;
	char value[64];

	(void)state;
	register_at(&f, 0);
	say(&f, "{\"x\":1,\"accept\":{\"remoteEndpoint\":{\"port\":50112,"
		"\"address\":\"203.0.113.9\"},\"connectHeaders\":{\"Host\":"
		"\"n\",\"X-Own\":\"\\u00e5\",\"sec-websocket-protocol\":"
		"\"p1, p2\"},\"id\":\"7\",\"address\":\"wss:\\/\\/"
		"g1.relay.example.net/$hc/oslo/sub?a=1&sb-hc-action=accept&b="
		"2\"}}");
	expect(&f, 10, HYCO_LISTENER_ACCEPT);
	assert_string_equal(f.event.accept->address,
			    "wss://g1.relay.example.net/$hc/oslo/"
			    "sub?a=1&sb-hc-action=accept&b=2");
	assert_string_equal(f.event.accept->id, "7");
	assert_string_equal(f.event.accept->protocol, "p1");
	assert_string_equal(f.event.accept->remote, "203.0.113.9");
	assert_int_equal(f.event.accept->remote_port, 50112);
	assert_int_equal(hyco_message_header(f.event.text, f.event.text_len,
					     "x-own", value, sizeof(value)),
			 2);
	assert_string_equal(value, "\xc3\xa5");
	assert_int_equal(hyco_message_header(f.event.text, f.event.text_len,
					     "x-other", value, sizeof(value)),
			 -1);
	expect(&f, 10, HYCO_LISTENER_NOTHING);
	hyco_listener_free(f.listener);
}

static void C08_the_senders_path_and_arguments_are_found(void **state)
{
	char suffix[HYCO_TARGET_SIZE];
	char query[HYCO_TARGET_SIZE];
	struct hyco_uri relay;
	struct hyco_uri address;
	const char *why;

	(void)state;
	assert_int_equal(hyco_uri_parse("wss://n/oslo", &relay, &why), 0);
	assert_int_equal(
		hyco_uri_parse("wss://g/$hc/OSLO/a/b?x=1&SB-HC-Action=accept&"
			       "sb-hc-id=7&y=%20",
			       &address, &why),
		0);
	assert_int_equal(
		hyco_uri_own(&relay, &address, suffix, query, sizeof(suffix)),
		0);
	assert_string_equal(suffix, "a/b");
	assert_string_equal(query, "x=1&y=%20");
	assert_int_equal(hyco_uri_parse("wss://g/$hc/oslo2?x", &address, &why),
			 0);
	assert_int_equal(
		hyco_uri_own(&relay, &address, suffix, query, sizeof(suffix)),
		HYCO_EPROTO);
}

static void C08_addresses_of_others_are_refused_allowed_ones_are_not(
	void **state)
{
	static const struct {
		const char *address;
		enum hyco_listener_event_kind kind;
	} cases[] = {
		{"wss://ns.relay.example.net/$hc", HYCO_LISTENER_ACCEPT},
		{"wss://g9.relay.example.net:444/$hc", HYCO_LISTENER_ACCEPT},
		{"wss://node.example.org/$hc", HYCO_LISTENER_ACCEPT},
		{"wss://example.org/$hc", HYCO_LISTENER_REFUSED},
		{"wss://other.example.net/$hc", HYCO_LISTENER_REFUSED},
		{"ws://ns.relay.example.net/$hc", HYCO_LISTENER_REFUSED},
		{"wss://evil.com/relay.example.net", HYCO_LISTENER_REFUSED},
		{"gopher://ns.relay.example.net/", HYCO_LISTENER_REFUSED},
		{"", HYCO_LISTENER_MALFORMED},
	};
	struct fixture f;
	char text[512];
	size_t i;

	(void)state;
	register_at(&f, 0);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
			 "{\"accept\":{\"address\":\"%s\"}}", cases[i].address);
		say(&f, text);
		expect(&f, 10, cases[i].kind);
		if (cases[i].kind != HYCO_LISTENER_ACCEPT)
			assert_non_null(f.event.reason);
	}
	hyco_listener_free(f.listener);
}

static void C08_where_a_relay_may_send_us(void **state)
{
	static const struct {
		const char *relay;
		const char *address;
		bool allowed;
	} cases[] = {
		{"wss://contoso.servicebus.windows.net/oslo",
		 "wss://g7-prod-by3-010-sb.servicebus.windows.net/$hc/oslo",
		 true},
		{"wss://relay.example.net/o", "wss://RELAY.example.net:8443/",
		 true},
		{"wss://relay.example.net/o", "wss://b.example.net/$hc", true},
		/* The relay at the top of its owner's domain */
		{"wss://relay.net/oslo", "wss://g1.relay.net/$hc", true},
		{"wss://relay.co.uk/oslo", "wss://g1.relay.co.uk/$hc", true},
		{"wss://a.relay.co.uk/oslo", "wss://b.relay.co.uk/$hc", true},
		{"wss://a.bmw.de/oslo", "wss://b.bmw.de/$hc", true},
		/* Azure's other customers are where its gateways are. */
		{"wss://contoso.servicebus.windows.net/oslo",
		 "wss://fabrikam.servicebus.windows.net/$hc/oslo", true},
		{"wss://contoso.servicebus.windows.net/oslo",
		 "wss://fabrikam.windows.net/$hc/oslo", false},
		{"wss://relay.co.uk/oslo", "wss://other.co.uk/$hc", false},
		{"wss://relay.com.au/oslo", "wss://other.COM.au/$hc", false},
		{"wss://a.relay.co.uk/oslo", "wss://other.co.uk/$hc", false},
		{"wss://192.0.2.1/oslo", "wss://a.192.0.2.1/$hc", false},
		{"wss://192.0.2.1/oslo", "wss://192.0.2.1:444/$hc", true},
		{"ws://127.0.0.1/oslo", "ws://127.0.0.1/$hc", true},
		{"wss://relay.example.net/o", "wss://example.org/$hc", false},
		{"wss://relay.example.net/o",
		 "wss://relay.example.net.evil.org/$hc", false},
		{"wss://relay.example.net/o", "wss://evilexample.net/", false},
		{"wss://relay.example.net/o", "ws://relay.example.net/", false},
		{"wss://relay.net/oslo", "wss://other.net/$hc", false},
		{"wss://192.0.2.1/oslo", "wss://192.0.2.2/$hc", false},
		{"wss://192.0.2.1/oslo", "wss://9.0.2.1/$hc", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hyco_uri relay;
		struct hyco_uri uri;
		const char *why;

		assert_int_equal(hyco_uri_parse(cases[i].relay, &relay, &why),
				 0);
		assert_int_equal(hyco_uri_parse(cases[i].address, &uri, &why),
				 0);
		if (!hyco_uri_fault(&relay, &uri, NULL, 0) != cases[i].allowed)
			fail_msg("%s", cases[i].address);
	}
}

static void C08_headers_of_60_kb_are_taken(void **state)
{
	char *text = malloc(70000);
	struct fixture f;
	size_t used;

	(void)state;
	assert_non_null(text);
	register_at(&f, 0);
	used = (size_t)sprintf(text, "{\"accept\":{\"address\":"
				     "\"wss://ns.relay.example.net/a\","
				     "\"connectHeaders\":{\"X\":\"");
	memset(text + used, 'a', 60000);
	strcpy(text + used + 60000, "\"}}}");
	say(&f, text);
	expect(&f, 10, HYCO_LISTENER_ACCEPT);
	free(text);
	hyco_listener_free(f.listener);
}

static void C09_a_renewal_goes_out_at_half_of_the_tokens_life(void **state)
{
	uint8_t data[1024];
	struct fixture f;

	(void)state;
	register_at(&f, 0);
	assert_int_equal(peer_take(f.conn, data, sizeof(data)), 0);
	expect(&f, 1799999, HYCO_LISTENER_NOTHING);
	(void)peer_take(f.conn, data, sizeof(data)); /* a Pong */
	expect(&f, 1800000, HYCO_LISTENER_TOKEN);
	expect(&f, 1800000, HYCO_LISTENER_NOTHING);
	assert_int_equal(
		hyco_listener_token(f.listener, "T2", 3600000, 1800000), 0);
	assert_int_equal(hyco_listener_deadline_ms(f.listener), 0);
	(void)peer_take(f.conn, data, sizeof(data));
	expect(&f, 1800000, HYCO_LISTENER_NOTHING);
	assert_string_equal(sent_text(&f, data, sizeof(data)),
			    "{\"renewToken\":{\"token\":\"T2\"}}");
	/* No earlier than half of the new one's life. */
	expect(&f, 3599999, HYCO_LISTENER_NOTHING);
	expect(&f, 3600000, HYCO_LISTENER_TOKEN);
	hyco_listener_free(f.listener);
}

static void C09_renewals_are_at_least_four_minutes_apart(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	expect(&f, 0, HYCO_LISTENER_TOKEN);
	assert_int_equal(hyco_listener_token(f.listener, "T1", 300000, 0), 0);
	expect(&f, 0, HYCO_LISTENER_CONNECT);
	welcome(&f, "T1");
	expect(&f, 0, HYCO_LISTENER_REGISTERED);
	expect(&f, 239999, HYCO_LISTENER_NOTHING);
	expect(&f, 240000, HYCO_LISTENER_TOKEN);
	hyco_listener_free(f.listener);
}

static void C09_a_renewed_token_serves_the_next_connection(void **state)
{
	uint8_t data[1024];
	struct fixture f;

	(void)state;
	register_at(&f, 0);
	expect(&f, 1800000, HYCO_LISTENER_TOKEN);
	assert_int_equal(
		hyco_listener_token(f.listener, "T2", 3600000, 1800000), 0);
	expect(&f, 1800000, HYCO_LISTENER_NOTHING);
	(void)peer_take(f.conn, data, sizeof(data));
	hyco_conn_lost(f.conn, "reset");
	expect(&f, 1800010, HYCO_LISTENER_ENDED);
	assert_true(f.event.was_registered);
	/* Not asked for again. */
	expect(&f, 1800010 + f.event.retry_ms, HYCO_LISTENER_CONNECT);
	welcome(&f, "ServiceBusAuthorization: T2\r\n");
	hyco_listener_free(f.listener);
}

static void C09_a_token_that_was_refused_is_not_offered_again(void **state)
{
	struct fixture f;
	char request[4096];
	int64_t now_ms;

	(void)state;
	make(&f);
	expect(&f, 0, HYCO_LISTENER_TOKEN);
	assert_int_equal(hyco_listener_token(f.listener, "T1", 3600000, 0), 0);
	expect(&f, 0, HYCO_LISTENER_CONNECT);
	peer_request(f.conn, request, sizeof(request));
	peer_give(f.conn, "HTTP/1.1 401 no\r\n\r\n", 19);
	expect(&f, 5, HYCO_LISTENER_ENDED);
	assert_false(f.event.was_registered);
	assert_true(f.event.is_config);
	now_ms = 5 + f.event.retry_ms;
	expect(&f, now_ms, HYCO_LISTENER_TOKEN);
	hyco_listener_free(f.listener);
}

static void no_token_counts_as_a_failed_attempt(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	expect(&f, 0, HYCO_LISTENER_TOKEN);
	hyco_listener_no_token(f.listener, "the file is empty", 0);
	assert_int_equal(hyco_listener_deadline_ms(f.listener), 0);
	expect(&f, 0, HYCO_LISTENER_ENDED);
	assert_string_equal(f.event.end->text, "no token: the file is empty");
	expect(&f, f.event.retry_ms, HYCO_LISTENER_TOKEN);
	hyco_listener_free(f.listener);
}

static void C10_after_a_first_ping_silence_is_death_before_it_is_not(
	void **state)
{
	uint8_t data[256];
	struct fixture f;
	int64_t ms;

	(void)state;
	register_at(&f, 0);
	for (ms = 0; ms < 1700000; ms += 40000) {
		expect(&f, ms, HYCO_LISTENER_NOTHING);
		(void)peer_take(f.conn, data, sizeof(data));
	}
	peer_send(f.conn, WS_PING, "", 0);
	expect(&f, ms, HYCO_LISTENER_NOTHING);
	(void)peer_take(f.conn, data, sizeof(data));
	expect(&f, ms + 1, HYCO_LISTENER_NOTHING);
	expect(&f, ms + 239999, HYCO_LISTENER_TOKEN);
	expect(&f, ms + 240000, HYCO_LISTENER_ENDED);
	assert_int_equal(f.event.end->kind, HYCO_END_SILENCE);
	hyco_listener_free(f.listener);
}

/** until_it_ends() - From a time on, in steps of a minute; the relay answers a
 *  Close with nothing.  Return: when it ended, -1 for not within @limit_ms */
static int64_t until_it_ends(struct fixture *f, int64_t now_ms,
			     int64_t limit_ms, bool ping)
{
	uint8_t data[4096];
	int64_t end_ms = now_ms + limit_ms;

	for (; now_ms < end_ms; now_ms += 60000) {
		enum hyco_listener_event_kind kind;

		if (ping)
			peer_send(f->conn, WS_PING, "", 0);
		while ((kind = hyco_listener_next(f->listener, now_ms,
						  &f->event)) ==
		       HYCO_LISTENER_TOKEN)
			assert_int_equal(hyco_listener_token(f->listener, "T2",
							     3600000, now_ms),
					 0);
		if (kind == HYCO_LISTENER_ENDED)
			return now_ms;
		(void)peer_take(f->conn, data, sizeof(data));
	}
	return -1;
}

static void a_listener_to_whom_nobody_is_sent_registers_anew(void **state)
{
	struct fixture f;
	int64_t at_ms;

	(void)state;
	register_at(&f, 0);
	at_ms = until_it_ends(&f, 60000, 3 * INT64_C(3600000), false);
	assert_in_range(at_ms, 3600000, 3600000 * 5 / 4 + 120000);
	assert_non_null(f.event.reason);
	assert_true(f.event.was_registered);
	assert_in_range(f.event.retry_ms, 0, 250);
	expect(&f, at_ms + f.event.retry_ms, HYCO_LISTENER_CONNECT);
	hyco_listener_free(f.listener);
}

static void an_accept_or_a_ping_shows_that_the_listener_is_known(void **state)
{
	struct fixture f;

	(void)state;
	register_at(&f, 0);
	expect(&f, 3500000, HYCO_LISTENER_TOKEN);
	say(&f,
	    "{\"accept\":{\"address\":\"wss://ns.relay.example.net/$hc/oslo?"
	    "sb-hc-action=accept\",\"id\":\"1\"}}");
	expect(&f, 3500000, HYCO_LISTENER_ACCEPT);
	assert_int_equal(until_it_ends(&f, 3500000, 3500000, false), -1);
	hyco_listener_free(f.listener);

	register_at(&f, 0);
	assert_int_equal(until_it_ends(&f, 60000, 24 * INT64_C(3600000), true),
			 -1);
	hyco_listener_free(f.listener);
}

static void C11_limits_double_to_the_cap_and_configuration_waits_at_the_cap(
	void **state)
{
	(void)state;
	assert_int_equal(hyco_retry_limit_ms(HYCO_LISTENER, 0, 0), 250);
	assert_int_equal(hyco_retry_limit_ms(HYCO_LISTENER, 3, 503), 2000);
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 7, 0), 30000);
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 1000000, 500), 30000);
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 0, 401), 30000);
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 0, 403), 30000);
	assert_int_equal(hyco_retry_limit_ms(HYCO_LISTENER, 0, 404), 30000);
	/* Nobody listens: soon again, and up to the cap in the end. */
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 0, 404), 250);
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 59, 404), 2000);
	assert_int_equal(hyco_retry_limit_ms(HYCO_SENDER, 60, 404), 30000);
	assert_true(hyco_status_is_config(HYCO_LISTENER, 401));
	assert_true(hyco_status_is_config(HYCO_SENDER, 401));
	assert_true(hyco_status_is_config(HYCO_LISTENER, 403));
	assert_true(hyco_status_is_config(HYCO_SENDER, 403));
	assert_true(hyco_status_is_config(HYCO_LISTENER, 404));
	assert_false(hyco_status_is_config(HYCO_SENDER, 404));
}

static void C11_delays_have_full_jitter_and_begin_anew_after_a_minute(
	void **state)
{
	struct fixture f;
	int64_t now_ms = 0;
	int64_t most = 0;
	int64_t least = INT64_MAX;
	int i;

	(void)state;
	make(&f);
	for (i = 0; i < 200; i++) {
		expect(&f, now_ms, HYCO_LISTENER_TOKEN);
		hyco_listener_no_token(f.listener, "x", now_ms);
		expect(&f, now_ms, HYCO_LISTENER_ENDED);
		assert_in_range(f.event.retry_ms, 0, 30000);
		if (i > 10 && f.event.retry_ms > most)
			most = f.event.retry_ms;
		if (i > 10 && f.event.retry_ms < least)
			least = f.event.retry_ms;
		now_ms += f.event.retry_ms;
	}
	assert_true(most > 27000 && least < 3000);
	expect(&f, now_ms, HYCO_LISTENER_TOKEN);
	assert_int_equal(hyco_listener_token(f.listener, "T", 3600000, now_ms),
			 0);
	expect(&f, now_ms, HYCO_LISTENER_CONNECT);
	welcome(&f, "T");
	expect(&f, now_ms, HYCO_LISTENER_REGISTERED);
	hyco_conn_lost(f.conn, "reset");
	expect(&f, now_ms + 60000, HYCO_LISTENER_ENDED);
	assert_in_range(f.event.retry_ms, 0, 250);
	hyco_listener_free(f.listener);
}

static void a_request_is_told_and_answered_on_the_control_channel(void **state)
{
	static const struct hyco_header headers[] = {
		{"Content-Type", 12, "text/plain", 10}};
	const struct hyco_response response = {.id = "r1",
					       .status = 200,
					       .description = "OK",
					       .headers = headers,
					       .header_cnt = 1};
	uint8_t data[1024];
	struct ws_head head;
	struct fixture f;
	uint8_t *payload;
	size_t first;
	size_t len;

	(void)state;
	register_at(&f, 0);
	say(&f, "{\"request\":{\"address\":\"wss://g1.relay.example.net/r\","
		"\"id\":\"r1\",\"requestTarget\":\"/oslo/a?b=c\",\"method\":"
		"\"POST\",\"requestHeaders\":{\"Via\":\"1.1 ns\"},\"body\":"
		"true}}");
	expect(&f, 1, HYCO_LISTENER_NOTHING);
	peer_send(f.conn, WS_BINARY, "question", 8);
	expect(&f, 2, HYCO_LISTENER_REQUEST);
	assert_string_equal(f.event.exchange->request.method, "POST");
	assert_string_equal(f.event.exchange->request.target, "/oslo/a?b=c");
	assert_int_equal(f.event.exchange->body_len, 8);
	assert_memory_equal(f.event.exchange->body, "question", 8);
	assert_int_equal(hyco_message_header(f.event.exchange->text,
					     f.event.exchange->text_len, "via",
					     (char *)data, sizeof(data)),
			 6);

	assert_int_equal(hyco_listener_respond(f.listener, &response,
					       (const uint8_t *)"answer", 6),
			 0);
	expect(&f, 3, HYCO_LISTENER_NOTHING);
	len = peer_take(f.conn, data, sizeof(data));
	first = peer_read(data, len, &head, &payload);
	assert_int_equal(first, len);
	assert_int_equal(head.opcode, WS_TEXT);
	payload[head.payload_len] = '\0';
	assert_string_equal(
		(char *)payload,
		"{\"response\":{\"requestId\":\"r1\",\"statusCode\":200,"
		"\"statusDescription\":\"OK\",\"responseHeaders\":{"
		"\"Content-Type\":\"text/plain\"},\"body\":true}}");
	expect(&f, 3, HYCO_LISTENER_NOTHING);
	len = peer_take(f.conn, data, sizeof(data));
	assert_int_equal(peer_read(data, len, &head, &payload), len);
	assert_int_equal(head.opcode, WS_BINARY);
	assert_memory_equal(payload, "answer", 6);
	hyco_listener_free(f.listener);
}

static void a_request_with_only_an_address_is_told_as_one_to_fetch(void **state)
{
	struct fixture f;

	(void)state;
	register_at(&f, 0);
	say(&f, "{\"request\":{\"address\":\"wss://g1.relay.example.net/r\"}}");
	expect(&f, 1, HYCO_LISTENER_REQUEST);
	assert_string_equal(f.event.exchange->request.method, "");
	say(&f, "{\"request\":{\"address\":\"wss://evil.com/r\"}}");
	expect(&f, 1, HYCO_LISTENER_REFUSED);
	peer_send(f.conn, WS_BINARY, "x", 1);
	expect(&f, 1, HYCO_LISTENER_MALFORMED);
	hyco_listener_free(f.listener);
}

static void a_response_that_cannot_stand_in_http_is_refused(void **state)
{
	static const struct hyco_header bad[] = {
		{"X", 1, "a\r\nB: c", 7},
		{"Transfer-Encoding", 17, "chunked", 7},
		{"Content-Length", 14, "7", 1},
		{"A B", 3, "c", 1},
	};
	static uint8_t big[HYCO_BODY_LEN_MAX + 1];
	struct hyco_response response = {.id = "r", .status = 200};
	struct fixture f;
	size_t i;

	(void)state;
	make(&f);
	assert_int_equal(hyco_listener_respond(f.listener, &response, NULL, 0),
			 HYCO_EPROTO);
	hyco_listener_free(f.listener);
	register_at(&f, 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		response.headers = &bad[i];
		response.header_cnt = 1;
		assert_int_equal(
			hyco_listener_respond(f.listener, &response, NULL, 0),
			HYCO_EINVAL);
	}
	response.header_cnt = 0;
	response.status = 101;
	assert_int_equal(hyco_listener_respond(f.listener, &response, NULL, 0),
			 HYCO_EINVAL);
	response.status = 200;
	assert_int_equal(
		hyco_listener_respond(f.listener, &response, big, sizeof(big)),
		HYCO_EMSGSIZE);
	for (i = 0; i < 100; i++) {
		if (hyco_listener_respond(f.listener, &response, big,
					  HYCO_BODY_LEN_MAX))
			break;
	}
	assert_in_range(i, 2, 50);
	hyco_listener_free(f.listener);
}

static void malformed_messages_are_told_and_the_channel_stays(void **state)
{
	struct fixture f;

	(void)state;
	register_at(&f, 0);
	say(&f, "{");
	expect(&f, 1, HYCO_LISTENER_MALFORMED);
	say(&f, "{\"unknown\":1}");
	expect(&f, 1, HYCO_LISTENER_NOTHING);
	say(&f, "{\"request\":7}");
	expect(&f, 1, HYCO_LISTENER_MALFORMED);
	assert_true(hyco_listener_is_registered(f.listener));
	hyco_listener_free(f.listener);
}

static void signing_off_is_a_closing_handshake_without_a_new_attempt(
	void **state)
{
	uint8_t data[256];
	struct fixture f;

	(void)state;
	register_at(&f, 0);
	hyco_listener_close(f.listener, 100);
	assert_true(peer_take(f.conn, data, sizeof(data)) > 0);
	assert_int_equal(data[0], 0x88);
	peer_send(f.conn, WS_CLOSE, "\x03\xe8", 2);
	expect(&f, 101, HYCO_LISTENER_ENDED);
	expect(&f, 10000000, HYCO_LISTENER_NOTHING);
	hyco_listener_free(f.listener);
}

static void C15_an_attempt_ends_at_its_own_limit_while_another_goes_on(
	void **state)
{
	const struct hyco_sender_config config = {
		.address = "wss://ns.relay.example.net/oslo",
		.suffix = "sub",
		.query = "a=1",
		.id = "trace"};
	uint64_t seed = 9;
	const struct hyco_conn_config conn_config = {.in_size =
							     HYCO_IN_SIZE_MIN,
						     .random = peer_random,
						     .arg = &seed};
	struct hyco_conn *first = hyco_conn_new(&conn_config);
	struct hyco_conn *second = hyco_conn_new(&conn_config);
	struct hyco_received received;
	struct hyco_sender sender;
	char request[4096];
	char answer[1024];
	const char *why;

	(void)state;
	assert_int_equal(hyco_sender_init(&sender, &config, &why), 0);
	assert_int_equal(hyco_sender_begin(&sender, first, "T", 0), 0);
	peer_request(first, request, sizeof(request));
	assert_non_null(strstr(request,
			       "GET /$hc/oslo/sub?a=1&sb-hc-action=connect&"
			       "sb-hc-id=trace HTTP/1.1\r\n"));
	assert_int_equal(hyco_conn_deadline_ms(first), 5000);
	assert_int_equal(hyco_sender_begin(&sender, second, "T", 2000), 0);
	peer_request(second, request, sizeof(request));
	hyco_conn_tick(first, 5000);
	hyco_conn_tick(second, 5000);
	assert_int_equal(hyco_conn_next(first, &received), HYCO_CONN_ENDED);
	assert_int_equal(hyco_conn_end(first)->kind, HYCO_END_TIMEOUT);
	assert_in_range(hyco_sender_ended(&sender, 0, 1234567, 5000), 0, 250);
	peer_give(second, answer,
		  peer_welcome(request, "", answer, sizeof(answer)));
	assert_int_equal(hyco_conn_next(second, &received), HYCO_CONN_OPENED);
	hyco_sender_opened(&sender, 6000);
	assert_int_equal(sender.failure_cnt, 1);
	(void)hyco_sender_ended(&sender, 101, 0, 66000);
	assert_int_equal(sender.failure_cnt, 1);
	hyco_conn_free(first);
	hyco_conn_free(second);
}

static void a_listeners_pause_does_not_make_later_waits_longer(void **state)
{
	struct hyco_sender sender = {.opened_ms = HYCO_NEVER};
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		assert_in_range(hyco_sender_ended(&sender, i % 2 ? 404 : 504,
						  UINT64_MAX - 1, 1000),
				0, 2000);
	assert_int_equal(sender.absent_cnt, 20);
	hyco_sender_opened(&sender, 2000);
	assert_int_equal(sender.absent_cnt, 0);
	/* Lost after a short life: the first failure in a row. */
	assert_in_range(hyco_sender_ended(&sender, 101, UINT64_MAX - 1, 3000),
			0, 250);
	assert_int_equal(sender.failure_cnt, 1);
	/* The listener itself has said that it goes away: it is absent. */
	hyco_sender_opened(&sender, 4000);
	(void)hyco_sender_ended(&sender, 404, 0, 5000);
	assert_int_equal(sender.failure_cnt, 1);
	assert_int_equal(sender.absent_cnt, 1);
}

static void a_senders_own_arguments_cannot_be_the_relays(void **state)
{
	static const struct {
		const char *suffix;
		const char *query;
	} bad[] = {
		{NULL, "SB-hc-action=listen"},
		{NULL, "a=1&sb-hc-token=x"},
		{"a?b", NULL},
		{"a b", NULL},
		{NULL, "a=\r\n"},
		{NULL, "a#b"},
	};
	struct hyco_sender sender;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct hyco_sender_config config = {
			.address = "wss://n/o",
			.suffix = bad[i].suffix,
			.query = bad[i].query};

		assert_int_equal(hyco_sender_init(&sender, &config, &why),
				 HYCO_EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(C04_the_listen_address_keeps_names_encoded),
		cmocka_unit_test(C08_an_accept_is_told_with_all_its_parts),
		cmocka_unit_test(C08_the_senders_path_and_arguments_are_found),
		cmocka_unit_test(
			C08_addresses_of_others_are_refused_allowed_ones_are_not),
		cmocka_unit_test(C08_where_a_relay_may_send_us),
		cmocka_unit_test(C08_headers_of_60_kb_are_taken),
		cmocka_unit_test(
			C09_a_renewal_goes_out_at_half_of_the_tokens_life),
		cmocka_unit_test(C09_renewals_are_at_least_four_minutes_apart),
		cmocka_unit_test(
			C09_a_renewed_token_serves_the_next_connection),
		cmocka_unit_test(
			C09_a_token_that_was_refused_is_not_offered_again),
		cmocka_unit_test(no_token_counts_as_a_failed_attempt),
		cmocka_unit_test(
			C10_after_a_first_ping_silence_is_death_before_it_is_not),
		cmocka_unit_test(
			a_listener_to_whom_nobody_is_sent_registers_anew),
		cmocka_unit_test(
			an_accept_or_a_ping_shows_that_the_listener_is_known),
		cmocka_unit_test(
			C11_limits_double_to_the_cap_and_configuration_waits_at_the_cap),
		cmocka_unit_test(
			C11_delays_have_full_jitter_and_begin_anew_after_a_minute),
		cmocka_unit_test(
			a_request_is_told_and_answered_on_the_control_channel),
		cmocka_unit_test(
			a_request_with_only_an_address_is_told_as_one_to_fetch),
		cmocka_unit_test(
			a_response_that_cannot_stand_in_http_is_refused),
		cmocka_unit_test(
			malformed_messages_are_told_and_the_channel_stays),
		cmocka_unit_test(
			signing_off_is_a_closing_handshake_without_a_new_attempt),
		cmocka_unit_test(
			C15_an_attempt_ends_at_its_own_limit_while_another_goes_on),
		cmocka_unit_test(a_senders_own_arguments_cannot_be_the_relays),
		cmocka_unit_test(
			a_listeners_pause_does_not_make_later_waits_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

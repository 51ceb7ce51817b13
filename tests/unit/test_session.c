/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_session.c - What depends on time, with a clock of the test's own
 *
 * R numbers are the cases of azure-relay-conformance.  The same sessions serve
 * real clients in tests/relay; here nobody has to wait.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_relay.h"

#define GET "GET /hyco HTTP/1.1\r\nHost: relay\r\n\r\n"

static void connect_as(struct fake_io *io)
{
	fake_say(io, "GET /$hc/hyco?sb-hc-action=connect "
		     "HTTP/1.1\r\n" FAKE_UPGRADE "\r\n");
}

static void R01_an_idle_listener_stays_ten_minutes_by_answering_pings(
	void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	unsigned int pings = 0;
	unsigned int s;

	(void)state;
	assert_true(begins(listener, "HTTP/1.1 101 "));
	fake_take(listener);
	for (s = 0; s < 600; s++) {
		fake_pass(1);
		assert_true(listener->open);
		if (!listener->out_len)
			continue;
		assert_int_equal(listener->out_len, 2);
		assert_memory_equal(listener->out, "\x89\0", 2);
		fake_take(listener);
		fake_frame(listener, 0x8a, "", 0);
		pings++;
	}
	assert_int_equal(pings, 20);
}

static void a_listener_that_answers_no_ping_is_given_up_after_75_s(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);

	(void)state;
	fake_pass(75);
	assert_true(listener->open);
	fake_pass(1);
	assert_false(listener->open);
	assert_int_equal(fake.relay.hubs.hubs[0]->listener_cnt, 0);
}

static void R18_renew_token_moves_the_end(void **state)
{
	struct fake_io *listener = fake_listen(0, 20);
	char token[HYCO_TOKEN_SIZE];
	char text[HYCO_TOKEN_SIZE + 64];

	(void)state;
	fake_pass(19);
	fake_token(20, token);
	snprintf(text, sizeof(text), "{\"renewToken\":{\"token\":\"%s\"}}",
		 token);
	fake_frame(listener, 0x81, text, strlen(text));
	fake_take(listener);
	fake_pass(19);
	assert_true(listener->open);
	assert_int_equal(listener->session.kind, SESSION_LISTENER);
	fake_take(listener); /* a Ping */
	fake_pass(1);
	assert_true(begins(listener, "\x88\x0f\x03\xf0token expired"));
	assert_false(listener->open);
}

static void what_comes_after_a_close_does_not_destroy_it(void **state)
{
	struct fake_io *listener = fake_listen(0, 20);

	(void)state;
	listener->stays = true;
	fake_pass(19);
	fake_take(listener);
	fake_pass(1);
	assert_true(begins(listener, "\x88\x0f\x03\xf0token expired"));
	assert_true(listener->ended);
	assert_int_equal(fake.relay.hubs.hubs[0]->listener_cnt, 0);

	fake_frame(listener, 0x81, "{}", 2);

	assert_true(listener->open);
	fake_pass(2);
	assert_false(listener->open);
}

static void R33_a_sender_waits_thirty_seconds_and_not_one_more(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = fake_open(1);

	(void)state;
	connect_as(sender);
	fake_pass(29);
	assert_int_equal(sender->session.kind, SESSION_WAITING);
	assert_int_equal(sender->out_len, 0);
	fake_pass(1);
	assert_true(begins(sender, "HTTP/1.1 504 "));
	assert_false(sender->open);
	/* R37: its address is dead. */
	assert_true(fake_meet(2, listener));
	assert_true(begins(&fake.ios[2], "HTTP/1.1 403 "));
}

static void R37_an_address_is_good_up_to_the_last_second(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = fake_open(1);

	(void)state;
	connect_as(sender);
	fake_pass(29);
	assert_true(fake_meet(2, listener));
	assert_true(begins(&fake.ios[2], "HTTP/1.1 101 "));
	assert_true(begins(sender, "HTTP/1.1 101 "));
	assert_int_equal(sender->session.kind, SESSION_JOINED);
}

static void R67_a_silent_listener_is_a_504_after_sixty_seconds(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);

	(void)state;
	fake_say(client, GET);
	assert_non_null(fake_find(listener, "\"requestTarget\":\"/hyco\""));
	fake_pass(59);
	assert_int_equal(client->out_len, 0);
	assert_true(client->open);
	fake_pass(1);
	assert_true(begins(client, "HTTP/1.1 504 "));
	assert_true(listener->open);
}

static void R67_an_answer_may_pause_sixty_seconds_between_its_parts(
	void **state)
{
	static const char answer[] = "{\"response\":{\"requestId\":\"7\","
				     "\"statusCode\":200,\"body\":true}}";
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	struct fake_io *channel = &fake.ios[2];

	(void)state;
	fake_say(client,
		 "GET /hyco?sb-hc-id=7 HTTP/1.1\r\nHost: relay\r\n\r\n");
	assert_true(fake_meet(2, listener));
	fake_pass(59);
	fake_frame(channel, 0x81, answer, strlen(answer));
	fake_pass(59);
	fake_frame(channel, 0x02, "ab", 2);
	assert_true(begins(client, "HTTP/1.1 200 \r\n"));
	assert_non_null(fake_find(client, "\r\n\r\n2\r\nab\r\n"));
	fake_pass(59);
	assert_true(client->open);
	fake_pass(1);
	/* A cut answer ends with the connection, not with a last chunk. */
	assert_false(client->open);
	assert_null(fake_find(client, "0\r\n\r\n"));
}

static void a_body_that_is_not_whole_within_two_seconds_needs_a_rendezvous(
	void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);

	(void)state;
	fake_take(listener);
	fake_say(client, "POST /hyco HTTP/1.1\r\nContent-Length: 3\r\n\r\na");
	assert_int_equal(listener->out_len, 0);
	fake_pass(2);
	assert_non_null(fake_find(listener, "{\"request\":{\"address\":"));
	assert_null(fake_find(listener, "\"method\""));
	assert_true(fake_meet(2, listener));
	assert_non_null(fake_find(&fake.ios[2], "\"method\":\"POST\""));
	assert_non_null(fake_find(&fake.ios[2], "\x02\x01"
						"a"));
	fake_say(client, "bc");
	assert_non_null(fake_find(&fake.ios[2], "bc"));
}

static void a_head_has_ten_seconds_and_the_next_one_sixty(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	const char answer[] = "{\"response\":{\"requestId\":\"7\","
			      "\"statusCode\":204}}";

	(void)state;
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n");
	fake_pass(10);
	assert_true(client->open);
	fake_say(client, "\r\n");
	fake_frame(listener, 0x81, answer, strlen(answer));
	assert_true(begins(client, "HTTP/1.1 204 "));
	fake_pass(60);
	assert_true(client->open);
	fake_pass(1);
	assert_false(client->open);
	client = fake_open(1);
	fake_pass(11);
	assert_false(client->open);
}

static void the_next_head_has_ten_seconds_from_its_first_byte(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	const char answer[] = "{\"response\":{\"requestId\":\"7\","
			      "\"statusCode\":204}}";

	(void)state;
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	fake_frame(listener, 0x81, answer, strlen(answer));
	fake_pass(50);
	fake_say(client, "GET /hyco?sb-hc-id=8 HTTP/1.1\r\n");
	fake_pass(10);
	assert_true(client->open);
	/* Another byte gives it no more time. */
	fake_say(client, "X");
	fake_pass(1);
	assert_false(client->open);
}

static void a_listener_that_talks_nonsense_is_logged_once_a_second(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	size_t before = fake.log_cnt;
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		fake_frame(listener, 0x81, "{", 1);
	assert_int_equal(fake.log_cnt, before + 1);
	fake_pass(1);
	for (i = 0; i < 100; i++)
		fake_frame(listener, 0x81, "{", 1);
	assert_int_equal(fake.log_cnt, before + 2);
	assert_true(listener->open);
}

static void one_that_lets_a_ping_wait_is_chosen_only_without_others(
	void **state)
{
	struct fake_io *quiet = fake_listen(0, 7200);
	struct fake_io *alive = fake_listen(1, 7200);
	size_t i;

	(void)state;
	/* Both were silent for a while; the first to get a sender is pinged. */
	fake_pass(5);
	for (i = 0; i < 20; i++) {
		connect_as(fake_open(2));
		fake_frame(alive, 0x8a, "", 0);
	}
	fake_pass_ms(700);
	fake_take(quiet);
	for (i = 0; i < 20; i++) {
		connect_as(fake_open(2));
		fake_frame(alive, 0x8a, "", 0);
	}
	assert_non_null(fake_find(quiet, "\"accept\""));
	fake_pass_ms(1);
	fake_take(quiet);
	fake_take(alive);
	for (i = 0; i < 20; i++)
		connect_as(fake_open(2));
	assert_null(fake_find(quiet, "\"accept\""));
	assert_non_null(fake_find(alive, "\"accept\""));
	/* It is still there when nobody else is. */
	fake_close(alive);
	connect_as(fake_open(2));
	assert_non_null(fake_find(quiet, "\"accept\""));
}

static void a_connection_of_http_requests_may_become_a_sender(void **state)
{
	static const char answer[] = "{\"response\":{\"requestId\":\"7\","
				     "\"statusCode\":204}}";
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);

	(void)state;
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	fake_frame(listener, 0x81, answer, strlen(answer));
	assert_true(begins(client, "HTTP/1.1 204 "));
	fake_take(client);
	connect_as(client);
	assert_true(fake_meet(2, listener));
	assert_true(begins(client, "HTTP/1.1 101 "));
	assert_int_equal(client->session.kind, SESSION_JOINED);
	/* And what it was before is over. */
	assert_null(client->session.exchange);
}

static void a_header_that_could_not_be_passed_on_is_refused(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	char name[257] = "";

	(void)state;
	memset(name, 'n', 255);
	fake_say(client, "GET /hyco HTTP/1.1\r\n");
	fake_say(client, name);
	fake_say(client, ": v\r\n\r\n");
	assert_non_null(fake_find(listener, name));
	client = fake_open(1);
	fake_take(listener);
	name[255] = 'n';
	fake_say(client, "GET /hyco HTTP/1.1\r\n");
	fake_say(client, name);
	fake_say(client, ": v\r\n\r\n");
	assert_true(begins(client, "HTTP/1.1 431 "));
	assert_int_equal(listener->out_len, 0);
}

static void a_sub_protocol_too_long_for_an_answer_is_said_to_both(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = fake_open(1);
	char upgrade[4096] = FAKE_UPGRADE "Sec-WebSocket-Protocol: ";
	char text[6000];

	(void)state;
	memset(upgrade + strlen(upgrade), 'p', 2000);
	snprintf(text, sizeof(text),
		 "GET /$hc/hyco?sb-hc-action=connect HTTP/1.1\r\n%s\r\n\r\n",
		 upgrade);
	fake_say(sender, text);
	snprintf(text, sizeof(text),
		 "GET /$hc/hyco?sb-hc-action=accept&sb-hc-id=%s"
		 "&sb-hc-rendezvous=%s HTTP/1.1\r\n%s\r\n\r\n",
		 sender->session.id, sender->session.secret, upgrade);
	fake_say(fake_open(2), text);
	assert_true(begins(&fake.ios[2], "HTTP/1.1 400 "));
	assert_true(begins(sender, "HTTP/1.1 502 "));
	assert_true(listener->open);
}

static void nobody_is_to_blame_while_the_relay_stood_still(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = fake_open(1);
	struct fake_io *client = fake_open(2);
	size_t i;

	(void)state;
	connect_as(sender);
	fake_say(client, GET);
	fake_pass(20);
	fake.now = mono_add_ms(fake.now, 100000);
	for (i = 0; i < 3; i++)
		session_excuse(&fake.ios[i].session, 100000);
	fake_pass(9);
	assert_true(listener->open);
	assert_int_equal(client->out_len, 0);
	assert_int_equal(sender->out_len, 0);
	fake_pass(1);
	assert_true(begins(sender, "HTTP/1.1 504 "));
	fake_pass(29);
	assert_int_equal(client->out_len, 0);
	fake_pass(1);
	assert_true(begins(client, "HTTP/1.1 504 "));
	assert_true(listener->open);
	fake_pass(16);
	assert_false(listener->open);
}

/** limit_for() - The least limit that lets so much wait */
static size_t limit_for(size_t need)
{
	size_t limit = need;

	while (limit - limit / SESSION_RESERVE_PART < need)
		limit++;
	return limit;
}

static void what_is_kept_is_counted_and_new_requests_are_refused_above(
	void **state)
{
	/* A head of 1 kB, and its request. */
	const size_t one = 1024 + sizeof(struct request);
	struct fake_io *client;

	(void)state;
	fake_listen(0, 7200);
	fake_conf.limits.held_len = limit_for(fake.relay.held_len + one) - 1;
	client = fake_open(1);
	connect_as(client);
	assert_true(begins(client, "HTTP/1.1 503 "));
	assert_int_equal(fake.relay.counts.over_held, 1);
	fake_close(client);
	fake_conf.limits.held_len++;
	connect_as(fake_open(1));
	assert_int_equal(fake.ios[1].session.kind, SESSION_WAITING);
	/* One more is above, a place that is free again is below. */
	client = fake_open(2);
	connect_as(client);
	assert_true(begins(client, "HTTP/1.1 503 "));
	assert_int_equal(fake.relay.counts.over_held, 2);
	fake_close(&fake.ios[1]);
	connect_as(fake_open(2));
	assert_int_equal(fake.ios[2].session.kind, SESSION_WAITING);
}

static void when_no_more_may_wait_a_listener_still_meets_who_does(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	char lines[60000];
	struct fake_io *client;
	size_t i;

	(void)state;
	/* So much that the part for those who come has room for one. */
	memset(lines, 'x', sizeof(lines));
	for (i = 4; i < 6; i++) {
		client = fake_open(i);
		fake_say(client, "GET /hyco HTTP/1.1\r\nX: ");
		fake_give(client, lines, sizeof(lines));
	}
	fake_conf.limits.held_len =
		limit_for(fake.relay.held_len + 1024 + sizeof(struct request));
	connect_as(fake_open(1));
	client = fake_open(2);
	connect_as(client);
	assert_true(begins(client, "HTTP/1.1 503 "));
	fake_close(client);
	assert_true(fake_meet(3, listener));
	assert_int_equal(fake.ios[1].session.kind, SESSION_JOINED);
	assert_int_equal(fake.ios[3].session.kind, SESSION_JOINED);
	/* Nothing is kept for those two: there is room again. */
	connect_as(fake_open(2));
	assert_int_equal(fake.ios[2].session.kind, SESSION_WAITING);
}

static void heads_take_what_the_limit_says_and_no_byte_more(void **state)
{
	char lines[2000];
	struct fake_io *client;
	size_t i;

	(void)state;
	memset(lines, 'x', sizeof(lines));
	fake_conf.limits.held_len = 4 * 2048;
	for (i = 0; i < 5; i++) {
		client = fake_open(i);
		fake_say(client, "GET /hyco HTTP/1.1\r\nX: ");
		if (i < 4)
			fake_give(client, lines, sizeof(lines));
		assert_true(fake.relay.held_len <= fake_conf.limits.held_len);
	}
	assert_true(begins(client, "HTTP/1.1 503 "));
	assert_int_equal(fake.relay.counts.over_held, 1);
	/* Nor does one that is there already get more. */
	fake_give(&fake.ios[0], lines, 1000);
	assert_true(begins(&fake.ios[0], "HTTP/1.1 503 "));
	assert_int_equal(fake.ios[1].session.kind, SESSION_HEAD);
}

static void headers_of_an_answer_are_counted_until_they_are_sent(void **state)
{
	static const char head[] =
		"{\"response\":{\"requestId\":\"7\",\"statusCode\":200,"
		"\"responseHeaders\":{\"X\":\"%s\"},\"body\":true}}";
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	char value[4000] = "";
	char text[sizeof(value) + sizeof(head)];
	size_t before;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	snprintf(text, sizeof(text), head, value);
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	before = fake.relay.held_len;
	fake_frame(listener, 0x81, text, strlen(text));
	assert_true(fake.relay.held_len - before >= sizeof(value));
	fake_frame(listener, 0x82, "hi", 2);
	assert_true(begins(client, "HTTP/1.1 200 "));
	assert_true(fake.relay.held_len < before);
	/* Where there is no room for them, the client is told. */
	client = fake_open(2);
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	fake_conf.limits.held_len = fake.relay.held_len + sizeof(value);
	fake_frame(listener, 0x81, text, strlen(text));
	assert_true(begins(client, "HTTP/1.1 503 "));
	fake_frame(listener, 0x82, "hi", 2);
	assert_null(fake_find(client, "hi"));
}

static void a_request_that_waits_is_counted_as_what_a_listener_gets(
	void **state)
{
	char quotes[7000];
	struct fake_io *client;
	size_t before;
	size_t i;

	(void)state;
	fake_listen(0, 7200);
	before = fake.relay.held_len;
	client = fake_open(1);
	memset(quotes, '"', sizeof(quotes));
	fake_say(client, "GET /hyco HTTP/1.1\r\n");
	for (i = 0; i < 8; i++) {
		fake_say(client, "X: ");
		fake_give(client, quotes, sizeof(quotes));
		fake_say(client, "\r\n");
	}
	fake_say(client, "\r\n");
	assert_int_equal(client->session.kind, SESSION_HTTP);
	/* The head itself, and a message with a backslash for each quote. */
	assert_true(fake.relay.held_len - before >
		    8 * sizeof(quotes) * 3 + sizeof(struct request));
	fake_close(client);
	assert_int_equal(fake.relay.held_len, before);
}

static void faults_do_what_they_are_called(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = fake_open(1);

	(void)state;
	fake_take(listener);
	fake_conf.fault.late_s = 5;
	connect_as(sender);
	fake_pass(4);
	assert_int_equal(listener->out_len, 0);
	fake_pass(1);
	assert_non_null(fake_find(listener, "\"accept\""));
	fake_conf.fault.late_s = 0;
	fake_conf.fault.drop_s = 20;
	fake_pass(20);
	assert_false(listener->open);
	/* With the listener gone, a ghost is there for every sender. */
	fake_conf.fault.ghost = true;
	sender = fake_open(3);
	connect_as(sender);
	assert_int_equal(sender->session.kind, SESSION_WAITING);
	fake_pass(30);
	assert_true(begins(sender, "HTTP/1.1 504 "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RELAY(
			R01_an_idle_listener_stays_ten_minutes_by_answering_pings),
		WITH_RELAY(
			a_listener_that_answers_no_ping_is_given_up_after_75_s),
		WITH_RELAY(R18_renew_token_moves_the_end),
		WITH_RELAY(what_comes_after_a_close_does_not_destroy_it),
		WITH_RELAY(R33_a_sender_waits_thirty_seconds_and_not_one_more),
		WITH_RELAY(R37_an_address_is_good_up_to_the_last_second),
		WITH_RELAY(R67_a_silent_listener_is_a_504_after_sixty_seconds),
		WITH_RELAY(
			R67_an_answer_may_pause_sixty_seconds_between_its_parts),
		WITH_RELAY(
			a_body_that_is_not_whole_within_two_seconds_needs_a_rendezvous),
		WITH_RELAY(a_head_has_ten_seconds_and_the_next_one_sixty),
		WITH_RELAY(the_next_head_has_ten_seconds_from_its_first_byte),
		WITH_RELAY(
			a_listener_that_talks_nonsense_is_logged_once_a_second),
		WITH_RELAY(
			one_that_lets_a_ping_wait_is_chosen_only_without_others),
		WITH_RELAY(a_connection_of_http_requests_may_become_a_sender),
		WITH_RELAY(a_header_that_could_not_be_passed_on_is_refused),
		WITH_RELAY(
			a_sub_protocol_too_long_for_an_answer_is_said_to_both),
		WITH_RELAY(nobody_is_to_blame_while_the_relay_stood_still),
		WITH_RELAY(
			what_is_kept_is_counted_and_new_requests_are_refused_above),
		WITH_RELAY(
			when_no_more_may_wait_a_listener_still_meets_who_does),
		WITH_RELAY(heads_take_what_the_limit_says_and_no_byte_more),
		WITH_RELAY(
			headers_of_an_answer_are_counted_until_they_are_sent),
		WITH_RELAY(
			a_request_that_waits_is_counted_as_what_a_listener_gets),
		WITH_RELAY(faults_do_what_they_are_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

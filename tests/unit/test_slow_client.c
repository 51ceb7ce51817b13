/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_slow_client.c - Clients that take what they get slowly, or not at all
 *
 * While an HTTP client does not read, it is not read from, and no time passes for
 * what it ought to send: limits.peer_s, which is the kernel's, ends those that take
 * nothing.  Of a pair the other side is not read from.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_relay.h"

/* Longer than a client's limits, and less than a silent listener has (75). */
#define SLOW_S 65

/** answer() - A listener's answer to request "7", its body to come or none */
static void answer(struct fake_io *from, bool body)
{
	char text[128];
	int len = snprintf(
		text, sizeof(text),
		"{\"response\":{\"requestId\":\"7\",\"statusCode\":200,"
		"\"body\":%s}}",
		body ? "true" : "false");

	fake_frame(from, 0x81, text, (size_t)len);
}

/** ask_slowly() - A client that takes nothing of its answer by itself */
static struct fake_io *ask_slowly(const char *more)
{
	struct fake_io *client = fake_open(1);

	client->window = 0;
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n");
	fake_say(client, more);
	return client;
}

static void the_time_for_the_next_head_begins_when_the_answer_is_taken(
	void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = ask_slowly("\r\n");

	(void)state;
	answer(listener, false);
	assert_true(begins(client, "HTTP/1.1 200 "));
	assert_true(client->session.stuck);
	fake_pass(SLOW_S);
	assert_true(client->open);
	fake_take(client);
	fake_pass(60);
	assert_true(client->open);
	fake_pass(1);
	assert_false(client->open);
}

static void so_does_the_time_of_a_head_that_has_begun_already(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client =
		ask_slowly("\r\nGET /hyco?sb-hc-id=8 HTTP/1.1\r\n");

	(void)state;
	answer(listener, false);
	fake_pass(SLOW_S);
	assert_true(client->open);
	fake_take(client);
	fake_pass(9);
	assert_true(client->open);
	fake_take(listener);
	fake_say(client, "\r\n");
	assert_non_null(fake_find(listener, "\"id\":\"8\""));
}

static void and_one_that_stays_half_ends_ten_seconds_later(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client =
		ask_slowly("\r\nGET /hyco?sb-hc-id=8 HTTP/1.1\r\n");

	(void)state;
	answer(listener, false);
	fake_pass(SLOW_S);
	fake_take(client);
	fake_pass(10);
	assert_true(client->open);
	fake_pass(1);
	assert_false(client->open);
}

static void an_answer_lasts_as_long_as_its_client_needs(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = ask_slowly("\r\n");
	struct fake_io *channel;

	(void)state;
	assert_true(fake_meet(2, listener));
	channel = &fake.ios[2];
	answer(channel, true);
	fake_frame(channel, 0x02, "one", 3);
	assert_true(client->session.stuck);
	assert_true(channel->session.paused);
	fake_pass(SLOW_S);
	assert_true(client->open);
	fake_take(client);
	fake_pass(59);
	assert_true(client->open);
	fake_frame(channel, 0x80, "two", 3);
	assert_non_null(fake_find(client, "two"));
	/* It is the listener's time again once the client waits. */
	fake_take(client);
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	answer(channel, true);
	fake_frame(channel, 0x02, "three", 5);
	fake_take(client);
	fake_pass(61);
	assert_false(client->open);
}

static void a_last_answer_is_sent_before_the_connection_ends(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = ask_slowly("Connection: close\r\n\r\n");

	(void)state;
	answer(listener, false);
	assert_int_equal(client->session.kind, SESSION_FINISHING);
	fake_pass(SLOW_S);
	assert_true(client->open);
	fake_take(client);
	assert_false(client->open);
}

static void a_stop_lets_an_answer_be_taken(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = ask_slowly("\r\n");

	(void)state;
	answer(listener, false);
	fake.relay.stopping = true;
	session_goodbye(&client->session, false);
	fake_pass(4);
	assert_true(client->open);
	fake_take(client);
	assert_false(client->open);
	/* But not longer than the drain lasts. */
	fake.relay.stopping = false;
	client = ask_slowly("\r\n");
	answer(listener, false);
	fake.relay.stopping = true;
	session_goodbye(&client->session, false);
	session_goodbye(&client->session, true);
	fake_pass(1);
	assert_false(client->open);
}

static void a_sender_whose_first_bytes_wait_is_not_read_from(void **state)
{
	static const char early[] = "GET /$hc/hyco?sb-hc-action=connect "
				    "HTTP/1.1\r\n" FAKE_UPGRADE "\r\n"
				    "\x82\x83\0\0\0\0abc";
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = fake_open(1);
	struct fake_io *side = &fake.ios[2];

	(void)state;
	side->window = 0;
	fake_give(sender, early, sizeof(early) - 1);
	assert_true(fake_meet(2, listener));
	assert_int_equal(sender->session.kind, SESSION_JOINED);
	assert_non_null(fake_find(side, "abc"));
	assert_true(sender->session.paused);
	fake_take(side);
	assert_false(sender->session.paused);
	fake_frame(sender, 0x82, "def", 3);
	assert_non_null(fake_find(side, "def"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RELAY(
			the_time_for_the_next_head_begins_when_the_answer_is_taken),
		WITH_RELAY(so_does_the_time_of_a_head_that_has_begun_already),
		WITH_RELAY(and_one_that_stays_half_ends_ten_seconds_later),
		WITH_RELAY(an_answer_lasts_as_long_as_its_client_needs),
		WITH_RELAY(a_last_answer_is_sent_before_the_connection_ends),
		WITH_RELAY(a_stop_lets_an_answer_be_taken),
		WITH_RELAY(a_sender_whose_first_bytes_wait_is_not_read_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

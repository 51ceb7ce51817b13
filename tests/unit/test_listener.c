/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_listener.c - Listeners that answer pings and take nothing, or not all
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_relay.h"

/* Sessions that the tests use: two listeners, and those who come. */
#define DEAF  0
#define ALIVE 1
#define FIRST 2

#define ANSWER_7                                                               \
	"{\"response\":{\"requestId\":\"7\",\"statusCode\":204,"               \
	"\"statusDescription\":\"\"}}"

static void connect_as(struct fake_io *io)
{
	fake_say(io, "GET /$hc/hyco?sb-hc-action=connect "
		     "HTTP/1.1\r\n" FAKE_UPGRADE "\r\n");
}

/** pong() - All listeners are alive, as far as pings tell */
static void pong(void)
{
	fake_frame(&fake.ios[DEAF], 0x8a, "", 0);
	fake_frame(&fake.ios[ALIVE], 0x8a, "", 0);
}

/** pass() - Time passes, and pings are answered */
static void pass(unsigned int seconds)
{
	while (seconds--) {
		fake_pass(1);
		pong();
	}
}

/** told_cnt() - How many senders a listener heard of that it has not met */
static size_t told_cnt(const struct fake_io *io)
{
	const struct session *one = io->session.listener->told;
	size_t cnt = 0;

	for (; one; one = one->told_next)
		cnt++;
	return cnt;
}

/** come_until() - Senders come until the listener was told of one more, which is
 *  returned; the others leave again */
static struct fake_io *come_until(size_t idx, const struct fake_io *listener)
{
	struct fake_io *sender = NULL;
	size_t i;

	for (i = 0; i < 200; i++) {
		sender = fake_open(idx);
		connect_as(sender);
		if (sender->session.told == &listener->session)
			return sender;
	}
	return NULL;
}

/** begin() - Two listeners, one of which lets three senders wait */
static void begin(struct fake_io **deaf, struct fake_io **alive)
{
	size_t i;

	*deaf = fake_listen(DEAF, 72000);
	*alive = fake_listen(ALIVE, 72000);
	for (i = 0; i < 3; i++)
		assert_non_null(come_until(FIRST + i, *deaf));
}

/** begin_and_end() - And they leave when the listener is deaf, 29 s before it is
 *  tried again */
static void begin_and_end(struct fake_io **deaf, struct fake_io **alive)
{
	size_t i;

	begin(deaf, alive);
	pass(5);
	for (i = 0; i < 3; i++)
		fake_close(&fake.ios[FIRST + i]);
}

static void two_that_wait_are_an_accident(void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;

	(void)state;
	begin(&deaf, &alive);
	fake_close(&fake.ios[FIRST + 2]);
	pass(10);
	assert_int_equal(told_cnt(deaf), 2);
	assert_non_null(come_until(FIRST + 2, deaf));
}

static void with_three_others_are_preferred_and_they_get_those_who_wait(
	void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;
	size_t before;
	size_t i;

	(void)state;
	begin(&deaf, &alive);
	before = fake.log_cnt;
	pass(3);
	assert_int_equal(told_cnt(deaf), 3);
	assert_int_equal(told_cnt(alive), 0);
	pass(1);
	assert_true(listener_is_deaf(&deaf->session, LISTENER_SENDERS));
	assert_int_equal(fake.log_cnt, before + 1);
	pass(1);
	assert_int_equal(told_cnt(deaf), 0);
	assert_int_equal(told_cnt(alive), 3);
	for (i = 0; i < 100; i++) {
		connect_as(fake_open(FIRST + 3));
		assert_int_equal(told_cnt(deaf), 0);
	}
	/* All is as it should be for those who were handed on. */
	assert_true(fake_meet(FIRST + 4, alive));
	assert_int_equal(fake.ios[FIRST + 3].session.kind, SESSION_JOINED);
}

static void one_that_is_handed_on_has_no_more_time_than_others(void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;

	(void)state;
	begin(&deaf, &alive);
	pass(29);
	assert_int_equal(fake.ios[FIRST].session.kind, SESSION_WAITING);
	pass(1);
	assert_true(begins(&fake.ios[FIRST], "HTTP/1.1 504 "));
	/* Nor is a listener that takes none a better one for the others. */
	assert_true(listener_is_deaf(&alive->session, LISTENER_SENDERS));
}

static void the_address_that_the_deaf_one_had_is_dead(void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;

	(void)state;
	begin(&deaf, &alive);
	pass(5);
	assert_true(fake_meet(FIRST + 4, deaf));
	assert_true(begins(&fake.ios[FIRST + 4], "HTTP/1.1 403 "));
	assert_true(listener_is_deaf(&deaf->session, LISTENER_SENDERS));
}

static void when_nobody_is_left_it_is_asked_and_may_come_late(void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;
	struct fake_io *sender;
	size_t before;

	(void)state;
	begin(&deaf, &alive);
	pass(5);
	fake_close(alive);
	fake_pass(2);
	assert_int_equal(told_cnt(deaf), 3);
	sender = fake_open(FIRST + 3);
	connect_as(sender);
	pass(20);
	before = fake.log_cnt;
	assert_true(fake_meet(FIRST + 4, deaf));
	assert_int_equal(sender->session.kind, SESSION_JOINED);
	assert_false(listener_is_deaf(&deaf->session, LISTENER_SENDERS));
	/* That it is heard again, and that a pair was joined. */
	assert_int_equal(fake.log_cnt, before + 2);
}

static void one_sender_is_tried_half_a_minute_later_and_handed_on(void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;
	struct fake_io *sender;

	(void)state;
	begin_and_end(&deaf, &alive);
	pass(28);
	assert_null(come_until(FIRST, deaf));
	pass(1);
	sender = come_until(FIRST, deaf);
	assert_non_null(sender);
	assert_null(come_until(FIRST + 1, deaf));
	pass(4);
	assert_int_equal(told_cnt(deaf), 0);
	assert_ptr_equal(sender->session.told, &alive->session);
	fake_close(sender);
	/* The next comes a minute later. */
	pass(59);
	assert_null(come_until(FIRST, deaf));
	pass(1);
	assert_non_null(come_until(FIRST, deaf));
}

static void one_that_takes_what_it_is_tried_with_is_as_good_as_others(
	void **state)
{
	struct fake_io *deaf;
	struct fake_io *alive;

	(void)state;
	begin_and_end(&deaf, &alive);
	pass(29);
	assert_non_null(come_until(FIRST, deaf));
	assert_true(fake_meet(FIRST + 4, deaf));
	assert_int_equal(fake.ios[FIRST].session.kind, SESSION_JOINED);
	assert_non_null(come_until(FIRST + 1, deaf));
	assert_non_null(come_until(FIRST + 2, deaf));
	assert_non_null(come_until(FIRST + 3, alive));
}

static void a_reject_is_taken_too(void **state)
{
	struct fake_io *listener = fake_listen(DEAF, 7200);
	struct fake_io *side = fake_open(FIRST + 4);
	char text[512];
	const struct session *waiting;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		connect_as(fake_open(FIRST + i));
	pass(5);
	assert_true(listener_is_deaf(&listener->session, LISTENER_SENDERS));
	waiting = &fake.ios[FIRST].session;
	snprintf(text, sizeof(text),
		 "GET /$hc/hyco?sb-hc-action=accept&sb-hc-id=%s"
		 "&sb-hc-rendezvous=%s&sb-hc-statusCode=403 "
		 "HTTP/1.1\r\n" FAKE_UPGRADE "\r\n",
		 waiting->id, waiting->secret);
	fake_say(side, text);
	assert_true(begins(side, "HTTP/1.1 410 "));
	assert_false(listener_is_deaf(&listener->session, LISTENER_SENDERS));
}

static void http_requests_are_judged_by_themselves(void **state)
{
	struct fake_io *deaf = fake_listen(DEAF, 72000);
	struct fake_io *alive;
	size_t i;

	(void)state;
	/* To one an address, to two the whole request. */
	fake_say(fake_open(FIRST), "POST /hyco?sb-hc-id=7 HTTP/1.1\r\n"
				   "Content-Length: 70000\r\n\r\n");
	for (i = 1; i < 3; i++)
		fake_say(fake_open(FIRST + i), "GET /hyco HTTP/1.1\r\n\r\n");
	alive = fake_listen(ALIVE, 72000);
	pass(59);
	assert_false(listener_is_deaf(&deaf->session, LISTENER_REQUESTS));
	pass(1);
	assert_true(begins(&fake.ios[FIRST], "HTTP/1.1 504 "));
	assert_true(begins(&fake.ios[FIRST + 1], "HTTP/1.1 504 "));
	assert_true(listener_is_deaf(&deaf->session, LISTENER_REQUESTS));
	fake_take(deaf);
	for (i = 0; i < 50; i++)
		fake_say(fake_open(FIRST), "GET /hyco HTTP/1.1\r\n\r\n");
	assert_null(fake_find(deaf, "\"request\""));
	assert_non_null(fake_find(alive, "\"request\""));
	/* Senders still come to it. */
	assert_non_null(come_until(FIRST, deaf));
	/* An answer is what ends it. */
	fake_close(alive);
	fake_say(fake_open(FIRST + 1), "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	fake_frame(deaf, 0x81, ANSWER_7, strlen(ANSWER_7));
	assert_true(begins(&fake.ios[FIRST + 1], "HTTP/1.1 204 "));
	assert_false(listener_is_deaf(&deaf->session, LISTENER_REQUESTS));
}

static void listeners_that_take_no_messages_are_a_503_none_a_404(void **state)
{
	struct fake_io *listener = fake_listen(DEAF, 7200);
	struct fake_io *sender;
	struct fake_io *client;

	(void)state;
	listener->window = 0;
	sender = fake_open(FIRST);
	connect_as(sender); /* its message is what fills the socket */
	assert_true(listener->session.stuck);
	sender = fake_open(FIRST + 1);
	connect_as(sender);
	assert_true(begins(sender, "HTTP/1.1 503 " HUB_STUCK_TEXT));
	client = fake_open(FIRST + 2);
	fake_say(client, "GET /hyco HTTP/1.1\r\n\r\n");
	assert_true(begins(client, "HTTP/1.1 503 " HUB_STUCK_TEXT));
	fake_close(listener);
	sender = fake_open(FIRST + 1);
	connect_as(sender);
	assert_true(begins(sender, "HTTP/1.1 404 "));
	client = fake_open(FIRST + 2);
	fake_say(client, "GET /hyco HTTP/1.1\r\n\r\n");
	assert_true(begins(client, "HTTP/1.1 502 "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RELAY(two_that_wait_are_an_accident),
		WITH_RELAY(
			with_three_others_are_preferred_and_they_get_those_who_wait),
		WITH_RELAY(one_that_is_handed_on_has_no_more_time_than_others),
		WITH_RELAY(the_address_that_the_deaf_one_had_is_dead),
		WITH_RELAY(when_nobody_is_left_it_is_asked_and_may_come_late),
		WITH_RELAY(
			one_sender_is_tried_half_a_minute_later_and_handed_on),
		WITH_RELAY(
			one_that_takes_what_it_is_tried_with_is_as_good_as_others),
		WITH_RELAY(a_reject_is_taken_too),
		WITH_RELAY(http_requests_are_judged_by_themselves),
		WITH_RELAY(
			listeners_that_take_no_messages_are_a_503_none_a_404),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_stop.c - The relay stops: what was begun ends, what is new is refused
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "with_relay.h"

#define ANSWER_7(more)                                                         \
	"{\"response\":{\"requestId\":\"7\",\"statusCode\":200" more "}}"

/** stop() - As server.c does */
static void stop(bool now)
{
	size_t i;

	fake.relay.stopping = true;
	for (i = 0; i < FAKE_IO_CNT; i++) {
		if (fake.ios[i].open)
			session_goodbye(&fake.ios[i].session, now);
	}
	fake_settle();
}

static struct fake_io *connect_as(size_t idx)
{
	struct fake_io *io = fake_open(idx);

	fake_say(io, "GET /$hc/hyco?sb-hc-action=connect "
		     "HTTP/1.1\r\n" FAKE_UPGRADE "\r\n");
	return io;
}

/** is_over() - Would the program end now? */
static bool is_over(void)
{
	return !fake.relay.session_cnt;
}

static void lets_a_message_end_before_it_closes(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);
	struct fake_io *side = &fake.ios[2];

	(void)state;
	assert_true(fake_meet(2, listener));
	fake_frame(sender, 0x01, "be", 2);
	fake_take(sender);
	fake_take(side);
	stop(false);
	assert_false(listener->open);
	assert_true(sender->open);
	assert_int_equal(side->out_len, 0);
	fake_frame(sender, 0x80, "gin", 3);
	assert_true(begins(side, "\x80\x03gin\x88\x0d\x03\xe9relay stops"));
	assert_true(begins(sender, "\x88\x0d\x03\xe9relay stops"));
	assert_true(is_over());
}

static void lets_an_answer_come_before_its_listener_goes(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);

	(void)state;
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	stop(false);
	fake_pass(1);
	assert_true(listener->open);
	fake_frame(listener, 0x81, ANSWER_7(), strlen(ANSWER_7()));
	assert_true(begins(client, "HTTP/1.1 200 "));
	assert_non_null(fake_find(client, "Connection: close"));
	assert_false(client->open);
	fake_pass(1);
	assert_true(is_over());
}

static void lets_a_listener_come_for_a_request_that_was_there(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	struct fake_io *channel = &fake.ios[2];
	char body[1000];
	size_t i;

	(void)state;
	memset(body, 'b', sizeof(body));
	fake_say(client, "POST /hyco?sb-hc-id=7 HTTP/1.1\r\n"
			 "Content-Length: 70000\r\n\r\n");
	stop(false);
	fake_pass(2);
	assert_int_equal(client->out_len, 0);
	assert_true(fake_meet(2, listener));
	assert_non_null(fake_find(channel, "\"method\":\"POST\""));
	for (i = 0; i < 70; i++)
		fake_give(client, body, sizeof(body));
	/* The channel has it all now: the listener is not needed any more. */
	fake_pass(1);
	assert_false(listener->open);
	fake_frame(channel, 0x81, ANSWER_7(), strlen(ANSWER_7()));
	assert_true(begins(client, "HTTP/1.1 200 "));
	fake_pass(1);
	assert_true(is_over());
}

static void lets_a_listener_bring_a_long_answer(void **state)
{
	static const char head[] = ANSWER_7(",\"body\":true");
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *client = fake_open(1);
	struct fake_io *channel = &fake.ios[2];

	(void)state;
	fake_say(client, "GET /hyco?sb-hc-id=7 HTTP/1.1\r\n\r\n");
	stop(false);
	fake_pass(1);
	assert_true(fake_meet(2, listener));
	fake_frame(channel, 0x81, head, strlen(head));
	fake_frame(channel, 0x02, "long", 4);
	fake_pass(1);
	fake_frame(channel, 0x80, "er", 2);
	assert_non_null(fake_find(client, "long"));
	assert_non_null(fake_find(client, "\r\ner\r\n0\r\n\r\n"));
	fake_pass(1);
	assert_true(is_over());
}

static void lets_a_sender_meet_the_listener_that_was_told(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);
	struct fake_io *side = &fake.ios[2];

	(void)state;
	stop(false);
	fake_pass(2);
	assert_true(listener->open);
	assert_int_equal(sender->out_len, 0);
	assert_true(fake_meet(2, listener));
	assert_true(begins(sender, "HTTP/1.1 101 "));
	fake_take(sender);
	fake_take(side);
	/* It has time for a question and its answer. */
	fake_frame(sender, 0x81, "?", 1);
	assert_true(begins(side, "\x81\x01?"));
	fake_pass_ms(900);
	fake_frame(side, 0x81, "!", 1);
	assert_true(begins(sender, "\x81\x01!"));
	fake_pass(1);
	assert_false(listener->open);
	assert_non_null(fake_find(sender, "\x88\x0d\x03\xe9relay stops"));
	assert_non_null(fake_find(side, "\x88\x0d\x03\xe9relay stops"));
	assert_true(is_over());
}

static void waits_for_no_sender_that_has_hung_up(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);

	(void)state;
	sender->left = true;
	stop(false);
	fake_pass(1);
	assert_false(sender->open);
	fake_pass(1);
	assert_false(listener->open);
	assert_true(is_over());
}

static void refuses_what_is_new(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *waiting = connect_as(1);
	struct fake_io *half = fake_open(2);
	struct fake_io *late;

	(void)state;
	fake_say(half, "GET /hyco HT");
	stop(false);
	fake_say(half, "TP/1.1\r\n\r\n");
	assert_true(begins(half, "HTTP/1.1 503 relay stops"));
	late = connect_as(3);
	assert_true(begins(late, "HTTP/1.1 503 relay stops"));
	late = fake_listen(3, 100);
	assert_true(begins(late, "HTTP/1.1 503 relay stops"));
	late = fake_open(3);
	fake_say(late, "GET /$hc/hyco?sb-hc-action=accept&sb-hc-id=x"
		       "&sb-hc-rendezvous=00112233445566778899aabbccddeeff "
		       "HTTP/1.1\r\n" FAKE_UPGRADE "\r\n");
	assert_true(begins(late, "HTTP/1.1 403 "));
	/* Who comes and says nothing is no reason to stay. */
	late = fake_open(3);
	fake_pass(1);
	assert_true(late->open);
	assert_true(fake_meet(4, listener));
	assert_true(begins(waiting, "HTTP/1.1 101 "));
	fake_pass(1);
	assert_false(late->open);
}

static void tells_a_sender_whose_listener_is_gone(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);

	(void)state;
	fake_listen(2, 7200);
	stop(false);
	assert_false(fake.ios[2].open);
	fake_close(listener);
	fake_pass(1);
	assert_true(begins(sender, "HTTP/1.1 503 relay stops"));
	assert_true(is_over());
}

static void tells_a_sender_that_no_listener_heard_of_yet(void **state)
{
	struct fake_io *sender;

	(void)state;
	fake_listen(0, 7200);
	fake_conf.fault.late_s = 5;
	sender = connect_as(1);
	stop(false);
	assert_true(begins(sender, "HTTP/1.1 503 relay stops"));
	assert_true(is_over());
}

static void has_an_end_for_who_waits_in_vain(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);
	struct fake_io *client = fake_open(2);

	(void)state;
	fake_say(client, "GET /hyco HTTP/1.1\r\n\r\n");
	fake_take(listener);
	stop(false);
	fake_pass(5);
	assert_false(is_over());
	stop(true);
	assert_true(begins(sender, "HTTP/1.1 503 relay stops"));
	assert_true(begins(client, "HTTP/1.1 503 relay stops"));
	assert_true(begins(listener, "\x88\x0d\x03\xe9relay stops"));
	assert_true(is_over());
}

static void gives_each_side_of_a_pair_time_to_read_its_close(void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);
	struct fake_io *side = &fake.ios[2];

	(void)state;
	assert_true(fake_meet(2, listener));
	sender->stays = true;
	side->stays = true;
	fake_frame(sender, 0x01, "be", 2);
	stop(false);
	stop(true);
	assert_true(sender->ended && !sender->killed);
	assert_true(side->ended && !side->killed);
	/* What still comes is dropped, and does not make it longer. */
	fake_frame(sender, 0x81, "more", 4);
	fake_pass(2);
	assert_true(is_over());
}

static void the_close_after_a_fault_is_not_lost_and_the_other_side_knows(
	void **state)
{
	struct fake_io *listener = fake_listen(0, 7200);
	struct fake_io *sender = connect_as(1);
	struct fake_io *side = &fake.ios[2];

	(void)state;
	assert_true(fake_meet(2, listener));
	fake_take(sender);
	fake_take(side);
	sender->stays = true;
	fake_frame(sender, 0x83, "no such opcode", 14);
	assert_true(begins(sender, "\x88\x11\x03\xea"
				   "malformed frame"));
	assert_true(begins(side, "\x88\x18\x03\xe9the other side is gone"));
	assert_false(side->open);
	assert_true(sender->ended);
	fake_frame(sender, 0x81, "still talking", 13);
	assert_true(sender->open);
	fake_pass(2);
	assert_false(sender->open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RELAY(lets_a_message_end_before_it_closes),
		WITH_RELAY(lets_an_answer_come_before_its_listener_goes),
		WITH_RELAY(lets_a_listener_come_for_a_request_that_was_there),
		WITH_RELAY(lets_a_listener_bring_a_long_answer),
		WITH_RELAY(lets_a_sender_meet_the_listener_that_was_told),
		WITH_RELAY(waits_for_no_sender_that_has_hung_up),
		WITH_RELAY(refuses_what_is_new),
		WITH_RELAY(tells_a_sender_whose_listener_is_gone),
		WITH_RELAY(tells_a_sender_that_no_listener_heard_of_yet),
		WITH_RELAY(has_an_end_for_who_waits_in_vain),
		WITH_RELAY(gives_each_side_of_a_pair_time_to_read_its_close),
		WITH_RELAY(
			the_close_after_a_fault_is_not_lost_and_the_other_side_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_ws_inbox.c - From a byte stream to whole WebSocket messages
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ws.h"

/** struct stream - Bytes to feed, or what came of them */
struct stream {
	uint8_t data[65536];
	size_t len;
};

/** add() - Append one frame */
static void add(struct stream *s, bool fin, enum ws_opcode opcode, bool masked,
		const void *payload, size_t len)
{
	struct ws_head head = {
		.fin = fin,
		.opcode = opcode,
		.masked = masked,
		.mask = {0x11, 0x22, 0x33, 0x44},
		.payload_len = len,
	};

	assert_true(s->len + WS_HEAD_LEN_MAX + len <= sizeof(s->data));
	s->len += ws_head_write(s->data + s->len, &head);
	if (len)
		memcpy(s->data + s->len, payload, len);
	if (masked)
		ws_mask(s->data + s->len, len, head.mask, 0);
	s->len += len;
}

/** take_all() - Messages to "opcode, length, bytes"; Return: 0 or the error */
static int take_all(struct ws_inbox *inbox, struct stream *got)
{
	struct ws_message m;
	int err;

	while ((err = ws_inbox_next(inbox, &m)) == 1) {
		assert_true(got->len + 3 + m.len <= sizeof(got->data));
		got->data[got->len++] = (uint8_t)m.opcode;
		got->data[got->len++] = (uint8_t)(m.len >> 8);
		got->data[got->len++] = (uint8_t)m.len;
		if (m.len)
			memcpy(got->data + got->len, m.data, m.len);
		got->len += m.len;
	}
	return err;
}

/**
 * feed() - A stream through an inbox, in steps
 * @sent:	The stream
 * @step:	Bytes a time at most
 * @size:	Size of the inbox
 * @got:	Receives what came of it
 *
 * Return: 0 when all was taken, or the error
 */
static int feed(const struct stream *sent, size_t step, size_t size,
		bool masked, struct stream *got)
{
	uint8_t *buf = malloc(size); /* so that a sanitizer sees its end */
	struct ws_inbox inbox;
	size_t off = 0;
	int err = 0;

	assert_non_null(buf);
	got->len = 0;
	ws_inbox_init(&inbox, buf, size, masked);
	while (!err && off < sent->len) {
		size_t room;
		uint8_t *to = ws_inbox_room(&inbox, &room);
		size_t len = sent->len - off < step ? sent->len - off : step;

		/* Else its owner would read nothing for ever. */
		assert_true(room > 0);
		if (len > room)
			len = room;
		memcpy(to, sent->data + off, len);
		off += len;
		ws_inbox_filled(&inbox, len);
		err = take_all(&inbox, got);
	}
	free(buf);
	return err;
}

/** expect() - One expected message, as take_all() writes it */
static void expect(struct stream *s, enum ws_opcode opcode, const void *payload,
		   size_t len)
{
	s->data[s->len++] = (uint8_t)opcode;
	s->data[s->len++] = (uint8_t)(len >> 8);
	s->data[s->len++] = (uint8_t)len;
	if (len)
		memcpy(s->data + s->len, payload, len);
	s->len += len;
}

static struct stream *new_stream(void)
{
	struct stream *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	return s;
}

static void assert_same(const struct stream *a, const struct stream *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

static void the_samples_of_rfc_6455_give_their_messages(void **state)
{
	/* Section 5.7, the unmasked ones, in a row. */
	static const uint8_t sample[] = {
		0x81, 0x05, 'H', 'e',  'l', 'l',  'o',  0x01, 0x03,
		'H',  'e',  'l', 0x80, 2,   'l',  'o',  0x89, 0x05,
		'H',  'e',  'l', 'l',  'o', 0x8a, 0x00,
	};
	struct stream *sent = new_stream();
	struct stream *want = new_stream();
	struct stream *got = new_stream();

	(void)state;
	memcpy(sent->data, sample, sizeof(sample));
	sent->len = sizeof(sample);
	expect(want, WS_TEXT, "Hello", 5);
	expect(want, WS_TEXT, "Hello", 5);
	expect(want, WS_PING, "Hello", 5);
	expect(want, WS_PONG, NULL, 0);

	assert_int_equal(feed(sent, sent->len, 256, false, got), 0);
	assert_same(got, want);
	free(sent);
	free(want);
	free(got);
}

/** mixed() - Messages of many lengths, whole and in fragments, pings between */
static void mixed(struct stream *sent, struct stream *want, bool masked)
{
	static const size_t lens[] = {0, 1, 2, 125, 126, 127, 300, 1000};
	uint8_t payload[1000];
	size_t i;
	size_t off;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t part = lens[i] / 5 + 1;

		add(sent, true, WS_BINARY, masked, payload, lens[i]);
		expect(want, WS_BINARY, payload, lens[i]);
		for (off = 0; off < lens[i]; off += part) {
			size_t left = lens[i] - off;

			add(sent, left <= part, off ? WS_CONTINUATION : WS_TEXT,
			    masked, payload + off, left < part ? left : part);
			if (left <= part)
				continue;
			add(sent, true, WS_PING, masked, payload, i);
			expect(want, WS_PING, payload, i);
		}
		if (lens[i])
			expect(want, WS_TEXT, payload, lens[i]);
	}
	add(sent, true, WS_CLOSE, masked, "\x03\xe8", 2);
	expect(want, WS_CLOSE, "\x03\xe8", 2);
}

static void any_pieces_of_a_stream_give_the_same_messages(void **state)
{
	/* Tight (1,000 bytes, a head), and with room for much at once. */
	static const size_t sizes[] = {1008, 1500, 4096, 65536};
	size_t masked;
	size_t step;
	size_t i;

	(void)state;
	for (masked = 0; masked < 2; masked++) {
		struct stream *sent = new_stream();
		struct stream *want = new_stream();
		struct stream *got = new_stream();

		mixed(sent, want, masked);
		for (i = 0; i < 4; i++) {
			for (step = 1; step < sent->len; step += step / 3 + 1) {
				assert_int_equal(
					feed(sent, step, sizes[i], masked, got),
					0);
				assert_same(got, want);
			}
		}
		free(sent);
		free(want);
		free(got);
	}
}

static void a_stream_cut_anywhere_gives_only_whole_messages(void **state)
{
	struct stream *sent = new_stream();
	struct stream *want = new_stream();
	struct stream *got = new_stream();
	size_t whole;

	(void)state;
	mixed(sent, want, true);
	whole = sent->len;
	for (sent->len = 0; sent->len < whole; sent->len++) {
		assert_int_equal(feed(sent, 997, 1008, true, got), 0);
		assert_true(got->len < want->len);
		assert_memory_equal(got->data, want->data, got->len);
	}
	free(sent);
	free(want);
	free(got);
}

static void a_thousand_fragments_with_pings_between_need_no_more_room(
	void **state)
{
	struct stream *sent = new_stream();
	struct stream *want = new_stream();
	struct stream *got = new_stream();
	uint8_t payload[1000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 11);
	for (i = 0; i < sizeof(payload); i++) {
		add(sent, i == 999, i ? WS_CONTINUATION : WS_BINARY, true,
		    payload + i, 1);
		if (i == 999)
			break;
		add(sent, true, WS_PING, true, "ping", 4);
		expect(want, WS_PING, "ping", 4);
	}
	expect(want, WS_BINARY, payload, sizeof(payload));

	for (i = 1; i < sent->len; i += i + 1) {
		assert_int_equal(feed(sent, i, 1024, true, got), 0);
		assert_same(got, want);
	}
	free(sent);
	free(want);
	free(got);
}

static void a_message_that_cannot_fit_is_refused_when_its_head_says_so(
	void **state)
{
	static const struct {
		uint8_t head[10];
		size_t len;
		int want;
	} cases[] = {
		{{0x82, 98}, 2, 0}, /* fills 100 exactly */
		{{0x82, 99}, 2, -EMSGSIZE},
		{{0x82, 126, 0x10, 0}, 4, -EMSGSIZE},
		{{0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0}, 10, -EMSGSIZE},
		{{0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		 10,
		 -EMSGSIZE},
		{{0x02, 60, 0}, 2, 0},
	};
	struct stream *sent = new_stream();
	struct stream *got = new_stream();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(sent->data, cases[i].head, cases[i].len);
		sent->len = cases[i].len;
		assert_int_equal(feed(sent, 1, 100, false, got), cases[i].want);
		assert_int_equal(got->len, 0);
	}
	free(sent);
	free(got);
}

static void fragments_are_refused_when_their_sum_cannot_fit(void **state)
{
	struct stream *sent = new_stream();
	struct stream *got = new_stream();
	uint8_t payload[98] = {0};

	(void)state;
	add(sent, false, WS_BINARY, false, payload, 60);
	add(sent, true, WS_CONTINUATION, false, payload, 38);
	assert_int_equal(feed(sent, 7, 100, false, got), 0);
	assert_int_equal(got->len, 3 + 98);

	sent->len = 0;
	add(sent, false, WS_BINARY, false, payload, 60);
	add(sent, true, WS_CONTINUATION, false, payload, 39);
	sent->len -= 39; /* its head alone */
	assert_int_equal(feed(sent, 7, 100, false, got), -EMSGSIZE);
	free(sent);
	free(got);
}

static void a_full_inbox_with_half_a_head_is_refused_and_does_not_stall(
	void **state)
{
	struct stream *sent = new_stream();
	struct stream *got = new_stream();
	uint8_t payload[98] = {0};

	(void)state;
	add(sent, false, WS_BINARY, false, payload, 98);
	memcpy(sent->data + sent->len, "\x80\x7e\x01", 3);
	sent->len += 2;
	assert_int_equal(feed(sent, 1, 100, false, got), -EMSGSIZE);
	assert_int_equal(feed(sent, 100, 100, false, got), -EMSGSIZE);
	free(sent);
	free(got);
}

static void what_came_before_an_error_is_still_delivered(void **state)
{
	struct stream *sent = new_stream();
	struct stream *want = new_stream();
	struct stream *got = new_stream();

	(void)state;
	add(sent, true, WS_TEXT, false, "good", 4);
	expect(want, WS_TEXT, "good", 4);
	sent->data[sent->len++] = 0xff;
	assert_int_equal(feed(sent, sent->len, 100, false, got), -EPROTO);
	assert_same(got, want);
	free(sent);
	free(want);
	free(got);
}

/** C12: a client takes no masked frame; a server none that is not */
static void frames_masked_the_wrong_way_are_refused(void **state)
{
	struct stream *sent = new_stream();
	struct stream *got = new_stream();

	(void)state;
	add(sent, true, WS_TEXT, true, "x", 1);
	assert_int_equal(feed(sent, 1, 100, false, got), -EPROTO);
	sent->len = 0;
	add(sent, true, WS_PING, true, "", 0);
	assert_int_equal(feed(sent, 1, 100, false, got), -EPROTO);
	sent->len = 0;
	add(sent, true, WS_TEXT, false, "x", 1);
	assert_int_equal(feed(sent, 1, 100, true, got), -EPROTO);
	assert_int_equal(got->len, 0);
	free(sent);
	free(got);
}

static void frames_out_of_order_are_refused(void **state)
{
	struct stream *sent = new_stream();
	struct stream *got = new_stream();

	(void)state;
	add(sent, true, WS_CONTINUATION, false, "x", 1);
	assert_int_equal(feed(sent, 1, 100, false, got), -EPROTO);
	sent->len = 0;
	add(sent, false, WS_TEXT, false, "x", 1);
	add(sent, true, WS_TEXT, false, "y", 1);
	assert_int_equal(feed(sent, 1, 100, false, got), -EPROTO);
	assert_int_equal(got->len, 0);
	free(sent);
	free(got);
}

static void fragments_may_be_empty(void **state)
{
	struct stream *sent = new_stream();
	struct stream *want = new_stream();
	struct stream *got = new_stream();
	size_t step;

	(void)state;
	add(sent, false, WS_TEXT, false, "", 0);
	add(sent, false, WS_CONTINUATION, false, "", 0);
	add(sent, false, WS_CONTINUATION, false, "ab", 2);
	add(sent, true, WS_CONTINUATION, false, "", 0);
	add(sent, false, WS_BINARY, false, "", 0);
	add(sent, true, WS_CONTINUATION, false, "", 0);
	expect(want, WS_TEXT, "ab", 2);
	expect(want, WS_BINARY, "", 0);
	for (step = 1; step <= sent->len; step++) {
		assert_int_equal(feed(sent, step, 16, false, got), 0);
		assert_same(got, want);
	}
	free(sent);
	free(want);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_samples_of_rfc_6455_give_their_messages),
		cmocka_unit_test(any_pieces_of_a_stream_give_the_same_messages),
		cmocka_unit_test(
			a_stream_cut_anywhere_gives_only_whole_messages),
		cmocka_unit_test(
			a_thousand_fragments_with_pings_between_need_no_more_room),
		cmocka_unit_test(
			a_message_that_cannot_fit_is_refused_when_its_head_says_so),
		cmocka_unit_test(
			fragments_are_refused_when_their_sum_cannot_fit),
		cmocka_unit_test(
			a_full_inbox_with_half_a_head_is_refused_and_does_not_stall),
		cmocka_unit_test(what_came_before_an_error_is_still_delivered),
		cmocka_unit_test(frames_masked_the_wrong_way_are_refused),
		cmocka_unit_test(frames_out_of_order_are_refused),
		cmocka_unit_test(fragments_may_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

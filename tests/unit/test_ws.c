/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_ws.c - Heads of WebSocket frames, masking, close payloads, accept key
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "codec/ws.h"

/* RFC 6455 section 5.7, heads only; then lengths at the edges of their forms. */
static const struct {
	struct ws_head head;
	uint8_t bytes[WS_HEAD_LEN_MAX];
	size_t len;
} vectors[] = {
	{{true, WS_TEXT, false, {0}, 5}, {0x81, 0x05}, 2},
	{{true, WS_TEXT, true, {0x37, 0xfa, 0x21, 0x3d}, 5},
	 {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d},
	 6},
	{{false, WS_TEXT, false, {0}, 3}, {0x01, 0x03}, 2},
	{{true, WS_CONTINUATION, false, {0}, 2}, {0x80, 0x02}, 2},
	{{true, WS_PING, false, {0}, 5}, {0x89, 0x05}, 2},
	{{true, WS_PONG, true, {0x37, 0xfa, 0x21, 0x3d}, 5},
	 {0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d},
	 6},
	{{true, WS_BINARY, false, {0}, 256}, {0x82, 0x7e, 0x01, 0x00}, 4},
	{{true, WS_BINARY, false, {0}, 65536},
	 {0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0},
	 10},
	{{true, WS_CLOSE, false, {0}, 0}, {0x88, 0x00}, 2},
	{{true, WS_BINARY, false, {0}, 125}, {0x82, 0x7d}, 2},
	{{true, WS_BINARY, false, {0}, 126}, {0x82, 0x7e, 0x00, 0x7e}, 4},
	{{true, WS_BINARY, false, {0}, 65535}, {0x82, 0x7e, 0xff, 0xff}, 4},
	{{true, WS_BINARY, true, {1, 2, 3, 4}, INT64_MAX},
	 {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3,
	  4},
	 14},
};
#define VECTOR_CNT (sizeof(vectors) / sizeof(vectors[0]))

static void assert_same_head(const struct ws_head *a, const struct ws_head *b)
{
	assert_int_equal(a->fin, b->fin);
	assert_int_equal(a->opcode, b->opcode);
	assert_int_equal(a->masked, b->masked);
	assert_true(a->payload_len == b->payload_len);
	if (a->masked)
		assert_memory_equal(a->mask, b->mask, 4);
}

static void heads_read_as_in_rfc_6455_and_at_the_edges(void **state)
{
	struct ws_head head;
	size_t i;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		assert_int_equal(
			ws_head_parse(vectors[i].bytes, vectors[i].len, &head),
			vectors[i].len);
		assert_same_head(&head, &vectors[i].head);
	}
}

static void heads_are_written_as_in_rfc_6455_and_at_the_edges(void **state)
{
	uint8_t bytes[WS_HEAD_LEN_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		assert_int_equal(ws_head_len(&vectors[i].head), vectors[i].len);
		assert_int_equal(ws_head_write(bytes, &vectors[i].head),
				 vectors[i].len);
		assert_memory_equal(bytes, vectors[i].bytes, vectors[i].len);
	}
}

static void a_head_cut_anywhere_waits_for_more(void **state)
{
	struct ws_head head;
	size_t i;
	size_t len;

	(void)state;
	for (i = 0; i < VECTOR_CNT; i++) {
		for (len = 0; len < vectors[i].len; len++)
			assert_int_equal(
				ws_head_parse(vectors[i].bytes, len, &head),
				-EAGAIN);
	}
}

static void malformed_heads_are_refused_as_soon_as_they_show(void **state)
{
	static const struct {
		uint8_t bytes[WS_HEAD_LEN_MAX];
		size_t len; /* shortest that shows it */
	} bad[] = {
		{{0xc1, 0x05}, 1}, /* reserved bits */
		{{0xa1, 0x05}, 1},
		{{0x91, 0x05}, 1},
		{{0xf1, 0x05}, 1},
		{{0x83, 0x05}, 1}, /* reserved opcodes */
		{{0x84, 0x05}, 1},
		{{0x85, 0x05}, 1},
		{{0x86, 0x05}, 1},
		{{0x87, 0x05}, 1},
		{{0x8b, 0x05}, 1},
		{{0x8c, 0x05}, 1},
		{{0x8d, 0x05}, 1},
		{{0x8e, 0x05}, 1},
		{{0x8f, 0x05}, 1},
		{{0x08, 0x00}, 2}, /* fragmented control frames */
		{{0x09, 0x00}, 2},
		{{0x0a, 0x00}, 2},
		{{0x88, 0x7e, 0x00, 0x7e}, 2}, /* control frames over 125 */
		{{0x89, 0x7e, 0x00, 0x7e}, 2},
		{{0x8a, 0x7f}, 2},
		{{0x89, 0xfe}, 2},
		{{0x82, 0x7e, 0x00, 0x7d}, 4}, /* not the shortest form */
		{{0x82, 0x7e, 0x00, 0x00}, 4},
		{{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 10},
		{{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0}, 10},
		{{0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0}, 10}, /* 2^63 */
		{{0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		 10},
	};
	struct ws_head head;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ws_head_parse(bad[i].bytes, bad[i].len, &head) != -EPROTO)
			fail_msg("taken: case %zu", i);
		if (ws_head_parse(bad[i].bytes, bad[i].len - 1, &head) !=
		    -EAGAIN)
			fail_msg("refused too early: case %zu", i);
	}
}

static void the_sample_of_rfc_6455_unmasks_to_hello(void **state)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t data[5] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};

	(void)state;
	ws_mask(data, sizeof(data), mask, 0);
	assert_memory_equal(data, "Hello", 5);
}

/** C12: what the wide loop does equals RFC 6455 section 5.3 byte by byte */
static void masking_equals_a_byte_by_byte_twin(void **state)
{
	static const uint8_t mask[4] = {0x01, 0x52, 0xa3, 0xf4};
	uint8_t data[96];
	uint8_t twin[96];
	size_t start;
	size_t len;
	uint64_t offset;
	size_t i;

	(void)state;
	for (start = 0; start < 8; start++) {
		for (len = 0; len <= 70; len++) {
			for (offset = 0; offset < 8; offset++) {
				for (i = 0; i < sizeof(data); i++)
					data[i] = twin[i] = (uint8_t)(i * 37);
				for (i = 0; i < len; i++)
					twin[start + i] ^=
						mask[(offset + i) % 4];
				ws_mask(data + start, len, mask, offset);
				/* Nothing outside is touched either. */
				assert_memory_equal(data, twin, sizeof(data));
			}
		}
	}
}

static void masking_in_pieces_equals_masking_at_once(void **state)
{
	static const uint8_t mask[4] = {9, 8, 7, 6};
	uint8_t whole[200] = {0};
	uint8_t pieces[200] = {0};
	size_t off = 0;
	size_t step = 1;

	(void)state;
	ws_mask(whole, sizeof(whole), mask, 0);
	while (off < sizeof(pieces)) {
		size_t len = sizeof(pieces) - off < step ? sizeof(pieces) - off
							 : step;

		ws_mask(pieces + off, len, mask, off);
		off += len;
		step += 3;
	}
	assert_memory_equal(pieces, whole, sizeof(whole));
	ws_mask(pieces, sizeof(pieces), mask, (uint64_t)1 << 62);
	for (off = 0; off < sizeof(pieces); off++)
		assert_int_equal(pieces[off], 0);
}

static void order_lets_control_frames_in_anywhere_and_no_second_message(
	void **state)
{
	static const struct {
		bool in_message;
		bool fin;
		enum ws_opcode opcode;
		int want;
		bool then;
	} cases[] = {
		{false, true, WS_TEXT, 0, false},
		{false, false, WS_BINARY, 0, true},
		{true, false, WS_CONTINUATION, 0, true},
		{true, true, WS_CONTINUATION, 0, false},
		{true, true, WS_PING, 0, true},
		{true, true, WS_CLOSE, 0, true},
		{false, true, WS_PONG, 0, false},
		{false, true, WS_CONTINUATION, -EPROTO, false},
		{false, false, WS_CONTINUATION, -EPROTO, false},
		{true, true, WS_TEXT, -EPROTO, true},
		{true, false, WS_BINARY, -EPROTO, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ws_order order = {cases[i].in_message};
		struct ws_head head = {.fin = cases[i].fin,
				       .opcode = cases[i].opcode};

		assert_int_equal(ws_order_check(&order, &head), cases[i].want);
		assert_int_equal(order.in_message, cases[i].then);
	}
}

/** C13: close with and without a code, and codes that only exist locally */
static void close_takes_only_codes_that_may_be_on_the_wire(void **state)
{
	const char *reason;
	size_t reason_len;
	unsigned int c;
	uint16_t code;

	(void)state;
	for (c = 0; c <= 0xffff; c++) {
		const uint8_t data[2] = {(uint8_t)(c >> 8), (uint8_t)c};
		/* Section 7.4 and the registry: 1004, 1005, 1006 and 1015 are
		 * not for the wire, 1016 to 2999 not assigned. */
		bool good = (c >= 1000 && c <= 1003) ||
			    (c >= 1007 && c <= 1014) || (c >= 3000 && c < 5000);

		if (ws_close_parse(data, 2, &code, &reason, &reason_len) !=
		    (good ? 0 : -EPROTO))
			fail_msg("code %u", c);
		assert_int_equal(code, c);
		assert_int_equal(reason_len, 0);
	}
}

static void close_without_a_code_is_1005_and_half_a_code_is_refused(
	void **state)
{
	const uint8_t data[1] = {0x03};
	const char *reason;
	size_t reason_len;
	uint16_t code = 0;

	(void)state;
	assert_int_equal(ws_close_parse(data, 0, &code, &reason, &reason_len),
			 0);
	assert_int_equal(code, WS_CLOSE_NO_STATUS);
	assert_int_equal(reason_len, 0);
	assert_non_null(reason);
	assert_int_equal(ws_close_parse(data, 1, &code, &reason, &reason_len),
			 -EPROTO);
}

static void close_is_read_as_it_was_written(void **state)
{
	uint8_t data[WS_CONTROL_LEN_MAX];
	const char *reason;
	size_t reason_len;
	uint16_t code;
	size_t len = ws_close_write(data, WS_CLOSE_GOING_AWAY, "bye");

	(void)state;
	assert_int_equal(len, 5);
	assert_memory_equal(data,
			    "\x03\xe9"
			    "bye",
			    5);
	assert_int_equal(ws_close_parse(data, len, &code, &reason, &reason_len),
			 0);
	assert_int_equal(code, WS_CLOSE_GOING_AWAY);
	assert_int_equal(reason_len, 3);
	assert_memory_equal(reason, "bye", 3);
	assert_int_equal(ws_close_write(data, WS_CLOSE_NORMAL, ""), 2);
}

static void close_cuts_a_long_reason_between_characters(void **state)
{
	uint8_t data[WS_CONTROL_LEN_MAX];
	char reason[201];
	size_t shift;

	(void)state;
	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	assert_int_equal(ws_close_write(data, 1000, reason), 125);
	/* A character of three bytes (U+20AC) over the edge at 123. */
	for (shift = 0; shift < 4; shift++) {
		memset(reason, 'x', sizeof(reason) - 1);
		memcpy(reason + 120 + shift, "\xe2\x82\xac", 3);
		assert_int_equal(ws_close_write(data, 1000, reason),
				 shift ? 122 + shift : 125);
	}
}

static void the_accept_key_equals_that_of_rfc_6455(void **state)
{
	static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
	char accept[WS_ACCEPT_SIZE];
	char longer[65];

	(void)state;
	assert_int_equal(ws_accept_key(key, strlen(key), accept), 0);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	memset(longer, 'A', sizeof(longer));
	assert_int_equal(ws_accept_key(longer, 64, accept), 0);
	assert_int_equal(ws_accept_key(longer, 65, accept), -EBADMSG);
}

static void a_masked_copy_is_what_masking_in_place_gives(void **state)
{
	static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
	uint8_t from[100];
	uint8_t want[100];
	uint8_t to[101];
	uint64_t offset;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(from); len++)
		from[len] = (uint8_t)(len * 7);
	for (len = 0; len <= sizeof(from); len++) {
		for (offset = 0; offset < 5; offset++) {
			memcpy(want, from, sizeof(from));
			ws_mask(want, len, mask, offset);
			memset(to, 0xee, sizeof(to));
			ws_mask_copy(to, from, len, mask, offset);
			assert_memory_equal(to, want, len);
			assert_int_equal(to[len], 0xee);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_masked_copy_is_what_masking_in_place_gives),
		cmocka_unit_test(heads_read_as_in_rfc_6455_and_at_the_edges),
		cmocka_unit_test(
			heads_are_written_as_in_rfc_6455_and_at_the_edges),
		cmocka_unit_test(a_head_cut_anywhere_waits_for_more),
		cmocka_unit_test(
			malformed_heads_are_refused_as_soon_as_they_show),
		cmocka_unit_test(the_sample_of_rfc_6455_unmasks_to_hello),
		cmocka_unit_test(masking_equals_a_byte_by_byte_twin),
		cmocka_unit_test(masking_in_pieces_equals_masking_at_once),
		cmocka_unit_test(
			order_lets_control_frames_in_anywhere_and_no_second_message),
		cmocka_unit_test(
			close_takes_only_codes_that_may_be_on_the_wire),
		cmocka_unit_test(
			close_without_a_code_is_1005_and_half_a_code_is_refused),
		cmocka_unit_test(close_is_read_as_it_was_written),
		cmocka_unit_test(close_cuts_a_long_reason_between_characters),
		cmocka_unit_test(the_accept_key_equals_that_of_rfc_6455),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "relay/splice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STREAM_SIZE (1u << 20)

/** struct trace - What came of a stream: bytes, and events among them
 *
 * An event is written into @bytes as 0xEE, its kind, length of its payload,
 * payload; so that order and place are compared as well.
 */
struct trace {
	uint8_t bytes[STREAM_SIZE];
	size_t len;
};

static void trace_bytes(struct trace *trace, const uint8_t *data, size_t len)
{
	assert_true(trace->len + len <= sizeof(trace->bytes));
	memcpy(trace->bytes + trace->len, data, len);
	trace->len += len;
}

static void trace_event(struct trace *trace, char kind, const uint8_t *payload,
			size_t len)
{
	uint8_t mark[3] = {0xee, (uint8_t)kind, (uint8_t)len};

	trace_bytes(trace, mark, sizeof(mark));
	trace_bytes(trace, payload, len);
}

/**
 * run_splice() - The code under test, fed in pieces
 * @pieces:	Length of the next piece, called before each
 *
 * Return: the end was not a fault
 */
static bool run_splice(const uint8_t *in, size_t len,
		       size_t (*pieces)(unsigned int *seed), unsigned int seed,
		       struct trace *trace)
{
	uint8_t *out = malloc(len + SPLICE_EXTRA);
	struct splice splice;

	splice_init(&splice);
	while (len) {
		size_t piece = pieces(&seed);
		bool pause = rand_r(&seed) % 4 == 0;
		enum splice_event event;
		size_t out_len;
		size_t used;

		if (piece > len)
			piece = len;
		event = splice_feed(&splice, in, piece, &used, out, &out_len,
				    pause);
		assert_true(used <= piece);
		assert_true(out_len <= piece + SPLICE_EXTRA);
		trace_bytes(trace, out, out_len);
		in += used;
		len -= used;
		switch (event) {
		case SPLICE_PING:
			trace_event(trace, 'p', splice.control,
				    splice.control_len);
			break;
		case SPLICE_CLOSE:
			trace_event(trace, 'c', splice.control,
				    splice.control_len);
			break;
		case SPLICE_FRAME:
			fail_msg("heads are not left out here");
			break;
		case SPLICE_BOUNDARY:
			assert_true(pause);
			assert_true(splice_at_boundary(&splice));
			break;
		case SPLICE_MORE:
			assert_int_equal(used, piece);
			break;
		case SPLICE_FAULT:
			free(out);
			return false;
		}
	}
	free(out);
	return true;
}

static size_t one_piece(unsigned int *seed)
{
	(void)seed;
	return STREAM_SIZE;
}

static size_t single_bytes(unsigned int *seed)
{
	(void)seed;
	return 1;
}

static size_t random_pieces(unsigned int *seed)
{
	return 1 + (size_t)rand_r(seed) % 300;
}

/** twin_length() - Payload length; -1 incomplete, -2 malformed */
static long twin_length(const uint8_t *in, size_t len, size_t *head_len)
{
	unsigned int first = in[1] & 0x7f;
	unsigned long length = first;
	size_t ext = first == 126 ? 2 : first == 127 ? 8 : 0;
	size_t i;

	*head_len = 2 + ext + (in[1] & 0x80 ? 4 : 0);
	if (in[0] & 8 && (first > 125 || !(in[0] & 0x80)))
		return -2;
	if (len < *head_len)
		return -1;
	for (i = 0; i < ext; i++)
		length = (i ? length << 8 : 0) | in[2 + i];
	if ((ext == 2 && length < 126) ||
	    (ext == 8 && (length < 65536 || length >> 63)) || !(in[1] & 0x80))
		return -2;
	return (long)length;
}

/** twin_control() - A whole control frame; Return: false for a fault */
static bool twin_control(unsigned int opcode, const uint8_t *payload,
			 size_t len, struct trace *trace)
{
	unsigned int code = len > 1 ? payload[0] * 256u + payload[1] : 1000;

	if (opcode == 9)
		trace_event(trace, 'p', payload, len);
	if (opcode != 8)
		return true;
	if (len == 1 || code < 1000 || code == 1004 || code == 1005 ||
	    code == 1006 || (code > 1014 && code < 3000) || code > 4999)
		return false;
	trace_event(trace, 'c', payload, len);
	return true;
}

/** twin_put() - A data frame's new head and what there is of its payload */
static void twin_put(uint8_t first, const uint8_t *payload, size_t have,
		     unsigned long length, struct trace *trace)
{
	uint8_t head[10] = {first, 127};
	size_t head_len = 2;
	int shift;

	if (length < 126) {
		head[1] = (uint8_t)length;
	} else if (length < 65536) {
		head[1] = 126;
		head[2] = (uint8_t)(length >> 8);
		head[3] = (uint8_t)length;
		head_len = 4;
	} else {
		for (shift = 56; shift >= 0; shift -= 8)
			head[head_len++] = (uint8_t)(length >> shift);
	}
	trace_bytes(trace, head, head_len);
	trace_bytes(trace, payload, have);
}

/**
 * run_twin() - The same work, stupidly: from the whole stream at once, byte by
 * byte, without any of the project's codec
 */
static bool run_twin(const uint8_t *in, size_t len, struct trace *trace)
{
	bool inside = false;

	while (len) {
		unsigned int opcode = in[0] & 15;
		uint8_t *payload;
		size_t head_len;
		size_t have;
		size_t i;
		long length;
		bool good = true;

		if (in[0] & 0x70 || (opcode > 2 && opcode < 8) || opcode > 10)
			return false;
		if (len < 2)
			return true;
		length = twin_length(in, len, &head_len);
		if (length == -1)
			return true;
		if (length == -2 || (opcode < 8 && (opcode == 0) != inside))
			return false;
		if (opcode < 8)
			inside = !(in[0] & 0x80);
		have = len - head_len < (size_t)length ? len - head_len
						       : (size_t)length;
		payload = malloc(have + 1);
		for (i = 0; i < have; i++)
			payload[i] =
				in[head_len + i] ^ in[head_len - 4 + i % 4];
		if (opcode < 8)
			twin_put(in[0], payload, have, (unsigned long)length,
				 trace);
		else if (have == (size_t)length)
			good = twin_control(opcode, payload, have, trace);
		free(payload);
		if (!good)
			return false;
		in += head_len + have;
		len -= head_len + have;
	}
	return true;
}

/** add_frame() - A masked frame of random payload */
static size_t add_frame(uint8_t *out, uint8_t first, size_t len,
			unsigned int *seed)
{
	size_t used = 2;
	size_t i;

	out[0] = first;
	if (len < 126) {
		out[1] = (uint8_t)(0x80 | len);
	} else if (len < 65536) {
		out[1] = 0x80 | 126;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		used = 4;
	} else {
		out[1] = 0x80 | 127;
		for (i = 0; i < 8; i++)
			out[used++] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	}
	for (i = 0; i < 4 + len; i++)
		out[used++] = (uint8_t)rand_r(seed);
	return used;
}

static size_t random_length(unsigned int *seed)
{
	static const size_t edges[] = {0, 1, 125, 126, 127, 65535, 65536};
	unsigned int pick = (unsigned int)rand_r(seed) % 20;

	return pick < 7 ? edges[pick] : (size_t)rand_r(seed) % 700;
}

/** random_stream() - Frames in a lawful order; in one of three, a byte of some
 *  frame is damaged; cut off anywhere.  Return: its length */
static size_t random_stream(uint8_t *out, unsigned int *seed)
{
	size_t frames = 1 + (size_t)rand_r(seed) % 8;
	bool inside = false;
	size_t len = 0;

	while (frames--) {
		unsigned int kind = (unsigned int)rand_r(seed) % 7;
		bool fin = rand_r(seed) % 2;
		uint8_t opcode = inside ? 0 : kind % 2 ? 1 : 2;

		if (kind == 0) {
			len += add_frame(out + len, 0x89,
					 (size_t)rand_r(seed) % 126, seed);
		} else if (kind == 1) {
			len += add_frame(out + len, 0x8a,
					 (size_t)rand_r(seed) % 126, seed);
		} else if (kind == 2) {
			/* Empty, or with a code that is mostly not lawful. */
			len += add_frame(out + len, 0x88,
					 (size_t)rand_r(seed) % 4, seed);
		} else {
			len += add_frame(out + len,
					 (uint8_t)((fin ? 0x80 : 0) | opcode),
					 random_length(seed), seed);
			inside = !fin;
		}
	}
	if (rand_r(seed) % 3 == 0) /* damage, mostly of a head */
		out[(size_t)rand_r(seed) % (rand_r(seed) % 2 ? len : 4)] ^=
			(uint8_t)(1u << (rand_r(seed) % 8));
	return rand_r(seed) % 2 ? len : 1 + (size_t)rand_r(seed) % len;
}

static void assert_same(const struct trace *a, const struct trace *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->bytes, b->bytes, a->len);
}

static void any_stream_in_any_pieces_gives_what_the_stupid_twin_gives(
	void **state)
{
	uint8_t *in = malloc(STREAM_SIZE);
	struct trace *want = malloc(sizeof(*want));
	struct trace *got = malloc(sizeof(*got));
	unsigned int faults = 0;
	unsigned int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		unsigned int seed = round;
		size_t len = random_stream(in, &seed);
		bool good;

		want->len = 0;
		good = run_twin(in, len, want);
		faults += !good;

		got->len = 0;
		assert_int_equal(run_splice(in, len, one_piece, round, got),
				 good);
		assert_same(got, want);
		got->len = 0;
		assert_int_equal(run_splice(in, len, random_pieces, round, got),
				 good);
		assert_same(got, want);
		if (round % 10)
			continue;
		got->len = 0;
		assert_int_equal(run_splice(in, len, single_bytes, round, got),
				 good);
		assert_same(got, want);
	}
	/* The streams are worth something: both kinds are many. */
	assert_in_range(faults, 300, 2700);
	free(got);
	free(want);
	free(in);
}

/* RFC 6455 section 5.7: a single-frame masked text message, "Hello". */
static const uint8_t hello[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
				0x7f, 0x9f, 0x4d, 0x51, 0x58};

static void the_masked_hello_of_the_rfc_becomes_its_unmasked_one(void **state)
{
	static const uint8_t want[] = {0x81, 0x05, 0x48, 0x65,
				       0x6c, 0x6c, 0x6f};
	uint8_t out[sizeof(hello) + SPLICE_EXTRA];
	struct splice splice;
	size_t out_len;
	size_t used;

	(void)state;
	splice_init(&splice);
	assert_int_equal(splice_feed(&splice, hello, sizeof(hello), &used, out,
				     &out_len, false),
			 SPLICE_MORE);

	assert_int_equal(used, sizeof(hello));
	assert_int_equal(out_len, sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
}

static void payload_passes_before_its_frame_is_complete(void **state)
{
	uint8_t out[sizeof(hello) + SPLICE_EXTRA];
	struct splice splice;
	size_t out_len;
	size_t used;

	(void)state;
	splice_init(&splice);
	assert_true(splice_at_boundary(&splice));
	assert_int_equal(
		splice_feed(&splice, hello, 8, &used, out, &out_len, false),
		SPLICE_MORE);

	assert_int_equal(out_len, 4);
	assert_memory_equal(out, "\x81\x05He", 4);
	assert_false(splice_at_boundary(&splice));
}

static void a_pause_stops_before_the_next_frame_and_not_inside_one(void **state)
{
	uint8_t in[2 * sizeof(hello)];
	uint8_t out[sizeof(in) + SPLICE_EXTRA];
	struct splice splice;
	size_t out_len;
	size_t used;

	(void)state;
	memcpy(in, hello, sizeof(hello));
	memcpy(in + sizeof(hello), hello, sizeof(hello));
	splice_init(&splice);
	assert_int_equal(
		splice_feed(&splice, in, 8, &used, out, &out_len, false),
		SPLICE_MORE);

	assert_int_equal(splice_feed(&splice, in + 8, sizeof(in) - 8, &used,
				     out, &out_len, true),
			 SPLICE_BOUNDARY);
	assert_int_equal(used, sizeof(hello) - 8);
	assert_int_equal(out_len, 3);
	assert_memory_equal(out, "llo", 3);
}

static void a_control_frame_between_fragments_is_a_boundary(void **state)
{
	/* Text "a" without FIN, then the first half of a Ping; masks are 0. */
	static const uint8_t in[] = {0x01, 0x81, 0,    0,   0,  0,
				     'a',  0x89, 0x84, 0,   0,  0,
				     0,    'p',  'i',  'n', 'g'};
	uint8_t out[sizeof(in) + SPLICE_EXTRA];
	struct splice splice;
	size_t out_len;
	size_t used;

	(void)state;
	splice_init(&splice);
	assert_int_equal(splice_feed(&splice, in, sizeof(in) - 2, &used, out,
				     &out_len, false),
			 SPLICE_MORE);
	assert_int_equal(out_len, 3);
	assert_true(splice_at_boundary(&splice));

	assert_int_equal(splice_feed(&splice, in + used, sizeof(in) - used,
				     &used, out, &out_len, false),
			 SPLICE_PING);
	assert_int_equal(out_len, 0);
	assert_int_equal(splice.control_len, 4);
	assert_memory_equal(splice.control, "ping", 4);
}

static void each_malformed_frame_is_a_fault(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[20];
		size_t len;
	} cases[] = {
		{"not masked", {0x81, 0x01, 'x'}, 3},
		{"reserved bit 1", {0xc1, 0x81}, 1},
		{"reserved bit 2", {0xa1, 0x81}, 1},
		{"reserved bit 3", {0x91, 0x81}, 1},
		{"opcode 3", {0x83, 0x81}, 1},
		{"opcode 11", {0x8b, 0x81}, 1},
		{"Ping of 126 bytes", {0x89, 0xfe}, 2},
		{"Ping without FIN", {0x09, 0x81}, 2},
		{"continuation of nothing", {0x80, 0x80, 0, 0, 0, 0}, 6},
		{"message inside a message",
		 {0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0},
		 12},
		{"5 written in two bytes", {0x81, 0xfe, 0, 5, 0, 0, 0, 0}, 8},
		{"126 written in eight bytes",
		 {0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 126, 0, 0, 0, 0},
		 14},
		{"length above 2^63",
		 {0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		 14},
		{"Close of one byte", {0x88, 0x81, 0, 0, 0, 0, 3}, 7},
		{"Close 1005", {0x88, 0x82, 0, 0, 0, 0, 3, 0xed}, 8},
		{"Close 999", {0x88, 0x82, 0, 0, 0, 0, 3, 0xe7}, 8},
		{"Close 5000", {0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88}, 8},
	};
	struct trace *trace = malloc(sizeof(*trace));
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		trace->len = 0;
		if (run_splice(cases[i].bytes, cases[i].len, one_piece, 1,
			       trace))
			fail_msg("no fault: %s", cases[i].what);
		trace->len = 0;
		if (run_splice(cases[i].bytes, cases[i].len, single_bytes, 1,
			       trace))
			fail_msg("no fault byte by byte: %s", cases[i].what);
	}
	free(trace);
}

static void bare_output_is_payload_and_the_ends_of_frames(void **state)
{
	static const uint8_t in[] = {
		0x01, 0x82, 0, 0, 0, 0, 'a', 'b', /* text begins */
		0x89, 0x81, 0, 0, 0, 0, 'p',      /* a Ping within */
		0x80, 0x80, 0, 0, 0, 0,           /* its empty end */
		0x82, 0x81, 0, 0, 0, 0, 'c',      /* binary */
	};
	struct splice splice;
	uint8_t out[sizeof(in) + SPLICE_EXTRA];
	size_t used;
	size_t put;

	(void)state;
	splice_init(&splice);
	splice.bare = true;
	assert_int_equal(
		splice_feed(&splice, in, sizeof(in), &used, out, &put, false),
		SPLICE_FRAME);
	assert_int_equal(used, 8);
	assert_int_equal(put, 2);
	assert_memory_equal(out, "ab", 2);
	assert_false(splice.frame.fin);
	assert_true(splice_in_message(&splice));
	assert_int_equal(splice_feed(&splice, in + 8, sizeof(in) - 8, &used,
				     out, &put, false),
			 SPLICE_PING);
	assert_int_equal(put, 0);
	assert_int_equal(splice_feed(&splice, in + 15, sizeof(in) - 15, &used,
				     out, &put, false),
			 SPLICE_FRAME);
	assert_int_equal(put, 0);
	assert_true(splice.frame.fin);
	assert_int_equal(splice.message, WS_TEXT);
	assert_false(splice_in_message(&splice));
	assert_int_equal(splice_feed(&splice, in + 21, sizeof(in) - 21, &used,
				     out, &put, false),
			 SPLICE_FRAME);
	assert_int_equal(put, 1);
	assert_int_equal(splice.message, WS_BINARY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bare_output_is_payload_and_the_ends_of_frames),
		cmocka_unit_test(
			the_masked_hello_of_the_rfc_becomes_its_unmasked_one),
		cmocka_unit_test(payload_passes_before_its_frame_is_complete),
		cmocka_unit_test(
			a_pause_stops_before_the_next_frame_and_not_inside_one),
		cmocka_unit_test(
			a_control_frame_between_fragments_is_a_boundary),
		cmocka_unit_test(each_malformed_frame_is_a_fault),
		cmocka_unit_test(
			any_stream_in_any_pieces_gives_what_the_stupid_twin_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/cursor.h"

static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
				0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32};

static void reader_takes_numbers_little_endian(void **state)
{
	struct reader r = reader_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(reader_u8(&r), 0x01);
	assert_int_equal(reader_u16(&r), 0x4523);
	assert_int_equal(reader_u32(&r), 0xcdab8967);
	assert_true(reader_u64(&r) == 0x32547698badcfeefu);
	assert_int_equal(reader_left(&r), 0);
	assert_false(r.failed);
}

static void reader_fails_at_every_length_too_short(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 8; len++) {
		struct reader r = reader_of(bytes, len);

		assert_true(reader_u64(&r) == 0);
		assert_true(r.failed);
		assert_int_equal(r.off, 0);
		if (len < 4) {
			r = reader_of(bytes, len);
			assert_int_equal(reader_u32(&r), 0);
			assert_true(r.failed);
		}
		if (len < 2) {
			r = reader_of(bytes, len);
			assert_int_equal(reader_u16(&r), 0);
			assert_true(r.failed);
		}
	}
}

static void reader_that_failed_gives_nothing_more(void **state)
{
	struct reader r = reader_of(bytes, 3);

	(void)state;
	reader_u8(&r);
	assert_null(reader_bytes(&r, 3));
	assert_int_equal(r.off, 1); /* where it was */
	assert_int_equal(reader_u8(&r), 0);
	assert_null(reader_bytes(&r, 0));
	assert_int_equal(reader_left(&r), 0);
}

static void reader_survives_a_length_that_would_overflow(void **state)
{
	struct reader r = reader_of(bytes, sizeof(bytes));

	(void)state;
	reader_u32(&r);
	assert_null(reader_bytes(&r, SIZE_MAX));
	r = reader_of(bytes, sizeof(bytes));
	reader_u32(&r);
	assert_null(reader_bytes(&r, SIZE_MAX - 3));
}

static void reader_of_nothing_gives_an_empty_run_of_bytes(void **state)
{
	struct reader r = reader_of(bytes, 0);

	(void)state;
	assert_ptr_equal(reader_bytes(&r, 0), bytes);
	assert_false(r.failed);
}

static void writer_puts_numbers_little_endian(void **state)
{
	uint8_t out[15];
	struct writer w = writer_of(out, sizeof(out));

	(void)state;
	writer_u8(&w, 0x01);
	writer_u16(&w, 0x4523);
	writer_u32(&w, 0xcdab8967);
	writer_u64(&w, 0x32547698badcfeefu);
	assert_false(w.failed);
	assert_int_equal(w.len, sizeof(out));
	assert_memory_equal(out, bytes, sizeof(out));
}

static void writer_that_is_full_writes_nothing_behind_its_room(void **state)
{
	uint8_t out[8] = {0};
	struct writer w = writer_of(out, 5);

	(void)state;
	writer_u32(&w, 0x04030201);
	writer_u16(&w, 0xffff);
	assert_true(w.failed);
	assert_int_equal(w.len, 4);
	writer_u8(&w, 0xff); /* would fit, but the error sticks */
	assert_int_equal(w.len, 4);
	assert_memory_equal(out, "\1\2\3\4\0\0\0\0", 8);
}

static void writer_takes_an_empty_run_from_nowhere(void **state)
{
	uint8_t out[1];
	struct writer w = writer_of(out, sizeof(out));

	(void)state;
	writer_bytes(&w, NULL, 0);
	assert_false(w.failed);
	assert_int_equal(w.len, 0);
	assert_null(writer_room(&w, SIZE_MAX));
	assert_true(w.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_takes_numbers_little_endian),
		cmocka_unit_test(reader_fails_at_every_length_too_short),
		cmocka_unit_test(reader_that_failed_gives_nothing_more),
		cmocka_unit_test(reader_survives_a_length_that_would_overflow),
		cmocka_unit_test(reader_of_nothing_gives_an_empty_run_of_bytes),
		cmocka_unit_test(writer_puts_numbers_little_endian),
		cmocka_unit_test(
			writer_that_is_full_writes_nothing_behind_its_room),
		cmocka_unit_test(writer_takes_an_empty_run_from_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <endian.h>
#include <errno.h>

#include "wire_vectors.h"

static void data_reads_as_the_golden_records(void **state)
{
	struct message m;
	struct wire_record record;
	uint8_t *body;
	size_t off = 0;

	(void)state;
	load(&m, GOLDEN "data.hex");
	body = m.data + WIRE_HEADER_LEN;

	assert_int_equal(m.open.type, WIRE_DATA);
	assert_int_equal(wire_data_next(body, m.open.body_len, &off, &record),
			 1);
	assert_ptr_equal(record.data, m.data + 8);
	assert_int_equal(record.len, 45);
	assert_int_equal(wire_data_next(body, m.open.body_len, &off, &record),
			 1);
	assert_ptr_equal(record.data, m.data + 8 + 48 + 4);
	assert_int_equal(record.len, 96);
	assert_int_equal(wire_data_next(body, m.open.body_len, &off, &record),
			 0);
	assert_int_equal(off, m.open.body_len);
}

static void data_writes_as_the_golden_records(void **state)
{
	static const size_t lens[] = {45, 96};
	struct message m;
	struct wire_data data;
	uint8_t out[WIRE_MSG_LEN_FLOOR];
	size_t off = 8;
	size_t i;

	(void)state;
	load(&m, GOLDEN "data.hex");
	memset(out, 0xcc, sizeof(out));

	wire_data_begin(&data, out, sizeof(out));
	for (i = 0; i < 2; i++) {
		size_t room;
		uint8_t *at = wire_data_room(&data, &room);

		assert_true(room >= lens[i]);
		memcpy(at, m.data + off, lens[i]);
		off += wire_record_size(lens[i]);
		wire_data_commit(&data, lens[i]);
	}
	assert_written(&m, out, (ssize_t)data.len);
}

static void data_without_records_ends_at_once(void **state)
{
	struct message m;
	struct wire_record record;
	struct wire_data data;
	uint8_t out[WIRE_MSG_LEN_FLOOR];
	size_t off = 0;

	(void)state;
	load(&m, GOLDEN "data-empty.hex");
	assert_int_equal(wire_data_next(m.data + 4, 0, &off, &record), 0);

	wire_data_begin(&data, out, sizeof(out));
	assert_written(&m, out, (ssize_t)data.len);
}

static void data_cut_inside_a_record_is_malformed(void **state)
{
	struct message m;
	size_t len;

	(void)state;
	load(&m, GOLDEN "data.hex");
	for (len = 1; len < m.open.body_len; len++) {
		struct wire_record record;
		size_t off = 0;
		int rc = 1;

		while (rc > 0)
			rc = wire_data_next(m.data + 4, len, &off, &record);
		if (len == 4 + 48) /* between the two */
			assert_int_equal(rc, 0);
		else
			assert_int_equal(rc, -EBADMSG);
	}
}

static void data_record_length_outside_its_limits_is_malformed(void **state)
{
	static const struct {
		uint32_t len;
		int rc;
	} cases[] = {
		{0, -EBADMSG},
		{WIRE_RECORD_LEN_MIN - 1, -EBADMSG},
		{WIRE_RECORD_LEN_MIN, 1},
		{WIRE_RECORD_LEN_MAX, 1},
		{WIRE_RECORD_LEN_MAX + 1, -EBADMSG},
		{0x7fffffff, -EBADMSG},
		{0xffffffff, -EBADMSG},
		{0xfffffffc, -EBADMSG},
	};
	size_t size = WIRE_RECORD_LEN_MAX + 64;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *body = calloc(1, size);
		struct wire_record record;
		size_t off = 0;

		assert_non_null(body);
		memcpy(body, &(uint32_t){htole32(cases[i].len)}, 4);
		assert_int_equal(wire_data_next(body, size, &off, &record),
				 cases[i].rc);
		if (cases[i].rc < 0)
			assert_int_equal(off, 0);
		free(body);
	}
}

static void data_padding_that_is_not_zero_is_malformed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct message m;
		struct wire_record record;
		size_t off = 0;

		load(&m, GOLDEN "data.hex");
		m.data[WIRE_HEADER_LEN + 4 + 45 + i] = 1;
		assert_int_equal(wire_data_next(m.data + 4, m.open.body_len,
						&off, &record),
				 -EBADMSG);
	}
}

static void data_room_always_has_place_for_the_padding(void **state)
{
	size_t size;

	(void)state;
	for (size = WIRE_MSG_LEN_FLOOR; size < WIRE_MSG_LEN_FLOOR + 8; size++) {
		uint8_t *buf = malloc(size);
		struct wire_data data;
		size_t room;
		uint8_t *at;

		assert_non_null(buf);
		wire_data_begin(&data, buf, size);
		at = wire_data_room(&data, &room);
		assert_true(room > size - 8 - 4 && room <= size - 8);
		memset(at, 0, room);
		wire_data_commit(&data, room - 1);
		assert_true(data.len <= size);
		assert_int_equal(data.len % 4, 0);
		wire_data_room(&data, &room);
		assert_int_equal(room, 0);
		free(buf);
	}
}

static void data_room_is_never_more_than_the_longest_record(void **state)
{
	size_t size = WIRE_MSG_LEN_MAX * 2;
	uint8_t *buf = malloc(size);
	struct wire_data data;
	size_t room;

	(void)state;
	assert_non_null(buf);
	wire_data_begin(&data, buf, size);
	wire_data_room(&data, &room);
	assert_int_equal(room, 12 + 65535);
	free(buf);
}

static void longest_message_takes_the_largest_packet(void **state)
{
	uint8_t *buf = malloc(WIRE_MSG_LEN_MAX);
	struct wire_data data;
	size_t room;

	(void)state;
	assert_non_null(buf);
	wire_data_begin(&data, buf, WIRE_MSG_LEN_MAX);
	memset(wire_data_room(&data, &room), 0x45, WIRE_RECORD_LEN_MAX);
	assert_int_equal(room, WIRE_RECORD_LEN_MAX);
	wire_data_commit(&data, room);
	assert_true(data.len <= WIRE_MSG_LEN_MAX);
	free(buf);
}

static void data_commit_clears_what_must_not_travel(void **state)
{
	static const uint8_t header[12] = {0x02, 0, 0, 0, 0,    0,
					   0,    0, 0, 0, 0xde, 0xad};
	uint8_t buf[WIRE_MSG_LEN_FLOOR];
	struct wire_data data;
	size_t room;
	uint8_t *at;
	size_t i;

	(void)state;
	wire_data_begin(&data, buf, sizeof(buf));
	at = wire_data_room(&data, &room);
	memset(at, 0x45, 60);
	memcpy(at, header, sizeof(header));
	wire_data_commit(&data, 60);
	for (i = 0; i < sizeof(header); i++)
		assert_int_equal(at[i], 0);
	assert_int_equal(at[12], 0x45);
}

static void data_of_random_records_reads_back_what_was_written(void **state)
{
	static uint8_t buf[WIRE_MSG_LEN_MAX];
	unsigned int round;

	(void)state;
	srandom(20261124);
	for (round = 0; round < 300; round++) {
		size_t size =
			WIRE_MSG_LEN_FLOOR +
			(size_t)random() % (sizeof(buf) - WIRE_MSG_LEN_FLOOR);
		size_t lens[2000];
		size_t cnt = 0;
		struct wire_data data;
		struct wire_record record;
		size_t off = 0;
		size_t room;
		size_t i;

		wire_data_begin(&data, buf, size);
		for (;;) {
			uint8_t *at = wire_data_room(&data, &room);
			size_t len =
				WIRE_RECORD_LEN_MIN + (size_t)random() % 1500;

			if (len > room)
				break;
			memset(at, (int)(cnt & 0xff), len);
			memset(at, 0, VNET_HDR_LEN);
			wire_data_commit(&data, len);
			lens[cnt++] = len;
		}
		assert_true(data.len <= size);

		for (i = 0; i < cnt; i++) {
			assert_int_equal(wire_data_next(buf + 4, data.len - 4,
							&off, &record),
					 1);
			assert_int_equal(record.len, lens[i]);
			assert_int_equal(record.data[12], i & 0xff);
			assert_int_equal(record.data[lens[i] - 1], i & 0xff);
			assert_int_equal((record.data - buf) % 4, 0);
		}
		assert_int_equal(
			wire_data_next(buf + 4, data.len - 4, &off, &record),
			0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_reads_as_the_golden_records),
		cmocka_unit_test(data_writes_as_the_golden_records),
		cmocka_unit_test(data_without_records_ends_at_once),
		cmocka_unit_test(data_cut_inside_a_record_is_malformed),
		cmocka_unit_test(
			data_record_length_outside_its_limits_is_malformed),
		cmocka_unit_test(data_padding_that_is_not_zero_is_malformed),
		cmocka_unit_test(data_room_always_has_place_for_the_padding),
		cmocka_unit_test(
			data_room_is_never_more_than_the_longest_record),
		cmocka_unit_test(longest_message_takes_the_largest_packet),
		cmocka_unit_test(data_commit_clears_what_must_not_travel),
		cmocka_unit_test(
			data_of_random_records_reads_back_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

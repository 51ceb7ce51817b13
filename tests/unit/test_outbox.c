/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * test_outbox.c - Two send buffers: what is packed arrives whole and in order
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "carrier/outbox.h"

/** put() - Pack a packet of @len bytes, all of them @fill */
static void put(struct outbox *outbox, uint8_t fill, size_t len)
{
	memset(outbox_room(outbox), fill, len);
	outbox_commit(outbox, len);
}

/** expect_next() - The next record of a message is @len bytes, its packet all
 *  @fill (the vnet header may be tidied) */
static void expect_next(uint8_t *message, size_t message_len, size_t *off,
			uint8_t fill, size_t len)
{
	struct wire_record record;
	size_t i;

	assert_int_equal(wire_data_next(message + WIRE_HEADER_LEN,
					message_len - WIRE_HEADER_LEN, off,
					&record),
			 1);
	assert_int_equal(record.len, len);
	for (i = VNET_HDR_LEN; i < len; i++)
		assert_int_equal(record.data[i], fill);
}

static void packets_of_a_message_keep_their_order(void **state)
{
	struct outbox outbox;
	size_t off = 0;
	size_t len;
	uint8_t *message;

	(void)state;
	assert_int_equal(outbox_init(&outbox), 0);
	assert_true(outbox_is_empty(&outbox));
	put(&outbox, 1, 40);
	put(&outbox, 2, 1513);
	assert_false(outbox_is_full(&outbox));
	message = outbox_take(&outbox, &len);

	assert_true(outbox_is_empty(&outbox));
	expect_next(message, len, &off, 1, 40);
	expect_next(message, len, &off, 2, 1513);
	assert_int_equal(off, len - WIRE_HEADER_LEN);
	outbox_fini(&outbox);
}

static void a_packet_that_does_not_fit_begins_the_next_message(void **state)
{
	struct outbox outbox;
	size_t off = 0;
	size_t len;
	uint8_t *message;

	(void)state;
	assert_int_equal(outbox_init(&outbox), 0);
	put(&outbox, 1, 1500);
	put(&outbox, 2, WIRE_RECORD_LEN_MAX);
	assert_true(outbox_is_full(&outbox));

	message = outbox_take(&outbox, &len);
	assert_false(outbox_is_full(&outbox));
	expect_next(message, len, &off, 1, 1500);
	assert_int_equal(off, len - WIRE_HEADER_LEN);

	off = 0;
	message = outbox_take(&outbox, &len);
	expect_next(message, len, &off, 2, WIRE_RECORD_LEN_MAX);
	assert_true(len <= WIRE_MSG_LEN_MAX);
	outbox_fini(&outbox);
}

static void what_was_taken_stays_while_the_other_is_filled(void **state)
{
	struct outbox outbox;
	uint8_t *copy = malloc(WIRE_MSG_LEN_MAX);
	uint8_t *message;
	size_t len;
	int i;

	(void)state;
	assert_non_null(copy);
	assert_int_equal(outbox_init(&outbox), 0);
	put(&outbox, 7, 60000);
	message = outbox_take(&outbox, &len);
	memcpy(copy, message, len);
	for (i = 0; i < 2000 && !outbox_is_full(&outbox); i++)
		put(&outbox, 9, 1400);

	assert_true(outbox_is_full(&outbox));
	assert_memory_equal(copy, message, len);
	free(copy);
	outbox_fini(&outbox);
}

static void no_message_is_longer_than_the_peer_takes(void **state)
{
	struct outbox outbox;
	size_t taken = 0;
	size_t packed;
	size_t len;

	(void)state;
	assert_int_equal(outbox_init(&outbox), 0);
	outbox_reset(&outbox, WIRE_MSG_LEN_FLOOR);
	for (packed = 0; packed < 500; packed++) {
		put(&outbox, (uint8_t)packed, 32 + packed * 7 % 3000);
		if (!outbox_is_full(&outbox))
			continue;
		outbox_take(&outbox, &len);
		assert_true(len <= WIRE_MSG_LEN_FLOOR);
		taken++;
	}
	assert_true(taken > 100);
	outbox_fini(&outbox);
}

static void reset_forgets_what_was_packed(void **state)
{
	struct outbox outbox;

	(void)state;
	assert_int_equal(outbox_init(&outbox), 0);
	put(&outbox, 1, 60000);
	put(&outbox, 2, 60000);
	assert_true(outbox_is_full(&outbox));
	outbox_reset(&outbox, WIRE_MSG_LEN_MAX);

	assert_false(outbox_is_full(&outbox));
	assert_true(outbox_is_empty(&outbox));
	outbox_fini(&outbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_a_message_keep_their_order),
		cmocka_unit_test(
			a_packet_that_does_not_fit_begins_the_next_message),
		cmocka_unit_test(
			what_was_taken_stays_while_the_other_is_filled),
		cmocka_unit_test(no_message_is_longer_than_the_peer_takes),
		cmocka_unit_test(reset_forgets_what_was_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/csum.h"
#include "codec/ecn.h"

/** header_v4() - One of 20 bytes whose checksum is right; with TOS 0 it is b1e6 */
static void header_v4(uint8_t pkt[20], uint8_t tos, uint8_t csum_low)
{
	static const uint8_t header[20] = {
		0x45, 0x00, 0x00, 0x3c, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06,
		0xb1, 0xe6, 0xac, 0x10, 0x0a, 0x63, 0xac, 0x10, 0x0a, 0x0c};

	memcpy(pkt, header, sizeof(header));
	pkt[1] = tos;
	pkt[11] = csum_low;
	assert_int_equal(csum_fold(csum_add(0, pkt, 20)), 0xffff);
}

static void packet_of_a_capable_transport_is_marked(void **state)
{
	uint8_t pkt[20];

	(void)state;
	header_v4(pkt, 0xb8 | 2, 0x2c); /* ECT(0); DSCP stays */
	assert_true(ecn_mark(pkt, sizeof(pkt)));
	assert_int_equal(pkt[1], 0xb8 | 3);
	header_v4(pkt, 1, 0xe5); /* ECT(1) */
	assert_true(ecn_mark(pkt, sizeof(pkt)));
	assert_int_equal(pkt[1], 3);
}

static void checksum_stays_right(void **state)
{
	uint8_t pkt[20];
	unsigned int id;

	(void)state;
	header_v4(pkt, 2, 0xe4);
	assert_true(ecn_mark(pkt, sizeof(pkt)));
	assert_int_equal(pkt[10] << 8 | pkt[11], 0xb1e3);
	/* All sums, 0 among them. */
	for (id = 0; id < 0x10000; id++) {
		uint16_t sum;

		pkt[1] = 2;
		pkt[4] = (uint8_t)(id >> 8);
		pkt[5] = (uint8_t)id;
		pkt[10] = pkt[11] = 0;
		sum = (uint16_t)~csum_fold(csum_add(0, pkt, 20));
		pkt[10] = (uint8_t)(sum >> 8);
		pkt[11] = (uint8_t)sum;
		assert_true(ecn_mark(pkt, sizeof(pkt)));
		assert_int_equal(csum_fold(csum_add(0, pkt, 20)), 0xffff);
	}
}

static void packet_that_is_marked_stays_so(void **state)
{
	uint8_t pkt[20];
	uint8_t before[20];

	(void)state;
	header_v4(pkt, 3, 0xe3);
	memcpy(before, pkt, sizeof(pkt));
	assert_true(ecn_mark(pkt, sizeof(pkt)));
	assert_memory_equal(pkt, before, sizeof(pkt));
}

static void packet_of_another_transport_is_not_touched(void **state)
{
	uint8_t pkt[40];
	uint8_t before[40];

	(void)state;
	header_v4(pkt, 0xb8, 0x2e);
	memset(pkt + 20, 7, 20);
	memcpy(before, pkt, sizeof(pkt));
	assert_false(ecn_mark(pkt, sizeof(pkt)));
	assert_memory_equal(pkt, before, sizeof(pkt));
}

static void traffic_class_is_marked(void **state)
{
	uint8_t pkt[40] = {0x6b, 0xa1, 0x23, 0x45}; /* class ba: ECT(0) */

	(void)state;
	assert_true(ecn_mark(pkt, sizeof(pkt)));
	assert_int_equal(pkt[0], 0x6b);
	assert_int_equal(pkt[1], 0xb1);
	pkt[1] = 0x81;
	assert_false(ecn_mark(pkt, sizeof(pkt)));
	assert_int_equal(pkt[1], 0x81);
}

static void what_is_no_packet_is_not_touched(void **state)
{
	uint8_t pkt[40];

	(void)state;
	memset(pkt, 0xff, sizeof(pkt));
	assert_false(ecn_mark(pkt, sizeof(pkt)));
	pkt[0] = 0x4f;
	assert_false(ecn_mark(pkt, 19));
	pkt[0] = 0x6f;
	assert_false(ecn_mark(pkt, 39));
	assert_false(ecn_mark(pkt, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_of_a_capable_transport_is_marked),
		cmocka_unit_test(checksum_stays_right),
		cmocka_unit_test(packet_that_is_marked_stays_so),
		cmocka_unit_test(packet_of_another_transport_is_not_touched),
		cmocka_unit_test(traffic_class_is_marked),
		cmocka_unit_test(what_is_no_packet_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

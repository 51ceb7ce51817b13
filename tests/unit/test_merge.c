/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "codec/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "codec/csum.h"
#include "codec/gso.h"
#include "codec/netorder.h"

#define ALL         (GSO_CAN_CSUM | GSO_CAN_TSO4 | GSO_CAN_TSO6)
#define OPTIONS_LEN 12
#define TCP_LEN     (20 + OPTIONS_LEN)
#define DATA_LEN    1000
#define ROW_SIZE    (1 << 18)

/* Of the TCP header. */
#define FLAGS 13
#define CSUM  16

/**
 * struct row - Records one behind the other, as they arrive
 * @copy:	As they were
 * @merge:	What has come of them, since the last that did not fit
 * @begun:	Which record that was
 */
struct row {
	uint8_t *data;
	uint8_t *copy;
	size_t off[256];
	size_t cnt;
	size_t ip_len;
	struct merge merge;
	size_t begun;
};

static int row_new(void **state)
{
	struct row *row = calloc(1, sizeof(*row));

	assert_non_null(row);
	row->data = calloc(1, ROW_SIZE);
	row->copy = calloc(1, ROW_SIZE);
	assert_true(row->data && row->copy);
	*state = row;
	return 0;
}

static int row_free(void **state)
{
	struct row *row = *state;

	free(row->data);
	free(row->copy);
	free(row);
	return 0;
}

/** begin() - Nothing has arrived */
static void begin(struct row *row, enum ip_family family)
{
	row->cnt = 0;
	row->ip_len = family == IP_V4 ? 20 : 40;
	row->merge = (struct merge){0};
}

static uint8_t *pkt_of(const struct row *row, size_t idx)
{
	return row->data + row->off[idx] + VNET_HDR_LEN;
}

static uint8_t *tcp_of(const struct row *row, size_t idx)
{
	return pkt_of(row, idx) + row->ip_len;
}

static size_t len_of(const struct row *row, size_t idx)
{
	return row->off[idx + 1] - row->off[idx];
}

/** seal() - Make the checksums of a record right */
static void seal(struct row *row, size_t idx)
{
	uint8_t *pkt = pkt_of(row, idx);
	uint8_t *tcp = tcp_of(row, idx);
	size_t len = len_of(row, idx) - VNET_HDR_LEN;
	struct ip_view view;
	uint64_t sum;

	assert_int_equal(ip_view(pkt, len, &view), 0);
	store_u16(tcp + CSUM, 0);
	sum = csum_add(csum_pseudo(&view, len - row->ip_len), tcp,
		       len - row->ip_len);
	store_u16(tcp + CSUM, (uint16_t)~csum_fold(sum));
	if (view.family == IP_V6)
		return;
	store_u16(pkt + 10, 0);
	store_u16(pkt + 10,
		  (uint16_t)~csum_fold(csum_add(0, pkt, row->ip_len)));
}

/** put() - One more segment with the data that follows; Return: its index */
static size_t put(struct row *row, size_t data_len)
{
	size_t idx = row->cnt++;
	size_t len = row->ip_len + TCP_LEN + data_len;
	uint8_t *pkt = pkt_of(row, idx);
	uint8_t *tcp = tcp_of(row, idx);
	size_t before =
		row->off[idx] - idx * (VNET_HDR_LEN + row->ip_len + TCP_LEN);

	row->off[idx + 1] = row->off[idx] + VNET_HDR_LEN + len;
	memset(row->data + row->off[idx], 0, VNET_HDR_LEN + len);
	if (row->ip_len == 20) {
		memcpy(pkt,
		       "\x45\0\0\0\xff\xff\x40\0\x40\x06\0\0"
		       "\x64\x40\0\x01\x0a\x01\0\x05",
		       20);
		store_u16(pkt + 2, len);
		store_u16(pkt + 4, 0xffff + idx);
	} else {
		pkt[0] = 0x60;
		store_u16(pkt + 4, len - 40);
		pkt[6] = 6;
		pkt[7] = 64;
		pkt[23] = 1;
		pkt[39] = 2;
	}
	store_u16(tcp, 443);
	store_u16(tcp + 2, 40000);
	store_u32(tcp + 4, (uint32_t)(0xfffffff0 + before));
	store_u32(tcp + 8, 77);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[FLAGS] = 0x10;
	store_u16(tcp + 14, 501);
	memcpy(tcp + 20, "\x01\x01\x08\x0a\0\0\0\x05\0\0\0\x07", OPTIONS_LEN);
	memset(tcp + TCP_LEN, (int)idx + 1, data_len);
	seal(row, idx);
	return idx;
}

/** arrive() - As downlink.c does; Return: was it added to those before? */
static bool arrive(struct row *row, size_t idx, uint32_t offloads)
{
	uint8_t *data = row->data + row->off[idx];
	size_t len = len_of(row, idx);
	struct ip_view view;

	memcpy(row->copy + row->off[idx], data, len);
	assert_int_equal(
		ip_view(data + VNET_HDR_LEN, len - VNET_HDR_LEN, &view), 0);
	if (merge_add(&row->merge, data, len, &view))
		return true;
	merge_begin(&row->merge, data, len, &view, offloads);
	row->begun = idx;
	return false;
}

/** assert_cut_again() - What was merged passes gso_check(), and is cut into what it
 *  was made of */
static void assert_cut_again(struct row *row, size_t cnt)
{
	struct merge *merge = &row->merge;
	struct gso_segments segments;
	struct gso_header header;
	uint8_t out[4096];
	size_t i;

	assert_int_equal(merge->cnt, cnt);
	merge_end(merge);
	gso_read(merge->data, &header);
	assert_int_equal(gso_segments_init(&segments, &header,
					   merge->data + VNET_HDR_LEN,
					   merge->len - VNET_HDR_LEN),
			 0);
	assert_int_equal(segments.cnt, cnt);
	for (i = row->begun; i < row->begun + cnt; i++) {
		assert_int_equal(gso_segment(&segments, out, sizeof(out)),
				 len_of(row, i));
		assert_memory_equal(out, row->copy + row->off[i],
				    len_of(row, i));
	}
}

static void segments_become_the_packet_that_they_are_cut_from(void **state)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};
	struct row *row = *state;
	struct gso_header header;
	size_t i;

	for (i = 0; i < 2; i++) {
		begin(row, families[i]);
		assert_false(arrive(row, put(row, DATA_LEN), ALL));
		assert_true(arrive(row, put(row, DATA_LEN), ALL));
		put(row, 500);
		tcp_of(row, 2)[FLAGS] = 0x18;
		seal(row, 2);
		assert_true(arrive(row, 2, ALL));
		assert_cut_again(row, 3);
		gso_read(row->merge.data, &header);
		assert_int_equal(header.flags, GSO_NEEDS_CSUM);
		assert_int_equal(header.type,
				 families[i] == IP_V4 ? GSO_TCPV4 : GSO_TCPV6);
		assert_int_equal(header.gso_size, DATA_LEN);
		assert_int_equal(header.hdr_len, row->ip_len + TCP_LEN);
		assert_int_equal(row->merge.len,
				 VNET_HDR_LEN + row->ip_len + TCP_LEN + 2500);
	}
}

static void packet_that_stays_alone_is_not_touched(void **state)
{
	struct row *row = *state;

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	merge_end(&row->merge);
	assert_int_equal(row->merge.cnt, 1);
	assert_memory_equal(row->data, row->copy, len_of(row, 0));
}

static void as_many_are_merged_as_a_packet_holds(void **state)
{
	struct row *row = *state;
	size_t cnt = 1;

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	while (arrive(row, put(row, DATA_LEN), ALL))
		cnt++;
	/* 20 and 32 bytes of headers, and 65 times 1000 */
	assert_int_equal(cnt, 65);
	assert_int_equal(row->merge.cnt, 1);
}

/** struct change - A byte that is another, from IP or TCP header on */
struct change {
	enum ip_family family; /* IP_NONE: both */
	bool tcp;
	size_t off;
	uint8_t value;
};

static const struct change changes[] = {
	{IP_V4, false, 1, 0x01}, /* ECN */
	{IP_V4, false, 5, 0x77}, /* id */
	{IP_V4, false, 6, 0x00}, /* may be fragmented */
	{IP_V4, false, 8, 63},   /* TTL */
	{IP_V4, false, 15, 2},   /* source */
	{IP_V4, false, 19, 6},   /* destination */
	{IP_V6, false, 1, 0x10}, /* class */
	{IP_V6, false, 3, 5},    /* flow label */
	{IP_V6, false, 7, 63},   /* hop limit */
	{IP_V6, false, 23, 9},   /* source */
	{IP_V6, false, 39, 9},   /* destination */
	{IP_NONE, true, 1, 9},   /* ports */
	{IP_NONE, true, 3, 9},
	{IP_NONE, true, 7, 0x11},  /* sequence number */
	{IP_NONE, true, 11, 78},   /* acknowledged */
	{IP_NONE, true, 12, 0x81}, /* a reserved bit */
	{IP_NONE, true, 12, 0x70}, /* fewer options, more data */
	{IP_NONE, true, 13, 0x00}, /* flags: none */
	{IP_NONE, true, 13, 0x11}, /* FIN */
	{IP_NONE, true, 13, 0x12}, /* SYN */
	{IP_NONE, true, 13, 0x14}, /* RST */
	{IP_NONE, true, 13, 0x30}, /* URG */
	{IP_NONE, true, 13, 0x50}, /* ECE */
	{IP_NONE, true, 13, 0x90}, /* CWR */
	{IP_NONE, true, 15, 1},    /* window */
	{IP_NONE, true, 19, 1},    /* urgent pointer */
	{IP_NONE, true, 27, 6},    /* timestamp */
};

static void what_is_no_next_segment_is_not_added(void **state)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};
	struct row *row = *state;
	size_t k;
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *change = &changes[i];

		for (k = 0; k < 2; k++) {
			if (change->family != IP_NONE &&
			    change->family != families[k])
				continue;
			begin(row, families[k]);
			arrive(row, put(row, DATA_LEN), ALL);
			put(row, DATA_LEN);
			(change->tcp ? tcp_of : pkt_of)(row, 1)[change->off] =
				change->value;
			seal(row, 1);
			assert_false(arrive(row, 1, ALL));
		}
	}
}

static void what_has_other_flags_is_followed_by_nothing(void **state)
{
	static const uint8_t flags[] = {0x00, 0x11, 0x12, 0x14,
					0x18, 0x30, 0x50, 0x90};
	struct row *row = *state;
	size_t i;

	for (i = 0; i < sizeof(flags); i++) {
		begin(row, IP_V4);
		put(row, DATA_LEN);
		tcp_of(row, 0)[FLAGS] = flags[i];
		seal(row, 0);
		arrive(row, 0, ALL);
		put(row, DATA_LEN);
		tcp_of(row, 1)[FLAGS] = flags[i];
		seal(row, 1);
		assert_false(arrive(row, 1, ALL));
	}
}

static void shorter_one_or_a_push_is_the_last(void **state)
{
	struct row *row = *state;

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	assert_true(arrive(row, put(row, DATA_LEN - 1), ALL));
	assert_false(arrive(row, put(row, DATA_LEN - 1), ALL));

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	put(row, DATA_LEN);
	tcp_of(row, 1)[FLAGS] = 0x18;
	seal(row, 1);
	assert_true(arrive(row, 1, ALL));
	assert_false(arrive(row, put(row, DATA_LEN), ALL));
}

static void longer_one_or_one_without_data_is_not_added(void **state)
{
	struct row *row = *state;

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	assert_false(arrive(row, put(row, DATA_LEN + 1), ALL));

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	assert_false(arrive(row, put(row, 0), ALL));

	begin(row, IP_V4);
	arrive(row, put(row, 0), ALL);
	assert_false(arrive(row, put(row, 0), ALL));

	/* The kernel cuts no smaller. */
	begin(row, IP_V4);
	arrive(row, put(row, 7), ALL);
	assert_false(arrive(row, put(row, 7), ALL));
	begin(row, IP_V4);
	arrive(row, put(row, 8), ALL);
	assert_true(arrive(row, put(row, 8), ALL));
	assert_cut_again(row, 2);
}

static void wrong_checksum_stays_wrong(void **state)
{
	struct row *row = *state;
	size_t bad;

	for (bad = 0; bad < 2; bad++) {
		/* Data that was damaged on its way */
		begin(row, IP_V4);
		put(row, DATA_LEN);
		put(row, DATA_LEN);
		tcp_of(row, bad)[TCP_LEN + 500] ^= 4;
		arrive(row, 0, ALL);
		assert_false(arrive(row, 1, ALL));
		assert_memory_equal(row->data, row->copy, row->off[2]);

		/* The header */
		begin(row, IP_V4);
		put(row, DATA_LEN);
		put(row, DATA_LEN);
		pkt_of(row, bad)[11] ^= 4;
		arrive(row, 0, ALL);
		assert_false(arrive(row, 1, ALL));
		assert_memory_equal(row->data, row->copy, row->off[2]);
	}
}

static void other_zero_of_a_checksum_is_not_merged(void **state)
{
	struct row *row = *state;
	uint8_t *tcp;

	begin(row, IP_V4);
	arrive(row, put(row, DATA_LEN), ALL);
	put(row, DATA_LEN);
	/* The last two bytes of data take what makes it 0. */
	tcp = tcp_of(row, 1);
	store_u16(tcp + TCP_LEN + DATA_LEN - 2, 0);
	seal(row, 1);
	store_u16(tcp + TCP_LEN + DATA_LEN - 2, load_u16(tcp + CSUM));
	seal(row, 1);
	assert_int_equal(load_u16(tcp + CSUM), 0);
	store_u16(tcp + CSUM, 0xffff);
	assert_false(arrive(row, 1, ALL));
	begin(row, IP_V4);
	row->cnt = 1;
	arrive(row, 0, ALL);
	store_u16(tcp + CSUM, 0);
	row->cnt = 2;
	assert_true(arrive(row, 1, ALL));
	assert_cut_again(row, 2);
}

static void kernel_must_take_what_comes_of_it(void **state)
{
	static const struct {
		enum ip_family family;
		uint32_t offloads;
		bool merged;
	} cases[] = {
		{IP_V4, 0, false},
		{IP_V4, GSO_CAN_CSUM, false},
		{IP_V4, GSO_CAN_CSUM | GSO_CAN_TSO6, false},
		{IP_V4, GSO_CAN_CSUM | GSO_CAN_TSO4, true},
		{IP_V6, GSO_CAN_CSUM | GSO_CAN_TSO4, false},
		{IP_V6, GSO_CAN_CSUM | GSO_CAN_TSO6, true},
	};
	struct row *row = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(row, cases[i].family);
		arrive(row, put(row, DATA_LEN), cases[i].offloads);
		assert_int_equal(
			arrive(row, put(row, DATA_LEN), cases[i].offloads),
			cases[i].merged);
	}
}

static void what_asks_for_an_offload_is_not_merged(void **state)
{
	static const struct gso_header asks = {
		.flags = GSO_NEEDS_CSUM, .csum_start = 20, .csum_offset = 16};
	struct row *row = *state;
	size_t which;

	for (which = 0; which < 2; which++) {
		begin(row, IP_V4);
		put(row, DATA_LEN);
		put(row, DATA_LEN);
		gso_write(row->data + row->off[which], &asks);
		arrive(row, 0, ALL);
		assert_false(arrive(row, 1, ALL));
	}
}

static void fragments_and_options_of_ip_are_not_merged(void **state)
{
	struct row *row = *state;
	size_t i;

	begin(row, IP_V4);
	for (i = 0; i < 2; i++) {
		put(row, DATA_LEN);
		pkt_of(row, i)[6] = 0x20;
		seal(row, i);
		assert_false(arrive(row, i, ALL));
	}
	/* The first 4 bytes of what was TCP are an option now. */
	begin(row, IP_V4);
	for (i = 0; i < 2; i++) {
		put(row, DATA_LEN);
		pkt_of(row, i)[0] = 0x46;
		assert_false(arrive(row, i, ALL));
	}
	/* Or destination options of 8 bytes */
	begin(row, IP_V6);
	for (i = 0; i < 2; i++) {
		put(row, DATA_LEN);
		pkt_of(row, i)[6] = 60;
		store_u16(tcp_of(row, i), 0x0600);
		assert_false(arrive(row, i, ALL));
	}
}

static void sum_is_that_of_sixteen_bit_numbers(void **state)
{
	uint8_t data[67];
	size_t len;
	size_t off;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 151 + 200);
	for (off = 0; off < 8; off++) {
		for (len = 0; off + len <= sizeof(data); len++) {
			uint64_t sum = 0xfff1;

			for (i = 0; i < len; i++)
				sum += (uint64_t)data[off + i]
				       << (i % 2 ? 0 : 8);
			assert_int_equal(
				csum_fold(csum_add(0xfff1, data + off, len)),
				csum_fold(sum));
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, row_new, row_free)
	const struct CMUnitTest tests[] = {
		TEST(segments_become_the_packet_that_they_are_cut_from),
		TEST(packet_that_stays_alone_is_not_touched),
		TEST(as_many_are_merged_as_a_packet_holds),
		TEST(what_is_no_next_segment_is_not_added),
		TEST(what_has_other_flags_is_followed_by_nothing),
		TEST(shorter_one_or_a_push_is_the_last),
		TEST(longer_one_or_one_without_data_is_not_added),
		TEST(wrong_checksum_stays_wrong),
		TEST(other_zero_of_a_checksum_is_not_merged),
		TEST(kernel_must_take_what_comes_of_it),
		TEST(what_asks_for_an_offload_is_not_merged),
		TEST(fragments_and_options_of_ip_are_not_merged),
		cmocka_unit_test(sum_is_that_of_sixteen_bit_numbers),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}

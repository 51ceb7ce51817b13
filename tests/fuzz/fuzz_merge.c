/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_merge.c - What is merged is cut into the very same packets again
 *
 * The input says how a row of segments looks that would be merged but for what is
 * changed in each:
 *
 *	family (0: IPv4), TCP options in words, bytes of data (2)
 *	per segment: data less or more, where a byte is changed (2), to what,
 *	flags of enum bend
 */

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/csum.h"
#include "codec/gso.h"
#include "codec/merge.h"
#include "codec/netorder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD_MAX  (VNET_HDR_LEN + 40 + 60 + 2048)
#define RECORD_CNT  64
#define OFFLOADS    (GSO_CAN_CSUM | GSO_CAN_TSO4 | GSO_CAN_TSO6)
#define SEGMENT_LEN 5

/**
 * enum bend - What else is done to a segment
 *
 * BEND_PSH		It has the flag.
 * BEND_CHANGE		A byte is changed.
 * BEND_STALE		Checksums are not made right after that.
 * BEND_ZERO		Checksums that would be 0 or not: written as 0xffff.
 */
enum bend {
	BEND_PSH = 1,
	BEND_CHANGE = 2,
	BEND_STALE = 4,
	BEND_ZERO = 8,
};

/** struct row - Records as they come, and a copy of each */
struct row {
	uint8_t data[RECORD_CNT * RECORD_MAX];
	uint8_t copy[RECORD_CNT * RECORD_MAX];
	size_t off[RECORD_CNT + 1];
	size_t cnt;
};

/** seal() - Checksums, if it is TCP still */
static void seal(uint8_t *pkt, size_t len, bool zero)
{
	struct ip_view view;
	size_t l4_len;
	uint8_t *l4;

	if (ip_view(pkt, len, &view))
		return;
	l4 = pkt + view.l4_off;
	l4_len = len - view.l4_off;
	if (view.proto != 6 || view.fragment || l4_len < 20)
		return;
	store_u16(l4 + 16, 0);
	store_u16(l4 + 16,
		  zero ? 0xffff
		       : (uint16_t)~csum_fold(csum_add(
				 csum_pseudo(&view, l4_len), l4, l4_len)));
	if (view.family != IP_V4)
		return;
	store_u16(pkt + 10, 0);
	store_u16(pkt + 10,
		  (uint16_t)~csum_fold(csum_add(0, pkt, view.l4_off)));
}

/** put_ip() - Return: its length */
static size_t put_ip(uint8_t *pkt, bool v6, size_t len, size_t idx)
{
	memset(pkt, 0, v6 ? 40 : 20);
	pkt[0] = v6 ? 0x60 : 0x45;
	if (v6) {
		store_u16(pkt + 4, len - 40);
		pkt[6] = 6;
		pkt[7] = 64;
		pkt[23] = 1;
		pkt[39] = 2;
		return 40;
	}
	store_u16(pkt + 2, len);
	store_u16(pkt + 4, 65530 + idx);
	pkt[6] = 0x40;
	pkt[8] = 64;
	pkt[9] = 6;
	pkt[15] = 1;
	pkt[19] = 2;
	return 20;
}

/** put() - One more record; @how: its five bytes of the input */
static void put(struct row *row, const uint8_t *shape, const uint8_t *how,
		uint32_t *seq)
{
	bool v6 = shape[0] & 1;
	size_t l4_len = 20 + (shape[1] % 11) * 4u;
	size_t ip_len = v6 ? 40 : 20;
	size_t data_len =
		(size_t)(load_u16(shape + 2) % 1500 + (int8_t)how[0] + 128);
	size_t len = ip_len + l4_len + data_len;
	uint8_t *at = row->data + row->off[row->cnt];
	uint8_t *pkt = at + VNET_HDR_LEN;
	uint8_t *l4 = pkt + put_ip(pkt, v6, len, row->cnt);

	memset(at, 0, VNET_HDR_LEN);
	memset(l4, 1, l4_len); /* options: NOPs */
	store_u32(l4 + 4, *seq);
	l4[12] = (uint8_t)(l4_len / 4 << 4);
	l4[13] = how[4] & BEND_PSH ? 0x18 : 0x10;
	memset(l4 + l4_len, (int)row->cnt, data_len);
	*seq += (uint32_t)data_len;
	seal(pkt, len, how[4] & BEND_ZERO);
	if (how[4] & BEND_CHANGE) {
		at[load_u16(how + 1) % (VNET_HDR_LEN + len)] = how[3];
		if (!(how[4] & BEND_STALE))
			seal(pkt, len, false);
	}
	row->off[row->cnt + 1] = row->off[row->cnt] + VNET_HDR_LEN + len;
	row->cnt++;
}

/** struct was - A record that was added */
struct was {
	const uint8_t *data;
	size_t len;
};

/** check() - What was made of records is what they were */
static void check(struct merge *merge, const struct was *was)
{
	uint8_t *out = malloc(RECORD_MAX);
	struct gso_segments segments;
	struct gso_header header;
	size_t i;

	assert(out);
	merge_end(merge);
	gso_read(merge->data, &header);
	if (merge->cnt == 1) {
		assert(merge->len == was->len);
		assert(!memcmp(merge->data, was->data, was->len));
		free(out);
		return;
	}
	assert(!gso_segments_init(&segments, &header,
				  merge->data + VNET_HDR_LEN,
				  merge->len - VNET_HDR_LEN));
	assert(segments.cnt == merge->cnt);
	for (i = 0; i < merge->cnt; i++) {
		assert(gso_segment(&segments, out, RECORD_MAX) ==
		       (ssize_t)was[i].len);
		/* A vnet header that asks for nothing may differ. */
		assert(!memcmp(out + VNET_HDR_LEN, was[i].data + VNET_HDR_LEN,
			       was[i].len - VNET_HDR_LEN));
	}
	free(out);
}

/** run() - As downlink.c does */
static void run(struct row *row)
{
	struct merge merge = {0};
	struct was was[RECORD_CNT];
	size_t i;

	memcpy(row->copy, row->data, row->off[row->cnt]);
	for (i = 0; i < row->cnt; i++) {
		uint8_t *at = row->data + row->off[i];
		size_t len = row->off[i + 1] - row->off[i];
		struct was one = {row->copy + row->off[i], len};
		struct gso_header header;
		struct ip_view view;

		gso_read(at, &header);
		if (ip_view(at + VNET_HDR_LEN, len - VNET_HDR_LEN, &view) ||
		    gso_check(&header, at + VNET_HDR_LEN, len - VNET_HDR_LEN))
			continue;
		if (merge_add(&merge, at, len, &view)) {
			was[merge.cnt - 1] = one;
			continue;
		}
		if (merge.cnt)
			check(&merge, was);
		merge_begin(&merge, at, len, &view, OFFLOADS);
		was[0] = one;
	}
	if (merge.cnt)
		check(&merge, was);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct row row;
	uint32_t seq = UINT32_MAX - 3000;
	size_t off;

	if (size < 4)
		return 0;
	row.cnt = 0;
	for (off = 4; off + SEGMENT_LEN <= size && row.cnt < RECORD_CNT;
	     off += SEGMENT_LEN)
		put(&row, data, data + off, &seq);
	run(&row);
	return 0;
}

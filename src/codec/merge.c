/* SPDX-License-Identifier: MIT */

/*
 * merge.c - Segments of a TCP flow become the packet that they can be cut from
 */

/**
 * DOC: What is merged
 *
 * Only what gso_segment(), or a kernel, cuts into the very same bytes again:
 *
 * Same		All of the headers but length, checksums and what counts on; no IPv4
 *		options, no IPv6 extension headers, no fragment.
 * Counts on	TCP's sequence number by the data, the IPv4 id by one.
 * Flags	ACK, and PSH on the last.
 * Sizes	All alike, the last one may be shorter.
 * Checksums	Right, and written as they would be computed (0xffff, the other zero
 *		of ones' complement, is not).  So what was damaged on its way stays
 *		a packet of its own, and stays damaged.
 *
 * The first packet is not looked at until there is a second one that fits, so a
 * packet that stays alone costs next to nothing.
 */

#include "codec/merge.h"

#include <netinet/in.h>
#include <string.h>

#include "base/limits.h"
#include "codec/csum.h"
#include "codec/gso.h"
#include "codec/netorder.h"

#define IPV4_LEN 20
#define IPV6_LEN 40
#define TCP_LEN  20

/* Where what is in a TCP header. */
#define TCP_SEQ   4
#define TCP_ACKED 8
#define TCP_OFF   12
#define TCP_FLAGS 13
#define TCP_WIN   14
#define TCP_CSUM  16
#define TCP_URG   18

#define TCP_PSH   0x08
#define TCP_ACK   0x10

/* Least data of a segment, as gso_check() has it. */
#define SIZE_MIN 8

/** needs() - Offloads that what is merged needs */
static uint32_t needs(const struct ip_view *view)
{
	return GSO_CAN_CSUM |
	       (view->family == IP_V4 ? GSO_CAN_TSO4 : GSO_CAN_TSO6);
}

/** tcp_hdr_len() - IP and TCP header of a segment that may be one of several; 0
 *  when it is none */
static size_t tcp_hdr_len(const uint8_t *data, size_t len,
			  const struct ip_view *view)
{
	const uint8_t *l4 = data + VNET_HDR_LEN + view->l4_off;
	size_t hdr_len;

	if (data[0] || data[1]) /* the kernel shall do something about it */
		return 0;
	if (view->proto != IPPROTO_TCP || view->fragment ||
	    view->l4_off != (view->family == IP_V4 ? IPV4_LEN : IPV6_LEN) ||
	    len < VNET_HDR_LEN + view->l4_off + TCP_LEN)
		return 0;
	hdr_len = view->l4_off + (size_t)(l4[TCP_OFF] >> 4) * 4;
	if (hdr_len < view->l4_off + TCP_LEN || VNET_HDR_LEN + hdr_len >= len)
		return 0;
	return hdr_len;
}

void merge_begin(struct merge *merge, uint8_t *data, size_t len,
		 const struct ip_view *view, uint32_t offloads)
{
	*merge = (struct merge){
		.data = data,
		.len = len,
		.cnt = 1,
		.view = *view,
		.hdr_len = tcp_hdr_len(data, len, view),
	};
	merge->size = len - VNET_HDR_LEN - merge->hdr_len;
	merge->open = merge->hdr_len && merge->size >= SIZE_MIN &&
		      !(needs(view) & ~offloads) &&
		      data[VNET_HDR_LEN + view->l4_off + TCP_FLAGS] == TCP_ACK;
}

/** same() - Are the bytes from @from to @to alike? */
static bool same(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
	return !memcmp(a + from, b + from, to - from);
}

/** same_ip() - Is the header that of the same flow, and next in turn? */
static bool same_ip(const struct merge *merge, const uint8_t *pkt)
{
	const uint8_t *first = merge->data + VNET_HDR_LEN;

	if (merge->view.family == IP_V6)
		return same(first, pkt, 0, 4) && same(first, pkt, 6, IPV6_LEN);
	return same(first, pkt, 0, 2) && same(first, pkt, 6, 10) &&
	       same(first, pkt, 12, IPV4_LEN) &&
	       load_u16(pkt + 4) ==
		       (uint16_t)(load_u16(first + 4) + merge->cnt);
}

/** same_tcp() - As same_ip(); @a and @b are the TCP headers */
static bool same_tcp(const struct merge *merge, const uint8_t *a,
		     const uint8_t *b)
{
	uint32_t had = (uint32_t)(merge->len - VNET_HDR_LEN - merge->hdr_len);
	size_t tcp_len = merge->hdr_len - merge->view.l4_off;

	return load_u32(b + TCP_SEQ) == load_u32(a + TCP_SEQ) + had &&
	       (b[TCP_FLAGS] & ~TCP_PSH) == TCP_ACK && same(a, b, 0, TCP_SEQ) &&
	       same(a, b, TCP_ACKED, TCP_FLAGS) &&
	       same(a, b, TCP_WIN, TCP_CSUM) && same(a, b, TCP_URG, tcp_len);
}

/** csum_is_right() - Is it, and written as it would be computed?
 *  @sum: of all bytes, those of the checksum too */
static bool csum_is_right(uint64_t sum, const uint8_t *csum)
{
	return csum_fold(sum) == 0xffff && load_u16(csum) != 0xffff;
}

/** is_intact() - Are all checksums right of what tcp_hdr_len() knows? */
static bool is_intact(const uint8_t *pkt, size_t len,
		      const struct ip_view *view)
{
	const uint8_t *l4 = pkt + view->l4_off;
	size_t l4_len = len - view->l4_off;

	if (view->family == IP_V4 &&
	    !csum_is_right(csum_add(0, pkt, IPV4_LEN), pkt + 10))
		return false;
	return csum_is_right(csum_add(csum_pseudo(view, l4_len), l4, l4_len),
			     l4 + TCP_CSUM);
}

/** fits() - May it be the next? */
static bool fits(const struct merge *merge, const uint8_t *data, size_t len,
		 const struct ip_view *view)
{
	const uint8_t *pkt = data + VNET_HDR_LEN;
	const uint8_t *first = merge->data + VNET_HDR_LEN;
	size_t l4_off = merge->view.l4_off;

	return view->family == merge->view.family &&
	       tcp_hdr_len(data, len, view) == merge->hdr_len &&
	       len - VNET_HDR_LEN - merge->hdr_len <= merge->size &&
	       merge->len + len - 2 * VNET_HDR_LEN - merge->hdr_len <=
		       PKT_LEN_MAX &&
	       same_ip(merge, pkt) &&
	       same_tcp(merge, first + l4_off, pkt + l4_off);
}

/** append() - The data of the next segment, which fits and is intact */
static void append(struct merge *merge, const uint8_t *data, size_t len)
{
	size_t head_len = VNET_HDR_LEN + merge->hdr_len;
	size_t flags_off = VNET_HDR_LEN + merge->view.l4_off + TCP_FLAGS;

	merge->data[flags_off] = data[flags_off];
	merge->open =
		data[flags_off] == TCP_ACK && len - head_len == merge->size;
	memmove(merge->data + merge->len, data + head_len, len - head_len);
	merge->len += len - head_len;
	merge->cnt++;
}

bool merge_add(struct merge *merge, const uint8_t *data, size_t len,
	       const struct ip_view *view)
{
	if (!merge->cnt || !merge->open || !fits(merge, data, len, view))
		return false;
	if (merge->cnt == 1 &&
	    !is_intact(merge->data + VNET_HDR_LEN, merge->len - VNET_HDR_LEN,
		       &merge->view)) {
		merge->open = false;
		return false;
	}
	if (!is_intact(data + VNET_HDR_LEN, len - VNET_HDR_LEN, view))
		return false;
	append(merge, data, len);
	return true;
}

/** end_ip() - The IP header of the whole */
static void end_ip(const struct merge *merge, uint8_t *pkt, size_t len)
{
	if (merge->view.family == IP_V6) {
		store_u16(pkt + 4, len - IPV6_LEN);
		return;
	}
	store_u16(pkt + 2, len);
	store_u16(pkt + 10, 0);
	store_u16(pkt + 10, (uint16_t)~csum_fold(csum_add(0, pkt, IPV4_LEN)));
}

void merge_end(struct merge *merge)
{
	struct gso_header header = {
		.flags = GSO_NEEDS_CSUM,
		.type = merge->view.family == IP_V4 ? GSO_TCPV4 : GSO_TCPV6,
		.hdr_len = (uint16_t)merge->hdr_len,
		.gso_size = (uint16_t)merge->size,
		.csum_start = (uint16_t)merge->view.l4_off,
		.csum_offset = TCP_CSUM,
	};
	uint8_t *pkt;
	size_t len;

	merge->open = false;
	if (merge->cnt < 2)
		return;
	gso_write(merge->data, &header);
	pkt = merge->data + VNET_HDR_LEN;
	len = merge->len - VNET_HDR_LEN;
	end_ip(merge, pkt, len);
	store_u16(pkt + merge->view.l4_off + TCP_CSUM,
		  csum_pseudo(&merge->view, len - merge->view.l4_off));
}

/* SPDX-License-Identifier: MIT */

/*
 * gso.c - The offload header that travels with each packet
 */

/**
 * DOC: What is checked, and against what
 *
 * The kernel trusts whoever writes to a TUN queue more than we trust a peer: a
 * wrong checksum offset makes it write two bytes somewhere in the packet, a
 * tiny segment size makes it cut one message into tens of thousands of packets.
 * So a header passes only when it says what Linux itself would have said about
 * this packet (virtio_net_hdr_from_skb()):
 *
 * No offload	All other fields are 0.
 * Checksum	Start is the transport header, offset is that of the protocol's
 *		checksum field, the packet is no fragment and long enough.
 * Segments	As checksum, which is always asked for with it; the type fits
 *		family and protocol, gso_size and the number of segments are
 *		within the bounds of gso_rules[].  hdr_len is a hint (Linux
 *		writes how much of the packet was linear): from the end of the
 *		headers to the end of the packet.
 *
 * The second half does in software what a peer's kernel cannot: gso_segment()
 * writes one segment after the other, each headers and a share of the payload.
 * The checksum field is made what NEEDS_CSUM demands of it, the sum of the
 * pseudo header, and then completed as for a packet that is not cut.
 */

#include "codec/gso.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "codec/csum.h"
#include "codec/cursor.h"
#include "codec/netorder.h"

#define GSO_FLAGS_OFF       0
#define GSO_NUM_BUFFERS_OFF 10

/**
 * struct l4_rule - A transport protocol whose checksum can be left to others
 * @proto:	IANA number
 * @csum_off:	Its checksum field, from the transport header
 * @hdr_len:	Shortest transport header
 */
struct l4_rule {
	uint8_t proto;
	uint16_t csum_off;
	size_t hdr_len;
};

static const struct l4_rule l4_rules[] = {
	{.proto = IPPROTO_TCP, .csum_off = 16, .hdr_len = 20},
	{.proto = IPPROTO_UDP, .csum_off = 6, .hdr_len = 8},
};

/**
 * struct gso_rule - What a segmentation type demands
 * @type:	Without GSO_ECN
 * @family:	IP family, IP_NONE for either
 * @proto:	Transport protocol
 * @size_min:	Smallest gso_size
 * @segment_max: Most segments of one packet
 *
 * TCP: Linux itself cuts no smaller than 8 bytes (TCP_MIN_GSO_SIZE, what a peer
 * with the least MSS and all options gets), which bounds the count as well.
 * UDP: UDP_SEGMENT takes any size, but at most 128 segments.
 */
struct gso_rule {
	uint8_t type;
	enum ip_family family;
	uint8_t proto;
	uint16_t size_min;
	size_t segment_max;
};

static const struct gso_rule gso_rules[] = {
	{GSO_TCPV4, IP_V4, IPPROTO_TCP, 8, PKT_LEN_MAX / 8},
	{GSO_TCPV6, IP_V6, IPPROTO_TCP, 8, PKT_LEN_MAX / 8},
	{GSO_UDP_L4, IP_NONE, IPPROTO_UDP, 1, 128},
};

void gso_read(const uint8_t data[VNET_HDR_LEN], struct gso_header *header)
{
	struct reader r = reader_of(data, VNET_HDR_LEN);

	header->flags = reader_u8(&r);
	header->type = reader_u8(&r);
	header->hdr_len = reader_u16(&r);
	header->gso_size = reader_u16(&r);
	header->csum_start = reader_u16(&r);
	header->csum_offset = reader_u16(&r);
	header->num_buffers = reader_u16(&r);
}

void gso_write(uint8_t data[VNET_HDR_LEN], const struct gso_header *header)
{
	struct writer w = writer_of(data, VNET_HDR_LEN);

	writer_u8(&w, header->flags);
	writer_u8(&w, header->type);
	writer_u16(&w, header->hdr_len);
	writer_u16(&w, header->gso_size);
	writer_u16(&w, header->csum_start);
	writer_u16(&w, header->csum_offset);
	writer_u16(&w, header->num_buffers);
}

void gso_scrub(uint8_t data[VNET_HDR_LEN])
{
	data[GSO_FLAGS_OFF] &= (uint8_t)~GSO_DATA_VALID;
	data[GSO_NUM_BUFFERS_OFF] = 0;
	data[GSO_NUM_BUFFERS_OFF + 1] = 0;
}

/** l4_rule_find() - By protocol; NULL when its checksum is nobody else's */
static const struct l4_rule *l4_rule_find(uint8_t proto)
{
	size_t i;

	for (i = 0; i < sizeof(l4_rules) / sizeof(l4_rules[0]); i++) {
		if (l4_rules[i].proto == proto)
			return &l4_rules[i];
	}
	return NULL;
}

/** gso_rule_find() - By type, GSO_ECN stripped where it is allowed */
static const struct gso_rule *gso_rule_find(uint8_t type)
{
	size_t i;

	for (i = 0; i < sizeof(gso_rules) / sizeof(gso_rules[0]); i++) {
		const struct gso_rule *rule = &gso_rules[i];

		if (rule->type == type)
			return rule;
		if (rule->proto == IPPROTO_TCP &&
		    (rule->type | GSO_ECN) == type)
			return rule;
	}
	return NULL;
}

/** plain_check() - A header that asks for nothing */
static int plain_check(const struct gso_header *header)
{
	if (header->hdr_len || header->gso_size || header->csum_start ||
	    header->csum_offset)
		return -EBADMSG;
	return 0;
}

/**
 * csum_check() - Checksum start and offset against the packet
 *
 * Return: 0, or -EBADMSG
 */
static int csum_check(const struct gso_header *header,
		      const struct ip_view *view)
{
	const struct l4_rule *rule = l4_rule_find(view->proto);

	if (!rule || view->fragment)
		return -EBADMSG;
	if (view->len - view->l4_off < rule->hdr_len)
		return -EBADMSG;
	if (header->csum_start != view->l4_off ||
	    header->csum_offset != rule->csum_off)
		return -EBADMSG;
	return 0;
}

/**
 * headers_len() - Length of IP and transport header together
 * @pkt:	The packet
 * @view:	Its view; csum_check() has found the shortest header inside
 *
 * Return: bytes, 0 when TCP's data offset lies
 */
static size_t headers_len(const uint8_t *pkt, const struct ip_view *view)
{
	size_t l4_len;

	if (view->proto != IPPROTO_TCP)
		return view->l4_off + 8;
	l4_len = (size_t)(pkt[view->l4_off + 12] >> 4) * 4;
	if (l4_len < 20 || l4_len > view->len - view->l4_off)
		return 0;
	return view->l4_off + l4_len;
}

/**
 * segment_check() - Type, sizes and count of a packet that is to be cut
 *
 * Return: 0, or -EBADMSG
 */
static int segment_check(const struct gso_header *header, const uint8_t *pkt,
			 const struct ip_view *view)
{
	const struct gso_rule *rule = gso_rule_find(header->type);
	size_t hdr_len;
	size_t payload_len;

	if (!rule || rule->proto != view->proto)
		return -EBADMSG;
	if (rule->family != IP_NONE && rule->family != view->family)
		return -EBADMSG;
	hdr_len = headers_len(pkt, view);
	if (!hdr_len || header->hdr_len < hdr_len ||
	    header->hdr_len > view->len)
		return -EBADMSG;
	payload_len = view->len - hdr_len;
	if (!payload_len || header->gso_size < rule->size_min ||
	    payload_len > rule->segment_max * header->gso_size)
		return -EBADMSG;
	return 0;
}

int gso_check(const struct gso_header *header, const uint8_t *pkt, size_t len)
{
	struct ip_view view;
	int rc;

	if (header->num_buffers > 1)
		return -EBADMSG;
	if (header->flags == 0 || header->flags == GSO_DATA_VALID)
		return header->type == GSO_NONE ? plain_check(header)
						: -EBADMSG;
	if (header->flags != GSO_NEEDS_CSUM)
		return -EBADMSG;

	rc = ip_view(pkt, len, &view);
	if (rc < 0)
		return rc;
	rc = csum_check(header, &view);
	if (rc < 0)
		return rc;
	if (header->type != GSO_NONE)
		return segment_check(header, pkt, &view);
	return header->hdr_len || header->gso_size ? -EBADMSG : 0;
}

uint32_t gso_needs(const struct gso_header *header, const uint8_t *pkt)
{
	uint32_t needs = 0;

	if (header->flags & GSO_NEEDS_CSUM)
		needs |= GSO_CAN_CSUM;
	if (header->type & GSO_ECN)
		needs |= GSO_CAN_TSO_ECN;
	switch (header->type & ~GSO_ECN) {
	case GSO_NONE:
		return needs;
	case GSO_TCPV4:
		return needs | GSO_CAN_TSO4;
	case GSO_TCPV6:
		return needs | GSO_CAN_TSO6;
	case GSO_UDP_L4:
		return needs |
		       (pkt[0] >> 4 == IP_V4 ? GSO_CAN_USO4 : GSO_CAN_USO6);
	default:
		return needs | GSO_CAN_NOBODY;
	}
}

/* TCP's flags, in byte 13 of its header. */
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

/**
 * csum_complete() - Put the checksum where the sum of the pseudo header is
 * @s:		Says where
 * @pkt:	The segment
 * @len:	Its length
 */
static void csum_complete(const struct gso_segments *s, uint8_t *pkt,
			  size_t len)
{
	uint8_t *field = pkt + s->header.csum_start + s->header.csum_offset;
	uint16_t sum = csum_fold(csum_add(0, pkt + s->header.csum_start,
					  len - s->header.csum_start));

	sum = (uint16_t)~sum;
	if (!sum && s->view.proto == IPPROTO_UDP)
		sum = 0xffff; /* 0 says "none" there (RFC 768) */
	store_u16(field, sum);
}

int gso_segments_init(struct gso_segments *segments,
		      const struct gso_header *header, const uint8_t *pkt,
		      size_t len)
{
	struct gso_segments s = {.header = *header, .pkt = pkt, .cnt = 1};
	int rc = gso_check(header, pkt, len);

	if (!rc)
		rc = ip_view(pkt, len, &s.view);
	if (rc < 0)
		return rc;

	s.headers_len = len;
	if (header->type != GSO_NONE) {
		s.headers_len = headers_len(pkt, &s.view);
		s.cnt = (len - s.headers_len + header->gso_size - 1) /
			header->gso_size;
	}
	*segments = s;
	return 0;
}

/** segment_ip() - Make the IP header that of this segment */
static void segment_ip(const struct gso_segments *s, uint8_t *pkt, size_t len)
{
	if (s->view.family == IP_V6) {
		store_u16(pkt + 4, len - 40);
		return;
	}
	store_u16(pkt + 2, len);
	store_u16(pkt + 4, load_u16(s->pkt + 4) + s->idx);
	store_u16(pkt + 10, 0);
	store_u16(pkt + 10,
		  (uint16_t)~csum_fold(csum_add(0, pkt, s->view.l4_off)));
}

/** segment_l4() - Make the transport header that of this segment */
static void segment_l4(const struct gso_segments *s, uint8_t *l4, size_t l4_len)
{
	if (s->view.proto == IPPROTO_TCP) {
		store_u32(l4 + 4,
			  load_u32(l4 + 4) +
				  (uint32_t)(s->idx * s->header.gso_size));
		if (s->idx > 0)
			l4[13] &= (uint8_t)~TCP_CWR;
		if (s->idx + 1 < s->cnt)
			l4[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	} else {
		store_u16(l4 + 4, l4_len);
	}
	store_u16(l4 + s->header.csum_offset, csum_pseudo(&s->view, l4_len));
}

ssize_t gso_segment(struct gso_segments *segments, uint8_t *data, size_t size)
{
	const struct gso_segments *s = segments;
	size_t off = s->headers_len + s->idx * s->header.gso_size;
	uint8_t *pkt = data + VNET_HDR_LEN;
	size_t len;

	if (s->idx == s->cnt)
		return 0;
	len = s->view.len - off;
	if (s->idx + 1 < s->cnt)
		len = s->header.gso_size;
	if (size < VNET_HDR_LEN + s->headers_len + len)
		return -EMSGSIZE;

	memset(data, 0, VNET_HDR_LEN);
	memcpy(pkt, s->pkt, s->headers_len);
	memcpy(pkt + s->headers_len, s->pkt + off, len);
	len += s->headers_len;
	if (s->header.type != GSO_NONE) {
		segment_ip(s, pkt, len);
		segment_l4(s, pkt + s->view.l4_off, len - s->view.l4_off);
	}
	if (s->header.flags & GSO_NEEDS_CSUM)
		csum_complete(s, pkt, len);
	segments->idx++;
	return (ssize_t)(VNET_HDR_LEN + len);
}

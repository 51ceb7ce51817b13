/* SPDX-License-Identifier: MIT */

/*
 * gso.c - The offload header that travels with each packet
 */

#include "codec/gso.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "codec/cursor.h"
#include "codec/ip.h"

#define TCP_HEADER_LEN_MIN 20
#define TCP_CSUM_OFFSET    16
#define UDP_HEADER_LEN     8
#define UDP_CSUM_OFFSET    6

/* Places of two fields, for gso_scrub(). */
#define FLAGS_OFF       0
#define NUM_BUFFERS_OFF 10

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
	data[FLAGS_OFF] &= (uint8_t)~GSO_DATA_VALID;
	data[NUM_BUFFERS_OFF] = 0;
	data[NUM_BUFFERS_OFF + 1] = 0;
}

/** struct gso_rule - What must be true of a packet of a type
 * @family:	IP_NONE: either
 */
struct gso_rule {
	uint8_t type;
	enum ip_family family;
	uint8_t proto;
};

static const struct gso_rule rules[] = {
	{GSO_TCPV4, IP_V4, IPPROTO_TCP},
	{GSO_TCPV6, IP_V6, IPPROTO_TCP},
	{GSO_UDP_L4, IP_NONE, IPPROTO_UDP},
};

static const struct gso_rule *find_rule(uint8_t type)
{
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].type == type)
			return &rules[i];
	}
	return NULL;
}

/** l4_header_len() - Of the TCP or UDP header, 0 when it is not there whole */
static size_t l4_header_len(const uint8_t *pkt, const struct ip_view *view)
{
	size_t left = view->len - view->l4_off;
	size_t len;

	if (view->proto == IPPROTO_UDP)
		return left >= UDP_HEADER_LEN ? UDP_HEADER_LEN : 0;
	if (view->proto != IPPROTO_TCP || left < TCP_HEADER_LEN_MIN)
		return 0;
	len = (size_t)(pkt[view->l4_off + 12] >> 4) * 4;
	return len >= TCP_HEADER_LEN_MIN && len <= left ? len : 0;
}

/** check_csum() - The unfinished checksum is the transport header's own */
static int check_csum(const struct gso_header *header,
		      const struct ip_view *view, size_t l4_len)
{
	uint16_t offset =
		view->proto == IPPROTO_TCP ? TCP_CSUM_OFFSET : UDP_CSUM_OFFSET;

	if (!l4_len || header->csum_start != view->l4_off ||
	    header->csum_offset != offset)
		return -EBADMSG;
	return 0;
}

/** is_plain() - No offload: then no field may say anything */
static bool is_plain(const struct gso_header *header)
{
	return !header->hdr_len && !header->gso_size && !header->csum_start &&
	       !header->csum_offset;
}

int gso_check(const struct gso_header *header, const uint8_t *pkt, size_t len)
{
	uint8_t type = header->type & (uint8_t)~GSO_ECN;
	const struct gso_rule *rule = find_rule(type);
	struct ip_view view;
	size_t l4_len;

	if (header->flags & ~(GSO_NEEDS_CSUM | GSO_DATA_VALID) ||
	    header->num_buffers > 1 || ip_view(pkt, len, &view))
		return -EBADMSG;
	if (!(header->flags & GSO_NEEDS_CSUM))
		return header->type == GSO_NONE && is_plain(header) ? 0
								    : -EBADMSG;
	if (view.fragment || view.l4_off > view.len)
		return -EBADMSG;
	l4_len = l4_header_len(pkt, &view);
	if (check_csum(header, &view, l4_len))
		return -EBADMSG;
	if (header->type == GSO_NONE)
		return header->gso_size ? -EBADMSG : 0;

	if (!rule || (header->type & GSO_ECN && rule->proto != IPPROTO_TCP))
		return -EBADMSG;
	if (view.proto != rule->proto ||
	    (rule->family != IP_NONE && view.family != rule->family))
		return -EBADMSG;
	/* The kernel takes hdr_len as a hint: it must at least be inside. */
	if (!header->gso_size || header->hdr_len < view.l4_off + l4_len ||
	    header->hdr_len > len)
		return -EBADMSG;
	return 0;
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
		break;
	case GSO_TCPV4:
		needs |= GSO_CAN_TSO4;
		break;
	case GSO_TCPV6:
		needs |= GSO_CAN_TSO6;
		break;
	case GSO_UDP_L4:
		needs |= pkt[0] >> 4 == 4 ? GSO_CAN_USO4 : GSO_CAN_USO6;
		break;
	default:
		/* Nobody can: never passed on. */
		needs |= UINT32_C(1) << 31;
		break;
	}
	return needs;
}

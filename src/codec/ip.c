/* SPDX-License-Identifier: MIT */

/*
 * ip.c - What the tunnel needs to know of an IP packet
 */

#include "codec/ip.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40
/* More extension headers than this are nobody's honest packet. */
#define IPV6_EXTENSIONS_MAX 8

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/**
 * view_v4() - IPv4 header (RFC 791)
 * @have:	Bytes present; a quoted packet has fewer than its total length
 */
static int view_v4(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	size_t header_len;
	uint16_t frag;

	if (have < IPV4_HEADER_LEN)
		return -EBADMSG;
	header_len = (size_t)(pkt[0] & 0x0f) * 4;
	view->len = be16(pkt + 2);
	if (header_len < IPV4_HEADER_LEN || header_len > have ||
	    view->len < header_len)
		return -EBADMSG;
	frag = be16(pkt + 6);
	view->family = IP_V4;
	view->fragment = (frag & 0x3fff) != 0; /* offset or "more" */
	view->first = (frag & 0x1fff) == 0;
	view->proto = pkt[9];
	view->l4_off = header_len;
	view->src.family = IP_V4;
	memcpy(view->src.bytes, pkt + 12, 4);
	view->dst.family = IP_V4;
	memcpy(view->dst.bytes, pkt + 16, 4);
	return 0;
}

/** walk_extensions() - From the fixed IPv6 header to the transport header
 *  (RFC 8200 section 4) */
static int walk_extensions(const uint8_t *pkt, size_t have,
			   struct ip_view *view)
{
	uint8_t next = pkt[6];
	size_t off = IPV6_HEADER_LEN;
	int i;

	view->first = true;
	for (i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		size_t len = 8;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_DSTOPTS && next != IPPROTO_FRAGMENT) {
			view->proto = next;
			view->l4_off = off;
			return 0;
		}
		if (off > have || have - off < len)
			return -EBADMSG;
		if (next == IPPROTO_FRAGMENT) {
			view->fragment = true;
			view->first = (be16(pkt + off + 2) & 0xfff8) == 0;
		} else {
			len += (size_t)pkt[off + 1] * 8;
		}
		next = pkt[off];
		off += len;
		if (off > have)
			return -EBADMSG;
		if (!view->first) {
			view->proto = next;
			view->l4_off = off;
			return 0;
		}
	}
	return -EBADMSG;
}

static int view_v6(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	if (have < IPV6_HEADER_LEN)
		return -EBADMSG;
	view->family = IP_V6;
	view->len = IPV6_HEADER_LEN + (size_t)be16(pkt + 4);
	view->src.family = IP_V6;
	memcpy(view->src.bytes, pkt + 8, 16);
	view->dst.family = IP_V6;
	memcpy(view->dst.bytes, pkt + 24, 16);
	return walk_extensions(pkt, have, view);
}

/** view_any() - Either family; @have may be less than the packet's length */
static int view_any(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	memset(view, 0, sizeof(*view));
	if (have < 1)
		return -EBADMSG;
	switch (pkt[0] >> 4) {
	case 4:
		return view_v4(pkt, have, view);
	case 6:
		return view_v6(pkt, have, view);
	default:
		return -EBADMSG;
	}
}

int ip_view(const uint8_t *pkt, size_t len, struct ip_view *view)
{
	int err = view_any(pkt, len, view);

	if (err)
		return err;
	return view->len == len ? 0 : -EBADMSG;
}

static bool is_icmp_error(const struct ip_view *view, uint8_t type)
{
	if (view->family == IP_V4 && view->proto == IPPROTO_ICMP)
		return type == 3 || type == 4 || type == 5 || type == 11 ||
		       type == 12; /* RFC 792 */
	return view->family == IP_V6 && view->proto == IPPROTO_ICMPV6 &&
	       type < 128; /* RFC 4443 section 2.1 */
}

int ip_icmp_quote(const uint8_t *pkt, const struct ip_view *view,
		  struct ip_view *quoted)
{
	size_t off = view->l4_off + 8;

	if (!view->first || view->l4_off >= view->len ||
	    !is_icmp_error(view, pkt[view->l4_off]))
		return -ENOENT;
	if (view->len < off || view_any(pkt + off, view->len - off, quoted) ||
	    quoted->family != view->family)
		return -EBADMSG;
	if (view->len - off < quoted->l4_off + 8)
		quoted->first = false;
	return 0;
}

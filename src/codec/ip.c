/* SPDX-License-Identifier: MIT */

/*
 * ip.c - What the tunnel needs to know of an IP packet
 */

/**
 * DOC: How a packet is looked at
 *
 * ip_view() and ip_icmp_quote() see the same headers with one difference: a
 * packet from the TUN or a peer must be exactly as long as it says, while the
 * packet quoted in an ICMP error is cut short by whoever sent the error.  So
 * both call header_view(), which reads headers out of the bytes that are there
 * and reports the length that is claimed; the callers compare.
 *
 * Checksums are not looked at: the kernel does that, and a packet on its way
 * to a device with checksum offload has none yet.
 *
 * The walk over IPv6 extension headers is bounded by EXT_HEADER_CNT_MAX, so no
 * packet costs more than a constant number of steps.
 */

#include "codec/ip.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "codec/netorder.h"

#define IPV4_HDR_LEN_MIN 20
#define IPV6_HDR_LEN     40
#define ICMP_HDR_LEN     8

/* What a quote must hold of the transport header for @first (RFC 792). */
#define QUOTED_L4_LEN_MIN 8

/* RFC 8200 section 4.1 names each header once, destination options twice: five.
 * Hosts that send many more are probing. */
#define EXT_HEADER_CNT_MAX 7

/** addr_load() - Address of a family from packet bytes */
static void addr_load(struct ip_addr *addr, enum ip_family family,
		      const uint8_t *bytes)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memcpy(addr->bytes, bytes, family == IP_V4 ? 4 : 16);
}

/**
 * ipv4_view() - Read an IPv4 header
 * @pkt:	Its first byte
 * @have:	Bytes that are there
 * @view:	Filled in; @len is what the header claims
 *
 * Return: 0, or -EBADMSG
 */
static int ipv4_view(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	uint16_t frag;
	size_t hdr_len;

	if (have < IPV4_HDR_LEN_MIN)
		return -EBADMSG;
	hdr_len = (size_t)(pkt[0] & 0x0f) * 4;
	view->len = load_u16(pkt + 2);
	if (hdr_len < IPV4_HDR_LEN_MIN || hdr_len > have || hdr_len > view->len)
		return -EBADMSG;

	frag = load_u16(pkt + 6);
	view->family = IP_V4;
	addr_load(&view->src, IP_V4, pkt + 12);
	addr_load(&view->dst, IP_V4, pkt + 16);
	view->proto = pkt[9];
	view->l4_off = hdr_len;
	view->fragment = (frag & 0x3fff) != 0; /* more fragments, or offset */
	view->first = (frag & 0x1fff) == 0;
	view->frag_id = view->fragment ? load_u16(pkt + 4) : 0;
	return 0;
}

/** is_ext_header() - Is this next-header value one that ipv6_walk() steps over? */
static bool is_ext_header(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_DSTOPTS;
}

/**
 * ext_header_len() - Length of the IPv6 extension header at @p
 * @proto:	Next-header value that announced it
 * @p:		Its first byte
 * @left:	Bytes that are there
 *
 * Return: its length, or 0 when it is cut
 */
static size_t ext_header_len(uint8_t proto, const uint8_t *p, size_t left)
{
	size_t len;

	if (left < 8)
		return 0;
	len = proto == IPPROTO_FRAGMENT ? 8 : (size_t)p[1] * 8 + 8;
	return len <= left ? len : 0;
}

/**
 * ipv6_walk() - Step over the extension headers
 * @pkt:	First byte of the IPv6 header
 * @have:	Bytes that are there
 * @view:	@proto, @l4_off, @fragment, @first and @frag_id are filled in
 *
 * Hop-by-hop options stand first or not at all; there is one fragment header
 * at most, and behind one with an offset nothing is a header any more.
 *
 * Return: 0, or -EBADMSG
 */
static int ipv6_walk(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	uint8_t proto = pkt[6];
	size_t off = IPV6_HDR_LEN;
	size_t i;

	view->fragment = false;
	view->first = true;
	view->frag_id = 0;
	for (i = 0; is_ext_header(proto) && view->first; i++) {
		size_t len = ext_header_len(proto, pkt + off, have - off);

		if (!len || i == EXT_HEADER_CNT_MAX)
			return -EBADMSG;
		if (proto == IPPROTO_HOPOPTS && i > 0)
			return -EBADMSG;
		if (proto == IPPROTO_FRAGMENT) {
			if (view->fragment)
				return -EBADMSG;
			view->fragment = true;
			view->first = (load_u16(pkt + off + 2) & 0xfff8) == 0;
			view->frag_id = load_u32(pkt + off + 4);
		}
		proto = pkt[off];
		off += len;
	}

	view->proto = proto;
	view->l4_off = off;
	return 0;
}

/** ipv6_view() - Read an IPv6 header; parameters as in ipv4_view() */
static int ipv6_view(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	if (have < IPV6_HDR_LEN)
		return -EBADMSG;
	view->family = IP_V6;
	view->len = IPV6_HDR_LEN + (size_t)load_u16(pkt + 4);
	addr_load(&view->src, IP_V6, pkt + 8);
	addr_load(&view->dst, IP_V6, pkt + 24);
	return ipv6_walk(pkt, have < view->len ? have : view->len, view);
}

/** header_view() - Read the headers of either family; see ipv4_view() */
static int header_view(const uint8_t *pkt, size_t have, struct ip_view *view)
{
	if (!have)
		return -EBADMSG;
	switch (pkt[0] >> 4) {
	case IP_V4:
		return ipv4_view(pkt, have, view);
	case IP_V6:
		return ipv6_view(pkt, have, view);
	default:
		return -EBADMSG;
	}
}

int ip_view(const uint8_t *pkt, size_t len, struct ip_view *view)
{
	int rc = header_view(pkt, len, view);

	if (rc < 0)
		return rc;
	return view->len == len ? 0 : -EBADMSG;
}

/** is_icmp() - Is it ICMP of its family? */
static bool is_icmp(const struct ip_view *view)
{
	return view->proto ==
	       (view->family == IP_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/**
 * is_icmp_error() - Does this ICMP type quote a packet that could not go on?
 *
 * Redirect and source quench are left out: no router beyond the next hop may
 * send the one, and nobody the other (RFC 6633).
 */
static bool is_icmp_error(enum ip_family family, uint8_t type)
{
	if (family == IP_V6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 11 || type == 12;
}

int ip_icmp_quote(const uint8_t *pkt, const struct ip_view *view,
		  struct ip_view *quoted)
{
	size_t off = view->l4_off + ICMP_HDR_LEN;
	size_t have;
	int rc;

	if (view->fragment || !is_icmp(view) || view->len < off ||
	    !is_icmp_error(view->family, pkt[view->l4_off]))
		return -ENOENT;

	have = view->len - off;
	rc = header_view(pkt + off, have, quoted);
	if (rc < 0)
		return rc;
	if (quoted->family != view->family)
		return -EBADMSG;
	if (have > quoted->len)
		have = quoted->len; /* RFC 4884 extensions lie behind it */
	if (have < quoted->l4_off + QUOTED_L4_LEN_MIN)
		quoted->first = false;
	return 0;
}

size_t ip_icmp_quote_off(const struct ip_view *view)
{
	return view->l4_off + ICMP_HDR_LEN;
}

/* SPDX-License-Identifier: MIT */

/*
 * ip.h - What the tunnel needs to know of an IP packet
 */

#ifndef CODEC_IP_H
#define CODEC_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/**
 * struct ip_view - Header fields of one packet, offsets from its first byte
 * @family:	From the version field
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	Transport protocol after extension headers (IPv6), or of the
 *		fragment's header
 * @l4_off:	Where the transport header begins, in bytes
 * @len:	Whole packet in bytes, as received (super-packets too)
 * @fragment:	Any fragment, also the first one
 * @first:	The transport header is in this packet (no fragment, or the first)
 * @frag_id:	Fragments: what those of one datagram have in common, besides
 *		addresses and protocol; 0 otherwise
 */
struct ip_view {
	enum ip_family family;
	struct ip_addr src;
	struct ip_addr dst;
	uint8_t proto;
	size_t l4_off;
	size_t len;
	bool fragment;
	bool first;
	uint32_t frag_id;
};

/**
 * ip_view() - Look at a packet
 * @pkt:	First byte of the IP header
 * @len:	Bytes received
 * @view:	Filled in on success
 *
 * The length in the header must be @len; jumbograms, which say 0, are refused.
 * A transport header may be cut: @l4_off is at most @len.
 *
 * Return: 0, or -EBADMSG: not IPv4 or IPv6, header cut, lengths that lie, more
 *	   than 7 extension headers or some in a place they may not have
 */
int ip_view(const uint8_t *pkt, size_t len, struct ip_view *view)
	__attribute__((warn_unused_result));

/**
 * ip_icmp_quote() - The packet that an ICMP error is about
 * @pkt:	The packet @view was made of
 * @view:	Its view
 * @quoted:	Receives the view of the quoted header: its @len is what the
 *		quoted header claims, its payload is cut; @first as far as the
 *		first eight bytes of the transport header are there
 *
 * Errors are destination unreachable, time exceeded, parameter problem and
 * packet too big; a redirect is none.  The quoted packet begins at
 * ip_icmp_quote_off().
 *
 * Return: 0, -ENOENT when the packet is no ICMP error or is a fragment, -EBADMSG
 *	   when the quote is malformed
 */
int ip_icmp_quote(const uint8_t *pkt, const struct ip_view *view,
		  struct ip_view *quoted) __attribute__((warn_unused_result));

/** ip_icmp_quote_off() - Where in the ICMP error @view the quote begins */
size_t ip_icmp_quote_off(const struct ip_view *view);

#endif /* CODEC_IP_H */

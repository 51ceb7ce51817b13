/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * poke.c - Packets that make an end of a flow notice that it is being ended
 */

#include "steward/poke.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

#define PROTO_ICMP_V6  58
#define HOP_LIMIT      64
#define TCP_LEN        20
#define UDP_LEN        8
#define ICMP_LEN       8
#define TCP_SYN        0x02
#define TCP_ACK        0x10
#define UNREACHABLE    3 /* ICMP; ports are code 3 */
#define UNREACHABLE_V6 1 /* ICMPv6; ports are code 4 */

/** put_u16() - In network order */
static void put_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/** ip_len() - Of the header of a family */
static size_t ip_len(enum ip_family family)
{
	return family == IP_V4 ? 20 : 40;
}

/** sum() - Bytes as 16-bit numbers, added up; @len is even */
static uint32_t sum(const uint8_t *data, size_t len)
{
	uint32_t total = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		total += (uint32_t)(data[i] << 8 | data[i + 1]);
	return total;
}

/** fold() - The checksum that a sum gives */
static uint16_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/** pseudo_sum() - Of the pseudo header before a transport header */
static uint32_t pseudo_sum(const struct ip_addr *src, const struct ip_addr *dst,
			   uint8_t proto, size_t l4_len)
{
	size_t len = ip_addr_len(src->family);

	return sum(src->bytes, len) + sum(dst->bytes, len) + proto +
	       (uint32_t)l4_len;
}

/** put_ip() - An IP header; Return: its length */
static size_t put_ip(uint8_t *at, const struct ip_addr *src,
		     const struct ip_addr *dst, uint8_t proto, size_t l4_len)
{
	size_t len = ip_len(src->family);
	size_t addr_len = ip_addr_len(src->family);

	memset(at, 0, len);
	memcpy(at + len - 2 * addr_len, src->bytes, addr_len);
	memcpy(at + len - addr_len, dst->bytes, addr_len);
	if (src->family == IP_V4) {
		at[0] = 0x45;
		put_u16(at + 2, len + l4_len);
		at[6] = 0x40; /* don't fragment: no id needed */
		at[8] = HOP_LIMIT;
		at[9] = proto;
		put_u16(at + 10, fold(sum(at, len)));
	} else {
		at[0] = 0x60;
		put_u16(at + 4, l4_len);
		at[6] = proto;
		at[7] = HOP_LIMIT;
	}
	return len;
}

/** put_tcp() - A segment without data, sequence number and acknowledgement 0 */
static size_t put_tcp(uint8_t *at, const struct flow_tuple *tuple,
		      uint8_t flags)
{
	memset(at, 0, TCP_LEN);
	put_u16(at, tuple->sport);
	put_u16(at + 2, tuple->dport);
	at[12] = TCP_LEN / 4 << 4;
	at[13] = flags;
	put_u16(at + 16,
		fold(pseudo_sum(&tuple->src, &tuple->dst, PROTO_TCP, TCP_LEN) +
		     sum(at, TCP_LEN)));
	return TCP_LEN;
}

/** put_segment() - IP and TCP */
static size_t put_segment(uint8_t *at, const struct flow_tuple *tuple,
			  uint8_t flags)
{
	size_t len = put_ip(at, &tuple->src, &tuple->dst, PROTO_TCP, TCP_LEN);

	return len + put_tcp(at + len, tuple, flags);
}

/** put_quote() - The begin of a datagram that went the other way */
static size_t put_quote(uint8_t *at, const struct flow_tuple *answer)
{
	size_t len = put_ip(at, &answer->dst, &answer->src, PROTO_UDP, UDP_LEN);

	memset(at + len, 0, UDP_LEN);
	put_u16(at + len, answer->dport);
	put_u16(at + len + 2, answer->sport);
	put_u16(at + len + 4, UDP_LEN);
	/* Whoever looks at a quoted checksum takes 0 for none in IPv4 only. */
	put_u16(at + len + 6, fold(pseudo_sum(&answer->dst, &answer->src,
					      PROTO_UDP, UDP_LEN) +
				   sum(at + len, UDP_LEN)));
	return len + UDP_LEN;
}

/** put_unreachable() - "Port unreachable" from where the answers come from */
static size_t put_unreachable(uint8_t *at, const struct flow_tuple *answer)
{
	bool v4 = answer->src.family == IP_V4;
	uint8_t proto = v4 ? PROTO_ICMP : PROTO_ICMP_V6;
	size_t icmp_len = ICMP_LEN + ip_len(answer->src.family) + UDP_LEN;
	size_t len = put_ip(at, &answer->src, &answer->dst, proto, icmp_len);
	uint8_t *icmp = at + len;

	memset(icmp, 0, ICMP_LEN);
	icmp[0] = v4 ? UNREACHABLE : UNREACHABLE_V6;
	icmp[1] = v4 ? 3 : 4;
	put_quote(icmp + ICMP_LEN, answer);
	put_u16(icmp + 2, fold(sum(icmp, icmp_len) +
			       (v4 ? 0
				   : pseudo_sum(&answer->src, &answer->dst,
						proto, icmp_len))));
	return len + icmp_len;
}

size_t poke_packet(const struct flow *flow, enum gateway_role role,
		   uint8_t packet[POKE_LEN_MAX])
{
	uint8_t *at = packet + VNET_HDR_LEN;

	memset(packet, 0, VNET_HDR_LEN);
	if (flow->proto == PROTO_TCP && flow->established) {
		if (role == ROLE_CLOUD)
			return VNET_HDR_LEN +
			       put_segment(at, &flow->reply, TCP_SYN | TCP_ACK);
		return VNET_HDR_LEN + put_segment(at, &flow->orig, TCP_SYN);
	}
	if (flow->proto == PROTO_UDP && role == ROLE_CLOUD)
		return VNET_HDR_LEN + put_unreachable(at, &flow->reply);
	return 0;
}

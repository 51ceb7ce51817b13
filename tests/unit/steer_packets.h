/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * steer_packets.h - Packets between addresses that tests give as text
 */

#ifndef TESTS_STEER_PACKETS_H
#define TESTS_STEER_PACKETS_H

#include "base/addr.h"
#include "packets.h"

#define TCP    6
#define UDP    17
#define ICMP   1
#define ICMPV6 58

/** addr() - From text */
static inline struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(ip_addr_parse(text, &a), 0);
	return a;
}

/** begin() - IP header of a packet between two addresses given as text */
static inline void begin(struct packet *p, const char *src, const char *dst,
			 uint8_t proto)
{
	struct ip_addr s = addr(src);
	struct ip_addr d = addr(dst);

	assert_int_equal(s.family, d.family);
	if (s.family == IP_V4)
		packet_v4(p, s.bytes, d.bytes, proto);
	else
		packet_v6(p, s.bytes, d.bytes, proto);
}

/** udp() - UDP packet, 1000 to 53 */
static inline void udp(struct packet *p, const char *src, const char *dst)
{
	begin(p, src, dst, UDP);
	packet_ports(p, UDP, 1000, 53);
	packet_close(p);
}

/** tuple() - Packet with ports */
static inline void tuple(struct packet *p, const char *src, unsigned int sport,
			 const char *dst, unsigned int dport, uint8_t proto)
{
	begin(p, src, dst, proto);
	packet_ports(p, proto, sport, dport);
	packet_add(p, NULL, 8);
	packet_close(p);
}

/** icmp_error() - "Unreachable" about @quote */
static inline void icmp_error(struct packet *p, const char *src,
			      const char *dst, const struct packet *quote)
{
	bool v4 = quote->data[0] >> 4 == 4;

	begin(p, src, dst, v4 ? ICMP : ICMPV6);
	*packet_add(p, NULL, 8) = v4 ? 3 : 1;
	packet_add(p, quote->data, quote->len);
	packet_close(p);
}

/** echo() - Ping or its answer */
static inline void echo(struct packet *p, const char *src, const char *dst,
			uint8_t type, unsigned int id)
{
	uint8_t *icmp;

	begin(p, src, dst, addr(src).family == IP_V4 ? ICMP : ICMPV6);
	icmp = packet_add(p, NULL, 64);
	icmp[0] = type;
	put_u16(icmp + 4, id);
	put_u16(icmp + 6, (size_t)random() & 0xffff);
	packet_close(p);
}

#endif /* TESTS_STEER_PACKETS_H */

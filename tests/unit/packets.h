/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * packets.h - Packets for tests, put together field by field
 *
 * Checksums are 0 unless a test sets them: nothing under test looks at them
 * except segmentation, whose tests have their own.
 */

#ifndef TESTS_PACKETS_H
#define TESTS_PACKETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Longest packet that the tests build. */
#define PACKET_SIZE 2048

/** struct packet - Bytes, and how many; what is appended comes last */
struct packet {
	uint8_t data[PACKET_SIZE];
	size_t len;
};

static inline void put_u16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/** packet_add() - Append bytes; NULL appends zeros */
static inline uint8_t *packet_add(struct packet *packet, const void *data,
				  size_t len)
{
	uint8_t *at = packet->data + packet->len;

	if (data)
		memcpy(at, data, len);
	else
		memset(at, 0, len);
	packet->len += len;
	return at;
}

/** packet_v4() - An IPv4 header and no more */
static inline void packet_v4(struct packet *packet, const uint8_t src[4],
			     const uint8_t dst[4], uint8_t proto)
{
	uint8_t *p;

	packet->len = 0;
	p = packet_add(packet, NULL, 20);
	p[0] = 0x45;
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, src, 4);
	memcpy(p + 16, dst, 4);
}

/** packet_v6() - An IPv6 header and no more */
static inline void packet_v6(struct packet *packet, const uint8_t src[16],
			     const uint8_t dst[16], uint8_t next)
{
	uint8_t *p;

	packet->len = 0;
	p = packet_add(packet, NULL, 40);
	p[0] = 0x60;
	p[6] = next;
	p[7] = 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
}

/** packet_close() - Let the header say how long the packet is */
static inline void packet_close(struct packet *packet)
{
	if (packet->data[0] >> 4 == 4)
		put_u16(packet->data + 2, packet->len);
	else
		put_u16(packet->data + 4, packet->len - 40);
}

/** packet_ports() - Append a TCP header of 20 bytes or a UDP header of 8 */
static inline uint8_t *packet_ports(struct packet *packet, uint8_t proto,
				    unsigned int src, unsigned int dst)
{
	uint8_t *p = packet_add(packet, NULL, proto == 6 ? 20 : 8);

	put_u16(p, src);
	put_u16(p + 2, dst);
	if (proto == 6)
		p[12] = 0x50;
	return p;
}

#endif /* TESTS_PACKETS_H */

/* SPDX-License-Identifier: MIT */

/*
 * netorder.h - Numbers in network order, in headers of packets
 */

#ifndef CODEC_NETORDER_H
#define CODEC_NETORDER_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t load_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)load_u16(p) << 16 | load_u16(p + 2);
}

/** store_u16() - The lower 16 bits */
static inline void store_u16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void store_u32(uint8_t *p, uint32_t value)
{
	store_u16(p, value >> 16);
	store_u16(p + 2, value & 0xffff);
}

#endif /* CODEC_NETORDER_H */

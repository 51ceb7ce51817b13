/* SPDX-License-Identifier: MIT */

/*
 * ecn.h - Say that a packet met congestion (RFC 3168)
 */

#ifndef CODEC_ECN_H
#define CODEC_ECN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * ecn_mark() - Set "congestion experienced", if both ends understand that
 * @pkt:	From its IP header on; super-packets too: it holds for all segments
 * @len:	Its length in bytes
 *
 * The checksum of an IPv4 header is kept right.  A packet that carries the mark
 * already is as good as marked.
 *
 * Return: false when it is not of an ECN-capable transport, or no IP: nothing is
 *	   changed, and who would mark must drop
 */
bool ecn_mark(uint8_t *pkt, size_t len);

#endif /* CODEC_ECN_H */

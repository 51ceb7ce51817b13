/* SPDX-License-Identifier: MIT */

/*
 * ecn.c - Say that a packet met congestion (RFC 3168)
 */

#include "codec/ecn.h"

#include "codec/csum.h"

/* The two bits of ECN; 0: the transport does not know them. */
#define ECN_MASK     0x3
#define ECN_CE       0x3

#define IPV4_LEN_MIN 20
#define IPV4_CSUM    10
#define IPV6_LEN     40

/** mark_v4() - The bits are in the second byte, which the checksum covers */
static void mark_v4(uint8_t *pkt)
{
	uint8_t was[2] = {pkt[0], pkt[1]};
	uint64_t sum;
	uint16_t csum;

	pkt[1] |= ECN_CE;
	/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m') */
	was[0] = (uint8_t)~was[0];
	was[1] = (uint8_t)~was[1];
	sum = csum_add(0, was, sizeof(was));
	sum = csum_add(sum, pkt, sizeof(was));
	was[0] = (uint8_t)~pkt[IPV4_CSUM];
	was[1] = (uint8_t)~pkt[IPV4_CSUM + 1];
	csum = (uint16_t)~csum_fold(csum_add(sum, was, sizeof(was)));
	pkt[IPV4_CSUM] = (uint8_t)(csum >> 8);
	pkt[IPV4_CSUM + 1] = (uint8_t)csum;
}

bool ecn_mark(uint8_t *pkt, size_t len)
{
	if (len >= IPV4_LEN_MIN && pkt[0] >> 4 == 4) {
		if (!(pkt[1] & ECN_MASK))
			return false;
		if ((pkt[1] & ECN_MASK) != ECN_CE)
			mark_v4(pkt);
		return true;
	}
	/* Its traffic class is bits 4 to 11. */
	if (len >= IPV6_LEN && pkt[0] >> 4 == 6) {
		if (!(pkt[1] & ECN_MASK << 4))
			return false;
		pkt[1] |= ECN_CE << 4;
		return true;
	}
	return false;
}

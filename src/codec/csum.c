/* SPDX-License-Identifier: MIT */

/*
 * csum.c - The internet checksum (RFC 1071)
 */

#include "codec/csum.h"

#include <endian.h>
#include <string.h>

uint64_t csum_add(uint64_t sum, const uint8_t *data, size_t len)
{
	/* Added up as they lie in memory, eight at a time, and turned at the end:
	 * the sum does not care (RFC 1071, section 2). */
	uint64_t here = 0;
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		here += (word & UINT32_MAX) + (word >> 32);
	}
	word = 0;
	memcpy(&word, data, len);
	here += (word & UINT32_MAX) + (word >> 32);
	return sum + be16toh(csum_fold(here));
}

uint16_t csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t csum_pseudo(const struct ip_view *view, size_t l4_len)
{
	uint64_t sum = view->proto + l4_len;

	sum = csum_add(sum, view->src.bytes, ip_addr_len(view->family));
	sum = csum_add(sum, view->dst.bytes, ip_addr_len(view->family));
	return csum_fold(sum);
}

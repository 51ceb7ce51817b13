/* SPDX-License-Identifier: MIT */

/*
 * csum.h - The internet checksum (RFC 1071)
 */

#ifndef CODEC_CSUM_H
#define CODEC_CSUM_H

#include <stddef.h>
#include <stdint.h>

#include "codec/ip.h"

/**
 * csum_add() - Add bytes to a sum
 * @sum:	Sum so far, of an even number of bytes; 0 at first
 * @data:	Bytes, at most PKT_LEN_MAX
 * @len:	How many; an odd one is followed by 0
 */
uint64_t csum_add(uint64_t sum, const uint8_t *data, size_t len);

/** csum_fold() - The sum as 16 bits, not complemented */
uint16_t csum_fold(uint64_t sum);

/** csum_pseudo() - Sum of the pseudo header of @l4_len bytes from the transport
 *  header on (RFC 9293, RFC 8200), folded */
uint16_t csum_pseudo(const struct ip_view *view, size_t l4_len);

#endif /* CODEC_CSUM_H */

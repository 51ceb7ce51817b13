/* SPDX-License-Identifier: MIT */

/*
 * addr.h - IP addresses and prefixes as typed values
 *
 * Both families in one type, bytes in network order.  Text conversions go
 * through the C library; there are no names to resolve here.
 */

#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values are what an IP header's version field says. */
enum ip_family {
	IP_NONE = 0,
	IP_V4 = 4,
	IP_V6 = 6,
};

struct ip_addr {
	enum ip_family family;
	uint8_t bytes[16]; /* IPv4 uses the first four; the rest is 0 */
};

struct ip_prefix {
	struct ip_addr addr; /* host bits are 0 */
	uint8_t len;         /* bits */
};

/* Longest text of each, with NUL. */
#define IP_ADDR_TEXT_SIZE   46
#define IP_PREFIX_TEXT_SIZE 50

/** ip_addr_len() - Bytes of an address: 4, 16, or 0 for IP_NONE */
size_t ip_addr_len(enum ip_family family);

/**
 * ip_addr_parse() - Text to address, strictly (no "10.1", no leading zeros)
 * @text:	NUL-terminated text, IPv6 without brackets or zone
 * @addr:	Receives the address; untouched on failure
 *
 * Return: 0, or -EBADMSG
 */
int ip_addr_parse(const char *text, struct ip_addr *addr)
	__attribute__((warn_unused_result));

/**
 * ip_prefix_parse() - "10.1.0.0/24" to prefix
 * @text:	NUL-terminated; without "/len" a single address
 * @prefix:	Receives the prefix; on -EDOM too, with its host bits cleared
 *
 * Return: 0, -EBADMSG, or -EDOM when host bits are set
 */
int ip_prefix_parse(const char *text, struct ip_prefix *prefix)
	__attribute__((warn_unused_result));

/** ip_prefix_of() - The prefix of one address: /32 or /128 */
struct ip_prefix ip_prefix_of(const struct ip_addr *addr);

/** ip_addr_format() - Address as text; Return: @buf */
const char *ip_addr_format(const struct ip_addr *addr,
			   char buf[IP_ADDR_TEXT_SIZE]);

/** ip_prefix_format() - Prefix as "addr/len"; Return: @buf */
const char *ip_prefix_format(const struct ip_prefix *prefix,
			     char buf[IP_PREFIX_TEXT_SIZE]);

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b);

/** ip_addr_compare() - Order by family, then bytes; for sorting */
int ip_addr_compare(const struct ip_addr *a, const struct ip_addr *b);

bool ip_prefix_contains(const struct ip_prefix *prefix,
			const struct ip_addr *addr);

/** ip_prefix_overlaps() - Does one of the two lie within the other? */
bool ip_prefix_overlaps(const struct ip_prefix *a, const struct ip_prefix *b);

#endif /* BASE_ADDR_H */

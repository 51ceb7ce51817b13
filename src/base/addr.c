/* SPDX-License-Identifier: MIT */

/*
 * addr.c - IP addresses and prefixes as typed values
 */

#include "base/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define V4_LEN 4
#define V6_LEN 16

size_t ip_addr_len(enum ip_family family)
{
	switch (family) {
	case IP_V4:
		return V4_LEN;
	case IP_V6:
		return V6_LEN;
	case IP_NONE:
		break;
	}
	return 0;
}

int ip_addr_parse(const char *text, struct ip_addr *addr)
{
	struct ip_addr read = {.family = IP_V4};

	if (inet_pton(AF_INET, text, read.bytes) != 1) {
		memset(read.bytes, 0, sizeof(read.bytes));
		read.family = IP_V6;
		if (inet_pton(AF_INET6, text, read.bytes) != 1)
			return -EBADMSG;
	}
	*addr = read;
	return 0;
}

/**
 * bits_parse() - The decimal number behind the '/' of a prefix
 * @text:	Digits, NUL-terminated
 * @max:	Largest value
 *
 * Return: the number, or -EBADMSG (not digits, leading zero, above @max)
 */
static int bits_parse(const char *text, int max)
{
	int bits = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		if (i == 3 || text[i] < '0' || text[i] > '9')
			return -EBADMSG;
		bits = bits * 10 + (text[i] - '0');
	}
	if (i == 0 || (i > 1 && text[0] == '0') || bits > max)
		return -EBADMSG;
	return bits;
}

/**
 * host_bits_clear() - Zero all bits behind the first @len
 * @addr:	Address, changed in place
 * @len:	Bits to keep
 *
 * Return: true when one of the cleared bits was set
 */
static bool host_bits_clear(struct ip_addr *addr, unsigned int len)
{
	bool was_set = false;
	unsigned int i;

	for (i = 0; i < sizeof(addr->bytes); i++) {
		unsigned int kept = len > 8 * i ? len - 8 * i : 0;
		uint8_t mask = (uint8_t)(0xff00u >> (kept < 8 ? kept : 8));

		if (addr->bytes[i] & (uint8_t)~mask)
			was_set = true;
		addr->bytes[i] &= mask;
	}
	return was_set;
}

int ip_prefix_parse(const char *text, struct ip_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char buf[IP_ADDR_TEXT_SIZE];
	struct ip_prefix read;
	bool bits_set;
	size_t len;
	int bits;

	len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(buf))
		return -EBADMSG;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (ip_addr_parse(buf, &read.addr))
		return -EBADMSG;

	bits = (int)(8 * ip_addr_len(read.addr.family));
	if (slash)
		bits = bits_parse(slash + 1, bits);
	if (bits < 0)
		return bits;

	read.len = (uint8_t)bits;
	bits_set = host_bits_clear(&read.addr, read.len);
	*prefix = read;
	return bits_set ? -EDOM : 0;
}

struct ip_prefix ip_prefix_of(const struct ip_addr *addr)
{
	return (struct ip_prefix){
		.addr = *addr,
		.len = (uint8_t)(8 * ip_addr_len(addr->family)),
	};
}

const char *ip_addr_format(const struct ip_addr *addr,
			   char buf[IP_ADDR_TEXT_SIZE])
{
	int family = addr->family == IP_V6 ? AF_INET6 : AF_INET;

	buf[0] = '\0';
	/* Cannot fail for these families and this size. */
	if (addr->family != IP_NONE &&
	    !inet_ntop(family, addr->bytes, buf, IP_ADDR_TEXT_SIZE))
		assert(0);
	return buf;
}

const char *ip_prefix_format(const struct ip_prefix *prefix,
			     char buf[IP_PREFIX_TEXT_SIZE])
{
	char addr[IP_ADDR_TEXT_SIZE];

	snprintf(buf, IP_PREFIX_TEXT_SIZE, "%s/%u",
		 ip_addr_format(&prefix->addr, addr), (unsigned)prefix->len);
	return buf;
}

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_addr_compare(a, b) == 0;
}

int ip_addr_compare(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, ip_addr_len(a->family));
}

bool ip_prefix_contains(const struct ip_prefix *prefix,
			const struct ip_addr *addr)
{
	struct ip_addr network = *addr;

	if (addr->family != prefix->addr.family)
		return false;
	host_bits_clear(&network, prefix->len);
	return ip_addr_equal(&network, &prefix->addr);
}

bool ip_prefix_overlaps(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len < b->len ? ip_prefix_contains(a, &b->addr)
			       : ip_prefix_contains(b, &a->addr);
}

/* SPDX-License-Identifier: MIT */

/*
 * addr.c - IP addresses and prefixes as typed values
 */

#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t ip_addr_len(enum ip_family family)
{
	switch (family) {
	case IP_V4:
		return 4;
	case IP_V6:
		return 16;
	case IP_NONE:
		return 0;
	}
	return 0;
}

int ip_addr_parse(const char *text, struct ip_addr *addr)
{
	struct ip_addr found = {0};

	if (inet_pton(AF_INET, text, found.bytes) == 1)
		found.family = IP_V4;
	else if (inet_pton(AF_INET6, text, found.bytes) == 1)
		found.family = IP_V6;
	else
		return -EBADMSG;
	*addr = found;
	return 0;
}

/** clear_host_bits() - Return: was any of them set? */
static bool clear_host_bits(struct ip_prefix *prefix)
{
	size_t len = ip_addr_len(prefix->addr.family);
	bool any = false;
	size_t i;

	for (i = 0; i < len; i++) {
		size_t first = i * 8; /* number of the byte's first bit */
		uint8_t keep = 0;
		uint8_t *byte = &prefix->addr.bytes[i];

		if (prefix->len >= first + 8)
			keep = 0xff;
		else if (prefix->len > first)
			keep = (uint8_t)(0xff00 >> (prefix->len - first));
		any |= (*byte & ~keep) != 0;
		*byte &= keep;
	}
	return any;
}

/** parse_len() - "24" to a prefix length of at most @max; -1 when it is none */
static int parse_len(const char *text, int max)
{
	int value = 0;

	if (!text[0] || (text[0] == '0' && text[1]))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (*text - '0');
		if (value > max)
			return -1;
	}
	return value;
}

int ip_prefix_parse(const char *text, struct ip_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char addr[IP_ADDR_TEXT_SIZE];
	struct ip_prefix found;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	int max;
	int bits;

	if (len >= sizeof(addr))
		return -EBADMSG;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (ip_addr_parse(addr, &found.addr))
		return -EBADMSG;
	max = (int)ip_addr_len(found.addr.family) * 8;
	bits = slash ? parse_len(slash + 1, max) : max;
	if (bits < 0)
		return -EBADMSG;
	found.len = (uint8_t)bits;
	bits = clear_host_bits(&found);
	*prefix = found;
	return bits ? -EDOM : 0;
}

const char *ip_addr_format(const struct ip_addr *addr,
			   char buf[IP_ADDR_TEXT_SIZE])
{
	int family = addr->family == IP_V6 ? AF_INET6 : AF_INET;

	if (addr->family == IP_NONE ||
	    !inet_ntop(family, addr->bytes, buf, IP_ADDR_TEXT_SIZE))
		snprintf(buf, IP_ADDR_TEXT_SIZE, "-");
	return buf;
}

const char *ip_prefix_format(const struct ip_prefix *prefix,
			     char buf[IP_PREFIX_TEXT_SIZE])
{
	char addr[IP_ADDR_TEXT_SIZE];

	snprintf(buf, IP_PREFIX_TEXT_SIZE, "%s/%u",
		 ip_addr_format(&prefix->addr, addr), prefix->len);
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
	size_t whole = prefix->len / 8;
	unsigned int rest = prefix->len % 8;

	if (prefix->addr.family != addr->family)
		return false;
	if (memcmp(prefix->addr.bytes, addr->bytes, whole))
		return false;
	return !rest ||
	       (prefix->addr.bytes[whole] ^ addr->bytes[whole]) >> (8 - rest) ==
		       0;
}

bool ip_prefix_overlaps(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len <= b->len ? ip_prefix_contains(a, &b->addr)
				: ip_prefix_contains(b, &a->addr);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * netval.c - Addresses, prefixes and ports of a policy text, each judged by
 * itself
 */

#include "policy/netval.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

/* Longest "[ADDRESS]:PROTO/PORT-PORT" that can be right, with room. */
#define ENDPOINT_LEN 128

#define PORT_MAX     65535

#define V4(a, b, c, d)                                                         \
	{                                                                      \
		.family = IP_V4, .bytes = {a, b, c, d},                        \
	}
#define V6(...)                                                                \
	{                                                                      \
		.family = IP_V6, .bytes = {__VA_ARGS__},                       \
	}

/** struct special - Addresses that mean something else */
struct special {
	struct ip_prefix prefix;
	const char *fault;
};

/* IPv4 addresses in IPv6's clothes: no packet has them. */
static const struct special mapped = {
	{V6(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 96},
	"write it as an IPv4 address"};

static const struct special multicast[] = {
	{{V4(224, 0, 0, 0), 3}, "224.0.0.0/3 is multicast or reserved"},
	{{V6(0xff), 8}, "ff00::/8 is multicast"},
};

static const struct special no_host[] = {
	{{V4(0, 0, 0, 0), 8}, "0.0.0.0/8 is no host's address"},
	{{V4(127, 0, 0, 0), 8}, "127.0.0.0/8 is this machine itself"},
	{{V6(0), 128}, ":: is no host's address"},
	{{V6(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 128},
	 "::1 is this machine itself"},
	{{V6(0xfe, 0x80), 10}, "link-local addresses do not cross a tunnel"},
};

/**
 * special_fault() - Is any address of a prefix special?
 * @prefix:	Prefix
 * @special:	Kinds
 * @cnt:	Entries there
 *
 * Return: NULL, or what is wrong
 */
static const char *special_fault(const struct ip_prefix *prefix,
				 const struct special *special, size_t cnt)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		if (ip_prefix_overlaps(&special[i].prefix, prefix))
			return special[i].fault;
	}
	return NULL;
}

/**
 * prefix_fault() - Can hosts have these addresses?
 * @prefix:	Prefix or address of either family
 *
 * Return: NULL, or what is wrong
 */
static const char *prefix_fault(const struct ip_prefix *prefix)
{
	const char *fault = special_fault(prefix, no_host,
					  sizeof(no_host) / sizeof(no_host[0]));

	if (!fault)
		fault = special_fault(prefix, multicast,
				      sizeof(multicast) / sizeof(multicast[0]));
	return fault ? fault : special_fault(prefix, &mapped, 1);
}

/**
 * addr_fault() - Can a host have this address?
 * @addr:	Address of either family
 *
 * Return: NULL, or what is wrong
 */
static const char *addr_fault(const struct ip_addr *addr)
{
	const struct ip_prefix prefix = ip_prefix_of(addr);

	return prefix_fault(&prefix);
}

const char *netval_tunnel_addr(const char *text, struct ip_addr *addr,
			       struct ip_prefix *pool)
{
	size_t len = strcspn(text, "/");
	char copy[IP_ADDR_TEXT_SIZE];
	struct ip_prefix prefix;
	struct ip_addr read;
	const char *fault;
	int err;

	if (len >= sizeof(copy))
		return "it is too long";
	memcpy(copy, text, len);
	copy[len] = '\0';
	err = ip_prefix_parse(text, &prefix);
	if (ip_addr_parse(copy, &read) || (err && err != -EDOM))
		return "it must be one address, like 100.64.0.1 or fd64:1::1, "
		       "or one with the length of its pool, like "
		       "100.64.0.17/28";
	fault = prefix_fault(&prefix);
	if (fault)
		return fault;
	*addr = read;
	*pool = prefix;
	return NULL;
}

/**
 * prefix_read() - The prefix of a text, with or without host bits
 * @text:	Text
 * @prefix:	Receives it
 * @host_bits:	Set to whether host bits were set
 *
 * Return: NULL, or what is wrong
 */
static const char *prefix_read(const char *text, struct ip_prefix *prefix,
			       bool *host_bits)
{
	int err = ip_prefix_parse(text, prefix);

	*host_bits = err == -EDOM;
	if (err && err != -EDOM)
		return "it must be a prefix, like 10.1.0.0/24 or fd00:1::/64";
	return NULL;
}

const char *netval_network(const char *text, struct ip_prefix *prefix,
			   bool *host_bits)
{
	struct ip_prefix read;
	const char *fault = prefix_read(text, &read, host_bits);

	if (!fault && read.len == 0)
		fault = "it is every address; name the networks of the site";
	if (!fault)
		fault = prefix_fault(&read);
	if (fault) {
		*host_bits = false;
		return fault;
	}
	*prefix = read;
	return *host_bits ? "it has bits set behind its length; the network is"
			  : NULL;
}

/**
 * no_source() - Does a prefix have addresses only that no packet comes from?
 * @prefix:	Prefix
 *
 * Return: NULL, or what is wrong
 */
static const char *no_source(const struct ip_prefix *prefix)
{
	size_t i;

	for (i = 0; i < sizeof(multicast) / sizeof(multicast[0]); i++) {
		if (prefix->len >= multicast[i].prefix.len &&
		    ip_prefix_contains(&multicast[i].prefix, &prefix->addr))
			return multicast[i].fault;
	}
	if (prefix->len >= mapped.prefix.len &&
	    ip_prefix_contains(&mapped.prefix, &prefix->addr))
		return mapped.fault;
	return NULL;
}

const char *netval_source(const char *text, struct ip_prefix *prefix,
			  bool *host_bits)
{
	struct ip_prefix read;
	const char *fault = prefix_read(text, &read, host_bits);

	if (!fault)
		fault = no_source(&read);
	if (fault) {
		*host_bits = false;
		return fault;
	}
	*prefix = read;
	return *host_bits ? "it has bits set behind its length; the prefix is"
			  : NULL;
}

uint16_t netval_port(const char *text)
{
	size_t len = strspn(text, DIGITS);
	unsigned long port;

	if (!len || text[len] || len > 5 || text[0] == '0')
		return 0;
	port = strtoul(text, NULL, 10);
	return port <= PORT_MAX ? (uint16_t)port : 0;
}

/**
 * cut_last() - Cut a text at the last of a character
 * @text:	Changed in place
 * @sep:	Character
 *
 * Return: what follows it, or NULL when it does not occur
 */
static char *cut_last(char *text, char sep)
{
	char *at = strrchr(text, sep);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

/**
 * copy_fits() - Copy a text to take it apart
 * @copy:	Receives it
 * @text:	Text
 *
 * Return: false when it is longer than any that can be right
 */
static bool copy_fits(char copy[ENDPOINT_LEN], const char *text)
{
	size_t len = strlen(text);

	if (len >= ENDPOINT_LEN)
		return false;
	memcpy(copy, text, len + 1);
	return true;
}

/**
 * ports_read() - "8443" or "8000-8100"
 * @text:	Changed in place
 * @first:	Receives the first port
 * @last:	Receives the last one
 *
 * Return: NULL, or what is wrong
 */
static const char *ports_read(char *text, uint16_t *first, uint16_t *last)
{
	char *end = cut_last(text, '-');
	uint16_t low = netval_port(text);
	uint16_t high = end ? netval_port(end) : low;

	if (!low || !high)
		return "the port must be a number from 1 to 65535, or a range "
		       "like 8000-8100";
	if (low > high)
		return "the range ends before it begins; the lower port stands "
		       "first";
	*first = low;
	*last = high;
	return NULL;
}

/**
 * proto_read() - "tcp" or "udp"
 * @text:	Text
 * @proto:	Receives it
 *
 * Return: was it one of the two?
 */
static bool proto_read(const char *text, enum service_proto *proto)
{
	if (!strcmp(text, "tcp"))
		*proto = PROTO_TCP;
	else if (!strcmp(text, "udp"))
		*proto = PROTO_UDP;
	else
		return false;
	return true;
}

/**
 * endpoint_addr() - The address of a public or target text
 * @text:	"10.1.0.5" or "[fd00::5]"; changed in place
 * @addr:	Receives it
 *
 * Return: NULL, or what is wrong
 */
static const char *endpoint_addr(char *text, struct ip_addr *addr)
{
	size_t len = strlen(text);
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
	struct ip_addr read;

	if (brackets) {
		text[len - 1] = '\0';
		text++;
	}
	if (ip_addr_parse(text, &read))
		return "what stands before the ':' is not an address";
	if (brackets != (read.family == IP_V6))
		return brackets ? "only an IPv6 address stands in [ ]"
				: "an IPv6 address stands in [ ], like "
				  "[fd00::5]:443";
	*addr = read;
	return NULL;
}

const char *netval_public(const char *text, struct policy_service *service)
{
	char copy[ENDPOINT_LEN];
	struct policy_service read = *service;
	const char *fault = NULL;
	char *proto;
	char *port;

	if (!copy_fits(copy, text))
		return "it is too long";
	port = cut_last(copy, '/');
	if (!port)
		return "write it as tcp/8443 or 198.51.100.7:udp/53";
	proto = cut_last(copy, ':');
	if (proto) {
		fault = endpoint_addr(copy, &read.public_addr);
		if (!fault)
			fault = addr_fault(&read.public_addr);
	} else {
		proto = copy;
		read.public_addr = (struct ip_addr){0};
	}
	if (!fault && !proto_read(proto, &read.proto))
		fault = "the protocol must be tcp or udp";
	if (!fault)
		fault = ports_read(port, &read.public_port, &read.public_last);
	if (!fault)
		*service = read;
	return fault;
}

const char *netval_target(const char *text, struct policy_service *service)
{
	char copy[ENDPOINT_LEN];
	struct policy_service read = *service;
	struct ip_addr addr;
	const char *fault;
	char *port;

	if (!copy_fits(copy, text))
		return "it is too long";
	port = cut_last(copy, ':');
	if (ip_addr_parse(text, &addr) == 0 || !port)
		return "write it as ADDRESS:PORT, like 10.1.0.5:443 or "
		       "[fd00::5]:443";
	fault = endpoint_addr(copy, &read.target);
	if (!fault)
		fault = ports_read(port, &read.target_port, &read.target_last);
	if (!fault)
		*service = read;
	return fault;
}

const char *netval_allow(const char *text, struct policy_allow *allow)
{
	struct policy_allow read = {.first = 1, .last = PORT_MAX};
	char copy[ENDPOINT_LEN];
	const char *fault = NULL;
	char *port;

	if (!strcmp(text, "icmp")) {
		*allow = (struct policy_allow){.proto = PROTO_ICMP};
		return NULL;
	}
	if (!copy_fits(copy, text))
		return "it is too long";
	port = cut_last(copy, '/');
	if (!proto_read(copy, &read.proto))
		return "write it as tcp/22, tcp/8000-8100, tcp, udp/53, udp or "
		       "icmp";
	if (port)
		fault = ports_read(port, &read.first, &read.last);
	if (!fault)
		*allow = read;
	return fault;
}

/**
 * print_ports() - "8443" or "8000-8100"
 * @first:	First port
 * @last:	Last port
 * @buf:	Receives it
 *
 * Return: @buf
 */
static const char *print_ports(uint16_t first, uint16_t last, char buf[12])
{
	if (first == last)
		snprintf(buf, 12, "%u", (unsigned)first);
	else
		snprintf(buf, 12, "%u-%u", (unsigned)first, (unsigned)last);
	return buf;
}

/**
 * print_addr() - "10.1.0.5:", "[fd00::5]:", or nothing for no address
 * @addr:	Address
 * @buf:	Receives it
 *
 * Return: its length
 */
static size_t print_addr(const struct ip_addr *addr,
			 char buf[NETVAL_ENDPOINT_SIZE])
{
	char text[IP_ADDR_TEXT_SIZE];
	int len;

	buf[0] = '\0';
	if (addr->family == IP_NONE)
		return 0;
	ip_addr_format(addr, text);
	len = addr->family == IP_V6
		      ? snprintf(buf, NETVAL_ENDPOINT_SIZE, "[%s]:", text)
		      : snprintf(buf, NETVAL_ENDPOINT_SIZE, "%s:", text);
	return (size_t)len;
}

const char *netval_print_public(const struct policy_service *service,
				char buf[NETVAL_ENDPOINT_SIZE])
{
	size_t len = print_addr(&service->public_addr, buf);
	char ports[12];

	snprintf(
		buf + len, NETVAL_ENDPOINT_SIZE - len, "%s/%s",
		service_proto_name(service->proto),
		print_ports(service->public_port, service->public_last, ports));
	return buf;
}

const char *netval_print_target(const struct policy_service *service,
				char buf[NETVAL_ENDPOINT_SIZE])
{
	size_t len = print_addr(&service->target, buf);
	char ports[12];

	snprintf(
		buf + len, NETVAL_ENDPOINT_SIZE - len, "%s",
		print_ports(service->target_port, service->target_last, ports));
	return buf;
}

const char *netval_print_allow(const struct policy_allow *allow,
			       char buf[NETVAL_ENDPOINT_SIZE])
{
	const char *proto = service_proto_name(allow->proto);
	char ports[12];

	if (allow->proto == PROTO_ICMP ||
	    (allow->first == 1 && allow->last == PORT_MAX))
		snprintf(buf, NETVAL_ENDPOINT_SIZE, "%s", proto);
	else
		snprintf(buf, NETVAL_ENDPOINT_SIZE, "%s/%s", proto,
			 print_ports(allow->first, allow->last, ports));
	return buf;
}

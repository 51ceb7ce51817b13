/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * value.c - Single values of a configuration text, each judged by itself
 */

#include "policy/value.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

#define STR_(x) #x
#define STR(x)  STR_(x)

/* Longest "ADDRESS:PROTO/PORT" that can be right, with room. */
#define ENDPOINT_LEN 128
/* useradd's limit. */
#define USER_LEN_MAX 32

const char *value_name(const char *text)
{
	size_t len = strspn(text, LOWER DIGITS "._-");

	if (!len || text[len] || len > NAME_LEN_MAX || strchr("._-", text[0]))
		return "a name has 1 to " STR(
			NAME_LEN_MAX) " of a-z, 0-9, '.',"
				      " '_' and '-', and begins with a letter "
				      "or digit";
	return NULL;
}

const char *value_line(const char *text, size_t len_max)
{
	const char *c;

	for (c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return "it has a control character in it";
	}
	if (c == text)
		return "it must not be empty";
	if ((size_t)(c - text) > len_max)
		return "it is too long";
	return NULL;
}

const char *value_path(const char *text)
{
	if (text[0] != '/')
		return "it must be an absolute path, beginning with '/'";
	return value_line(text, PATH_MAX - 1);
}

const char *value_ifname(const char *text)
{
	size_t len = strspn(text, LOWER UPPER DIGITS "._-");

	if (!len || text[len] || len > IFNAME_LEN_MAX)
		return "a device has 1 to " STR(
			IFNAME_LEN_MAX) " of a-z, A-Z, "
					"0-9, '.', '_' and '-'";
	if (strchr(".-", text[0]))
		return "a device begins with a letter, a digit or '_'";
	if (!strcmp(text, "lo") || !strcmp(text, "all") ||
	    !strcmp(text, "default"))
		return "this name means something else to the kernel; use one "
		       "like rt0";
	return NULL;
}

const char *value_user(const char *text)
{
	size_t len = strspn(text, LOWER UPPER DIGITS "._-");

	if (!len || text[len] || len > USER_LEN_MAX || text[0] == '-')
		return "it must be the name of a user of this machine";
	if (!strcmp(text, "root") || !strcmp(text, "0"))
		return "the carrier reads from the network and must not run as "
		       "root; use a user of its own";
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
	static const struct {
		const char *prefix;
		const char *fault;
	} special[] = {
		{"0.0.0.0/8", "0.0.0.0/8 is no host's address"},
		{"127.0.0.0/8", "127.0.0.0/8 is this machine itself"},
		{"224.0.0.0/3", "224.0.0.0/3 is multicast or reserved"},
		{"::", ":: is no host's address"},
		{"::1", "::1 is this machine itself"},
		{"::ffff:0.0.0.0/96", "write it as an IPv4 address"},
		{"fe80::/10", "link-local addresses do not cross a tunnel"},
		{"ff00::/8", "ff00::/8 is multicast"},
	};
	struct ip_prefix range;
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (ip_prefix_parse(special[i].prefix, &range) == 0 &&
		    ip_prefix_overlaps(&range, prefix))
			return special[i].fault;
	}
	return NULL;
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

const char *value_tunnel_addr(const char *text, struct ip_addr *addr)
{
	struct ip_addr read;
	const char *fault;

	if (ip_addr_parse(text, &read))
		return "it must be one address, like 100.64.0.1 or fd64:1::1";
	fault = addr_fault(&read);
	if (!fault)
		*addr = read;
	return fault;
}

const char *value_network(const char *text, struct ip_prefix *network,
			  bool *host_bits)
{
	const char *fault;
	struct ip_prefix read;
	int err = ip_prefix_parse(text, &read);

	*host_bits = false;
	if (err && err != -EDOM)
		return "it must be a prefix, like 10.1.0.0/24";
	if (read.addr.family != IP_V4)
		return "IPv6 services are not supported yet; name IPv4 "
		       "networks only";
	if (read.len == 0)
		return "it is every address; name the networks of the site";
	fault = prefix_fault(&read);
	if (fault)
		return fault;
	*network = read;
	*host_bits = err != 0;
	return err ? "it has bits set behind its length; the network is" : NULL;
}

/**
 * port_parse() - "8443" to a number
 * @text:	Digits, NUL-terminated
 *
 * Return: the port, or 0 when it is none (also with a leading zero)
 */
static uint16_t port_parse(const char *text)
{
	size_t len = strspn(text, DIGITS);
	unsigned long port;

	if (!len || text[len] || len > 5 || text[0] == '0')
		return 0;
	port = strtoul(text, NULL, 10);
	return port <= 65535 ? (uint16_t)port : 0;
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
 * endpoint_addr() - The address of a public or target text
 * @text:	"10.1.0.5"; an IPv6 one with or without brackets
 * @addr:	Receives it
 *
 * Return: NULL, or what is wrong
 */
static const char *endpoint_addr(char *text, struct ip_addr *addr)
{
	size_t len = strlen(text);

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text[len - 1] = '\0';
		text++;
	}
	if (ip_addr_parse(text, addr))
		return "what stands before the ':' is not an IPv4 address";
	if (addr->family != IP_V4)
		return "IPv6 services are not supported yet; use an IPv4 "
		       "address";
	return NULL;
}

const char *value_public(const char *text, struct policy_service *service)
{
	char copy[ENDPOINT_LEN];
	struct policy_service read = *service;
	const char *fault = NULL;
	const char *proto;
	const char *port;

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
	}
	if (fault)
		return fault;

	if (!strcmp(proto, "tcp"))
		read.proto = PROTO_TCP;
	else if (!strcmp(proto, "udp"))
		read.proto = PROTO_UDP;
	else
		return "the protocol must be tcp or udp";
	read.public_port = port_parse(port);
	if (!read.public_port)
		return "the port must be a number from 1 to 65535";
	read.public_last = read.public_port;
	*service = read;
	return NULL;
}

const char *value_target(const char *text, struct policy_service *service)
{
	char copy[ENDPOINT_LEN];
	struct ip_addr addr;
	const char *fault;
	const char *port;
	uint16_t number;

	if (!copy_fits(copy, text))
		return "it is too long";
	if (ip_addr_parse(text, &addr) == 0 && addr.family == IP_V6)
		return "IPv6 services are not supported yet; use an IPv4 "
		       "address";
	port = cut_last(copy, ':');
	if (!port)
		return "write it as ADDRESS:PORT, like 10.1.0.5:443";
	fault = endpoint_addr(copy, &addr);
	if (fault)
		return fault;
	number = port_parse(port);
	if (!number)
		return "the port must be a number from 1 to 65535";
	service->target = addr;
	service->target_port = number;
	service->target_last = number;
	return NULL;
}

/**
 * host_is_good() - Is it "HOST" or "HOST:PORT"?
 * @host:	Changed in place: the port is cut off
 */
static bool host_is_good(char *host)
{
	char *end = strchr(host, ']');
	char *colon = strrchr(host, ':');
	struct ip_addr addr;

	if (colon && (!end || colon > end)) {
		*colon = '\0';
		if (!port_parse(colon + 1))
			return false;
	}
	if (host[0] == '[' && end && !end[1]) {
		*end = '\0';
		return ip_addr_parse(host + 1, &addr) == 0 &&
		       addr.family == IP_V6;
	}
	return host[0] && !host[strspn(host, LOWER UPPER DIGITS ".-_")];
}

/**
 * host_is_local() - Is it this machine, by an address or name of the loopback?
 * @host:	As host_is_good() leaves it
 */
static bool host_is_local(const char *host)
{
	return !strcmp(host, "127.0.0.1") || !strcmp(host, "localhost") ||
	       !strcmp(host, "[::1");
}

const char *value_relay(const char *text)
{
	bool tls = !strncmp(text, "wss://", 6);
	const char *host = text + (tls ? 6 : 5);
	char copy[URL_LEN_MAX + 1];
	const char *fault = value_line(text, URL_LEN_MAX);
	size_t len;

	if (fault)
		return fault;
	if (!tls && strncmp(text, "ws://", 5))
		return "it must be wss://HOST/NAME";
	len = strcspn(host, "/?#");
	memcpy(copy, host, len);
	copy[len] = '\0';
	if (!host_is_good(copy))
		return "HOST or PORT in wss://HOST[:PORT]/NAME is not valid";
	if (!tls && !host_is_local(copy))
		return "ws:// has no encryption and is for 127.0.0.1, [::1] "
		       "and "
		       "localhost only; use wss://";
	if (host[len] != '/' || !host[len + 1])
		return "it lacks the name of the hybrid connection: "
		       "wss://HOST/NAME";
	if (strpbrk(host + len, "?# \"\\"))
		return "the name of the hybrid connection ends at the first of "
		       "'?', '#', '\"', '\\' and space; leave them out";
	return NULL;
}

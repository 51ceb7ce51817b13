/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * policy.c - Questions about a validated policy
 */

#include "policy/policy.h"

#include <string.h>

const struct policy_gateway *policy_gateway_find(const struct policy *policy,
						 const char *name)
{
	size_t i;

	for (i = 0; i < policy->gateway_cnt; i++) {
		if (!strcmp(policy->gateways[i].name, name))
			return &policy->gateways[i];
	}
	return NULL;
}

const struct ip_addr *gateway_addr(const struct policy_gateway *gateway,
				   enum ip_family family)
{
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		if (gateway->addrs[i].family == family)
			return &gateway->addrs[i];
	}
	return NULL;
}

const struct ip_prefix *gateway_pool(const struct policy_gateway *gateway,
				     enum ip_family family)
{
	const struct ip_addr *addr = gateway_addr(gateway, family);

	return addr ? &gateway->pools[addr - gateway->addrs] : NULL;
}

const struct ip_prefix *site_tunnel_prefixes(const struct policy_site *site)
{
	return site->aliases ? site->aliases : site->networks;
}

/**
 * move_addr() - The address of @to that is where @addr is in its own prefix
 * @addr:	Address inside a prefix of the same length
 * @to:		Prefix of the same family
 */
static struct ip_addr move_addr(const struct ip_addr *addr,
				const struct ip_prefix *to)
{
	struct ip_addr moved = to->addr;
	size_t whole = to->len / 8;
	uint8_t host_bits = (uint8_t)(0xff >> to->len % 8);
	size_t i;

	for (i = whole; i < ip_addr_len(addr->family); i++) {
		moved.bytes[i] |= addr->bytes[i] & host_bits;
		host_bits = 0xff;
	}
	return moved;
}

struct ip_addr site_tunnel_addr(const struct policy_site *site,
				const struct ip_addr *addr)
{
	size_t i;

	for (i = 0; site->aliases && i < site->network_cnt; i++) {
		if (ip_prefix_contains(&site->networks[i], addr))
			return move_addr(addr, &site->aliases[i]);
	}
	return *addr;
}

const char *gateway_role_name(enum gateway_role role)
{
	return role == ROLE_CLOUD ? "cloud" : "site";
}

const char *service_proto_name(enum service_proto proto)
{
	switch (proto) {
	case PROTO_ICMP:
		return "icmp";
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	}
	return "?";
}

const char *tun_offloads_name(enum tun_offloads offloads)
{
	switch (offloads) {
	case TUN_OFFLOADS_ALL:
		return "all";
	case TUN_OFFLOADS_NO_USO:
		return "no-uso";
	case TUN_OFFLOADS_NONE:
		return "none";
	}
	return "?";
}

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

const char *gateway_role_name(enum gateway_role role)
{
	return role == ROLE_CLOUD ? "cloud" : "site";
}

const char *service_proto_name(enum service_proto proto)
{
	return proto == PROTO_TCP ? "tcp" : "udp";
}

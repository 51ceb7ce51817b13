/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * keys.c - Which keys a policy text may have
 */

#include "policy/keys.h"

#define KEYS(...)                                                              \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

const struct policy_keys policy_keys_root = {
	"policy", KEYS("version", "gateways", "sites")};

const struct policy_keys policy_keys_gateway = {
	"gateway", KEYS("name", "role", "site", "address", "relays")};

const struct policy_keys policy_keys_site = {
	"site",
	KEYS("name", "networks", "alias", "masquerade", "services", "routes")};

const struct policy_keys policy_keys_service = {
	"service",
	KEYS("name", "public", "target", "from", "idle_timeout", "audit")};

const struct policy_keys policy_keys_route = {
	"route", KEYS("name", "to", "allow", "from", "nat", "via")};

const struct policy_keys *const *policy_keys_all(void)
{
	static const struct policy_keys *const all[] = {
		&policy_keys_root,    &policy_keys_gateway, &policy_keys_site,
		&policy_keys_service, &policy_keys_route,   NULL};

	return all;
}

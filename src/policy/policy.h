/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * policy.h - The policy table and a gateway's own settings, validated
 *
 * Vocabulary, and a few questions (policy.c).  A struct policy is immutable,
 * lives in one arena and is built by policy_parse(); whoever holds one may rely
 * on every rule that policy/check.c enforces, and on the order of entries:
 * gateways, sites and services by name, networks and addresses by value.
 */

#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define POLICY_VERSION 1

enum gateway_role {
	ROLE_CLOUD,
	ROLE_SITE,
};

enum service_proto {
	PROTO_TCP = 6, /* IANA protocol numbers */
	PROTO_UDP = 17,
};

/**
 * struct policy_service - One public port and where it leads
 * @name:	Unique within its site
 * @proto:	Transport protocol, same on both sides
 * @public_addr: Address of the cloud gateway it answers at; IP_NONE: any of
 *		its own
 * @public_port: Port there
 * @target:	On-prem address, inside the site's networks
 * @target_port: Port there
 * @line:	Where it stands in the text
 */
struct policy_service {
	const char *name;
	enum service_proto proto;
	struct ip_addr public_addr;
	uint16_t public_port;
	struct ip_addr target;
	uint16_t target_port;
	unsigned int line;
};

/** struct policy_site - Networks behind one or more site gateways */
struct policy_site {
	const char *name;
	const struct ip_prefix *networks;
	size_t network_cnt;
	const struct policy_service *services;
	size_t service_cnt;
	bool masquerade; /* site gateways hide tunnel addresses from the LAN */
	unsigned int line;
};

/**
 * struct policy_gateway - One appliance
 * @name:	Unique
 * @role:	Which end
 * @site:	The site it serves, NULL for ROLE_CLOUD
 * @addrs:	Its own tunnel addresses, one per family at most
 * @relays:	ROLE_SITE: relay URLs it listens at, most preferred first
 */
struct policy_gateway {
	const char *name;
	enum gateway_role role;
	const struct policy_site *site;
	const struct ip_addr *addrs;
	size_t addr_cnt;
	const char *const *relays;
	size_t relay_cnt;
	unsigned int line;
};

struct policy {
	const struct policy_gateway *gateways;
	size_t gateway_cnt;
	const struct policy_site *sites;
	size_t site_cnt;
};

/** policy_gateway_find() - By name; NULL when there is none */
const struct policy_gateway *policy_gateway_find(const struct policy *policy,
						 const char *name);

/** gateway_addr() - Its address of a family, NULL when it has none */
const struct ip_addr *gateway_addr(const struct policy_gateway *gateway,
				   enum ip_family family);

/** gateway_role_name() - "cloud" or "site" */
const char *gateway_role_name(enum gateway_role role);

/** service_proto_name() - "tcp" or "udp" */
const char *service_proto_name(enum service_proto proto);

/**
 * struct gateway_conf - gateway.cfg
 * @name:	Which of the policy's gateways this machine is
 * @name_line:	Where it stands in the text
 * @policy_path: File of the policy
 * @tun_name:	Device, at most IFNAME_LEN_MAX characters
 * @tun_mtu:	Bytes
 * @key_name:	SAS rule of credentials = { key_name; key_file }
 * @key_file:	File with the key's text
 * @ca_file:	PEM bundle that relays' certificates must chain to; NULL: the
 *		system's
 * @user:	The carrier runs as this user
 * @status_socket: Unix socket of `relaytun status`
 * @state_file:	Where the steward remembers what it must put back
 */
struct gateway_conf {
	const char *name;
	unsigned int name_line;
	const char *policy_path;
	const char *tun_name;
	uint32_t tun_mtu;
	const char *key_name;
	const char *key_file;
	const char *ca_file;
	const char *user;
	const char *status_socket;
	const char *state_file;
};

#endif /* POLICY_POLICY_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * policy.h - The policy table and a gateway's own settings, validated
 *
 * Vocabulary, and a few questions (policy.c).  A struct policy is immutable,
 * lives in one arena and is built by policy_parse(); whoever holds one may rely
 * on every rule that policy/check.c enforces, and on the order of entries:
 * gateways, sites, services and routes by name, networks and addresses by
 * value.
 */

#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cfgsource.h"
#include "policy/access.h"

#define POLICY_VERSION 1

enum gateway_role {
	ROLE_CLOUD,
	ROLE_SITE,
};

enum service_proto {
	PROTO_ICMP = 1, /* IANA protocol numbers; this one means ICMPv6, too */
	PROTO_TCP = 6,
	PROTO_UDP = 17,
};

/**
 * struct prefix_list - Prefixes of either family, none inside another
 * @prefixes:	By value, neighbours merged as far as they can be
 * @cnt:	Entries there; a list without any means: everybody
 *
 * Equal lists of a policy share @prefixes: one that differs is another list.
 */
struct prefix_list {
	const struct ip_prefix *prefixes;
	size_t cnt;
};

/**
 * struct policy_service - Public ports and where they lead
 * @name:	Unique among the services and routes of its site
 * @proto:	PROTO_TCP or PROTO_UDP, same on both sides
 * @public_addr: Address of the cloud gateway it answers at; IP_NONE: any of
 *		its own.  Of the target's family
 * @public_port: First port there
 * @public_last: Last port there: the same, unless it is a range
 * @target:	On-prem address, inside the site's networks
 * @target_port: First port there
 * @target_last: Last port there; the range is as long as the public one, and
 *		its n-th port belongs to the n-th public one
 * @from:	Who may use it; with any, also someone of the target's family
 * @idle_timeout_s: A flow ends when nothing passed for so long; 0: as the
 *		kernel has it
 * @audit:	Each flow that ends leaves an accounting line in the log
 * @line:	Where it stands in the text
 */
struct policy_service {
	const char *name;
	enum service_proto proto;
	struct ip_addr public_addr;
	uint16_t public_port;
	uint16_t public_last;
	struct ip_addr target;
	uint16_t target_port;
	uint16_t target_last;
	struct prefix_list from;
	uint32_t idle_timeout_s;
	bool audit;
	unsigned int line;
};

/**
 * struct policy_allow - What a route lets through: "tcp/22", "udp", "icmp"
 * @proto:	Protocol
 * @first:	First port, 0 for PROTO_ICMP (ping; errors always pass)
 * @last:	Last port; 1 to 65535 when the text names no port
 */
struct policy_allow {
	enum service_proto proto;
	uint16_t first;
	uint16_t last;
};

/**
 * struct policy_route - Plain routed use, for hosts whose next hop is a cloud
 * gateway
 * @name:	Unique among the services and routes of its site
 * @to:		Prefix inside the site's networks
 * @allow:	What is let through, in order of value
 * @allow_cnt:	Entries there, at least one
 * @from:	Who may use it; with any, also someone of the family of @to,
 *		without @nat nobody else
 * @nat:	Its flows enter the tunnel with the cloud gateway's address;
 *		else with their own, and @from is not empty
 * @via:	Without @nat: name of the cloud gateway behind which @from is;
 *		else NULL
 * @line:	Where it stands in the text
 */
struct policy_route {
	const char *name;
	struct ip_prefix to;
	const struct policy_allow *allow;
	size_t allow_cnt;
	struct prefix_list from;
	bool nat;
	const char *via;
	unsigned int line;
};

/**
 * struct policy_site - Networks behind one or more site gateways
 * @networks:	What the site owns, by value
 * @aliases:	Per network the prefix of the same length that stands for it in
 *		the tunnel and on the cloud gateway; NULL when the networks
 *		themselves do
 * @masquerade:	Its gateways hide tunnel addresses from the LAN
 */
struct policy_site {
	const char *name;
	const struct ip_prefix *networks;
	const struct ip_prefix *aliases;
	size_t network_cnt;
	const struct policy_service *services;
	size_t service_cnt;
	const struct policy_route *routes;
	size_t route_cnt;
	bool masquerade;
	unsigned int line;
};

/**
 * struct policy_gateway - One appliance
 * @name:	Unique
 * @role:	Which end
 * @site:	The site it serves, NULL for ROLE_CLOUD
 * @addrs:	Its own tunnel addresses, one per family at most
 * @pools:	Per address the prefix around it that is the gateway's: flows
 *		enter the tunnel with any address of it.  /32 or /128 when the
 *		text names no longer one
 * @relays:	ROLE_SITE: relay URLs it listens at; all are used at once
 */
struct policy_gateway {
	const char *name;
	enum gateway_role role;
	const struct policy_site *site;
	const struct ip_addr *addrs;
	const struct ip_prefix *pools;
	size_t addr_cnt;
	const char *const *relays;
	size_t relay_cnt;
	unsigned int line;
};

/**
 * struct policy - The whole table
 * @source:	Where its lines are from (its text is gone): errors that are
 *		found later name file and line by cfg_source_error()
 */
struct policy {
	struct cfg_source source;
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

/** gateway_pool() - The pool of a family, NULL when it has no such address */
const struct ip_prefix *gateway_pool(const struct policy_gateway *gateway,
				     enum ip_family family);

/** site_tunnel_prefixes() - What stands for a site's networks in the tunnel:
 *  @site->network_cnt prefixes, its aliases or the networks themselves */
const struct ip_prefix *site_tunnel_prefixes(const struct policy_site *site);

/** site_tunnel_addr() - What stands for an address of a site in the tunnel; the
 *  address itself when it has no alias */
struct ip_addr site_tunnel_addr(const struct policy_site *site,
				const struct ip_addr *addr);

/** gateway_role_name() - "cloud" or "site" */
const char *gateway_role_name(enum gateway_role role);

/** service_proto_name() - "tcp", "udp" or "icmp" */
const char *service_proto_name(enum service_proto proto);

/* Channels a cloud gateway dials unless gateway.cfg says else, or there is no room
 * for so many: see needs_channels(). */
#define GATEWAY_CHANNELS_DEFAULT 2

/* Where a gateway's socket and state file lie unless gateway.cfg says else. */
#define GATEWAY_RUN_DIR "/run/relaytun"

/**
 * enum tun_offloads - Work that the kernel leaves to the far side of the tunnel
 *
 * TUN_OFFLOADS_ALL	All that it can
 * TUN_OFFLOADS_NO_USO	UDP comes cut into its datagrams
 * TUN_OFFLOADS_NONE	Packets come as they are on a wire
 */
enum tun_offloads {
	TUN_OFFLOADS_ALL,
	TUN_OFFLOADS_NO_USO,
	TUN_OFFLOADS_NONE,
};

/** tun_offloads_name() - "all", "no-uso" or "none" */
const char *tun_offloads_name(enum tun_offloads offloads);

/**
 * struct gateway_conf - gateway.cfg
 * @name:	Which of the policy's gateways this machine is
 * @name_line:	Where it stands in the text
 * @policy_path: File of the policy
 * @tun_name:	Device, at most IFNAME_LEN_MAX characters
 * @tun_mtu:	Bytes
 * @tun_offloads: What the device may leave to others
 * @channels:	Cloud gateway: how many channels it dials to each peer over each
 *		of the peer's relays; 0: as many as needs_channels() says
 * @workers:	Threads that move packets, each with a queue of the device
 * @access:	Credentials, proxy and trust
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
	enum tun_offloads tun_offloads;
	uint32_t channels;
	uint32_t workers;
	struct access_conf access;
	const char *user;
	const char *status_socket;
	const char *state_file;
};

#endif /* POLICY_POLICY_H */

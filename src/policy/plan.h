/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * plan.h - The kernel state that a policy wants on one gateway
 *
 * Pure: from a validated policy to a complete list of what must stand.  The
 * steward makes it so; `relaytun check` shows it.
 */

#ifndef POLICY_PLAN_H
#define POLICY_PLAN_H

#include "base/arena.h"
#include "policy/policy.h"

/* Our bits of the connection mark; others' bits stay as they are.  Ids are
 * 1 to PLAN_ID_MAX; a flow that is being ended bears PLAN_ID_CUT. */
#define PLAN_MARK_MASK 0x0000ffffu
#define PLAN_ID_MAX    0xfffeu
#define PLAN_ID_CUT    0xffffu

/* The protocol number of our routes: `ip route show proto relaytun`. */
#define PLAN_ROUTE_PROTO 114

/* The device group of every gateway's TUN device: `ip link show group 114`.
 * What one gateway closes on a machine, another on it may open. */
#define PLAN_LINK_GROUP 114

/**
 * struct plan_service - A service with its id on this gateway
 * @site:	Its site
 * @service:	The service
 * @id:		Connection mark and chain number: the same at every start, and
 *		on every gateway where no two names collide
 */
struct plan_service {
	const struct policy_site *site;
	const struct policy_service *service;
	uint32_t id;
};

/**
 * struct plan_grant - A site's route with its id on this gateway
 * @site:	Its site
 * @route:	The route
 * @id:		As a service's, out of the same numbers
 */
struct plan_grant {
	const struct policy_site *site;
	const struct policy_route *route;
	uint32_t id;
};

/** struct plan_id - An id given before, by "SITE/SERVICE" or "SITE/ROUTE"
 *  name */
struct plan_id {
	const char *name;
	uint32_t id;
};

/**
 * struct plan_route - A route into the TUN
 * @to:		Destination
 * @src:	Preferred source: our tunnel address of that family
 */
struct plan_route {
	struct ip_prefix to;
	struct ip_addr src;
};

/**
 * struct plan - What must stand on this gateway
 * @gateway:	Which one this is
 * @conf:	Its settings
 * @routes:	Cloud: what stands for the sites' networks in the tunnel, and
 *		site gateways' pools.  Site: the cloud gateways' pools, and
 *		where flows come from that keep their source
 * @services:	Cloud: all services.  Site: those of its own site.  Ordered by
 *		site and service name
 * @grants:	Routes of the same sites as @services, ordered alike; on a cloud
 *		gateway those without NAT only that are via it
 * @peers:	Gateways at the other end, in the policy's order
 */
struct plan {
	const struct policy *policy;
	const struct policy_gateway *gateway;
	const struct gateway_conf *conf;
	const struct plan_route *routes;
	size_t route_cnt;
	const struct plan_service *services;
	size_t service_cnt;
	const struct plan_grant *grants;
	size_t grant_cnt;
	const struct policy_gateway *const *peers;
	size_t peer_cnt;
};

/**
 * plan_make() - Derive the wanted state
 * @policy:	Valid policy (borrowed as long as the plan lives)
 * @gateway:	This machine's gateway in it
 * @conf:	Its settings (borrowed as long as the plan lives)
 * @known:	Ids given before; a known name keeps its id.  A new name gets
 *		the id its hash says, or the next free one
 * @known_cnt:	Entries there
 * @arena:	Receives the plan
 */
const struct plan *plan_make(const struct policy *policy,
			     const struct policy_gateway *gateway,
			     const struct gateway_conf *conf,
			     const struct plan_id *known, size_t known_cnt,
			     struct arena *arena);

#endif /* POLICY_PLAN_H */

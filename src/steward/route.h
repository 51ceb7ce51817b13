/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * route.h - Routes into the tunnel
 */

#ifndef STEWARD_ROUTE_H
#define STEWARD_ROUTE_H

#include <sys/types.h>

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/missing.h"

struct nl_sock;

/**
 * route_check() - Is there room for the routes of a plan?  Changes nothing
 * @ifindex:	The TUN device, 0 when it does not stand yet
 *
 * Return: 0, or -EEXIST or -EIO with entries in @diag
 */
int route_check(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct diag *diag) __attribute__((warn_unused_result));

/**
 * route_apply() - Make the routes into the device those of the plan
 * @ifindex:	The TUN device
 * @missing:	Receives what did not stand; may be NULL
 *
 * Only routes with our protocol number on this device are ever removed; a
 * route of somebody else to the same destination is an error that names it.
 *
 * Return: 0 or -EIO, -EEXIST
 */
int route_apply(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct missing *missing, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * route_change() - From one plan to another
 * @ending:	The plan before: its routes stay until route_apply() comes, unless
 *		they are in the way; NULL for none
 *
 * Return: as route_apply()
 */
int route_change(struct nl_sock *nl, const struct plan *plan,
		 const struct plan *ending, int ifindex, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * route_tunnel_prefixes() - What lies at the other end, as the routes that stand
 * tell
 * @ifindex:	The TUN device
 * @prefixes:	Receives their destinations
 * @size:	Room there, in entries; what exceeds it is left out
 *
 * Return: how many, or -EIO
 */
ssize_t route_tunnel_prefixes(struct nl_sock *nl, int ifindex,
			      struct ip_prefix *prefixes, size_t size,
			      struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_ROUTE_H */

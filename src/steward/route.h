/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * route.h - Routes into the tunnel
 */

#ifndef STEWARD_ROUTE_H
#define STEWARD_ROUTE_H

#include "base/diag.h"
#include "policy/plan.h"

struct nl_sock;

/**
 * route_apply() - Make the routes into the device those of the plan
 * @ifindex:	The TUN device
 *
 * Only routes with our protocol number on this device are ever removed; a
 * route of somebody else to the same destination is an error that names it.
 *
 * Return: 0 or -EIO, -EEXIST
 */
int route_apply(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_ROUTE_H */

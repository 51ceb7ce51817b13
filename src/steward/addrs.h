/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * addrs.h - The tunnel addresses of this gateway
 *
 * Functions that fail add a sentence to their struct diag.
 */

#ifndef STEWARD_ADDRS_H
#define STEWARD_ADDRS_H

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/missing.h"

struct nl_sock;

/**
 * addrs_check() - Are the tunnel addresses free?  Changes nothing
 * @ifindex:	The TUN device, which may have them; 0 when it does not stand yet
 *
 * Return: 0, or -EADDRINUSE or -EIO with entries in @diag
 */
int addrs_check(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct diag *diag) __attribute__((warn_unused_result));

/**
 * addrs_set() - The gateway's own address of each family, and no other
 * @ifindex:	The TUN device
 * @missing:	Receives what did not stand; may be NULL
 */
int addrs_set(struct nl_sock *nl, const struct plan *plan, int ifindex,
	      struct missing *missing, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_ADDRS_H */

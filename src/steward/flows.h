/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flows.h - Connection tracking entries of the tunnel
 */

#ifndef STEWARD_FLOWS_H
#define STEWARD_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/diag.h"
#include "policy/plan.h"

/* One bit for each id that a mark can carry. */
#define FLOWS_MARKS_SIZE ((PLAN_ID_MAX + 1) / 8)

/**
 * flows_forget() - Delete the entries of flows that went through the tunnel
 * @addrs:	Tunnel addresses: of this gateway, and of those at the other end
 * @addr_cnt:	Entries there
 * @marks:	FLOWS_MARKS_SIZE bytes: only flows of services whose id's bit is
 *		set; NULL for all
 *
 * A flow is one of the tunnel's when it comes from such an address (site) or is
 * answered to one (cloud, where its source was translated).
 *
 * Return: how many were deleted, or -EIO with an entry in @diag
 */
int flows_forget(const struct ip_addr *addrs, size_t addr_cnt,
		 const uint8_t *marks, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_FLOWS_H */

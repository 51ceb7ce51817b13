/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flows.h - Connection tracking entries of the tunnel
 */

#ifndef STEWARD_FLOWS_H
#define STEWARD_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/diag.h"
#include "steward/flow.h"

/**
 * enum flow_fate - What is to become of an entry
 *
 * FLOW_LEAVE	Nothing.
 * FLOW_MARK	Our bits of its mark change.
 * FLOW_DELETE	It goes.
 */
enum flow_fate {
	FLOW_LEAVE,
	FLOW_MARK,
	FLOW_DELETE,
};

/** flow_fn - Judge an entry; for FLOW_MARK set *@id */
typedef enum flow_fate flow_fn(void *arg, const struct flow *flow,
			       uint32_t *id);

struct nlmsghdr;

/** flows_parse() - An entry in a message of the kernel; Return: whether it is one
 *  that we understand */
bool flows_parse(struct nlmsghdr *head, struct flow *flow);

/**
 * flows_each() - Go through all entries, then do what was found right
 * @id:		Only those whose mark has this id; 0 for all
 * @each:	Called for each
 *
 * Entries that change or go in the meantime are left alone: each bears a number
 * of its own.
 *
 * Return: how many were marked or deleted, or -EIO with an entry in @diag
 */
int flows_each(uint32_t id, flow_fn *each, void *arg, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * flows_forget() - Delete the entries of flows that went through the tunnel
 * @prefixes:	What lies at the other end: where routes into the tunnel lead
 * @cnt:	Entries there
 *
 * Return: how many were deleted, or -EIO with an entry in @diag
 */
int flows_forget(const struct ip_prefix *prefixes, size_t cnt,
		 struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_FLOWS_H */

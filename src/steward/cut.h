/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cut.h - Ending flows that the policy no longer allows
 */

#ifndef STEWARD_CUT_H
#define STEWARD_CUT_H

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/flow.h"

/* From the first step to the second: what an end of a flow has to answer. */
#define CUT_LINGER_MS 1000

/**
 * struct cut - Flows that are being ended; starts with zeros
 * @flows:	In an order of their own (heap)
 * @cnt:	Entries there
 */
struct cut {
	struct flow *flows;
	size_t cnt;
	size_t size;
};

/**
 * cut_begin() - Tell both ends of all flows that are not allowed any more
 * @cut:	Empty; receives them
 * @now:	The plan whose ruleset stands
 * @before:	The one before, by which flows are known as ours; may be @now
 * @tun_fd:	Queue of the TUN device
 *
 * Follow with cut_finish() after CUT_LINGER_MS.
 *
 * Return: how many flows, or -EIO with an entry in @diag
 */
int cut_begin(struct cut *cut, const struct plan *now,
	      const struct plan *before, int tun_fd, struct diag *diag)
	__attribute__((warn_unused_result));

/** cut_finish() - Delete their entries; @cut is empty then */
void cut_finish(struct cut *cut, struct diag *diag);

/** cut_preview() - Which flows cut_begin() would end (@cut->flows is the caller's
 *  to free); nothing is changed; Return: as cut_begin() */
int cut_preview(struct cut *cut, const struct plan *now,
		const struct plan *before, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_CUT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * judge.h - Does a policy let a flow be that is already there?
 *
 * Pure.  The ruleset judges a flow by its first packet; when the policy changes,
 * this judges those that are past it.
 */

#ifndef STEWARD_JUDGE_H
#define STEWARD_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/plan.h"
#include "steward/flow.h"

struct judge;

/** judge_new() - For the flows under a plan (borrowed); judge_free() it, which
 *  takes NULL as well */
struct judge *judge_new(const struct plan *plan);
void judge_free(struct judge *judge);

/**
 * judge_is_ours() - Is a marked flow one of the tunnel's, as far as a plan can
 * tell?
 *
 * The mark alone proves nothing: others use the same bits.
 */
bool judge_is_ours(const struct judge *judge, const struct flow *flow);

/**
 * judge_flow() - Which service or route lets a flow be
 *
 * Its own, if that leads where the flow leads and still lets in its source;
 * else another one that does, as when a service was renamed.
 *
 * Return: id, or 0 when none does
 */
uint32_t judge_flow(const struct judge *judge, const struct flow *flow);

#endif /* STEWARD_JUDGE_H */

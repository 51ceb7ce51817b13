/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * trial.h - What a reload on trial leads back to, for a steward that starts anew
 */

#ifndef STEWARD_TRIAL_H
#define STEWARD_TRIAL_H

#include "base/arena.h"
#include "base/diag.h"
#include "policy/plan.h"
#include "steward/state.h"

/**
 * trial_keep() - Write it down before the change is made
 * @before:	What to go back to
 * @limit_s:	Time until then
 *
 * Return: 0, or negative errno with an entry in @diag
 */
int trial_keep(const struct plan *before, unsigned int limit_s,
	       struct diag *diag) __attribute__((warn_unused_result));

/**
 * trial_find() - Was a change waiting to be confirmed?
 * @state:	Its ids are those of the flows there
 * @arena:	Holds the plan
 * @left_s:	Receives the time that is left, 0 when it is over
 *
 * Return: what to go back to, or NULL: nothing waits
 */
const struct plan *trial_find(const struct gateway_conf *conf,
			      const struct state *state, struct arena *arena,
			      unsigned int *left_s);

/** trial_forget() - It is confirmed, or undone */
void trial_forget(const struct gateway_conf *conf);

#endif /* STEWARD_TRIAL_H */

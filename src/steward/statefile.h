/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * statefile.h - The state file: what an earlier run of this gateway remembered
 */

#ifndef STEWARD_STATEFILE_H
#define STEWARD_STATEFILE_H

#include "base/diag.h"
#include "policy/policy.h"
#include "steward/state.h"

/**
 * statefile_read() - What an earlier run of this gateway remembered
 * @state:	Initialised and empty
 *
 * What it opened is told by the ruleset that stands as well.
 *
 * Return: 0, -EEXIST when the file is another gateway's or no state file at all, or
 *	   why it cannot be read
 */
int statefile_read(const struct gateway_conf *conf, struct state *state,
		   struct diag *diag) __attribute__((warn_unused_result));

/** statefile_write() - All of a state, in place of what the file says */
int statefile_write(const struct gateway_conf *conf, const struct state *state,
		    struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_STATEFILE_H */

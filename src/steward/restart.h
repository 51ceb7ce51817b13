/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * restart.h - What of both files only a restart can change
 */

#ifndef STEWARD_RESTART_H
#define STEWARD_RESTART_H

#include <stdbool.h>

#include "base/diag.h"
#include "policy/policy.h"

/**
 * restart_check() - Are they the same?
 * @path:	File that @now is from
 * @before:	What the gateway runs with
 *
 * Return: false with an entry in @diag for each that differs
 */
bool restart_check(const char *path, const struct gateway_conf *before,
		   const struct gateway_conf *now, struct diag *diag);

/**
 * restart_check_role() - Is the role of this gateway the same?
 * @policy:	That @now is of
 * @before:	As the gateway runs
 *
 * Return: false with an entry in @diag when it is another
 */
bool restart_check_role(const struct policy *policy,
			const struct policy_gateway *before,
			const struct policy_gateway *now, struct diag *diag);

#endif /* STEWARD_RESTART_H */

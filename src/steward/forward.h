/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * forward.h - What is switched on so that the machine forwards, and put back
 *
 * Functions that fail add sentences to a struct diag.
 */

#ifndef STEWARD_FORWARD_H
#define STEWARD_FORWARD_H

#include <stdbool.h>

#include "base/diag.h"
#include "steward/apply.h"

/**
 * forward_gather() - Remember each interface that does not forward, and what else
 * forward_open() would change
 *
 * Return: whether the host's state grew, or negative errno
 */
int forward_gather(struct host *host, struct diag *diag)
	__attribute__((warn_unused_result));

/** forward_open() - Switch on what was remembered */
int forward_open(struct host *host, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * forward_forget() - Has the owner switched forwarding on altogether?
 *
 * Return: whether something was forgotten for that
 */
bool forward_forget(struct state *state);

/** forward_close() - Put back what was off, and all settings */
int forward_close(struct nl_sock *nl, const struct state *state,
		  struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_FORWARD_H */

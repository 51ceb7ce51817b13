/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ipv6.h - Forwarding of IPv6: switched on, followed, put back
 *
 * Functions that fail add a sentence to their struct diag.
 */

#ifndef STEWARD_IPV6_H
#define STEWARD_IPV6_H

#include <stdbool.h>

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/state.h"

struct nl_sock;

/**
 * ipv6_usable() - Has this machine IPv6, for the TUN device of a gateway?
 *
 * Not when the kernel was started without it, when it is switched off
 * (disable_ipv6), or when the device's MTU is too small for it.
 */
bool ipv6_usable(const struct gateway_conf *conf);

/** ipv6_wanted() - Does a plan want it, and can it be had? */
bool ipv6_wanted(const struct plan *plan);

/**
 * ipv6_gather() - Remember all that ipv6_open() would change
 *
 * Return: whether @state grew, or -EIO
 */
int ipv6_gather(struct nl_sock *nl, const struct plan *plan,
		struct state *state, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * ipv6_forget() - Has the owner switched forwarding on altogether?
 *
 * Return: whether something was forgotten for that
 */
bool ipv6_forget(struct state *state);

/** ipv6_open() - Switch on what was remembered, and on the TUN device */
int ipv6_open(const struct plan *plan, const struct state *state,
	      struct diag *diag) __attribute__((warn_unused_result));

/** ipv6_close() - Put back what was off; the settings are the caller's */
void ipv6_close(const struct state *state);

#endif /* STEWARD_IPV6_H */

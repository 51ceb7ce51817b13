/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * apply.h - Making the kernel's state that of a plan, and removing it
 *
 * The only place that decides what of the machine is changed, in which order,
 * and how it is undone.  Functions that fail add sentences to a struct diag.
 */

#ifndef STEWARD_APPLY_H
#define STEWARD_APPLY_H

#include "base/diag.h"
#include "policy/plan.h"
#include "steward/link.h"
#include "steward/state.h"
#include "steward/table.h"

/**
 * struct host - What the steward holds of this machine
 * @nl:		Route netlink socket
 * @plan:	What stands (borrowed)
 * @state:	What is to be put back (borrowed)
 * @tun:	The device
 * @family_warned: That IPv6 is off here was said
 * @odd:	Interfaces left alone for their names: said (in @state's arena)
 * @table:	The ruleset that stands; NULL when that is not known
 * @ending:	During apply_start() and apply_change() the plan before, or NULL
 */
struct host {
	struct nl_sock *nl;
	const struct plan *plan;
	struct state *state;
	struct link_tun tun;
	bool family_warned;
	struct name_list odd;
	struct table *table;
	const struct plan *ending;
};

/**
 * apply_start() - Bring the machine to the plan, adopting what stands
 * @host:	Receives what is held; apply_release() it after success
 * @plan:	Made with the ids of @state
 * @before:	Of the policy that an earlier run left standing: its routes stay, and
 *		the ruleset knows its flows, until apply_settle(); or NULL
 * @state:	Read by statefile_read()
 *
 * After a failure everything is as it was before: a first start is undone, an
 * adoption leaves standing what stood.
 */
int apply_start(struct host *host, const struct plan *plan,
		const struct plan *before, struct state *state,
		struct diag *diag) __attribute__((warn_unused_result));

/**
 * enum follow - What of ours may have been touched: bits
 *
 * Forwarding and the device itself are looked at in any case.
 */
enum follow {
	FOLLOW_RULES = 1,  /* our table: it is loaded again */
	FOLLOW_DEVICE = 2, /* options, addresses and routes of the device */
	FOLLOW_NAME = 4,   /* whose the table with our name is */
};

/**
 * apply_follow() - Bring the machine to the plan again: something came or went
 * @touched:	Bits of enum follow
 * @missing:	Receives what of device, addresses and routes was not there
 *
 * New interfaces get forwarding; a device of ours that somebody deleted is made
 * anew; when the owner has switched forwarding on altogether, others' traffic
 * passes.  What stands is not touched, so that this is cheap to call.
 *
 * Return: 0, 1 when @host->tun is a new queue, or negative errno
 */
int apply_follow(struct host *host, unsigned int touched,
		 struct missing *missing, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * apply_change() - From the plan that stands to another of the same gateway
 * @plan:	Made with the ids of the host's state
 *
 * After a failure the plan that stood stands again, as far as the kernel lets it.
 */
int apply_change(struct host *host, const struct plan *plan, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * apply_check() - Is there room for a plan on this machine?  Changes nothing
 *
 * Return: 0, or negative errno with entries in @diag: a start or a change to this
 *	   plan would be refused
 */
int apply_check(const struct plan *plan, struct diag *diag)
	__attribute__((warn_unused_result));

/** apply_settle() - Flows of the plan before have ended: what stands for them only,
 *  routes and what the ruleset knows them by, goes */
int apply_settle(struct host *host, struct diag *diag)
	__attribute__((warn_unused_result));

/** apply_release() - Let go; everything stays standing */
void apply_release(struct host *host);

/**
 * apply_remove() - Remove everything of a gateway, put back what was changed
 * @conf:	Its settings; no policy is needed
 *
 * Goes on after a failure, so that as much as possible is removed; works
 * whatever stands of it.
 */
int apply_remove(const struct gateway_conf *conf, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_APPLY_H */

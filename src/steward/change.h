/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * change.h - What differs between two plans, in an operator's words
 *
 * Pure.
 */

#ifndef STEWARD_CHANGE_H
#define STEWARD_CHANGE_H

#include <stddef.h>

#include "base/strbuf.h"
#include "policy/plan.h"

/** struct change - How many services, routes (of the policy), gateways and sites
 *  differ */
struct change {
	size_t added;
	size_t removed;
	size_t altered;
};

/**
 * change_of() - Compare two plans of a gateway; NULL is a plan of nothing
 * @names:	Receives one line for each: "+ SITE/NAME" came, "- " goes, "~ " is
 *		another; likewise "+ gateway NAME", where "~ " has other addresses,
 *		pools or relays, and "+ site NAME", where "~ " has other networks,
 *		aliases or masquerade; may be NULL
 *
 * Gateways are told of when this one talks to them.  Against a plan of nothing there
 * are services and routes only.
 */
struct change change_of(const struct plan *before, const struct plan *now,
			struct strbuf *names);

#endif /* STEWARD_CHANGE_H */

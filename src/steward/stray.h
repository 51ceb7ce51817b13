/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * stray.h - Does what is meant for the tunnel go there?
 */

#ifndef STEWARD_STRAY_H
#define STEWARD_STRAY_H

#include "base/strbuf.h"
#include "policy/plan.h"

struct nl_sock;

/* In every line of stray_tell(). */
#define STRAY_SIGN "not into the tunnel"

/**
 * stray_tell() - A line for each route of the plan beside which packets go
 * @nl:		Socket of its own: see way_find()
 * @iif:	Where clients' packets come in; NULL: asked for this machine alone
 */
void stray_tell(const struct plan *plan, struct nl_sock *nl, const char *iif,
		struct strbuf *out);

/**
 * stray_tell_own() - A line for each target that is this machine's own address
 *
 * For a site gateway: what comes to itself out of the tunnel is dropped.
 */
void stray_tell_own(const struct plan *plan, struct nl_sock *nl,
		    struct strbuf *out);

#endif /* STEWARD_STRAY_H */

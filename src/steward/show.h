/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * show.h - What `relaytun flows` and `relaytun trace` print
 */

#ifndef STEWARD_SHOW_H
#define STEWARD_SHOW_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/diag.h"
#include "base/strbuf.h"
#include "policy/plan.h"

/**
 * struct show - What was asked for
 * @plan:	Of what is in force, with the ids that the gateway gave; of the files where
 *		nothing stands
 * @service:	"SERVICE" or "SITE/SERVICE", a route's name alike; NULL: all
 * @from:	Who sends; IP_NONE: anybody
 * @json:	For programs
 */
struct show {
	const struct plan *plan;
	const char *service;
	struct ip_addr from;
	bool json;
};

/** show_flows() - Who is connected now; Return: 0, or negative errno with an entry
 *  in @diag */
int show_flows(const struct show *show, struct strbuf *out, struct diag *diag)
	__attribute__((warn_unused_result));

/** show_is_meant() - Is a service or route the one that was asked for? */
bool show_is_meant(const char *asked, const char *site, const char *name);

#endif /* STEWARD_SHOW_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * look.h - What on this machine holds up the tunnel's packets
 */

#ifndef STEWARD_LOOK_H
#define STEWARD_LOOK_H

#include "base/strbuf.h"
#include "policy/plan.h"

/**
 * look_around() - Look through others' rules, routes and name servers
 * @answer:	Receives one line per finding, as foreign_tell() writes them
 *
 * Takes as long as libnftables does for the rulesets of others.
 */
void look_around(const struct plan *plan, struct strbuf *answer);

#endif /* STEWARD_LOOK_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * legacy.h - The rules of iptables-legacy that stand, for the evaluator
 */

#ifndef STEWARD_LEGACY_H
#define STEWARD_LEGACY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "steward/sim.h"

/**
 * struct legacy - What stands
 * @texts:	By family, IPv4 first: as iptables-legacy-save prints it
 * @unread:	By family: there are rules that could not be read
 */
struct legacy {
	struct strbuf texts[2];
	bool unread[2];
};

/** legacy_read() - Tables that keep packets or their tracking; legacy_fini() it
 *  @sim:	Receives them, their names with IPTSAVE_TABLE_SUFFIX */
void legacy_read(struct legacy *legacy, struct sim *sim);
void legacy_fini(struct legacy *legacy);

/** legacy_rule() - The line of a rule; heap, "" when there is none */
char *legacy_rule(const struct legacy *legacy, const struct sim_place *place);

#endif /* STEWARD_LEGACY_H */

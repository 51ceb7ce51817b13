/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * simtext.h - What the text of a ruleset tells beyond its JSON
 *
 * Pure, over what libnftables prints with handles.
 */

#ifndef STEWARD_SIMTEXT_H
#define STEWARD_SIMTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "steward/sim.h"

/**
 * simtext_line() - The line of a rule
 * @rules:	Of one table or of all
 * @len:	Set to its length, without indentation and handle
 *
 * Return: its beginning in @rules, NULL when it is not there
 */
const char *simtext_line(const char *rules, const struct sim_place *place,
			 size_t *len);

/**
 * simtext_wanted() - Does JSON leave open what the text tells?
 *
 * That is iptables' target CT, of which it has the name only: whether it says
 * --notrack stands in the text, where the extension of iptables is installed.
 */
bool simtext_wanted(const char *json);

/** simtext_take() - Settle that, for the rules that @rules has */
void simtext_take(struct sim *sim, const char *rules);

#endif /* STEWARD_SIMTEXT_H */

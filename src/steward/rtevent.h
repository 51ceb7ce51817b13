/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rtevent.h - What an event of rtnetlink is about
 *
 * Each takes one message; one that is malformed is about nothing.
 */

#ifndef STEWARD_RTEVENT_H
#define STEWARD_RTEVENT_H

#include <stdbool.h>

#include "policy/plan.h"

struct nlmsghdr;

/** rtevent_ifindex() - The interface it is about, 0 when none or several */
int rtevent_ifindex(struct nlmsghdr *head);

/** rtevent_is_planned() - Does its route lead where one of ours does? */
bool rtevent_is_planned(const struct plan *plan, struct nlmsghdr *head);

/** rtevent_may_divert() - Is it about something that can come before our routes,
 *  or did: a route into what they lead to, or a rule of routing? */
bool rtevent_may_divert(const struct plan *plan, struct nlmsghdr *head);

#endif /* STEWARD_RTEVENT_H */

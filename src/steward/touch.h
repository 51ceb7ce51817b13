/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * touch.h - What a transaction of nftables did, told by its events
 */

#ifndef STEWARD_TOUCH_H
#define STEWARD_TOUCH_H

#include <stdbool.h>

#include "steward/culprit.h"
#include "steward/missing.h"

struct nlmsghdr;

/**
 * struct touch - The transaction under way
 * @ours:	What it did to our table so far
 * @rival:	It changed a table of somebody else that has the name of ours
 * @others:	It changed rules of others
 */
struct touch {
	struct missing ours;
	bool rival;
	bool others;
};

void touch_init(struct touch *touch);

/** touch_fini() - Forget what was gathered; the next transaction may follow */
void touch_fini(struct touch *touch);

/**
 * touch_take() - One event of nftables
 * @table:	Name by which our table stands
 * @name:	Name that it should have
 * @by:		Set to id and name of who committed it, at the end
 *
 * Return: whether the transaction ended with it; touch_fini() once it is judged
 */
bool touch_take(struct touch *touch, const char *table, const char *name,
		struct nlmsghdr *head, struct culprit *by);

#endif /* STEWARD_TOUCH_H */

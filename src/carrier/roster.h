/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * roster.h - A worker's peers, under one setup and the next
 */

#ifndef CARRIER_ROSTER_H
#define CARRIER_ROSTER_H

struct setup;
struct worker;

/** roster_begin() - Those of the worker's first setup */
void roster_begin(struct worker *worker);

/** roster_move() - To the peers of @setup, which comes into force here: channels keep
 *  their connections as far as it still has them */
void roster_move(struct worker *worker, const struct setup *setup);

/** roster_free() - All of them, and what waits for them */
void roster_free(struct worker *worker);

#endif /* CARRIER_ROSTER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * slots.h - A worker's channels: how many there are, and who gets one
 */

#ifndef CARRIER_SLOTS_H
#define CARRIER_SLOTS_H

#include <stddef.h>

struct setup;
struct worker;

/** slots_cnt() - How many channels a worker has under a setup, at most */
size_t slots_cnt(const struct setup *setup, unsigned int id);

/** slots_fit() - As many as the setup wants: idle ones go first, then what is in use
 *  beyond that; new ones come */
void slots_fit(struct worker *worker);

/** slots_dial() - Cloud: all channels that are missing */
void slots_dial(struct worker *worker);

/** slots_retire() - Fewer channels are wanted than there are over a relay */
void slots_retire(struct worker *worker);

/** slots_accept() - Site: give an accept to a slot, or log that there is none */
void slots_accept(struct worker *worker, const char *address);

/** slots_free() - All channels */
void slots_free(struct worker *worker);

#endif /* CARRIER_SLOTS_H */

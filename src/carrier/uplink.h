/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * uplink.h - From the TUN queue to where packets wait for a channel
 */

#ifndef CARRIER_UPLINK_H
#define CARRIER_UPLINK_H

struct peer;
struct worker;

/** uplink_run() - Read the TUN until it is empty or the budget is used up, and send
 *  what waits */
void uplink_run(struct worker *worker);

/** uplink_take_over() - The same with what siblings passed on (kin.h) */
void uplink_take_over(struct worker *worker);

/** uplink_pump() - Send what waits for a peer, and what else is due, on all of its
 *  channels */
void uplink_pump(struct peer *peer);

#endif /* CARRIER_UPLINK_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * uplink.h - From the TUN queue into the channels
 */

#ifndef CARRIER_UPLINK_H
#define CARRIER_UPLINK_H

struct worker;

/** uplink_run() - Read the TUN until it is empty, a channel is full or the
 *  budget is used up */
void uplink_run(struct worker *worker);

/** uplink_resume() - A channel has room again, or ended: read on if all have */
void uplink_resume(struct worker *worker);

#endif /* CARRIER_UPLINK_H */

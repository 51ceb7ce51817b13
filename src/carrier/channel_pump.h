/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel_pump.h - What a channel sends
 */

#ifndef CARRIER_CHANNEL_PUMP_H
#define CARRIER_CHANNEL_PUMP_H

struct channel;

/** channel_pump() - Send what is due and what waits, as far as the slot is free.  The
 *  channel may be over then */
void channel_pump(struct channel *channel);

#endif /* CARRIER_CHANNEL_PUMP_H */

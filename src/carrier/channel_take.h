/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel_take.h - A message has come on a channel
 */

#ifndef CARRIER_CHANNEL_TAKE_H
#define CARRIER_CHANNEL_TAKE_H

struct channel;
struct ws_message;

/** channel_take() - Do what it says, or end the channel.  Packets in it are changed
 *  in place */
void channel_take(struct channel *channel, const struct ws_message *ws);

#endif /* CARRIER_CHANNEL_TAKE_H */

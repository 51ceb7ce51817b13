/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * channel_beat.h - An open channel's PINGs: when they go, and what answers say
 */

#ifndef CARRIER_CHANNEL_BEAT_H
#define CARRIER_CHANNEL_BEAT_H

struct channel;
struct wire_ping;

/** channel_beat_begin() - The channel is open: the first PING is due */
void channel_beat_begin(struct channel *channel);

/** channel_beat_touch() - Packets pass: a PING goes soon, if none would */
void channel_beat_touch(struct channel *channel);

/** channel_beat_tick() - The channel's timer: it is given up, or the next PING goes */
void channel_beat_tick(struct channel *channel);

/**
 * channel_beat_pong() - A PING was answered
 *
 * What that made due is sent by the caller, who pumps the channel.
 *
 * Return: NULL, or what the peer did wrong (a literal)
 */
const char *channel_beat_pong(struct channel *channel,
			      const struct wire_ping *pong);

/** channel_beat_judged() - Its peer has looked at it: send what that made due, and
 *  log whether it lost its flows or has them again */
void channel_beat_judged(struct channel *channel);

#endif /* CARRIER_CHANNEL_BEAT_H */

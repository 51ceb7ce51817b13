/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * downlink.h - From a channel to the TUN device
 */

#ifndef CARRIER_DOWNLINK_H
#define CARRIER_DOWNLINK_H

#include <stddef.h>
#include <stdint.h>

struct channel;

/**
 * downlink_data() - Write the packets of a DATA message to the TUN
 * @channel:	Open channel it came on
 * @body:	Body of the message (written to: offload flags are tidied)
 * @len:	Its length in bytes
 *
 * Packets that may not pass are dropped and counted.
 *
 * Return: 0, or -EBADMSG: the message itself is malformed; end the channel
 */
int downlink_data(struct channel *channel, uint8_t *body, size_t len)
	__attribute__((warn_unused_result));

#endif /* CARRIER_DOWNLINK_H */

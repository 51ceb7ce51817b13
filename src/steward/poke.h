/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * poke.h - Packets that make an end of a flow notice that it is being ended
 *
 * Pure: bytes for the TUN device, as if they came from the other end.
 */

#ifndef STEWARD_POKE_H
#define STEWARD_POKE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"
#include "steward/flow.h"

/* vnet header, IPv6 header, ICMPv6 header, quoted IPv6 and UDP headers. */
#define POKE_LEN_MAX (12 + 40 + 8 + 40 + 8)

/**
 * poke_packet() - The packet for a flow
 * @flow:	The flow
 * @role:	Of this gateway: a cloud gateway speaks to the client, a site
 *		gateway to the target
 * @packet:	Receives vnet header and packet
 *
 * TCP: a SYN (to the target) or SYN and ACK (to the client) of the connection
 * that is there.  Its receiver answers with an ACK that says where it stands
 * (RFC 9293, 3.10.7.4: challenge ACK), and that ACK is answered with a reset it
 * must believe.  Connection tracking lets such a packet pass at any time.
 * UDP: port unreachable, about what the client sent; a target gets none.
 *
 * Return: length, or 0 when there is nothing to say
 */
size_t poke_packet(const struct flow *flow, enum gateway_role role,
		   uint8_t packet[POKE_LEN_MAX]);

#endif /* STEWARD_POKE_H */

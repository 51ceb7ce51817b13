/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * steer.h - Which peer a packet goes to, and what a peer may send
 *
 * Pure.  Built once from the policy; longest-prefix match over the sites'
 * networks (cloud gateway) or the cloud gateways' addresses (site gateway).
 * Knows nothing of channels or sockets.
 */

#ifndef CARRIER_STEER_H
#define CARRIER_STEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "codec/ip.h"
#include "policy/plan.h"

struct steer;

/**
 * steer_new() - Build the tables for one gateway
 * @plan:	Wanted state (borrowed as long as the steer lives)
 * @arena:	Receives the tables
 *
 * Peers are numbered as in @plan->peers.
 */
const struct steer *steer_new(const struct plan *plan, struct arena *arena);

#define STEER_NO_PEER (-1)

/**
 * steer_out() - Peer for a packet read from the TUN
 * @steer:	Tables
 * @pkt:	The packet
 * @view:	Its view
 *
 * Cloud: by destination, a site's networks or a site gateway's own address; the
 * source must be one of our own addresses.  Site: the destination must be a
 * cloud gateway's address; the source, one of the site's networks or our own
 * address, or any when the packet is an ICMP error about one that came from
 * that destination and went to one of these.
 * With several site gateways for a site the first is meant until flows are
 * spread over the live ones (the flow hash is here for that: steer_flow()).
 *
 * Return: index of the peer, STEER_NO_PEER when no one serves it
 */
int steer_out(const struct steer *steer, const uint8_t *pkt,
	      const struct ip_view *view);

/**
 * steer_in() - May this peer send this packet?
 * @steer:	Tables
 * @peer:	Index of the peer it came from
 * @pkt:	The packet
 * @view:	Its view
 *
 * Site to cloud: sources in the site's networks or the peer's own address, and
 * ICMP errors about packets that went there from the error's destination, whose
 * source may be any router on the way.  Cloud to site: the peer's own
 * addresses.  The destination must be ours: cloud, one of our own addresses;
 * site, one of our networks or our own address.
 *
 * Return: 0, or -EACCES
 */
int steer_in(const struct steer *steer, int peer, const uint8_t *pkt,
	     const struct ip_view *view) __attribute__((warn_unused_result));

/**
 * steer_flow() - Hash of the flow a packet belongs to
 * @pkt:	The packet
 * @view:	Its view
 *
 * 5-tuple; ICMP errors by the quoted packet, so that they meet the flow they are
 * about; echo by its id; fragments by addresses and protocol.  The same for both
 * directions.
 */
uint32_t steer_flow(const uint8_t *pkt, const struct ip_view *view);

#endif /* CARRIER_STEER_H */

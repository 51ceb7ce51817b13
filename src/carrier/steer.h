/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * steer.h - Which peer a packet goes to, and what a peer may send
 *
 * Pure.  Built once from the policy; longest-prefix match over what lies at the
 * other end.  Knows nothing of channels or sockets, nor of which peer is there.
 */

#ifndef CARRIER_STEER_H
#define CARRIER_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "codec/ip.h"
#include "policy/plan.h"

struct steer;

/**
 * struct steer_group - Peers of which any one may serve a packet
 * @peers:	Indices, in the plan's order
 * @cnt:	How many
 */
struct steer_group {
	const int *peers;
	size_t cnt;
};

/**
 * steer_new() - Build the tables for one gateway
 * @plan:	Wanted state (borrowed as long as the steer lives)
 * @arena:	Receives the tables
 *
 * Peers are numbered as in @plan->peers.  Group n of the first
 * @plan->peer_cnt groups is peer n alone; then follow the peers of each site
 * (cloud).
 */
const struct steer *steer_new(const struct plan *plan, struct arena *arena);

/** steer_group_cnt() - How many groups there are */
size_t steer_group_cnt(const struct steer *steer);

/** steer_group() - One of them */
const struct steer_group *steer_group(const struct steer *steer, int group);

#define STEER_NO_PEER  (-1)
#define STEER_NO_GROUP (-1)

/**
 * steer_out() - Who may take a packet read from the TUN
 * @steer:	Tables
 * @pkt:	The packet
 * @view:	Its view
 *
 * Cloud: by destination, what stands for a site's networks in the tunnel (all
 * gateways of the site) or a site gateway's own pool (that gateway).  The
 * source must be of our own pool, or of a route that enters here and keeps its
 * source.  Site: the destination must be of a cloud gateway's pool, or where
 * such a route comes from; the source, one of the site's or of our own pool.
 * An ICMP error may have any source when it is about a packet that came from
 * its destination and went to what is behind us.
 *
 * Return: index of the group, STEER_NO_GROUP when no one serves it
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
 * The mirror of steer_out(): a source is good when packets to it would go to this
 * peer or to a group that it is of, an ICMP error's, when packets to where the
 * quoted one went would; the destination must be ours.
 *
 * Return: 0, or -EACCES
 */
int steer_in(const struct steer *steer, int peer, const uint8_t *pkt,
	     const struct ip_view *view) __attribute__((warn_unused_result));

/** steer_is_shared() - Are there several peers who may take packets to an address
 *  at the other end? */
bool steer_is_shared(const struct steer *steer, const struct ip_addr *addr);

/**
 * steer_flow() - Hash of the flow a packet belongs to
 * @pkt:	The packet
 * @view:	Its view
 *
 * 5-tuple; ICMP errors by the quoted packet, so that they meet the flow they are
 * about; echo by its id; fragments but the first by addresses and protocol: see
 * steer_datagram().  The same for both directions.
 */
uint32_t steer_flow(const uint8_t *pkt, const struct ip_view *view);

/** steer_begins() - May a flow begin with this packet, or has it no beginning?
 *  False for TCP in the midst of a connection, and for ICMP errors */
bool steer_begins(const uint8_t *pkt, const struct ip_view *view);

/** steer_datagram() - Key of the datagram that a fragment is of: the same for all
 *  its fragments, in one direction */
uint64_t steer_datagram(const struct ip_view *view);

#endif /* CARRIER_STEER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * datagram.h - The flow of packets that lack their ports
 *
 * Pure.  Fragments after the first, and ICMP errors that quote such a one, find
 * their flow by what was seen of the datagram before.
 */

#ifndef CARRIER_DATAGRAM_H
#define CARRIER_DATAGRAM_H

#include <stdint.h>

#include "base/time.h"
#include "carrier/memo.h"
#include "codec/ip.h"

/* Fragments of one datagram come together, and what a router says of one comes
 * within a round trip; later ones may be of another that got the same id.
 * (Receivers wait for 30 s at most, but ids of a busy pair come around faster.) */
#define DATAGRAM_LIFE_MS 2000

/**
 * struct datagrams - Flows of those that came in fragments, by steer_datagram()
 * @out:	Of the TUN: fragments follow the one that came first
 * @in:		Of the peers, who cannot push out what is in @out
 */
struct datagrams {
	struct memo out;
	struct memo in;
};

/**
 * datagram_flow() - Flow of a packet that the TUN gave
 * @pkt:	The packet
 * @view:	Its view
 *
 * As steer_flow(); a fragment has that of its datagram, and an ICMP error about a
 * fragment without ports that of the datagram which came from a peer.
 */
uint32_t datagram_flow(struct datagrams *datagrams, const uint8_t *pkt,
		       const struct ip_view *view, mono_t now);

/** datagram_came() - A packet came from a peer: note it if it is the first fragment
 *  of a datagram */
void datagram_came(struct datagrams *datagrams, const uint8_t *pkt,
		   const struct ip_view *view, mono_t now);

#endif /* CARRIER_DATAGRAM_H */

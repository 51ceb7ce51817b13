/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * drops.h - Every reason for which a packet is dropped, and its name
 *
 * Names are what `relaytun status` shows; they never change their meaning.
 */

#ifndef CARRIER_DROPS_H
#define CARRIER_DROPS_H

/*
 * Up: from the TUN to a peer.
 *   malformed	not IPv4 or IPv6, or lengths that lie
 *   no_peer	no gateway serves the destination, or the source is not ours
 *   no_channel	the peer has no open channel
 *   too_big	longer than the peer's largest message
 *   offload	the kernel's offload header does not fit the packet
 *   queue	too much was waiting, and most of it of this flow
 *   late	what was waiting of this flow did so too long
 * Down: from a peer to the TUN.
 *   bad_packet	not IPv4 or IPv6, or lengths that lie
 *   bad_offload the offload header does not fit the packet
 *   source	this peer may not send this packet
 *   kernel	the TUN device refused it
 */
#define DROP_REASONS(X)                                                        \
	X(DROP_UP_MALFORMED, "up_malformed")                                   \
	X(DROP_UP_NO_PEER, "up_no_peer")                                       \
	X(DROP_UP_NO_CHANNEL, "up_no_channel")                                 \
	X(DROP_UP_TOO_BIG, "up_too_big")                                       \
	X(DROP_UP_OFFLOAD, "up_offload")                                       \
	X(DROP_UP_QUEUE, "up_queue")                                           \
	X(DROP_UP_LATE, "up_late")                                             \
	X(DROP_DOWN_BAD_PACKET, "down_bad_packet")                             \
	X(DROP_DOWN_BAD_OFFLOAD, "down_bad_offload")                           \
	X(DROP_DOWN_SOURCE, "down_source")                                     \
	X(DROP_DOWN_KERNEL, "down_kernel")

#define DROP_ENUM(id, name) id,
enum drop_reason { DROP_REASONS(DROP_ENUM) DROP_REASON_CNT };
#undef DROP_ENUM

#endif /* CARRIER_DROPS_H */

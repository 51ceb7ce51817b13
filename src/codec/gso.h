/* SPDX-License-Identifier: MIT */

/*
 * gso.h - The offload header that travels with each packet
 *
 * struct virtio_net_hdr_v1, 12 bytes, little-endian, as a TUN with
 * TUNSETVNETLE and a header of 12 bytes delivers it (virtio 1.1, section
 * 5.1.6).  It comes from the network: gso_check() holds every field against
 * the packet before the kernel sees it.
 */

#ifndef CODEC_GSO_H
#define CODEC_GSO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "codec/ip.h"

enum gso_flags {
	GSO_NEEDS_CSUM = 0x01,
	GSO_DATA_VALID = 0x02,
};

enum gso_type {
	GSO_NONE = 0,
	GSO_TCPV4 = 1,
	GSO_TCPV6 = 4,
	GSO_UDP_L4 = 5,
	GSO_ECN = 0x80, /* or-ed to the TCP types */
};

/* What a peer's kernel takes, announced in HELLO. */
enum gso_offload {
	GSO_CAN_CSUM = 0x01, /* values of TUN_F_* */
	GSO_CAN_TSO4 = 0x02,
	GSO_CAN_TSO6 = 0x04,
	GSO_CAN_TSO_ECN = 0x08,
	GSO_CAN_USO4 = 0x20,
	GSO_CAN_USO6 = 0x40,
};

/* A need that no one announces: of a type that is not known here. */
#define GSO_CAN_NOBODY 0x80000000u

/** struct gso_header - The twelve bytes, decoded */
struct gso_header {
	uint8_t flags;
	uint8_t type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t num_buffers; /* 0 or 1 on a TUN */
};

/** gso_read() - Decode */
void gso_read(const uint8_t data[VNET_HDR_LEN], struct gso_header *header);

/** gso_write() - Encode */
void gso_write(uint8_t data[VNET_HDR_LEN], const struct gso_header *header);

/**
 * gso_scrub() - Clear what must not go from one machine to another
 * @data:	Header as the kernel or a peer wrote it
 *
 * DATA_VALID is one kernel's word that it has verified a checksum; another must
 * verify for itself.  num_buffers is not written by a TUN read of kernels
 * before 2025: what lies there is left over from an earlier packet.
 *
 * wire_data_commit() does it for the sender; the receiver does it once more
 * between gso_check() and the write to the TUN.
 */
void gso_scrub(uint8_t data[VNET_HDR_LEN]);

/**
 * gso_check() - Does the header tell the truth about the packet?
 * @header:	Decoded header
 * @pkt:	The packet, from its IP header on
 * @len:	Its length in bytes
 *
 * Checked by a table of the types: protocol and family fit the type, gso_size
 * and number of segments in bounds, hdr_len covers the transport header and
 * lies inside the packet, checksum offset is the protocol's (TCP or UDP),
 * checksum start is the transport header's, no fragment, unknown flags and
 * types refused.  Fields that flags and type leave without meaning are 0, as
 * Linux writes them.  Without NEEDS_CSUM the packet is not looked at: that is
 * ip_view()'s.
 *
 * Return: 0, or -EBADMSG
 */
int gso_check(const struct gso_header *header, const uint8_t *pkt, size_t len)
	__attribute__((warn_unused_result));

/**
 * gso_needs() - Offloads that a receiver of this packet must have
 *
 * Return: bits of enum gso_offload, or GSO_CAN_NOBODY
 */
uint32_t gso_needs(const struct gso_header *header, const uint8_t *pkt);

/**
 * struct gso_segments - A packet on its way into pieces that need no offload
 * @header:	Its offload header
 * @view:	Its view
 * @pkt:	The packet (borrowed until the last segment is out)
 * @headers_len: Bytes that every segment repeats
 * @idx:	The next segment
 * @cnt:	How many there are
 */
struct gso_segments {
	struct gso_header header;
	struct ip_view view;
	const uint8_t *pkt;
	size_t headers_len;
	size_t idx;
	size_t cnt;
};

/**
 * gso_segments_init() - Begin to cut a packet, for a peer that lacks gso_needs()
 * @segments:	Caller's storage, nothing to be freed
 * @header:	Decoded header
 * @pkt:	The packet, borrowed until the last segment is out
 * @len:	Its length in bytes
 *
 * A packet that only lacks its checksum becomes one segment, and so does one
 * that lacks nothing.
 *
 * Return: 0, or -EBADMSG: what gso_check() refuses
 */
int gso_segments_init(struct gso_segments *segments,
		      const struct gso_header *header, const uint8_t *pkt,
		      size_t len) __attribute__((warn_unused_result));

/**
 * gso_segment() - Write the next segment
 * @segments:	As left by gso_segments_init() or the last call
 * @data:	Receives a vnet header without a wish, and the packet: fit for
 *		wire_data_room(); must not overlap the packet being cut
 * @size:	Room there
 *
 * As Linux does it: lengths and checksums are the segment's own; the IPv4 id
 * counts up; TCP's sequence number advances, FIN and PSH are on the last
 * segment, CWR on the first.  The rest is repeated.  (Of an IPv6 packet to be
 * cut that has a routing header with segments left, checksums would be wrong:
 * Linux sends none such on a TUN.)
 *
 * Return: bytes written, 0 after the last segment, or -EMSGSIZE: no room; the
 *	   segment is still the next one
 */
ssize_t gso_segment(struct gso_segments *segments, uint8_t *data, size_t size)
	__attribute__((warn_unused_result));

#endif /* CODEC_GSO_H */

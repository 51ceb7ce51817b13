/* SPDX-License-Identifier: MIT */

/*
 * merge.h - Segments of a TCP flow become the packet that they can be cut from
 */

#ifndef CODEC_MERGE_H
#define CODEC_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/ip.h"

/**
 * struct merge - A packet to which others may be added
 * @data:	Its vnet header and all behind it (borrowed until the next
 *		merge_begin())
 * @len:	Length of both, with all that was added
 * @cnt:	Packets in it, 0 when there is none
 * @open:	May more follow?
 * @view:	Of the first
 * @hdr_len:	Its IP and TCP header
 * @size:	Bytes of data in each segment, but the last
 */
struct merge {
	uint8_t *data;
	size_t len;
	size_t cnt;
	bool open;
	struct ip_view view;
	size_t hdr_len;
	size_t size;
};

/**
 * merge_begin() - Begin with a packet, whatever it is
 * @data:	Its vnet header, which passed gso_check(), and itself
 * @len:	Length of both
 * @view:	Its view
 * @offloads:	What the kernel takes, enum gso_offload: more is added only if
 *		that is enough for what comes of it
 */
void merge_begin(struct merge *merge, uint8_t *data, size_t len,
		 const struct ip_view *view, uint32_t offloads);

/**
 * merge_add() - Add the packet that follows, if it can be cut off again
 * @data:	As for merge_begin(); behind all that was added so far, in the same
 *		buffer
 * @len:	Length of both
 * @view:	Its view
 *
 * Return: was it?  Then its data has moved, and what was at @data is gone
 */
bool merge_add(struct merge *merge, const uint8_t *data, size_t len,
	       const struct ip_view *view);

/** merge_end() - Nothing follows: headers become those of the whole */
void merge_end(struct merge *merge);

#endif /* CODEC_MERGE_H */

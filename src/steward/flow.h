/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flow.h - One entry of connection tracking: vocabulary
 */

#ifndef STEWARD_FLOW_H
#define STEWARD_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

/**
 * struct flow_tuple - How packets of one direction look
 * @sport:	TCP and UDP only, else 0
 * @dport:	Likewise
 */
struct flow_tuple {
	struct ip_addr src;
	struct ip_addr dst;
	uint16_t sport;
	uint16_t dport;
};

/**
 * struct flow - What connection tracking knows of one
 * @proto:	IANA protocol number
 * @mark:	The low bits are the id of a service or route
 * @orig:	From the client, before any translation
 * @reply:	To it, before any is undone: @reply.src is the target, @reply.dst
 *		what the target takes for the client
 * @established: TCP: both ends know of it, and neither has begun to close it
 */
struct flow {
	uint8_t proto;
	uint32_t mark;
	struct flow_tuple orig;
	struct flow_tuple reply;
	bool established;
};

#endif /* STEWARD_FLOW_H */

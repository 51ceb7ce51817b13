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
 * @tcp_state:	TCP: as the kernel numbers it (enum tcp_conntrack), else 0
 * @counted:	The kernel counts: @bytes and @packets mean something
 * @bytes:	From the client and to it
 * @packets:	Likewise
 * @start_ns:	When it began, wall clock; 0: the kernel takes no note
 * @stop_ns:	When it ended, 0 while it lives
 */
struct flow {
	uint8_t proto;
	uint32_t mark;
	struct flow_tuple orig;
	struct flow_tuple reply;
	bool established;
	uint8_t tcp_state;
	bool counted;
	uint64_t bytes[2];
	uint64_t packets[2];
	uint64_t start_ns;
	uint64_t stop_ns;
};

#endif /* STEWARD_FLOW_H */

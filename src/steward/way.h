/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * way.h - Where the kernel would send a packet
 */

#ifndef STEWARD_WAY_H
#define STEWARD_WAY_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct nl_sock;

/**
 * struct way - The kernel's answer
 * @local:	To this machine itself
 * @oif:	Interface it leaves by, "" without
 * @src:	Address the kernel would send from
 * @table:	Routing table that decided
 */
struct way {
	bool local;
	char oif[IF_NAMESIZE];
	struct ip_addr src;
	uint32_t table;
};

/**
 * way_find() - Ask the kernel, with all its rules
 * @src:	Of the packet; IP_NONE: any
 * @iif:	Interface it came in by; NULL: this machine sends it
 * @mark:	Packet mark
 *
 * The socket's own counting of messages is passed by: whoever uses it for other
 * things as well has switched that check off (nl_socket_disable_seq_check()).
 *
 * Return: 0, or negative errno: -ENETUNREACH there is no route, -EHOSTUNREACH what
 *	   comes in there is not forwarded, -EXDEV reverse path filter, ...
 */
int way_find(struct nl_sock *nl, const struct ip_addr *dst,
	     const struct ip_addr *src, const char *iif, uint32_t mark,
	     struct way *way) __attribute__((warn_unused_result));

/** way_addr_of() - The first address of an interface; IP_NONE when it has none */
struct ip_addr way_addr_of(struct nl_sock *nl, const char *ifname,
			   enum ip_family family);

/** way_group() - Device group of an interface, -1 when there is none */
int way_group(struct nl_sock *nl, const char *ifname);

#endif /* STEWARD_WAY_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rtsock.h - Asking the kernel about interfaces, and changing them
 *
 * A change is begun, filled and sent:
 *
 *	msg = rtsock_change(ifindex, 0);
 *	if (!msg)
 *		return -NLE_NOMEM;
 *	return rtsock_send(nl, msg, nla_put_u32(msg, IFLA_MTU, 1500));
 *
 * Results are libnl's errors, but for those that say otherwise.
 */

#ifndef STEWARD_RTSOCK_H
#define STEWARD_RTSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

struct nl_cache;
struct nl_msg;
struct nl_sock;
struct rtnl_link;

/** rtsock_open() - A route netlink socket; NULL and an entry on failure */
struct nl_sock *rtsock_open(struct diag *diag);

/** rtsock_failed() - Report a failure; Return: -EIO */
int rtsock_failed(struct diag *diag, const char *what, const char *name,
		  int err);

/** rtsock_is_missing() - Does this libnl error say: no such interface? */
bool rtsock_is_missing(int err);

/** rtsock_links() - All interfaces; Return: 0, or -EIO with an entry in @diag */
int rtsock_links(struct nl_sock *nl, struct nl_cache **cache, struct diag *diag)
	__attribute__((warn_unused_result));

/** rtsock_change() - A request to change options of an interface
 *  @flags_up:	Flags that are to be set, IFF_UP or 0
 *
 *  Return: NULL when out of memory */
struct nl_msg *rtsock_change(int ifindex, unsigned int flags_up);

/** struct rtsock_option - An IPv4 option of an interface, IPV4_DEVCONF_... */
struct rtsock_option {
	int type;
	uint32_t value;
};

/** rtsock_put_options() - IPv4 options into a request */
int rtsock_put_options(struct nl_msg *msg, const struct rtsock_option *options,
		       size_t cnt) __attribute__((warn_unused_result));

/** rtsock_option_is() - Has an IPv4 option of an interface this value? */
bool rtsock_option_is(struct rtnl_link *link,
		      const struct rtsock_option *option);

/** rtsock_send() - Send a request (consumed) that was filled with the result
 *  @err: nothing is sent after an error */
int rtsock_send(struct nl_sock *nl, struct nl_msg *msg, int err)
	__attribute__((warn_unused_result));

#endif /* STEWARD_RTSOCK_H */

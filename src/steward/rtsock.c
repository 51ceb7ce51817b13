/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rtsock.c - Asking the kernel about interfaces, and changing them
 */

#include "steward/rtsock.h"

#include <errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <sys/socket.h>

/**
 * DOC: Theory of operation
 *
 * Options of interfaces are set by RTM_SETLINK with IFLA_AF_SPEC, not through
 * /proc/sys: the steward needs no more than CAP_NET_ADMIN for it, and the
 * global switch, which changes other options on the way, stays as it is.  A
 * request that says nothing of flags (ifi_flags and ifi_change 0) leaves them
 * alone.
 */

int rtsock_failed(struct diag *diag, const char *what, const char *name,
		  int err)
{
	diag_error(diag, NULL, 0, "%s %s: %s", what, name, nl_geterror(err));
	return -EIO;
}

struct nl_sock *rtsock_open(struct diag *diag)
{
	struct nl_sock *nl = nl_socket_alloc();
	int err;

	if (!nl) {
		diag_error(diag, NULL, 0, "no memory for a netlink socket");
		return NULL;
	}
	err = nl_connect(nl, NETLINK_ROUTE);
	if (err) {
		rtsock_failed(diag, "netlink socket", "NETLINK_ROUTE", err);
		nl_socket_free(nl);
		return NULL;
	}
	return nl;
}

bool rtsock_is_missing(int err)
{
	return err == -NLE_NODEV || err == -NLE_OBJ_NOTFOUND;
}

struct nl_msg *rtsock_change(int ifindex, unsigned int flags_up)
{
	struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = ifindex,
		.ifi_flags = flags_up,
		.ifi_change = flags_up,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_SETLINK, 0);

	if (msg && nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int rtsock_put_options(struct nl_msg *msg, const struct rtsock_option *options,
		       size_t cnt)
{
	struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
	struct nlattr *inet = nla_nest_start(msg, AF_INET);
	struct nlattr *conf = nla_nest_start(msg, IFLA_INET_CONF);
	size_t i;

	if (!spec || !inet || !conf)
		return -NLE_NOMEM;
	for (i = 0; i < cnt; i++) {
		int err = nla_put_u32(msg, options[i].type, options[i].value);

		if (err)
			return err;
	}
	nla_nest_end(msg, conf);
	nla_nest_end(msg, inet);
	nla_nest_end(msg, spec);
	return 0;
}

int rtsock_send(struct nl_sock *nl, struct nl_msg *msg, int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return nl_send_sync(nl, msg);
}

bool rtsock_option_is(struct rtnl_link *link,
		      const struct rtsock_option *option)
{
	uint32_t value;

	return rtnl_link_inet_get_conf(link, (unsigned int)option->type,
				       &value) == 0 &&
	       value == option->value;
}

int rtsock_links(struct nl_sock *nl, struct nl_cache **cache, struct diag *diag)
{
	int err = rtnl_link_alloc_cache(nl, AF_UNSPEC, cache);

	return err ? rtsock_failed(diag, "list of", "interfaces", err) : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iface.c - The machine's other interfaces: forwarding and LRO
 */

#include "steward/iface.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ip.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steward/link.h"
#include "steward/rtsock.h"

/**
 * DOC: Large receive offload
 *
 * LRO glues packets of a stream together in a way that cannot be undone, and a
 * kernel that forwards must drop the result.  The sysctl for forwarding switches
 * it off, the netlink way does not: so we do.
 */

/** forwarding_of() - Return: 0, 1, or -1 without IPv4 */
static int forwarding_of(struct rtnl_link *link)
{
	uint32_t value;

	if (rtnl_link_inet_get_conf(link, IPV4_DEVCONF_FORWARDING, &value))
		return -1;
	return value != 0;
}

int iface_each(struct nl_sock *nl, iface_fn *each, void *arg, struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	int ret = rtsock_links(nl, &cache, diag);

	if (ret)
		return ret;
	for (object = nl_cache_get_first(cache); object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;
		const char *alias = rtnl_link_get_ifalias(link);
		unsigned int flags = rtnl_link_get_flags(link);

		if (!(flags & IFF_UP) || (flags & IFF_LOOPBACK))
			continue;
		if (alias && strncmp(alias, LINK_MARK, strlen(LINK_MARK)) == 0)
			continue;
		each(arg, rtnl_link_get_name(link), forwarding_of(link));
	}
	nl_cache_free(cache);
	return 0;
}

int iface_set_forwarding(struct nl_sock *nl, const char *ifname, bool on,
			 struct diag *diag)
{
	const struct rtsock_option option = {IPV4_DEVCONF_FORWARDING, on};
	int ifindex = (int)if_nametoindex(ifname);
	struct nl_msg *msg;
	int err;

	if (ifindex == 0)
		return -ENODEV;
	msg = rtsock_change(ifindex, 0);
	if (!msg)
		return rtsock_failed(diag, "forwarding of", ifname, -NLE_NOMEM);
	err = rtsock_send(nl, msg, rtsock_put_options(msg, &option, 1));
	if (rtsock_is_missing(err))
		return -ENODEV;
	if (err)
		return rtsock_failed(diag, "forwarding of", ifname, err);
	return 0;
}

int iface_forwarding(struct nl_sock *nl, const char *ifname)
{
	struct rtnl_link *link;
	int value;

	if (rtnl_link_get_kernel(nl, 0, ifname, &link))
		return -ENODEV;
	value = forwarding_of(link);
	rtnl_link_put(link);
	return value < 0 ? -ENODEV : value;
}

/** flags_ioctl() - ETHTOOL_GFLAGS or _SFLAGS; Return: 0 or negative errno */
static int flags_ioctl(const char *ifname, uint32_t cmd, uint32_t *flags)
{
	struct ethtool_value value = {.cmd = cmd, .data = *flags};
	struct ifreq req = {.ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	/* A kernel without IPv4 has the other one. */
	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	if (ioctl(fd, SIOCETHTOOL, &req))
		err = -errno;
	close(fd);
	*flags = value.data;
	return err;
}

bool iface_has_lro(const char *ifname)
{
	uint32_t flags = 0;

	return flags_ioctl(ifname, ETHTOOL_GFLAGS, &flags) == 0 &&
	       flags & ETH_FLAG_LRO;
}

int iface_set_lro(const char *ifname, bool on)
{
	uint32_t flags = 0;
	int err = flags_ioctl(ifname, ETHTOOL_GFLAGS, &flags);

	if (err)
		return err;
	if (on)
		flags |= ETH_FLAG_LRO;
	else
		flags &= ~(uint32_t)ETH_FLAG_LRO;
	return flags_ioctl(ifname, ETHTOOL_SFLAGS, &flags);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * link.c - The TUN device, over netlink
 */

#include "steward/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "steward/addrs.h"
#include "steward/gro.h"
#include "steward/rtsock.h"

/**
 * DOC: Theory of operation
 *
 * The device is persistent and bears a mark of ownership, its alias
 * "relaytun:GATEWAY": a device without it is somebody else's and is never
 * touched.  A new device gets the alias before it becomes persistent, so that
 * one that was left behind by a crash always bears it.  One that was renamed is
 * found by it at a start; while the gateway runs, name and alias are given back
 * to the device that our queue belongs to.
 *
 * Without offloads the queue is opened so that the kernel merges what is written
 * to it, where it can (gro.h).
 */

#define ALIAS_SIZE (sizeof(LINK_MARK) + NAME_LEN_MAX)

/* Linux 6.2; Debian 12's headers are older than kernels it may run on. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* Packets that may wait until the carrier reads them: super-packets, or the 44
 * segments of each, which come that way with offloads as well, where a link in
 * front of us has none.  Here anybody's are lost when it is full, while the
 * carrier's own queue takes from the flow that has most. */
#define READ_QUEUE_CNT  2000

#define RP_FILTER_LOOSE 2
/* enum in6_addr_gen_mode of linux/if_link.h */
#define ADDR_GEN_MODE_NONE 1

static void alias_of(const char *gateway, char alias[ALIAS_SIZE])
{
	snprintf(alias, ALIAS_SIZE, LINK_MARK "%s", gateway);
}

int link_owned_index(struct nl_sock *nl, const char *tun_name,
		     const char *gateway, struct diag *diag)
{
	char alias[ALIAS_SIZE];
	struct rtnl_link *link;
	const char *found;
	int err;
	int ret;

	err = rtnl_link_get_kernel(nl, 0, tun_name, &link);
	if (rtsock_is_missing(err))
		return 0;
	if (err)
		return rtsock_failed(diag, "cannot look up interface", tun_name,
				     err);
	alias_of(gateway, alias);
	found = rtnl_link_get_ifalias(link);
	ret = rtnl_link_get_ifindex(link);
	if (!found || strcmp(found, alias) != 0) {
		diag_error(diag, NULL, 0,
			   "TUN name \"%s\" is taken by %s%s%s; choose another "
			   "tun.name in gateway.cfg, or remove that interface",
			   tun_name,
			   found ? "an interface with the alias \""
				 : "another interface",
			   found ? found : "", found ? "\"" : "");
		ret = -EEXIST;
	}
	rtnl_link_put(link);
	return ret;
}

/** set_alias() - The mark of ownership */
static int set_alias(struct nl_sock *nl, int ifindex, const char *gateway)
{
	struct nl_msg *msg = rtsock_change(ifindex, 0);
	char alias[ALIAS_SIZE];

	if (!msg)
		return -NLE_NOMEM;
	alias_of(gateway, alias);
	/* The kernel takes the length without the NUL. */
	return rtsock_send(
		nl, msg, nla_put(msg, IFLA_IFALIAS, (int)strlen(alias), alias));
}

/** set_name() - Rename; Return: 0 or a libnl error */
static int set_name(struct nl_sock *nl, int ifindex, const char *name)
{
	struct nl_msg *msg = rtsock_change(ifindex, 0);

	if (!msg)
		return -NLE_NOMEM;
	return rtsock_send(nl, msg, nla_put_string(msg, IFLA_IFNAME, name));
}

/** set_down() - Return: 0 or a libnl error */
static int set_down(struct nl_sock *nl, int ifindex)
{
	struct nl_msg *msg = rtsock_change(ifindex, IFF_UP);
	struct ifinfomsg *info;

	if (!msg)
		return -NLE_NOMEM;
	info = nlmsg_data(nlmsg_hdr(msg));
	info->ifi_flags = 0;
	return rtsock_send(nl, msg, 0);
}

/** rename_back() - Our device bears another name; Return: 0, -EIO */
static int rename_back(struct nl_sock *nl, int ifindex, const char *found,
		       const char *name, struct diag *diag)
{
	int err = set_name(nl, ifindex, name);

	/* Before Linux 6.2 only a device that is down can be renamed;
	 * link_tun_configure() has it up again. */
	if (err == -NLE_BUSY) {
		err = set_down(nl, ifindex);
		if (!err)
			err = set_name(nl, ifindex, name);
	}
	if (!err)
		return 0;
	diag_error(diag, NULL, 0,
		   "the gateway's TUN device was renamed to %s, and cannot be "
		   "given its name %s again: %s",
		   found, name, nl_geterror(err));
	return -EIO;
}

/** find_marked() - The device that bears a gateway's mark, whatever its name;
 *  Return: 1 when there is one, 0, or -EIO */
static int find_marked(struct nl_sock *nl, const char *gateway, int *ifindex,
		       char name[IF_NAMESIZE], struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	char alias[ALIAS_SIZE];
	int err = rtsock_links(nl, &cache, diag);
	int ret = 0;

	if (err)
		return err;
	alias_of(gateway, alias);
	for (object = nl_cache_get_first(cache); object && !ret;
	     object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;
		const char *found = rtnl_link_get_ifalias(link);

		if (!found || strcmp(found, alias) != 0)
			continue;
		*ifindex = rtnl_link_get_ifindex(link);
		snprintf(name, IF_NAMESIZE, "%s", rtnl_link_get_name(link));
		ret = 1;
	}
	nl_cache_free(cache);
	return ret;
}

int link_reclaim(struct nl_sock *nl, const char *tun_name, const char *gateway,
		 struct diag *diag)
{
	int owned = link_owned_index(nl, tun_name, gateway, diag);
	char found[IF_NAMESIZE];
	int ifindex = 0;
	int ret;

	if (owned != 0)
		return owned;
	ret = find_marked(nl, gateway, &ifindex, found, diag);
	if (ret > 0)
		ret = rename_back(nl, ifindex, found, tun_name, diag);
	else
		return ret;
	return ret ? ret : ifindex;
}

/** restore_mark() - Name and alias of our device; Return: 1, or -EIO */
static int restore_mark(struct nl_sock *nl, const struct gateway_conf *conf,
			struct rtnl_link *link, struct missing *missing,
			struct diag *diag)
{
	const char *name = rtnl_link_get_name(link);
	const char *found = rtnl_link_get_ifalias(link);
	int ifindex = rtnl_link_get_ifindex(link);
	char alias[ALIAS_SIZE];
	int err;

	alias_of(conf->name, alias);
	if (!found || strcmp(found, alias) != 0) {
		err = set_alias(nl, ifindex, conf->name);
		if (err)
			return rtsock_failed(diag, "alias of", name, err);
		missing_add(missing, "alias of", conf->tun_name);
	}
	if (strcmp(name, conf->tun_name) != 0) {
		if (rename_back(nl, ifindex, name, conf->tun_name, diag))
			return -EIO;
		missing_add(missing, "name of", conf->tun_name);
	}
	return 1;
}

int link_tun_restore(struct nl_sock *nl, const struct gateway_conf *conf,
		     const struct link_tun *tun, struct missing *missing,
		     struct diag *diag)
{
	struct ifreq req = {0};
	struct rtnl_link *link;
	int err;
	int ret;

	/* Name and alias are others' to change, our queues are not. */
	if (ioctl(link_tun_queue(tun), TUNGETIFF, &req))
		return 0;
	err = rtnl_link_get_kernel(nl, tun->ifindex, NULL, &link);
	if (rtsock_is_missing(err))
		return 0;
	if (err)
		return rtsock_failed(diag, "cannot look up interface",
				     conf->tun_name, err);
	ret = restore_mark(nl, conf, link, missing, diag);
	rtnl_link_put(link);
	return ret;
}

/** set_offloads() - As many as this kernel takes, of those that are wanted;
 *  Return: those in force */
static uint32_t set_offloads(int fd, enum tun_offloads wanted)
{
	static const uint32_t wishes[] = {
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
		TUN_F_CSUM,
		0,
	};
	static const size_t first[] = {
		[TUN_OFFLOADS_ALL] = 0,
		[TUN_OFFLOADS_NO_USO] = 1,
		[TUN_OFFLOADS_NONE] = 3,
	};
	size_t i;

	for (i = first[wanted]; i < sizeof(wishes) / sizeof(*wishes); i++) {
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)wishes[i]) == 0)
			return wishes[i];
	}
	return 0;
}

/** open_clone() - /dev/net/tun, with the remedy when it does not open */
static int open_clone(struct diag *diag)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		diag_error(diag, NULL, 0,
			   "/dev/net/tun is missing: load the module with "
			   "\"modprobe tun\" (in a container, pass the device "
			   "in)");
	else
		diag_error(diag, NULL, 0, "/dev/net/tun cannot be opened: %m");
	return -EIO;
}

int link_tun_available(struct diag *diag)
{
	int fd = open_clone(diag);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/**
 * attach() - TUNSETIFF and the format of packets
 * @is_new:	The device must not exist yet
 * @flags:	Further ones, IFF_NAPI
 */
static int attach(int fd, const char *name, bool is_new, int flags,
		  struct diag *diag)
{
	struct ifreq req = {0};
	int hdr_len = VNET_HDR_LEN;
	int little_endian = 1;

	flags |= IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	if (is_new)
		flags |= IFF_TUN_EXCL;
	req.ifr_flags = (short)flags;
	memcpy(req.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &req)) {
		if (errno == EINVAL && !is_new)
			diag_error(
				diag, NULL, 0,
				"TUN device %s bears our mark, but was made "
				"with other flags; remove it: ip link del %s",
				name, name);
		else
			diag_error(diag, NULL, 0, "TUN device %s: %s", name,
				   errno == EBUSY
					   ? "the name was taken just now"
					   : strerror(errno));
		return -EIO;
	}
	if (ioctl(fd, TUNSETVNETHDRSZ, &hdr_len) ||
	    ioctl(fd, TUNSETVNETLE, &little_endian)) {
		diag_error(diag, NULL, 0, "TUN device %s: vnet header: %m",
			   name);
		return -EIO;
	}
	return 0;
}

/** make_ours() - A new device: first the mark, then it may outlive us */
static int make_ours(struct nl_sock *nl, const struct gateway_conf *conf,
		     const struct link_tun *tun, struct diag *diag)
{
	int err = set_alias(nl, tun->ifindex, conf->name);

	if (err)
		return rtsock_failed(diag, "alias of", conf->tun_name, err);
	if (ioctl(tun->fds[0], TUNSETPERSIST, 1UL)) {
		diag_error(diag, NULL, 0, "TUN device %s: persist: %m",
			   conf->tun_name);
		return -EIO;
	}
	return 0;
}

/** add_queue() - One more queue; @is_new, @flags: see attach() */
static int add_queue(struct link_tun *tun, const char *name, bool is_new,
		     int flags, struct diag *diag)
{
	int fd = open_clone(diag);
	int ret;

	if (fd < 0)
		return fd;
	ret = attach(fd, name, is_new, flags, diag);
	if (ret)
		close(fd);
	else
		tun->fds[tun->cnt++] = fd;
	return ret;
}

int link_tun_open(struct nl_sock *nl, const struct gateway_conf *conf,
		  struct link_tun *tun, struct diag *diag)
{
	int owned = link_owned_index(nl, conf->tun_name, conf->name, diag);
	int flags = gro_wanted(conf) ? IFF_NAPI : 0;
	int ret;

	*tun = (struct link_tun){.cnt = 0};
	if (owned < 0)
		return owned;
	ret = add_queue(tun, conf->tun_name, owned == 0, flags, diag);
	if (ret)
		return ret;
	tun->ifindex = (int)if_nametoindex(conf->tun_name);
	/* Of the device, whatever the queue. */
	tun->offloads = set_offloads(tun->fds[0], conf->tun_offloads);
	if (!owned)
		ret = make_ours(nl, conf, tun, diag);
	while (!ret && tun->cnt < conf->workers)
		ret = add_queue(tun, conf->tun_name, false, flags, diag);
	if (ret)
		goto err_close;
	/* Of all queues that it has by now. */
	if (flags)
		gro_start(conf->tun_name, tun->ifindex, tun->fds[0]);
	return 0;

err_close:
	link_tun_close(tun);
	return ret;
}

void link_tun_close(struct link_tun *tun)
{
	while (tun->cnt > 0)
		close(tun->fds[--tun->cnt]);
}

/** quiet_ipv6() - No link-local address, so no router solicitations into the
 *  tunnel.  Best effort: IPv6 may be switched off altogether */
static void quiet_ipv6(struct nl_sock *nl, int ifindex)
{
	struct nl_msg *msg = rtsock_change(ifindex, 0);
	struct nlattr *spec;
	struct nlattr *inet6;
	int err;

	if (!msg)
		return;
	spec = nla_nest_start(msg, IFLA_AF_SPEC);
	inet6 = nla_nest_start(msg, AF_INET6);
	err = spec && inet6 ? nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE,
					 ADDR_GEN_MODE_NONE)
			    : -NLE_NOMEM;
	if (!err) {
		nla_nest_end(msg, inet6);
		nla_nest_end(msg, spec);
	}
	(void)!rtsock_send(nl, msg, err);
}

/** options_stand() - Is the device as it shall be? */
static bool options_stand(struct nl_sock *nl, const struct plan *plan,
			  int ifindex, const struct rtsock_option *options,
			  size_t cnt)
{
	struct rtnl_link *link;
	bool stands;
	size_t i;

	if (rtnl_link_get_kernel(nl, ifindex, NULL, &link))
		return false;
	stands = rtnl_link_get_flags(link) & IFF_UP &&
		 rtnl_link_get_mtu(link) == plan->conf->tun_mtu &&
		 rtnl_link_get_txqlen(link) == READ_QUEUE_CNT &&
		 rtnl_link_get_group(link) == PLAN_LINK_GROUP;
	for (i = 0; i < cnt; i++)
		stands = stands && rtsock_option_is(link, &options[i]);
	rtnl_link_put(link);
	return stands;
}

/** set_options() - MTU, queue, group and options of the device, and up */
static int set_options(struct nl_sock *nl, const struct plan *plan, int ifindex,
		       const struct rtsock_option *options, size_t cnt)
{
	struct nl_msg *msg = rtsock_change(ifindex, IFF_UP);
	int err;

	if (!msg)
		return -NLE_NOMEM;
	err = nla_put_u32(msg, IFLA_MTU, plan->conf->tun_mtu);
	if (!err)
		err = nla_put_u32(msg, IFLA_TXQLEN, READ_QUEUE_CNT);
	if (!err)
		err = nla_put_u32(msg, IFLA_GROUP, PLAN_LINK_GROUP);
	if (!err)
		err = rtsock_put_options(msg, options, cnt);
	return rtsock_send(nl, msg, err);
}

int link_tun_configure(struct nl_sock *nl, const struct plan *plan,
		       const struct link_tun *tun, struct missing *missing,
		       struct diag *diag)
{
	static const struct rtsock_option options[] = {
		{IPV4_DEVCONF_FORWARDING, 1},
		{IPV4_DEVCONF_RP_FILTER, RP_FILTER_LOOSE},
	};
	const size_t option_cnt = sizeof(options) / sizeof(*options);
	const char *name = plan->conf->tun_name;
	int err;

	if (!options_stand(nl, plan, tun->ifindex, options, option_cnt)) {
		quiet_ipv6(nl, tun->ifindex);
		err = set_options(nl, plan, tun->ifindex, options, option_cnt);
		if (err)
			return rtsock_failed(diag, "options of", name, err);
		missing_add(missing, "options of", name);
	}
	return addrs_set(nl, plan, tun->ifindex, missing, diag);
}

int link_remove_owned(struct nl_sock *nl, const char *gateway,
		      const char *except, struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	char alias[ALIAS_SIZE];
	int ret = rtsock_links(nl, &cache, diag);

	if (ret)
		return ret;
	alias_of(gateway, alias);
	for (object = nl_cache_get_first(cache); object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;
		const char *name = rtnl_link_get_name(link);
		const char *found = rtnl_link_get_ifalias(link);
		int err;

		if (!found || strcmp(found, alias) != 0)
			continue;
		if (except && strcmp(name, except) == 0)
			continue;
		err = rtnl_link_delete(nl, link);
		if (err && !rtsock_is_missing(err))
			ret = rtsock_failed(diag, "removing interface", name,
					    err);
	}
	nl_cache_free(cache);
	return ret;
}

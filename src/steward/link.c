/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * link.c - The TUN device and per-interface options, over netlink
 */

#include "steward/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "steward/ipv6.h"

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
 * Options of interfaces are set by RTM_SETLINK with IFLA_AF_SPEC, not through
 * /proc/sys: the steward needs no more than CAP_NET_ADMIN for it, and the
 * global switch, which changes other options on the way, stays as it is.  A
 * request that says nothing of flags (ifi_flags and ifi_change 0) leaves them
 * alone.
 *
 * LRO glues packets of a stream together in a way that cannot be undone, and a
 * kernel that forwards must drop the result.  The sysctl for forwarding switches
 * it off, the netlink way does not: so we do.
 */

#define ALIAS_PREFIX "relaytun:"
#define ALIAS_SIZE   (sizeof(ALIAS_PREFIX) + NAME_LEN_MAX)

/* Linux 6.2; Debian 12's headers are older than kernels it may run on. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define RP_FILTER_LOOSE 2
/* enum in6_addr_gen_mode of linux/if_link.h */
#define ADDR_GEN_MODE_NONE 1

static void alias_of(const char *gateway, char alias[ALIAS_SIZE])
{
	snprintf(alias, ALIAS_SIZE, ALIAS_PREFIX "%s", gateway);
}

/** failed() - Report a netlink failure; Return: -EIO */
static int failed(struct diag *diag, const char *what, const char *name,
		  int err)
{
	diag_error(diag, NULL, 0, "%s %s: %s", what, name, nl_geterror(err));
	return -EIO;
}

struct nl_sock *link_socket(struct diag *diag)
{
	struct nl_sock *nl = nl_socket_alloc();
	int err;

	if (!nl) {
		diag_error(diag, NULL, 0, "no memory for a netlink socket");
		return NULL;
	}
	err = nl_connect(nl, NETLINK_ROUTE);
	if (err) {
		failed(diag, "netlink socket", "NETLINK_ROUTE", err);
		nl_socket_free(nl);
		return NULL;
	}
	return nl;
}

/** is_missing() - Does this libnl error say: no such interface? */
static bool is_missing(int err)
{
	return err == -NLE_NODEV || err == -NLE_OBJ_NOTFOUND;
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
	if (is_missing(err))
		return 0;
	if (err)
		return failed(diag, "cannot look up interface", tun_name, err);
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

/** setlink_begin() - A request to change options of an interface */
static struct nl_msg *setlink_begin(int ifindex, unsigned int flags_up)
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

/** struct option - An IPv4 option of an interface, IPV4_DEVCONF_... */
struct option {
	int type;
	uint32_t value;
};

/** put_options() - IFLA_AF_SPEC with IPv4 options */
static int put_options(struct nl_msg *msg, const struct option *options,
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

/** send_or_free() - Send a request that was built with the result @err */
static int send_or_free(struct nl_sock *nl, struct nl_msg *msg, int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return nl_send_sync(nl, msg);
}

/** set_alias() - The mark of ownership */
static int set_alias(struct nl_sock *nl, int ifindex, const char *gateway)
{
	struct nl_msg *msg = setlink_begin(ifindex, 0);
	char alias[ALIAS_SIZE];

	if (!msg)
		return -NLE_NOMEM;
	alias_of(gateway, alias);
	/* The kernel takes the length without the NUL. */
	return send_or_free(
		nl, msg, nla_put(msg, IFLA_IFALIAS, (int)strlen(alias), alias));
}

/** set_name() - Rename; Return: 0 or a libnl error */
static int set_name(struct nl_sock *nl, int ifindex, const char *name)
{
	struct nl_msg *msg = setlink_begin(ifindex, 0);

	if (!msg)
		return -NLE_NOMEM;
	return send_or_free(nl, msg, nla_put_string(msg, IFLA_IFNAME, name));
}

/** set_down() - Return: 0 or a libnl error */
static int set_down(struct nl_sock *nl, int ifindex)
{
	struct nl_msg *msg = setlink_begin(ifindex, IFF_UP);
	struct ifinfomsg *info;

	if (!msg)
		return -NLE_NOMEM;
	info = nlmsg_data(nlmsg_hdr(msg));
	info->ifi_flags = 0;
	return send_or_free(nl, msg, 0);
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
	int err = rtnl_link_alloc_cache(nl, AF_UNSPEC, &cache);
	int ret = 0;

	if (err)
		return failed(diag, "list of", "interfaces", err);
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
	int ifindex;
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
			return failed(diag, "alias of", name, err);
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

	/* Name and alias are others' to change, our queue is not. */
	if (ioctl(tun->fd, TUNGETIFF, &req))
		return 0;
	err = rtnl_link_get_kernel(nl, tun->ifindex, NULL, &link);
	if (is_missing(err))
		return 0;
	if (err)
		return failed(diag, "cannot look up interface", conf->tun_name,
			      err);
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
 */
static int attach(int fd, const char *name, bool is_new, struct diag *diag)
{
	struct ifreq req = {0};
	int hdr_len = VNET_HDR_LEN;
	int little_endian = 1;

	req.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	if (is_new)
		req.ifr_flags |= (short)IFF_TUN_EXCL;
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
		return failed(diag, "alias of", conf->tun_name, err);
	if (ioctl(tun->fd, TUNSETPERSIST, 1UL)) {
		diag_error(diag, NULL, 0, "TUN device %s: persist: %m",
			   conf->tun_name);
		return -EIO;
	}
	return 0;
}

int link_tun_open(struct nl_sock *nl, const struct gateway_conf *conf,
		  struct link_tun *tun, struct diag *diag)
{
	int owned = link_owned_index(nl, conf->tun_name, conf->name, diag);
	int ret;

	*tun = (struct link_tun){.fd = -1};
	if (owned < 0)
		return owned;
	tun->fd = open_clone(diag);
	if (tun->fd < 0)
		return tun->fd;
	ret = attach(tun->fd, conf->tun_name, owned == 0, diag);
	if (ret)
		goto err_close;
	tun->ifindex = (int)if_nametoindex(conf->tun_name);
	tun->offloads = set_offloads(tun->fd, conf->tun_offloads);
	if (!owned) {
		ret = make_ours(nl, conf, tun, diag);
		if (ret)
			goto err_close;
	}
	return 0;

err_close:
	link_tun_close(tun);
	return ret;
}

void link_tun_close(struct link_tun *tun)
{
	if (tun->fd >= 0)
		close(tun->fd);
	tun->fd = -1;
}

/** to_nl_addr() - An address as libnl has it; NULL when out of memory */
static struct nl_addr *to_nl_addr(const struct ip_addr *addr)
{
	return nl_addr_build(addr->family == IP_V4 ? AF_INET : AF_INET6,
			     addr->bytes, ip_addr_len(addr->family));
}

/** addr_stands() - Is the address on the device already? */
static bool addr_stands(struct nl_cache *cache, int ifindex,
			struct nl_addr *local)
{
	struct rtnl_addr *found = rtnl_addr_get(cache, ifindex, local);

	if (found)
		rtnl_addr_put(found);
	return found;
}

/** add_addr() - A host address on the device */
static int add_addr(struct nl_sock *nl, struct nl_cache *cache, int ifindex,
		    const struct ip_addr *addr, struct missing *missing,
		    struct diag *diag)
{
	struct nl_addr *local = to_nl_addr(addr);
	struct rtnl_addr *request = rtnl_addr_alloc();
	char text[IP_ADDR_TEXT_SIZE];
	int err = -NLE_NOMEM;

	if (local && request && !addr_stands(cache, ifindex, local)) {
		rtnl_addr_set_ifindex(request, ifindex);
		if (addr->family == IP_V6)
			rtnl_addr_set_flags(request, IFA_F_NODAD);
		err = rtnl_addr_set_local(request, local);
		if (!err)
			err = rtnl_addr_add(nl, request, 0);
		if (!err)
			missing_add(missing, "address",
				    ip_addr_format(addr, text));
		if (err == -NLE_EXIST)
			err = 0;
	} else if (local && request) {
		err = 0;
	}
	rtnl_addr_put(request);
	nl_addr_put(local);
	return err ? failed(diag, "address", ip_addr_format(addr, text), err)
		   : 0;
}

/** wanted_addr() - Which of the gateway's addresses this is, NULL when none */
static const struct ip_addr *wanted_addr(const struct plan *plan,
					 struct rtnl_addr *addr)
{
	struct nl_addr *local = rtnl_addr_get_local(addr);
	size_t i;

	for (i = 0; local && i < plan->gateway->addr_cnt; i++) {
		const struct ip_addr *wanted = &plan->gateway->addrs[i];
		size_t len = ip_addr_len(wanted->family);

		if (nl_addr_get_len(local) == len &&
		    memcmp(nl_addr_get_binary_addr(local), wanted->bytes,
			   len) == 0)
			return wanted;
	}
	return NULL;
}

/** check_addr() - Is an address that stands one of ours, on another interface? */
static int check_addr(const struct plan *plan, int ifindex,
		      struct rtnl_addr *addr, struct diag *diag)
{
	const struct ip_addr *wanted = wanted_addr(plan, addr);
	char text[IP_ADDR_TEXT_SIZE];
	char ifname[IF_NAMESIZE];
	int other = rtnl_addr_get_ifindex(addr);

	if (!wanted || other == ifindex)
		return 0;
	ip_addr_format(wanted, text);
	if (!if_indextoname((unsigned int)other, ifname))
		return 0; /* it went a moment ago */
	diag_error(diag, NULL, 0,
		   "tunnel address %s is on interface %s of this machine; "
		   "choose another in the policy, or remove it there: ip "
		   "address del %s dev %s",
		   text, ifname, text, ifname);
	return -EADDRINUSE;
}

int link_check_addrs(struct nl_sock *nl, const struct plan *plan, int ifindex,
		     struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	int ret = rtnl_addr_alloc_cache(nl, &cache);

	if (ret)
		return failed(diag, "list of", "addresses", ret);
	for (object = nl_cache_get_first(cache); object;
	     object = nl_cache_get_next(object)) {
		int err = check_addr(plan, ifindex, (struct rtnl_addr *)object,
				     diag);

		if (err)
			ret = err;
	}
	nl_cache_free(cache);
	return ret;
}

/** remove_stale_addrs() - Addresses of an earlier policy.  A link-local one was
 *  not ours: we have the kernel make none */
static int remove_stale_addrs(struct nl_sock *nl, struct nl_cache *cache,
			      const struct plan *plan, int ifindex,
			      struct diag *diag)
{
	struct nl_object *object;

	for (object = nl_cache_get_first(cache); object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_addr *addr = (struct rtnl_addr *)object;
		int err;

		if (rtnl_addr_get_ifindex(addr) != ifindex ||
		    rtnl_addr_get_scope(addr) == RT_SCOPE_LINK ||
		    wanted_addr(plan, addr))
			continue;
		err = rtnl_addr_delete(nl, addr, 0);
		if (err && err != -NLE_NOADDR)
			return failed(diag, "old address on",
				      plan->conf->tun_name, err);
	}
	return 0;
}

/** set_addrs() - The gateway's own address of each family, and no other */
static int set_addrs(struct nl_sock *nl, const struct plan *plan, int ifindex,
		     struct missing *missing, struct diag *diag)
{
	const struct policy_gateway *gateway = plan->gateway;
	struct nl_cache *cache;
	int err = rtnl_addr_alloc_cache(nl, &cache);
	size_t i;

	if (err)
		return failed(diag, "addresses of", plan->conf->tun_name, err);
	for (i = 0; i < gateway->addr_cnt && !err; i++) {
		if (gateway->addrs[i].family == IP_V4 || ipv6_wanted(plan))
			err = add_addr(nl, cache, ifindex, &gateway->addrs[i],
				       missing, diag);
	}
	if (!err)
		err = remove_stale_addrs(nl, cache, plan, ifindex, diag);
	nl_cache_free(cache);
	return err;
}

/** quiet_ipv6() - No link-local address, so no router solicitations into the
 *  tunnel.  Best effort: IPv6 may be switched off altogether */
static void quiet_ipv6(struct nl_sock *nl, int ifindex)
{
	struct nl_msg *msg = setlink_begin(ifindex, 0);
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
	(void)send_or_free(nl, msg, err);
}

/** conf_is() - Has an IPv4 option of an interface this value? */
static bool conf_is(struct rtnl_link *link, const struct option *option)
{
	uint32_t value;

	return rtnl_link_inet_get_conf(link, (unsigned int)option->type,
				       &value) == 0 &&
	       value == option->value;
}

/** options_stand() - Is the device as it shall be? */
static bool options_stand(struct nl_sock *nl, const struct plan *plan,
			  int ifindex, const struct option *options, size_t cnt)
{
	struct rtnl_link *link;
	bool stands;
	size_t i;

	if (rtnl_link_get_kernel(nl, ifindex, NULL, &link))
		return false;
	stands = rtnl_link_get_flags(link) & IFF_UP &&
		 rtnl_link_get_mtu(link) == plan->conf->tun_mtu &&
		 rtnl_link_get_group(link) == PLAN_LINK_GROUP;
	for (i = 0; i < cnt; i++)
		stands = stands && conf_is(link, &options[i]);
	rtnl_link_put(link);
	return stands;
}

/** set_options() - MTU, group and options of the device, and up */
static int set_options(struct nl_sock *nl, const struct plan *plan, int ifindex,
		       const struct option *options, size_t cnt)
{
	struct nl_msg *msg = setlink_begin(ifindex, IFF_UP);
	int err;

	if (!msg)
		return -NLE_NOMEM;
	err = nla_put_u32(msg, IFLA_MTU, plan->conf->tun_mtu);
	if (!err)
		err = nla_put_u32(msg, IFLA_GROUP, PLAN_LINK_GROUP);
	if (!err)
		err = put_options(msg, options, cnt);
	return send_or_free(nl, msg, err);
}

int link_tun_configure(struct nl_sock *nl, const struct plan *plan,
		       const struct link_tun *tun, struct missing *missing,
		       struct diag *diag)
{
	static const struct option options[] = {
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
			return failed(diag, "options of", name, err);
		missing_add(missing, "options of", name);
	}
	return set_addrs(nl, plan, tun->ifindex, missing, diag);
}

/** link_cache() - All interfaces */
static int link_cache(struct nl_sock *nl, struct nl_cache **cache,
		      struct diag *diag)
{
	int err = rtnl_link_alloc_cache(nl, AF_UNSPEC, cache);

	return err ? failed(diag, "list of", "interfaces", err) : 0;
}

int link_remove_owned(struct nl_sock *nl, const char *gateway,
		      const char *except, struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	char alias[ALIAS_SIZE];
	int ret = link_cache(nl, &cache, diag);

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
		if (err && !is_missing(err))
			ret = failed(diag, "removing interface", name, err);
	}
	nl_cache_free(cache);
	return ret;
}

/** forwarding_of() - Return: 0, 1, or -1 without IPv4 */
static int forwarding_of(struct rtnl_link *link)
{
	uint32_t value;

	if (rtnl_link_inet_get_conf(link, IPV4_DEVCONF_FORWARDING, &value))
		return -1;
	return value != 0;
}

int link_each(struct nl_sock *nl, link_each_fn *each, void *arg,
	      struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	int ret = link_cache(nl, &cache, diag);

	if (ret)
		return ret;
	for (object = nl_cache_get_first(cache); object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;
		const char *alias = rtnl_link_get_ifalias(link);
		unsigned int flags = rtnl_link_get_flags(link);

		if (!(flags & IFF_UP) || (flags & IFF_LOOPBACK))
			continue;
		if (alias &&
		    strncmp(alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)) == 0)
			continue;
		each(arg, rtnl_link_get_name(link), forwarding_of(link));
	}
	nl_cache_free(cache);
	return 0;
}

int link_set_forwarding(struct nl_sock *nl, const char *ifname, bool on,
			struct diag *diag)
{
	const struct option option = {IPV4_DEVCONF_FORWARDING, on};
	int ifindex = (int)if_nametoindex(ifname);
	struct nl_msg *msg;
	int err;

	if (ifindex == 0)
		return -ENODEV;
	msg = setlink_begin(ifindex, 0);
	if (!msg)
		return failed(diag, "forwarding of", ifname, -NLE_NOMEM);
	err = send_or_free(nl, msg, put_options(msg, &option, 1));
	if (is_missing(err))
		return -ENODEV;
	if (err)
		return failed(diag, "forwarding of", ifname, err);
	return 0;
}

int link_forwarding(struct nl_sock *nl, const char *ifname)
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

bool link_has_lro(const char *ifname)
{
	uint32_t flags = 0;

	return flags_ioctl(ifname, ETHTOOL_GFLAGS, &flags) == 0 &&
	       flags & ETH_FLAG_LRO;
}

int link_set_lro(const char *ifname, bool on)
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

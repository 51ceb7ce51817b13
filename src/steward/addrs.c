/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * addrs.c - The tunnel addresses of this gateway
 */

#include "steward/addrs.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <string.h>
#include <sys/socket.h>

#include "steward/ipv6.h"
#include "steward/rtsock.h"

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
	return err ? rtsock_failed(diag, "address", ip_addr_format(addr, text),
				   err)
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

int addrs_check(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *cache;
	int ret = rtnl_addr_alloc_cache(nl, &cache);

	if (ret)
		return rtsock_failed(diag, "list of", "addresses", ret);
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
			return rtsock_failed(diag, "old address on",
					     plan->conf->tun_name, err);
	}
	return 0;
}

int addrs_set(struct nl_sock *nl, const struct plan *plan, int ifindex,
	      struct missing *missing, struct diag *diag)
{
	const struct policy_gateway *gateway = plan->gateway;
	struct nl_cache *cache;
	int err = rtnl_addr_alloc_cache(nl, &cache);
	size_t i;

	if (err)
		return rtsock_failed(diag, "addresses of", plan->conf->tun_name,
				     err);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * route.c - Routes into the tunnel
 */

#include "steward/route.h"

#include <errno.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

#include "steward/ipv6.h"

/* What the kernel gives an IPv6 route that names none. */
#define METRIC_V6 1024

/** nl_addr_of() - Address with a prefix length as libnl has it */
static struct nl_addr *nl_addr_of(const struct ip_addr *addr, int prefix_len)
{
	struct nl_addr *copy =
		nl_addr_build(addr->family == IP_V4 ? AF_INET : AF_INET6,
			      addr->bytes, ip_addr_len(addr->family));

	if (copy)
		nl_addr_set_prefixlen(copy, prefix_len);
	return copy;
}

/** same() - Is this the address, of this prefix length? */
static bool same(struct nl_addr *found, const struct ip_addr *addr,
		 unsigned int prefix_len)
{
	size_t len = ip_addr_len(addr->family);

	/* libnl gives 0.0.0.0/0 no bytes. */
	if (!found || nl_addr_get_prefixlen(found) != prefix_len)
		return false;
	if (nl_addr_get_len(found) == 0)
		return prefix_len == 0;
	return nl_addr_get_len(found) == len &&
	       memcmp(nl_addr_get_binary_addr(found), addr->bytes, len) == 0;
}

/** is_route() - Is a standing route exactly this one? */
static bool is_route(struct rtnl_route *route, const struct plan_route *wanted)
{
	return same(rtnl_route_get_dst(route), &wanted->to.addr,
		    wanted->to.len) &&
	       same(rtnl_route_get_pref_src(route), &wanted->src,
		    8 * (unsigned int)ip_addr_len(wanted->src.family));
}

/** is_planned() - Is a standing route one of the plan's? */
static bool is_planned(const struct plan *plan, struct rtnl_route *route)
{
	size_t i;

	for (i = 0; i < plan->route_cnt; i++) {
		if (is_route(route, &plan->routes[i]))
			return true;
	}
	return false;
}

/** is_ours() - Our protocol number, on our device, in the main table */
static bool is_ours(struct rtnl_route *route, int ifindex)
{
	struct rtnl_nexthop *hop;

	if (rtnl_route_get_protocol(route) != PLAN_ROUTE_PROTO ||
	    rtnl_route_get_table(route) != RT_TABLE_MAIN ||
	    rtnl_route_get_nnexthops(route) != 1)
		return false;
	hop = rtnl_route_nexthop_n(route, 0);
	return rtnl_route_nh_get_ifindex(hop) == ifindex;
}

/** struct wanted - What is to stand on which device
 * @ending:	The plan before, whose routes linger, or NULL
 */
struct wanted {
	const struct plan *plan;
	const struct plan *ending;
	int ifindex;
};

/** lingers() - Is a standing route one of the plan before, in nobody's way? */
static bool lingers(const struct plan *plan, const struct plan *ending,
		    struct rtnl_route *route)
{
	size_t i;

	for (i = 0; ending && i < plan->route_cnt; i++) {
		if (same(rtnl_route_get_dst(route), &plan->routes[i].to.addr,
			 plan->routes[i].to.len))
			return false;
	}
	return ending && is_planned(ending, route);
}

/** remove_stale() - Our routes of an earlier policy, but those that linger */
static int remove_stale(struct nl_sock *nl, struct nl_cache *standing,
			const struct wanted *wanted, struct diag *diag)
{
	struct nl_object *object;
	int ret = 0;

	for (object = nl_cache_get_first(standing); object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_route *route = (struct rtnl_route *)object;
		int err;

		if (!is_ours(route, wanted->ifindex) ||
		    is_planned(wanted->plan, route) ||
		    lingers(wanted->plan, wanted->ending, route))
			continue;
		err = rtnl_route_delete(nl, route, 0);
		if (err && err != -NLE_OBJ_NOTFOUND) {
			diag_error(diag, NULL, 0, "removing an old route: %s",
				   nl_geterror(err));
			ret = -EIO;
		}
	}
	return ret;
}

/** stands() - Is this route of the plan there already? */
static bool stands(struct nl_cache *standing, const struct plan_route *wanted,
		   int ifindex)
{
	struct nl_object *object;

	for (object = nl_cache_get_first(standing); object;
	     object = nl_cache_get_next(object)) {
		struct rtnl_route *route = (struct rtnl_route *)object;

		if (is_ours(route, ifindex) && is_route(route, wanted))
			return true;
	}
	return false;
}

/** fill() - A route request; Return: 0 or a libnl error */
static int fill(struct rtnl_route *route, const struct plan_route *wanted,
		int ifindex)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *to = nl_addr_of(&wanted->to.addr, wanted->to.len);
	struct nl_addr *src = nl_addr_of(
		&wanted->src, 8 * (int)ip_addr_len(wanted->src.family));
	int err = -NLE_NOMEM;

	if (hop && to && src) {
		rtnl_route_set_table(route, RT_TABLE_MAIN);
		rtnl_route_set_protocol(route, PLAN_ROUTE_PROTO);
		rtnl_route_set_scope(route, wanted->to.addr.family == IP_V4
						    ? RT_SCOPE_LINK
						    : RT_SCOPE_UNIVERSE);
		err = rtnl_route_set_dst(route, to);
		if (!err)
			err = rtnl_route_set_pref_src(route, src);
		rtnl_route_nh_set_ifindex(hop, ifindex);
		rtnl_route_add_nexthop(route, hop);
		hop = NULL;
	}
	if (hop)
		rtnl_route_nh_free(hop);
	nl_addr_put(to);
	nl_addr_put(src);
	return err;
}

/** taken() - Report that a route of somebody else leads there; Return: -EEXIST */
static int taken(const struct plan_route *wanted, struct diag *diag)
{
	char to[IP_PREFIX_TEXT_SIZE];

	ip_prefix_format(&wanted->to, to);
	diag_error(diag, NULL, 0,
		   "a route to %s stands already and is not ours (see "
		   "\"ip route show %s\"): a site's network cannot be one of "
		   "this gateway's own",
		   to, to);
	return -EEXIST;
}

/**
 * is_in_the_way() - Would ours be refused, or take a network of this machine?
 *
 * A route with another metric may stand beside ours: somebody's blackhole for
 * the time when ours is gone, for example.  One of a link of this machine may not:
 * ours would win.
 */
static bool is_in_the_way(struct rtnl_route *route,
			  const struct plan_route *wanted, int ifindex)
{
	uint32_t metric = wanted->to.addr.family == IP_V4 ? 0 : METRIC_V6;

	if (is_ours(route, ifindex) ||
	    rtnl_route_get_table(route) != RT_TABLE_MAIN ||
	    !same(rtnl_route_get_dst(route), &wanted->to.addr, wanted->to.len))
		return false;
	return rtnl_route_get_priority(route) == metric ||
	       (rtnl_route_get_type(route) == RTN_UNICAST &&
		rtnl_route_get_protocol(route) == RTPROT_KERNEL);
}

/** check() - As route_check(), of the routes that stand */
static int check(struct nl_cache *standing, const struct plan *plan,
		 int ifindex, struct diag *diag)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < plan->route_cnt; i++) {
		struct nl_object *object = nl_cache_get_first(standing);

		while (object && !is_in_the_way((struct rtnl_route *)object,
						&plan->routes[i], ifindex))
			object = nl_cache_get_next(object);
		if (object)
			ret = taken(&plan->routes[i], diag);
	}
	return ret;
}

int route_check(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct diag *diag)
{
	struct nl_cache *standing;
	int err = rtnl_route_alloc_cache(nl, AF_UNSPEC, 0, &standing);

	if (err) {
		diag_error(diag, NULL, 0, "list of routes: %s",
			   nl_geterror(err));
		return -EIO;
	}
	err = check(standing, plan, ifindex, diag);
	nl_cache_free(standing);
	return err;
}

static int add(struct nl_sock *nl, const struct plan_route *wanted, int ifindex,
	       struct missing *missing, struct diag *diag)
{
	struct rtnl_route *route = rtnl_route_alloc();
	char to[IP_PREFIX_TEXT_SIZE];
	int err = -NLE_NOMEM;

	if (route)
		err = fill(route, wanted, ifindex);
	/* Without NLM_F_EXCL the kernel would put ours before a route of
	 * somebody else to the same destination. */
	if (!err)
		err = rtnl_route_add(nl, route, NLM_F_EXCL);
	if (route)
		rtnl_route_put(route);
	ip_prefix_format(&wanted->to, to);
	if (!err) {
		missing_add(missing, "route to", to);
		return 0;
	}
	if (err == -NLE_EXIST)
		return taken(wanted, diag);
	diag_error(diag, NULL, 0, "route to %s: %s", to, nl_geterror(err));
	return -EIO;
}

/** bring() - Routes that stand to those that are wanted */
static int bring(struct nl_sock *nl, const struct wanted *wanted,
		 struct missing *missing, struct diag *diag)
{
	const struct plan *plan = wanted->plan;
	bool v6 = ipv6_wanted(plan);
	struct nl_cache *standing;
	int err = rtnl_route_alloc_cache(nl, AF_UNSPEC, 0, &standing);
	size_t i;

	if (err) {
		diag_error(diag, NULL, 0, "list of routes: %s",
			   nl_geterror(err));
		return -EIO;
	}
	err = remove_stale(nl, standing, wanted, diag);
	/* One that somebody else has taken is no reason to leave the rest. */
	for (i = 0; i < plan->route_cnt; i++) {
		const struct plan_route *route = &plan->routes[i];
		int add_err = 0;

		if ((route->to.addr.family == IP_V4 || v6) &&
		    !stands(standing, route, wanted->ifindex))
			add_err =
				add(nl, route, wanted->ifindex, missing, diag);
		err = err ? err : add_err;
	}
	nl_cache_free(standing);
	return err;
}

int route_apply(struct nl_sock *nl, const struct plan *plan, int ifindex,
		struct missing *missing, struct diag *diag)
{
	const struct wanted wanted = {plan, NULL, ifindex};

	return bring(nl, &wanted, missing, diag);
}

int route_change(struct nl_sock *nl, const struct plan *plan,
		 const struct plan *ending, int ifindex, struct diag *diag)
{
	const struct wanted wanted = {plan, ending, ifindex};

	return bring(nl, &wanted, NULL, diag);
}

/** take_prefix() - A route's destination; Return: whether it is one */
static bool take_prefix(struct nl_addr *found, struct ip_prefix *prefix)
{
	bool v4 = found && nl_addr_get_family(found) == AF_INET;
	size_t len = v4 ? ip_addr_len(IP_V4) : ip_addr_len(IP_V6);

	if (!found || nl_addr_get_len(found) != len)
		return false;
	*prefix = (struct ip_prefix){
		.addr = {.family = v4 ? IP_V4 : IP_V6},
		.len = (uint8_t)nl_addr_get_prefixlen(found),
	};
	memcpy(prefix->addr.bytes, nl_addr_get_binary_addr(found), len);
	return true;
}

ssize_t route_tunnel_prefixes(struct nl_sock *nl, int ifindex,
			      struct ip_prefix *prefixes, size_t size,
			      struct diag *diag)
{
	struct nl_object *object;
	struct nl_cache *standing;
	size_t cnt = 0;
	int err = rtnl_route_alloc_cache(nl, AF_UNSPEC, 0, &standing);

	if (err) {
		diag_error(diag, NULL, 0, "list of routes: %s",
			   nl_geterror(err));
		return -EIO;
	}
	for (object = nl_cache_get_first(standing); object && cnt < size;
	     object = nl_cache_get_next(object)) {
		struct rtnl_route *route = (struct rtnl_route *)object;

		cnt += is_ours(route, ifindex) &&
		       take_prefix(rtnl_route_get_dst(route), &prefixes[cnt]);
	}
	nl_cache_free(standing);
	return (ssize_t)cnt;
}

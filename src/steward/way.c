/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * way.c - Where the kernel would send a packet
 */

#include "steward/way.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

/* An answer is one route. */
#define ANSWER_SIZE 8192

/** put_addr() - An address as an attribute */
static int put_addr(struct nl_msg *msg, int type, const struct ip_addr *addr)
{
	return nla_put(msg, type, (int)ip_addr_len(addr->family), addr->bytes);
}

/** make_request() - NULL when out of memory */
static struct nl_msg *make_request(const struct ip_addr *dst,
				   const struct ip_addr *src, const char *iif,
				   uint32_t mark)
{
	uint8_t bits = (uint8_t)(8 * ip_addr_len(dst->family));
	struct rtmsg head = {
		.rtm_family = dst->family == IP_V4 ? AF_INET : AF_INET6,
		.rtm_dst_len = bits,
		.rtm_src_len = src->family == IP_NONE ? 0 : bits,
		.rtm_flags = RTM_F_LOOKUP_TABLE,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);

	if (!msg)
		return NULL;
	if (nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) ||
	    put_addr(msg, RTA_DST, dst) ||
	    (src->family != IP_NONE && put_addr(msg, RTA_SRC, src)) ||
	    (iif && nla_put_u32(msg, RTA_IIF, if_nametoindex(iif))) ||
	    nla_put_u32(msg, RTA_MARK, mark)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/** take_answer() - A route, or the error in its place */
static int take_answer(struct nlmsghdr *head, enum ip_family family,
		       struct way *way)
{
	const struct rtmsg *route = nlmsg_data(head);
	struct nlattr *attrs[RTA_MAX + 1];

	if (head->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)nlmsg_data(head))->error;
	if (nlmsg_parse(head, sizeof(*route), attrs, RTA_MAX, NULL))
		return -EPROTO;
	if (route->rtm_type == RTN_UNREACHABLE ||
	    route->rtm_type == RTN_PROHIBIT ||
	    route->rtm_type == RTN_BLACKHOLE || attrs[RTA_UNSPEC])
		return -ENETUNREACH;
	way->local = route->rtm_type == RTN_LOCAL;
	way->table = attrs[RTA_TABLE] ? nla_get_u32(attrs[RTA_TABLE])
				      : route->rtm_table;
	if (attrs[RTA_OIF] &&
	    !if_indextoname(nla_get_u32(attrs[RTA_OIF]), way->oif))
		return -ENODEV;
	if (attrs[RTA_PREFSRC] &&
	    nla_len(attrs[RTA_PREFSRC]) == (int)ip_addr_len(family)) {
		way->src.family = family;
		memcpy(way->src.bytes, nla_data(attrs[RTA_PREFSRC]),
		       ip_addr_len(family));
	}
	return 0;
}

int way_find(struct nl_sock *nl, const struct ip_addr *dst,
	     const struct ip_addr *src, const char *iif, uint32_t mark,
	     struct way *way)
{
	struct nl_msg *msg = make_request(dst, src, iif, mark);
	char answer[ANSWER_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *head = (struct nlmsghdr *)(void *)answer;
	uint32_t seq;
	ssize_t len;

	*way = (struct way){.local = false};
	if (!msg)
		return -ENOMEM;
	nl_complete_msg(nl, msg);
	nlmsg_hdr(msg)->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	len = send(nl_socket_get_fd(nl), nlmsg_hdr(msg),
		   nlmsg_hdr(msg)->nlmsg_len, 0);
	seq = nlmsg_hdr(msg)->nlmsg_seq;
	nlmsg_free(msg);
	if (len < 0)
		return -errno;
	/* libnl may have left an acknowledgement of its own unread. */
	do {
		len = recv(nl_socket_get_fd(nl), answer, sizeof(answer), 0);
		if (len < 0)
			return -errno;
		if (!nlmsg_ok(head, (int)len))
			return -EPROTO;
	} while (head->nlmsg_seq != seq);
	return take_answer(head, dst->family, way);
}

int way_group(struct nl_sock *nl, const char *ifname)
{
	struct rtnl_link *link;
	int group;

	if (rtnl_link_get_kernel(nl, 0, ifname, &link))
		return -1;
	group = (int)rtnl_link_get_group(link);
	rtnl_link_put(link);
	return group;
}

struct ip_addr way_addr_of(struct nl_sock *nl, const char *ifname,
			   enum ip_family family)
{
	struct ip_addr addr = {.family = IP_NONE};
	struct nl_object *object;
	struct nl_cache *cache;

	if (rtnl_addr_alloc_cache(nl, &cache))
		return addr;
	for (object = nl_cache_get_first(cache); object && !addr.family;
	     object = nl_cache_get_next(object)) {
		struct rtnl_addr *found = (struct rtnl_addr *)object;
		struct nl_addr *local = rtnl_addr_get_local(found);

		if (rtnl_addr_get_ifindex(found) !=
			    (int)if_nametoindex(ifname) ||
		    rtnl_addr_get_scope(found) != RT_SCOPE_UNIVERSE || !local ||
		    nl_addr_get_len(local) != ip_addr_len(family))
			continue;
		addr.family = family;
		memcpy(addr.bytes, nl_addr_get_binary_addr(local),
		       ip_addr_len(family));
	}
	nl_cache_free(cache);
	return addr;
}

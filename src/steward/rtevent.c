/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rtevent.c - What an event of rtnetlink is about
 */

#include "steward/rtevent.h"

#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/** route_ifindex() - The device of a route, 0 when it has several or none */
static int route_ifindex(struct nlmsghdr *head)
{
	struct nlattr *attrs[RTA_MAX + 1];

	if (nlmsg_parse(head, sizeof(struct rtmsg), attrs, RTA_MAX, NULL) ||
	    !attrs[RTA_OIF])
		return 0;
	return (int)nla_get_u32(attrs[RTA_OIF]);
}

/** route_to() - Destination of a message's route; Return: whether it has one */
static bool route_to(struct nlmsghdr *head, struct ip_prefix *to)
{
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *route = nlmsg_data(head);
	bool v4;

	if (nlmsg_parse(head, sizeof(*route), attrs, RTA_MAX, NULL) ||
	    !attrs[RTA_DST])
		return false;
	v4 = route->rtm_family == AF_INET;
	*to = (struct ip_prefix){
		.addr = {.family = v4 ? IP_V4 : IP_V6},
		.len = route->rtm_dst_len,
	};
	if (nla_len(attrs[RTA_DST]) != (int)ip_addr_len(to->addr.family))
		return false;
	memcpy(to->addr.bytes, nla_data(attrs[RTA_DST]),
	       ip_addr_len(to->addr.family));
	return true;
}

bool rtevent_is_planned(const struct plan *plan, struct nlmsghdr *head)
{
	struct ip_prefix to;
	size_t i;

	if (!route_to(head, &to))
		return false;
	for (i = 0; i < plan->route_cnt; i++) {
		if (plan->routes[i].to.len == to.len &&
		    ip_addr_equal(&plan->routes[i].to.addr, &to.addr))
			return true;
	}
	return false;
}

bool rtevent_may_divert(const struct plan *plan, struct nlmsghdr *head)
{
	struct ip_prefix to;
	size_t i;

	if (head->nlmsg_type == RTM_NEWRULE || head->nlmsg_type == RTM_DELRULE)
		return true;
	if ((head->nlmsg_type != RTM_NEWROUTE &&
	     head->nlmsg_type != RTM_DELROUTE) ||
	    !route_to(head, &to))
		return false;
	for (i = 0; i < plan->route_cnt; i++) {
		if (to.len >= plan->routes[i].to.len &&
		    ip_prefix_contains(&plan->routes[i].to, &to.addr))
			return true;
	}
	return false;
}

int rtevent_ifindex(struct nlmsghdr *head)
{
	struct nlattr *attrs[NETCONFA_MAX + 1];

	switch (head->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return nlmsg_valid_hdr(head, sizeof(struct ifinfomsg))
			       ? ((struct ifinfomsg *)nlmsg_data(head))
					 ->ifi_index
			       : 0;
	case RTM_DELADDR:
		return nlmsg_valid_hdr(head, sizeof(struct ifaddrmsg))
			       ? (int)((struct ifaddrmsg *)nlmsg_data(head))
					 ->ifa_index
			       : 0;
	case RTM_DELROUTE:
		return route_ifindex(head);
	case RTM_NEWNETCONF:
		if (nlmsg_parse(head, sizeof(struct netconfmsg), attrs,
				NETCONFA_MAX, NULL) ||
		    !attrs[NETCONFA_IFINDEX])
			return 0;
		return (int)nla_get_u32(attrs[NETCONFA_IFINDEX]);
	default:
		return 0;
	}
}

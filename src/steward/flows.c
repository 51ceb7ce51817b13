/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flows.c - Connection tracking entries of the tunnel
 */

#include "steward/flows.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

#include "policy/plan.h"

/**
 * DOC: Theory of operation
 *
 * The kernel is asked for all entries of both families; what is to be done with
 * those that were judged is kept as a request that names them by tuple, zone and
 * id, and sent after the list has ended.  The id makes sure that no entry is
 * deleted that only took the place of one.
 *
 * A gateway that is removed must not leave its translations behind: packets of
 * a flow that was on its way would be sent on to an address of a site by
 * whatever route is left.  Without its entry the next packet of a TCP flow
 * meets a closed port, and its client knows.
 */

/** struct hunt - The requests gathered so far */
struct hunt {
	flow_fn *each;
	void *arg;
	struct nl_msg **requests;
	size_t cnt;
	size_t size;
	bool failed;
};

/** request() - A conntrack request; NULL when out of memory */
static struct nl_msg *request(int type, int flags, uint8_t family)
{
	const struct nfgenmsg head = {.nfgen_family = family,
				      .version = NFNETLINK_V0};
	struct nl_msg *msg =
		nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | type, flags);

	if (msg && nlmsg_append(msg, (void *)(uintptr_t)&head, sizeof(head),
				NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/** take_addr() - An address of a tuple, of either family */
static bool take_addr(struct nlattr *const *ips, int v4, int v6,
		      struct ip_addr *addr)
{
	struct nlattr *found = ips[v4] ? ips[v4] : ips[v6];

	*addr = (struct ip_addr){.family = ips[v4] ? IP_V4 : IP_V6};
	if (!found || nla_len(found) != (int)ip_addr_len(addr->family))
		return false;
	memcpy(addr->bytes, nla_data(found), ip_addr_len(addr->family));
	return true;
}

/** take_port() - A port of a tuple, 0 when it has none */
static uint16_t take_port(struct nlattr *found)
{
	return found && nla_len(found) == (int)sizeof(uint16_t)
		       ? ntohs(nla_get_u16(found))
		       : 0;
}

/** take_tuple() - One direction; Return: whether it is one that we understand */
static bool take_tuple(struct nlattr *attr, struct flow_tuple *tuple,
		       uint8_t *proto)
{
	struct nlattr *parts[CTA_TUPLE_MAX + 1];
	struct nlattr *ips[CTA_IP_MAX + 1];
	struct nlattr *l4[CTA_PROTO_MAX + 1];

	if (!attr || nla_parse_nested(parts, CTA_TUPLE_MAX, attr, NULL) ||
	    !parts[CTA_TUPLE_IP] || !parts[CTA_TUPLE_PROTO] ||
	    nla_parse_nested(ips, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) ||
	    nla_parse_nested(l4, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], NULL) ||
	    !l4[CTA_PROTO_NUM] || nla_len(l4[CTA_PROTO_NUM]) != 1)
		return false;
	*proto = nla_get_u8(l4[CTA_PROTO_NUM]);
	tuple->sport = take_port(l4[CTA_PROTO_SRC_PORT]);
	tuple->dport = take_port(l4[CTA_PROTO_DST_PORT]);
	return take_addr(ips, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &tuple->src) &&
	       take_addr(ips, CTA_IP_V4_DST, CTA_IP_V6_DST, &tuple->dst);
}

/** take_tcp_state() - Of a TCP connection, else 0 */
static uint8_t take_tcp_state(struct nlattr *info)
{
	struct nlattr *protos[CTA_PROTOINFO_MAX + 1];
	struct nlattr *tcp[CTA_PROTOINFO_TCP_MAX + 1];

	if (!info || nla_parse_nested(protos, CTA_PROTOINFO_MAX, info, NULL) ||
	    !protos[CTA_PROTOINFO_TCP] ||
	    nla_parse_nested(tcp, CTA_PROTOINFO_TCP_MAX,
			     protos[CTA_PROTOINFO_TCP], NULL) ||
	    !tcp[CTA_PROTOINFO_TCP_STATE])
		return 0;
	return nla_get_u8(tcp[CTA_PROTOINFO_TCP_STATE]);
}

/** take_u64() - A number of eight bytes, 0 when there is none */
static uint64_t take_u64(struct nlattr *attr)
{
	uint64_t value;

	if (!attr || nla_len(attr) != (int)sizeof(value))
		return 0;
	memcpy(&value, nla_data(attr), sizeof(value));
	return be64toh(value);
}

/** take_counters() - Of one direction */
static void take_counters(struct nlattr *attr, struct flow *flow, int dir)
{
	struct nlattr *counters[CTA_COUNTERS_MAX + 1];

	if (!attr || nla_parse_nested(counters, CTA_COUNTERS_MAX, attr, NULL))
		return;
	flow->counted = true;
	flow->bytes[dir] = take_u64(counters[CTA_COUNTERS_BYTES]);
	flow->packets[dir] = take_u64(counters[CTA_COUNTERS_PACKETS]);
}

/** take_times() - When it began and ended, if the kernel takes note */
static void take_times(struct nlattr *attr, struct flow *flow)
{
	struct nlattr *times[CTA_TIMESTAMP_MAX + 1];

	if (!attr || nla_parse_nested(times, CTA_TIMESTAMP_MAX, attr, NULL))
		return;
	flow->start_ns = take_u64(times[CTA_TIMESTAMP_START]);
	flow->stop_ns = take_u64(times[CTA_TIMESTAMP_STOP]);
}

/** take_flow() - An entry; Return: whether it is one that we understand */
static bool take_flow(struct nlattr *const *attrs, struct flow *flow)
{
	uint8_t proto;

	*flow = (struct flow){.mark = 0};
	if (!take_tuple(attrs[CTA_TUPLE_ORIG], &flow->orig, &flow->proto) ||
	    !take_tuple(attrs[CTA_TUPLE_REPLY], &flow->reply, &proto))
		return false;
	if (attrs[CTA_MARK] &&
	    nla_len(attrs[CTA_MARK]) == (int)sizeof(uint32_t))
		flow->mark = ntohl(nla_get_u32(attrs[CTA_MARK]));
	flow->tcp_state = take_tcp_state(attrs[CTA_PROTOINFO]);
	flow->established = flow->tcp_state == TCP_CONNTRACK_ESTABLISHED;
	take_counters(attrs[CTA_COUNTERS_ORIG], flow, 0);
	take_counters(attrs[CTA_COUNTERS_REPLY], flow, 1);
	take_times(attrs[CTA_TIMESTAMP], flow);
	return true;
}

bool flows_parse(struct nlmsghdr *head, struct flow *flow)
{
	struct nlattr *attrs[CTA_MAX + 1];

	return !nlmsg_parse(head, sizeof(struct nfgenmsg), attrs, CTA_MAX,
			    NULL) &&
	       take_flow(attrs, flow);
}

/** copy_attr() - The same attribute in another message, if it is there */
static int copy_attr(struct nl_msg *msg, struct nlattr *attr)
{
	return attr ? nla_put(msg, attr->nla_type, nla_len(attr),
			      nla_data(attr))
		    : 0;
}

/** put_mark() - Our bits of the mark, nobody else's */
static int put_mark(struct nl_msg *msg, uint32_t id)
{
	int err = nla_put_u32(msg, CTA_MARK, htonl(id));

	return err ? err
		   : nla_put_u32(msg, CTA_MARK_MASK, htonl(PLAN_MARK_MASK));
}

/** keep() - Remember a request; it is consumed */
static bool keep(struct hunt *hunt, struct nl_msg *msg)
{
	if (hunt->cnt == hunt->size) {
		size_t size = hunt->size ? 2 * hunt->size : 64;
		struct nl_msg **larger =
			reallocarray(hunt->requests, size, sizeof(*larger));

		if (!larger) {
			nlmsg_free(msg);
			return false;
		}
		hunt->requests = larger;
		hunt->size = size;
	}
	hunt->requests[hunt->cnt++] = msg;
	return true;
}

/** decide() - Remember what is to become of an entry */
static bool decide(struct hunt *hunt, struct nlattr *const *attrs,
		   enum flow_fate fate, uint32_t id, uint8_t family)
{
	struct nl_msg *msg = request(fate == FLOW_MARK ? IPCTNL_MSG_CT_NEW
						       : IPCTNL_MSG_CT_DELETE,
				     0, family);

	if (!msg)
		return false;
	if (copy_attr(msg, attrs[CTA_TUPLE_ORIG]) ||
	    copy_attr(msg, attrs[CTA_ZONE]) ||
	    (fate == FLOW_DELETE && copy_attr(msg, attrs[CTA_ID])) ||
	    (fate == FLOW_MARK && put_mark(msg, id))) {
		nlmsg_free(msg);
		return false;
	}
	return keep(hunt, msg);
}

/** on_entry() - One entry of the kernel's list */
static int on_entry(struct nl_msg *msg, void *arg)
{
	const struct nfgenmsg *head = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *attrs[CTA_MAX + 1];
	struct hunt *hunt = arg;
	enum flow_fate fate;
	struct flow flow;
	uint32_t id = 0;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*head), attrs, CTA_MAX, NULL) ||
	    !take_flow(attrs, &flow))
		return NL_SKIP;
	fate = hunt->each(hunt->arg, &flow, &id);
	if (fate != FLOW_LEAVE &&
	    !decide(hunt, attrs, fate, id, head->nfgen_family))
		hunt->failed = true;
	return NL_OK;
}

/** list() - Go through the kernel's list; Return: 0 or a libnl error */
static int list(struct nl_sock *nl, uint32_t id, struct hunt *hunt)
{
	struct nl_msg *msg = request(IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	int err = -NLE_NOMEM;

	if (msg && (!id || !put_mark(msg, id)))
		err = nl_socket_modify_cb(nl, NL_CB_VALID, NL_CB_CUSTOM,
					  on_entry, hunt);
	if (err >= 0)
		err = nl_send_auto(nl, msg);
	nlmsg_free(msg);
	if (err >= 0)
		err = nl_recvmsgs_default(nl);
	return hunt->failed && err >= 0 ? -NLE_NOMEM : err;
}

/** send_all() - Return: how many worked; those that are gone already don't count */
static int send_all(struct nl_sock *nl, struct hunt *hunt)
{
	int cnt = 0;
	size_t i;

	for (i = 0; i < hunt->cnt; i++)
		cnt += nl_send_sync(nl, hunt->requests[i]) == 0;
	free(hunt->requests);
	return cnt;
}

int flows_each(uint32_t id, flow_fn *each, void *arg, struct diag *diag)
{
	struct hunt hunt = {.each = each, .arg = arg};
	struct nl_sock *nl = nl_socket_alloc();
	int err = -NLE_NOMEM;
	int cnt;

	if (nl)
		err = nl_connect(nl, NETLINK_NETFILTER);
	if (!err)
		err = list(nl, id, &hunt);
	cnt = nl ? send_all(nl, &hunt) : 0;
	if (nl)
		nl_socket_free(nl);
	if (err >= 0)
		return cnt;
	diag_error(diag, NULL, 0, "connection tracking: %s", nl_geterror(err));
	return -EIO;
}

/** struct forgetting - What flows_forget() looks for */
struct forgetting {
	const struct ip_prefix *prefixes;
	size_t cnt;
};

/** forget() - Is one of its ends at the other end of the tunnel? */
static enum flow_fate forget(void *arg, const struct flow *flow, uint32_t *id)
{
	const struct forgetting *forgetting = arg;
	size_t i;

	(void)id;
	for (i = 0; i < forgetting->cnt; i++) {
		const struct ip_prefix *prefix = &forgetting->prefixes[i];

		if (ip_prefix_contains(prefix, &flow->orig.src) ||
		    ip_prefix_contains(prefix, &flow->reply.src))
			return FLOW_DELETE;
	}
	return FLOW_LEAVE;
}

int flows_forget(const struct ip_prefix *prefixes, size_t cnt,
		 struct diag *diag)
{
	struct forgetting forgetting = {prefixes, cnt};

	return cnt ? flows_each(0, forget, &forgetting, diag) : 0;
}

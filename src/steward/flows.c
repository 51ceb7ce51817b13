/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flows.c - Connection tracking entries of the tunnel
 */

#include "steward/flows.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

/**
 * DOC: Theory of operation
 *
 * A gateway that is removed must not leave its translations behind: packets of
 * a flow that was on its way would be sent on to an address of a site by
 * whatever route is left.  Without its entry the next packet of a TCP flow
 * meets a closed port, and its client knows.
 *
 * The kernel is asked for all entries; those of ours are kept as they came, by
 * what identifies them (tuple, zone, id), and deleted after the list has ended.
 * The id makes sure that no entry is deleted that only took the place of one.
 */

/* IPv4 is all there is so far. */
#define FAMILY AF_INET

/** struct hunt - The entries found so far */
struct hunt {
	const struct ip_addr *addrs;
	size_t addr_cnt;
	const uint8_t *marks;
	struct nl_msg **found;
	size_t found_cnt;
	size_t found_size;
	bool failed;
};

/** request() - A conntrack request; NULL when out of memory */
static struct nl_msg *request(int type, int flags)
{
	const struct nfgenmsg head = {.nfgen_family = FAMILY,
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

/** is_tunnel_addr() - Is an address in a tuple one of the tunnel's? */
static bool is_tunnel_addr(const struct hunt *hunt, struct nlattr *tuple,
			   int which)
{
	struct nlattr *parts[CTA_TUPLE_MAX + 1];
	struct nlattr *ips[CTA_IP_MAX + 1];
	size_t i;

	if (!tuple || nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, NULL) ||
	    !parts[CTA_TUPLE_IP] ||
	    nla_parse_nested(ips, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) ||
	    !ips[which] || nla_len(ips[which]) != (int)ip_addr_len(IP_V4))
		return false;
	for (i = 0; i < hunt->addr_cnt; i++) {
		if (hunt->addrs[i].family == IP_V4 &&
		    memcmp(nla_data(ips[which]), hunt->addrs[i].bytes,
			   ip_addr_len(IP_V4)) == 0)
			return true;
	}
	return false;
}

/** is_marked() - Is its service one of those meant? */
static bool is_marked(const struct hunt *hunt, struct nlattr *mark)
{
	uint32_t id;

	if (!hunt->marks)
		return true;
	if (!mark || nla_len(mark) != (int)sizeof(id))
		return false;
	id = ntohl(nla_get_u32(mark)) & PLAN_MARK_MASK;
	return hunt->marks[id / 8] >> (id % 8) & 1;
}

/** copy_attr() - The same attribute in another message, if it is there */
static int copy_attr(struct nl_msg *msg, struct nlattr *attr)
{
	return attr ? nla_put(msg, attr->nla_type, nla_len(attr),
			      nla_data(attr))
		    : 0;
}

/** keep() - Remember an entry as the request that deletes it */
static bool keep(struct hunt *hunt, struct nlattr *const *attrs)
{
	struct nl_msg *msg = request(IPCTNL_MSG_CT_DELETE, 0);

	if (!msg)
		return false;
	if (copy_attr(msg, attrs[CTA_TUPLE_ORIG]) ||
	    copy_attr(msg, attrs[CTA_ZONE]) || copy_attr(msg, attrs[CTA_ID]))
		goto err_free;
	if (hunt->found_cnt == hunt->found_size) {
		size_t size = hunt->found_size ? 2 * hunt->found_size : 64;
		struct nl_msg **found =
			reallocarray(hunt->found, size, sizeof(*found));

		if (!found)
			goto err_free;
		hunt->found = found;
		hunt->found_size = size;
	}
	hunt->found[hunt->found_cnt++] = msg;
	return true;

err_free:
	nlmsg_free(msg);
	return false;
}

/** on_entry() - One entry of the kernel's list */
static int on_entry(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[CTA_MAX + 1];
	struct hunt *hunt = arg;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(struct nfgenmsg), attrs, CTA_MAX,
			NULL))
		return NL_SKIP;
	if (!is_tunnel_addr(hunt, attrs[CTA_TUPLE_ORIG], CTA_IP_V4_SRC) &&
	    !is_tunnel_addr(hunt, attrs[CTA_TUPLE_REPLY], CTA_IP_V4_DST))
		return NL_SKIP;
	if (!is_marked(hunt, attrs[CTA_MARK]))
		return NL_SKIP;
	if (!keep(hunt, attrs))
		hunt->failed = true;
	return NL_OK;
}

/** list() - Go through the kernel's list; Return: 0 or a libnl error */
static int list(struct nl_sock *nl, struct hunt *hunt)
{
	struct nl_msg *msg = request(IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	int err;

	if (!msg)
		return -NLE_NOMEM;
	err = nl_socket_modify_cb(nl, NL_CB_VALID, NL_CB_CUSTOM, on_entry,
				  hunt);
	if (err < 0) {
		nlmsg_free(msg);
		return err;
	}
	err = nl_send_auto(nl, msg);
	nlmsg_free(msg);
	if (err >= 0)
		err = nl_recvmsgs_default(nl);
	return hunt->failed && err >= 0 ? -NLE_NOMEM : err;
}

/** delete_found() - Return: how many; those that are gone already don't count */
static int delete_found(struct nl_sock *nl, struct hunt *hunt)
{
	int cnt = 0;
	size_t i;

	for (i = 0; i < hunt->found_cnt; i++)
		cnt += nl_send_sync(nl, hunt->found[i]) == 0;
	free(hunt->found);
	return cnt;
}

int flows_forget(const struct ip_addr *addrs, size_t addr_cnt,
		 const uint8_t *marks, struct diag *diag)
{
	struct hunt hunt = {
		.addrs = addrs, .addr_cnt = addr_cnt, .marks = marks};
	struct nl_sock *nl;
	int err = -NLE_NOMEM;
	int cnt;

	if (addr_cnt == 0)
		return 0;
	nl = nl_socket_alloc();
	if (nl)
		err = nl_connect(nl, NETLINK_NETFILTER);
	if (!err)
		err = list(nl, &hunt);
	cnt = nl ? delete_found(nl, &hunt) : 0;
	if (nl)
		nl_socket_free(nl);
	if (err >= 0)
		return cnt;
	diag_error(diag, NULL, 0,
		   "entries of connection tracking cannot be deleted: %s",
		   nl_geterror(err));
	return -EIO;
}

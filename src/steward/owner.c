/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * owner.c - Is the table that bears a gateway's name this gateway's?
 */

#include "steward/owner.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

/**
 * DOC: Theory of operation
 *
 * The mark is the table's comment, which nft.c begins with "relaytun gateway NAME "
 * and nobody can change on a table that stands.  nft tells it only together with
 * all that is in the table, and libnl knows no tables: so the kernel is asked for
 * the table alone, whose comment is the first of nft's own records in its user
 * data.
 */

/* NFPROTO_INET; its header and those of libnl exclude each other. */
#define FAMILY_INET 1
/* Of libnftnl, in whose format nft writes user data: type, length, bytes. */
#define UDATA_TABLE_COMMENT 0

/** request() - NFT_MSG_GETTABLE of one table; NULL when out of memory */
static struct nl_msg *request(const char *gateway)
{
	const struct nfgenmsg head = {.nfgen_family = FAMILY_INET,
				      .version = NFNETLINK_V0};
	struct nl_msg *msg = nlmsg_alloc_simple(
		NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
	char name[sizeof("relaytun_") + NAME_LEN_MAX];

	snprintf(name, sizeof(name), "relaytun_%s", gateway);
	if (msg && (nlmsg_append(msg, (void *)(uintptr_t)&head, sizeof(head),
				 NLMSG_ALIGNTO) ||
		    nla_put_string(msg, NFTA_TABLE_NAME, name))) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/** struct look - What on_table() is to find out */
struct look {
	const char *gateway;
	enum owner owner;
};

/** has_mark() - Do these records begin with a comment that is our mark? */
static bool has_mark(const unsigned char *data, size_t len, const char *gateway)
{
	char mark[sizeof("relaytun gateway  ") + NAME_LEN_MAX];
	size_t mark_len = (size_t)snprintf(mark, sizeof(mark),
					   "relaytun gateway %s ", gateway);

	return len >= 2 && data[0] == UDATA_TABLE_COMMENT &&
	       data[1] <= len - 2 && data[1] >= mark_len &&
	       memcmp(data + 2, mark, mark_len) == 0;
}

/** on_table() - The table stands */
static int on_table(struct nl_msg *msg, void *arg)
{
	struct look *look = arg;
	struct nlattr *attrs[NFTA_TABLE_MAX + 1];
	const struct nlattr *udata;

	look->owner = OWNER_OTHER;
	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(struct nfgenmsg), attrs,
			NFTA_TABLE_MAX, NULL))
		return NL_OK;
	udata = attrs[NFTA_TABLE_USERDATA];
	if (udata &&
	    has_mark(nla_data(udata), (size_t)nla_len(udata), look->gateway))
		look->owner = OWNER_US;
	return NL_OK;
}

/** ask() - Return: 0 or a libnl error */
static int ask(struct nl_sock *nl, struct look *look)
{
	struct nl_msg *msg = request(look->gateway);
	int err = -NLE_NOMEM;

	if (msg)
		err = nl_socket_modify_cb(nl, NL_CB_VALID, NL_CB_CUSTOM,
					  on_table, look);
	/* An acknowledgement as well: so what comes has one end. */
	if (err >= 0)
		err = nl_send_auto(nl, msg);
	nlmsg_free(msg);
	if (err >= 0)
		err = nl_recvmsgs_default(nl);
	return err == -NLE_OBJ_NOTFOUND ? 0 : err;
}

int owner_of(const char *gateway, struct diag *diag)
{
	struct look look = {.gateway = gateway};
	struct nl_sock *nl = nl_socket_alloc();
	int err = -NLE_NOMEM;

	if (nl)
		err = nl_connect(nl, NETLINK_NETFILTER);
	if (!err)
		err = ask(nl, &look);
	if (nl)
		nl_socket_free(nl);
	if (err >= 0)
		return (int)look.owner;
	diag_error(diag, NULL, 0, "nftables' tables: %s", nl_geterror(err));
	return -EIO;
}

int owner_check(const char *gateway, struct diag *diag)
{
	int owner = owner_of(gateway, diag);

	if (owner != OWNER_OTHER)
		return owner < 0 ? owner : 0;
	diag_error(diag, NULL, 0,
		   "a table inet relaytun_%s stands that this gateway did not "
		   "make; remove it: nft delete table inet relaytun_%s",
		   gateway, gateway);
	return -EEXIST;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * touch.c - What a transaction of nftables did, told by its events
 */

#include "steward/touch.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/**
 * DOC: Theory of operation
 *
 * The messages of a transaction come together, the last one is NEWGEN with
 * process id and name of whoever committed it.  Until then it is gathered what
 * was done to our table, by name, and whether rules of others were changed.
 */

/* NFPROTO_INET; linux/netfilter.h and netinet/in.h do not go together. */
#define FAMILY_INET 1

/** struct kind - How an object of a table is named in a message
 * @attr:	Attribute with its name, 0 when it has none
 */
struct kind {
	int type;
	const char *verb;
	const char *kind;
	uint16_t attr;
};

static const struct kind kinds[] = {
	{NFT_MSG_NEWTABLE, "added", "table", 0},
	{NFT_MSG_DELTABLE, "deleted", "table", 0},
	{NFT_MSG_NEWCHAIN, "added", "chain", NFTA_CHAIN_NAME},
	{NFT_MSG_DELCHAIN, "deleted", "chain", NFTA_CHAIN_NAME},
	{NFT_MSG_NEWRULE, "added", "rule in chain", NFTA_RULE_CHAIN},
	{NFT_MSG_DELRULE, "deleted", "rule in chain", NFTA_RULE_CHAIN},
	{NFT_MSG_NEWSET, "added", "set", NFTA_SET_NAME},
	{NFT_MSG_DELSET, "deleted", "set", NFTA_SET_NAME},
	{NFT_MSG_NEWSETELEM, "added", "element of", NFTA_SET_ELEM_LIST_SET},
	{NFT_MSG_DELSETELEM, "deleted", "element of", NFTA_SET_ELEM_LIST_SET},
	{NFT_MSG_NEWOBJ, "added", "object", NFTA_OBJ_NAME},
	{NFT_MSG_DELOBJ, "deleted", "object", NFTA_OBJ_NAME},
	{NFT_MSG_NEWFLOWTABLE, "added", "flowtable", NFTA_FLOWTABLE_NAME},
	{NFT_MSG_DELFLOWTABLE, "deleted", "flowtable", NFTA_FLOWTABLE_NAME},
};

/* Attribute 1 is the table's name in all of them; names are below this. */
#define NAME_ATTR_MAX 16

/** note() - A message about an object of our table */
static void note(struct touch *touch, const struct kind *kind,
		 struct nlattr *const *attrs)
{
	const char *name = nla_get_string(kind->attr && attrs[kind->attr]
						  ? attrs[kind->attr]
						  : attrs[NFTA_TABLE_NAME]);
	char what[64];

	/* The sets that nft makes of "{ ... }" in a rule go with the rule. */
	if (strncmp(name, "__set", 5) == 0 || strncmp(name, "__map", 5) == 0)
		return;
	if (kind->type == NFT_MSG_DELTABLE)
		missing_fini(&touch->ours); /* says it all */
	snprintf(what, sizeof(what), "%s %s", kind->verb, kind->kind);
	missing_add(&touch->ours, what, name);
}

/** end() - NEWGEN: whose was it? */
static void end(struct nlmsghdr *head, struct culprit *by)
{
	struct nlattr *attrs[NFTA_GEN_MAX + 1];

	*by = (struct culprit){0};
	if (nlmsg_parse(head, sizeof(struct nfgenmsg), attrs, NFTA_GEN_MAX,
			NULL))
		return;
	if (attrs[NFTA_GEN_PROC_PID])
		by->pid = ntohl(nla_get_u32(attrs[NFTA_GEN_PROC_PID]));
	if (attrs[NFTA_GEN_PROC_NAME])
		snprintf(by->comm, sizeof(by->comm), "%s",
			 nla_get_string(attrs[NFTA_GEN_PROC_NAME]));
}

/** is_about_rules() - Of a table, a chain or a rule? */
static bool is_about_rules(int type)
{
	return type <= NFT_MSG_DELRULE;
}

bool touch_take(struct touch *touch, const char *table, const char *name,
		struct nlmsghdr *head, struct culprit *by)
{
	struct nlattr *attrs[NAME_ATTR_MAX + 1];
	const struct nfgenmsg *gen = nlmsg_data(head);
	int type = NFNL_MSG_TYPE(head->nlmsg_type);
	const char *of;
	size_t i;

	if (NFNL_SUBSYS_ID(head->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    !nlmsg_valid_hdr(head, sizeof(*gen)))
		return false;
	if (type == NFT_MSG_NEWGEN) {
		end(head, by);
		return true;
	}
	if (nlmsg_parse(head, sizeof(*gen), attrs, NAME_ATTR_MAX, NULL))
		return false;
	of = gen->nfgen_family == FAMILY_INET && attrs[NFTA_TABLE_NAME]
		     ? nla_get_string(attrs[NFTA_TABLE_NAME])
		     : "";
	if (strcmp(of, table) != 0) {
		touch->rival |= strcmp(of, name) == 0;
		touch->others |= is_about_rules(type);
		return false;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].type == type)
			note(touch, &kinds[i], attrs);
	}
	return false;
}

void touch_init(struct touch *touch)
{
	*touch = (struct touch){0};
	missing_init(&touch->ours);
}

void touch_fini(struct touch *touch)
{
	missing_fini(&touch->ours);
	touch->rival = false;
	touch->others = false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * iptdump.c - A table of iptables-legacy, from the kernel
 */

#include "steward/iptdump.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* After netinet/in.h, which they give way to. */
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/**
 * DOC: Theory of operation
 *
 * iptables' own programs need CAP_NET_RAW, which the steward has not; the
 * kernel's answer to IPT_SO_GET_ENTRIES needs only CAP_NET_ADMIN, and any socket.
 *
 * It is one block of entries, each an address part, matches and a target.  A
 * chain that is no hook begins with an entry whose target is ERROR, which names
 * it; a jump's verdict is the offset of the entry behind that.  Everything is
 * from the kernel; lengths are checked nevertheless.
 */

#define BLOCK_SIZE_MAX (64u << 20)

static const char *const hook_names[NF_INET_NUMHOOKS] = {
	[NF_INET_PRE_ROUTING] = "PREROUTING",   [NF_INET_LOCAL_IN] = "INPUT",
	[NF_INET_FORWARD] = "FORWARD",          [NF_INET_LOCAL_OUT] = "OUTPUT",
	[NF_INET_POST_ROUTING] = "POSTROUTING",
};

/**
 * struct entry - An entry of either family
 * @at:		Offset in the block
 * @matches:	From here the matches, up to @target
 */
struct entry {
	size_t at;
	const uint8_t *matches;
	const struct xt_entry_target *target;
	size_t target_len;
	size_t len;
	struct ip_prefix src;
	struct ip_prefix dst;
	bool src_not;
	bool dst_not;
	const char *iif;
	const unsigned char *iif_mask;
	bool iif_not;
	const char *oif;
	const unsigned char *oif_mask;
	bool oif_not;
	unsigned int proto;
	bool proto_not;
	bool goes;
};

/** struct dump - The block */
struct dump {
	enum ip_family family;
	const uint8_t *block;
	size_t size;
	unsigned int valid_hooks;
	unsigned int hooks[NF_INET_NUMHOOKS];
	unsigned int underflows[NF_INET_NUMHOOKS];
	struct strbuf *out;
};

/** prefix_of() - Address and mask as a prefix */
static struct ip_prefix prefix_of(enum ip_family family, const void *addr,
				  const void *mask)
{
	struct ip_prefix prefix = {.addr = {.family = family}};
	const uint8_t *bytes = mask;
	size_t i;

	memcpy(prefix.addr.bytes, addr, ip_addr_len(family));
	for (i = 0; i < ip_addr_len(family); i++) {
		uint8_t byte = bytes[i];

		for (; byte & 0x80; byte = (uint8_t)(byte << 1))
			prefix.len++;
	}
	return prefix;
}

/* Both families give what is inverted in the same bits. */
_Static_assert(IPT_INV_SRCIP == IP6T_INV_SRCIP &&
		       IPT_INV_DSTIP == IP6T_INV_DSTIP &&
		       IPT_INV_VIA_IN == IP6T_INV_VIA_IN &&
		       IPT_INV_VIA_OUT == IP6T_INV_VIA_OUT,
	       "flags of iptables and ip6tables");

/** take_inverted() - What an entry asks the other way round */
static void take_inverted(struct entry *entry, unsigned int flags)
{
	entry->src_not = flags & IPT_INV_SRCIP;
	entry->dst_not = flags & IPT_INV_DSTIP;
	entry->iif_not = flags & IPT_INV_VIA_IN;
	entry->oif_not = flags & IPT_INV_VIA_OUT;
	entry->proto_not = flags & XT_INV_PROTO;
}

/**
 * take_parts() - Where an entry's matches and target are
 * @head_len:	Its address part, in bytes
 * @target_off:	As the entry says, in bytes from its beginning
 * @len:	Likewise, all of it
 *
 * Return: whether all of it lies within the block
 */
static bool take_parts(const struct dump *dump, struct entry *entry,
		       size_t head_len, size_t target_off, size_t len)
{
	const uint8_t *bytes = dump->block + entry->at;

	if (len > dump->size - entry->at || target_off < head_len ||
	    len < target_off + sizeof(*entry->target))
		return false;
	entry->matches = bytes + head_len;
	entry->target = (const void *)(bytes + target_off);
	entry->target_len = len - target_off;
	entry->len = len;
	return true;
}

/** take_entry4() - Return: whether it lies within the block */
static bool take_entry4(const struct dump *dump, struct entry *entry)
{
	const struct ipt_entry *e = (const void *)(dump->block + entry->at);

	if (dump->size - entry->at < sizeof(*e) ||
	    !take_parts(dump, entry, sizeof(*e), e->target_offset,
			e->next_offset))
		return false;
	entry->src = prefix_of(IP_V4, &e->ip.src, &e->ip.smsk);
	entry->dst = prefix_of(IP_V4, &e->ip.dst, &e->ip.dmsk);
	entry->iif = e->ip.iniface;
	entry->iif_mask = e->ip.iniface_mask;
	entry->oif = e->ip.outiface;
	entry->oif_mask = e->ip.outiface_mask;
	entry->proto = e->ip.proto;
	entry->goes = e->ip.flags & IPT_F_GOTO;
	take_inverted(entry, e->ip.invflags);
	return true;
}

/** take_entry6() - Likewise */
static bool take_entry6(const struct dump *dump, struct entry *entry)
{
	const struct ip6t_entry *e = (const void *)(dump->block + entry->at);

	if (dump->size - entry->at < sizeof(*e) ||
	    !take_parts(dump, entry, sizeof(*e), e->target_offset,
			e->next_offset))
		return false;
	entry->src = prefix_of(IP_V6, &e->ipv6.src, &e->ipv6.smsk);
	entry->dst = prefix_of(IP_V6, &e->ipv6.dst, &e->ipv6.dmsk);
	entry->iif = e->ipv6.iniface;
	entry->iif_mask = e->ipv6.iniface_mask;
	entry->oif = e->ipv6.outiface;
	entry->oif_mask = e->ipv6.outiface_mask;
	entry->proto = e->ipv6.proto;
	entry->goes = e->ipv6.flags & IP6T_F_GOTO;
	take_inverted(entry, e->ipv6.invflags);
	return true;
}

/** take_entry() - The entry at an offset; Return: whether there is one */
static bool take_entry(const struct dump *dump, size_t at, struct entry *entry)
{
	*entry = (struct entry){.at = at};
	if (at >= dump->size)
		return false;
	return dump->family == IP_V4 ? take_entry4(dump, entry)
				     : take_entry6(dump, entry);
}

/** chain_head() - The name in an entry that begins a chain, else NULL */
static const char *chain_head(const struct entry *entry)
{
	if (strcmp(entry->target->u.user.name, XT_ERROR_TARGET) != 0 ||
	    entry->target_len < sizeof(struct xt_error_target))
		return NULL;
	return ((const struct xt_error_target *)(const void *)entry->target)
		->errorname;
}

/** hook_at() - The hook whose chain begins at an offset, or -1 */
static int hook_at(const struct dump *dump, size_t at)
{
	int i;

	for (i = 0; i < NF_INET_NUMHOOKS; i++) {
		if (dump->valid_hooks & 1u << i && dump->hooks[i] == at)
			return i;
	}
	return -1;
}

/** chain_at() - The chain whose first rule is at an offset */
static const char *chain_at(const struct dump *dump, size_t at)
{
	const char *head = NULL;
	struct entry entry;
	size_t i;

	for (i = 0; i < at && take_entry(dump, i, &entry); i += entry.len)
		head = chain_head(&entry);
	return i == at && head ? head : "?";
}

/** print_ifname() - "-i eth0", "! -i eth+" */
static void print_ifname(struct strbuf *out, const char *option,
			 const char *name, const unsigned char *mask, bool not )
{
	size_t len = strnlen(name, IFNAMSIZ - 1);

	if (mask[0] == 0)
		return;
	strbuf_printf(out, "%s %s %.*s%s", not ? " !" : "", option, (int)len,
		      name, mask[len] == 0 ? "+" : "");
}

static void print_prefix(struct strbuf *out, const char *option,
			 const struct ip_prefix *prefix, bool not )
{
	char text[IP_PREFIX_TEXT_SIZE];

	if (prefix->len)
		strbuf_printf(out, "%s %s %s", not ? " !" : "", option,
			      ip_prefix_format(prefix, text));
}

/** print_ports() - "--dport 80:90" */
static void print_ports(struct strbuf *out, const char *option,
			const uint16_t range[2], bool not )
{
	if (range[0] != 0 || range[1] != 0xffff)
		strbuf_printf(out, "%s %s %u:%u", not ? " !" : "", option,
			      range[0], range[1]);
}

/** print_states() - "--ctstate NEW,ESTABLISHED"; others of conntrack's questions
 *  are not known here */
static void print_states(struct strbuf *out,
			 const struct xt_conntrack_mtinfo3 *info)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} states[] = {
		{XT_CONNTRACK_STATE_INVALID, "INVALID"},
		{XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED), "ESTABLISHED"},
		{XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), "RELATED"},
		{XT_CONNTRACK_STATE_BIT(IP_CT_NEW), "NEW"},
		{XT_CONNTRACK_STATE_UNTRACKED, "UNTRACKED"},
	};
	bool first = true;
	size_t i;

	if (info->match_flags != XT_CONNTRACK_STATE) {
		strbuf_printf(out, " --unknown");
		return;
	}
	strbuf_printf(out, "%s --ctstate ",
		      info->invert_flags & XT_CONNTRACK_STATE ? " !" : "");
	for (i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (!(info->state_mask & states[i].bit))
			continue;
		strbuf_printf(out, "%s%s", first ? "" : ",", states[i].name);
		first = false;
	}
}

/** print_match() - "-m NAME ..." */
static void print_match(struct strbuf *out, const struct xt_entry_match *match,
			size_t len)
{
	const char *name = match->u.user.name;

	strbuf_printf(out, " -m %s", name);
	if (!strcmp(name, "tcp") && len >= sizeof(struct xt_tcp)) {
		const struct xt_tcp *tcp = (const void *)match->data;

		print_ports(out, "--sport", tcp->spts,
			    tcp->invflags & XT_TCP_INV_SRCPT);
		print_ports(out, "--dport", tcp->dpts,
			    tcp->invflags & XT_TCP_INV_DSTPT);
		if (tcp->option || tcp->flg_mask)
			strbuf_printf(out, " --unknown");
	} else if (!strcmp(name, "udp") && len >= sizeof(struct xt_udp)) {
		const struct xt_udp *udp = (const void *)match->data;

		print_ports(out, "--sport", udp->spts,
			    udp->invflags & XT_UDP_INV_SRCPT);
		print_ports(out, "--dport", udp->dpts,
			    udp->invflags & XT_UDP_INV_DSTPT);
	} else if (!strcmp(name, "conntrack") &&
		   len >= sizeof(struct xt_conntrack_mtinfo3)) {
		print_states(out, (const void *)match->data);
	} else if (strcmp(name, "comment") != 0) {
		strbuf_printf(out, " --unknown");
	}
}

/** print_matches() - All of an entry */
static void print_matches(struct strbuf *out, const struct entry *entry)
{
	const uint8_t *at = entry->matches;
	const uint8_t *end = (const uint8_t *)entry->target;

	while ((size_t)(end - at) >= sizeof(struct xt_entry_match)) {
		const struct xt_entry_match *match = (const void *)at;
		size_t len = match->u.user.match_size;

		if (len < sizeof(*match) || len > (size_t)(end - at))
			return;
		print_match(out, match, len - sizeof(*match));
		at += len;
	}
}

/** is_notrack() - "-j CT --notrack"?  The flags come first in each revision */
static bool is_notrack(const struct entry *entry)
{
	const struct xt_ct_target_info *info =
		(const void *)entry->target->data;

	return !strcmp(entry->target->u.user.name, "CT") &&
	       entry->target_len >=
		       sizeof(*entry->target) + sizeof(info->flags) &&
	       info->flags & XT_CT_NOTRACK;
}

/** print_target() - "-j TARGET", or "-g CHAIN", which does not come back */
static void print_target(const struct dump *dump, const struct entry *entry)
{
	const char *name = entry->target->u.user.name;
	const struct xt_standard_target *standard = (const void *)entry->target;
	const char *verdict;

	if (strcmp(name, XT_STANDARD_TARGET) != 0) {
		strbuf_printf(dump->out, " -j %s%s", name,
			      is_notrack(entry) ? " --notrack" : "");
		return;
	}
	if (entry->target_len < sizeof(*standard))
		return;
	if (standard->verdict >= 0) {
		/* Falling through to the next rule is a jump to it. */
		if ((size_t)standard->verdict != entry->at + entry->len)
			strbuf_printf(
				dump->out, entry->goes ? " -g %s" : " -j %s",
				chain_at(dump, (size_t)standard->verdict));
		return;
	}
	if (standard->verdict == XT_RETURN)
		verdict = "RETURN";
	else
		verdict =
			standard->verdict == -NF_ACCEPT - 1 ? "ACCEPT" : "DROP";
	strbuf_printf(dump->out, " -j %s", verdict);
}

static void print_rule(const struct dump *dump, const char *chain,
		       const struct entry *entry)
{
	struct strbuf *out = dump->out;

	strbuf_printf(out, "-A %s", chain);
	print_prefix(out, "-s", &entry->src, entry->src_not);
	print_prefix(out, "-d", &entry->dst, entry->dst_not);
	print_ifname(out, "-i", entry->iif, entry->iif_mask, entry->iif_not);
	print_ifname(out, "-o", entry->oif, entry->oif_mask, entry->oif_not);
	if (entry->proto == IPPROTO_TCP || entry->proto == IPPROTO_UDP)
		strbuf_printf(out, "%s -p %s", entry->proto_not ? " !" : "",
			      entry->proto == IPPROTO_TCP ? "tcp" : "udp");
	else if (entry->proto)
		strbuf_printf(out, "%s -p %u", entry->proto_not ? " !" : "",
			      entry->proto);
	print_matches(out, entry);
	print_target(dump, entry);
	strbuf_printf(out, "\n");
}

/** is_policy() - Is it the last entry of a hook's chain? */
static bool is_policy(const struct dump *dump, size_t at)
{
	int i;

	for (i = 0; i < NF_INET_NUMHOOKS; i++) {
		if (dump->valid_hooks & 1u << i && dump->underflows[i] == at)
			return true;
	}
	return false;
}

/** print_chains() - Names first, with policies */
static void print_chains(const struct dump *dump)
{
	struct entry entry;
	size_t at;
	int i;

	for (i = 0; i < NF_INET_NUMHOOKS; i++) {
		const struct xt_standard_target *policy;

		if (!(dump->valid_hooks & 1u << i) ||
		    !take_entry(dump, dump->underflows[i], &entry) ||
		    entry.target_len < sizeof(*policy))
			continue;
		policy = (const void *)entry.target;
		strbuf_printf(dump->out, ":%s %s\n", hook_names[i],
			      policy->verdict == -NF_ACCEPT - 1 ? "ACCEPT"
								: "DROP");
	}
	for (at = 0; take_entry(dump, at, &entry); at += entry.len) {
		/* The very last entry is an ERROR, too. */
		if (chain_head(&entry) && at + entry.len < dump->size)
			strbuf_printf(dump->out, ":%s -\n", chain_head(&entry));
	}
}

/** print_rules() - In the order of the block */
static void print_rules(const struct dump *dump)
{
	const char *chain = "?";
	struct entry entry;
	struct entry next;
	bool last_of_chain;
	size_t at;

	for (at = 0; take_entry(dump, at, &entry); at += entry.len) {
		int hook = hook_at(dump, at);

		if (hook >= 0)
			chain = hook_names[hook];
		if (chain_head(&entry)) {
			chain = chain_head(&entry);
			continue;
		}
		/* A chain ends with its policy, or with a RETURN of ours. */
		last_of_chain = take_entry(dump, at + entry.len, &next) &&
				chain_head(&next);
		if (!is_policy(dump, at) && !last_of_chain)
			print_rule(dump, chain, &entry);
	}
}

/** get() - getsockopt() of the family */
static int get(enum ip_family family, int fd, bool entries, void *data,
	       socklen_t len)
{
	int ret;

	if (family == IP_V4)
		ret = getsockopt(fd, SOL_IP,
				 entries ? IPT_SO_GET_ENTRIES : IPT_SO_GET_INFO,
				 data, &len);
	else
		ret = getsockopt(fd, SOL_IPV6,
				 entries ? IP6T_SO_GET_ENTRIES
					 : IP6T_SO_GET_INFO,
				 data, &len);
	return ret ? -errno : 0;
}

/** print_all() - The table whose info was got */
static int print_all(enum ip_family family, int fd,
		     const struct ipt_getinfo *info, struct strbuf *out)
{
	struct ipt_get_entries *entries;
	struct dump dump = {
		.family = family,
		.size = info->size,
		.valid_hooks = info->valid_hooks,
		.out = out,
	};
	int err;

	if (info->size > BLOCK_SIZE_MAX)
		return -EMSGSIZE;
	entries = calloc(1, sizeof(*entries) + info->size);
	if (!entries)
		return -ENOMEM;
	memcpy(dump.hooks, info->hook_entry, sizeof(dump.hooks));
	memcpy(dump.underflows, info->underflow, sizeof(dump.underflows));
	memcpy(entries->name, info->name, sizeof(entries->name));
	entries->size = info->size;
	err = get(family, fd, true, entries,
		  (socklen_t)(sizeof(*entries) + info->size));
	if (!err) {
		dump.block = (const uint8_t *)entries->entrytable;
		strbuf_printf(out, "*%s\n", info->name);
		print_chains(&dump);
		print_rules(&dump);
		strbuf_printf(out, "COMMIT\n");
	}
	free(entries);
	return err;
}

int iptdump_table(enum ip_family family, const char *table, struct strbuf *out)
{
	/* struct ip6t_getinfo is the same. */
	struct ipt_getinfo info = {.name = ""};
	int fd = socket(family == IP_V4 ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(info.name, sizeof(info.name), "%s", table);
	err = get(family, fd, false, &info, sizeof(info));
	if (!err)
		err = print_all(family, fd, &info, out);
	close(fd);
	return err;
}

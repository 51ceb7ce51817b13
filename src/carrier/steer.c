/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * steer.c - Which peer a packet goes to, and what a peer may send
 */

/**
 * DOC: Theory of operation
 *
 * Two sorted tables of prefixes, one for what lies at the other end (@there:
 * prefix -> peer) and one for what lies at ours (@here).  Prefixes of one table
 * may nest; they are sorted longest first, and policies have few networks, so
 * a match is the first hit of a short scan.
 *
 *		there				here
 * cloud	networks of all sites, and	our own addresses
 *		site gateways' addresses
 * site		cloud gateways' addresses	our networks and own addresses
 */

#include "carrier/steer.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

struct steer_entry {
	struct ip_prefix prefix;
	int peer;
};

struct steer_table {
	struct steer_entry *entries;
	size_t cnt;
};

struct steer {
	enum gateway_role role;
	struct steer_table there;
	struct steer_table here;
};

static void add(struct steer_table *table, const struct ip_prefix *prefix,
		int peer)
{
	table->entries[table->cnt++] = (struct steer_entry){*prefix, peer};
}

static void add_addrs(struct steer_table *table,
		      const struct policy_gateway *gateway, int peer)
{
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		struct ip_prefix host = {gateway->addrs[i], 0};

		host.len = (uint8_t)(8 * ip_addr_len(host.addr.family));
		add(table, &host, peer);
	}
}

static void add_networks(struct steer_table *table,
			 const struct policy_site *site, int peer)
{
	size_t i;

	for (i = 0; i < site->network_cnt; i++)
		add(table, &site->networks[i], peer);
}

/** longest_first() - For qsort; equal prefixes in the order of peers */
static int longest_first(const void *a, const void *b)
{
	const struct steer_entry *x = a;
	const struct steer_entry *y = b;

	if (x->prefix.len != y->prefix.len)
		return x->prefix.len > y->prefix.len ? -1 : 1;
	return x->peer < y->peer ? -1 : x->peer > y->peer;
}

static int lookup(const struct steer_table *table, const struct ip_addr *addr)
{
	size_t i;

	for (i = 0; i < table->cnt; i++) {
		if (ip_prefix_contains(&table->entries[i].prefix, addr))
			return table->entries[i].peer;
	}
	return STEER_NO_PEER;
}

/** entry_cnt() - Upper bound of the entries of either table */
static size_t entry_cnt(const struct plan *plan)
{
	size_t cnt = plan->gateway->addr_cnt;
	size_t i;

	if (plan->gateway->site)
		cnt += plan->gateway->site->network_cnt;
	for (i = 0; i < plan->peer_cnt; i++) {
		cnt += plan->peers[i]->addr_cnt;
		if (plan->peers[i]->site)
			cnt += plan->peers[i]->site->network_cnt;
	}
	return cnt;
}

const struct steer *steer_new(const struct plan *plan, struct arena *arena)
{
	struct steer *steer = arena_alloc(arena, sizeof(*steer));
	size_t cnt = entry_cnt(plan);
	size_t i;

	steer->role = plan->gateway->role;
	steer->there.entries =
		arena_array(arena, cnt, sizeof(struct steer_entry));
	steer->here.entries =
		arena_array(arena, cnt, sizeof(struct steer_entry));
	add_addrs(&steer->here, plan->gateway, 0);
	if (plan->gateway->site)
		add_networks(&steer->here, plan->gateway->site, 0);
	for (i = 0; i < plan->peer_cnt; i++) {
		add_addrs(&steer->there, plan->peers[i], (int)i);
		if (plan->peers[i]->site)
			add_networks(&steer->there, plan->peers[i]->site,
				     (int)i);
	}
	qsort(steer->there.entries, steer->there.cnt,
	      sizeof(struct steer_entry), longest_first);
	qsort(steer->here.entries, steer->here.cnt, sizeof(struct steer_entry),
	      longest_first);
	return steer;
}

/** is_here() - One of ours? */
static bool is_here(const struct steer *steer, const struct ip_addr *addr)
{
	return lookup(&steer->here, addr) != STEER_NO_PEER;
}

/**
 * owns() - Does an address belong to this peer, or to a site it serves?
 *
 * Not by lookup(): of several gateways of one site each owns its networks.
 */
static bool owns(const struct steer_table *table, int peer,
		 const struct ip_addr *addr)
{
	size_t i;

	for (i = 0; i < table->cnt; i++) {
		if (table->entries[i].peer == peer &&
		    ip_prefix_contains(&table->entries[i].prefix, addr))
			return true;
	}
	return false;
}

int steer_out(const struct steer *steer, const uint8_t *pkt,
	      const struct ip_view *view)
{
	struct ip_view quoted;
	int peer = lookup(&steer->there, &view->dst);

	if (peer == STEER_NO_PEER || is_here(steer, &view->src))
		return peer;
	/* A router behind the site reports trouble with a packet that came
	 * from the peer and went to one of our networks. */
	if (steer->role == ROLE_SITE && !ip_icmp_quote(pkt, view, &quoted) &&
	    is_here(steer, &quoted.dst))
		return peer;
	return STEER_NO_PEER;
}

int steer_in(const struct steer *steer, int peer, const uint8_t *pkt,
	     const struct ip_view *view)
{
	struct ip_view quoted;

	if (!is_here(steer, &view->dst))
		return -EACCES;
	if (owns(&steer->there, peer, &view->src))
		return 0;
	if (steer->role == ROLE_CLOUD && !ip_icmp_quote(pkt, view, &quoted) &&
	    owns(&steer->there, peer, &quoted.dst))
		return 0;
	return -EACCES;
}

/** mix() - FNV-1a over some bytes */
static uint32_t mix(uint32_t hash, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 16777619u;
	return hash;
}

/** mix_ends() - Both ends in an order that does not depend on the direction */
static uint32_t mix_ends(const uint8_t *a, const uint8_t *b, size_t len,
			 uint32_t hash)
{
	if (memcmp(a, b, len) > 0)
		return mix(mix(hash, b, len), a, len);
	return mix(mix(hash, a, len), b, len);
}

/** is_echo() - Ping, either way */
static bool is_echo(const struct ip_view *view, uint8_t type)
{
	if (view->proto == IPPROTO_ICMP)
		return type == 0 || type == 8;
	return view->proto == IPPROTO_ICMPV6 && (type == 128 || type == 129);
}

static uint32_t flow_of(const uint8_t *pkt, const struct ip_view *view)
{
	const uint8_t *l4 = pkt + view->l4_off;
	size_t len = ip_addr_len(view->family);
	uint32_t hash = mix(2166136261u, &view->proto, 1);

	hash = mix_ends(view->src.bytes, view->dst.bytes, len, hash);
	if (view->fragment || !view->first)
		return hash;
	if (view->proto == IPPROTO_TCP || view->proto == IPPROTO_UDP)
		return mix_ends(l4, l4 + 2, 2, hash);
	if (is_echo(view, l4[0]))
		return mix(hash, l4 + 4, 2);
	return hash;
}

uint32_t steer_flow(const uint8_t *pkt, const struct ip_view *view)
{
	struct ip_view quoted;
	struct ip_view flat = *view;

	if (!ip_icmp_quote(pkt, view, &quoted))
		return flow_of(pkt + view->l4_off + 8, &quoted);
	/* Ports must be inside the packet. */
	if (view->len < view->l4_off + 8)
		flat.first = false;
	return flow_of(pkt, &flat);
}

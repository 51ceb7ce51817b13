/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * steer.c - Which peer a packet goes to, and what a peer may send
 */

/**
 * DOC: Theory of operation
 *
 * Two tables of prefixes (lpm.h), one for what lies at the other end (@there)
 * and one for what lies at ours (@here).
 *
 *		there				here
 * cloud	networks of all sites, and	our own addresses
 *		site gateways' addresses
 * site		cloud gateways' addresses	our networks and own addresses
 *
 * What is found in @there is a struct place: the peer that stands for it and,
 * for a network, its site, since all gateways of a site may send from there.
 * The longest prefix alone decides whose an address is: a gateway's own address
 * inside somebody's network is that gateway's and no one else's.
 *
 * An ICMP error may come from any router on the way, so it is not judged by
 * its source but by the packet it quotes: that one went from where the error
 * goes to a place behind the gateway that passes the error on.  The kernel
 * then looks up the quoted packet's connection, so nothing is gained by an
 * invented one.
 *
 * Addresses that never belong on another link (unspecified, loopback,
 * multicast, broadcast, IPv6 link-local) pass in neither direction, whatever
 * the policy's networks are.
 */

#include "carrier/steer.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "carrier/lpm.h"

/**
 * struct place - What a prefix at the other end is
 * @peer:	Index of the peer that packets to it go to
 * @site:	Site it is a network of, NULL for a peer's own address
 */
struct place {
	int peer;
	const struct policy_site *site;
};

/**
 * struct steer - The tables of one gateway
 * @plan:	What they were made of (borrowed)
 * @places:	What the values in @there are indices of
 */
struct steer {
	const struct plan *plan;
	const struct place *places;
	const struct lpm *there;
	const struct lpm *here;
};

/**
 * struct draft - Tables while they are filled; the first @cnt are in use
 * @entries:	Prefixes; each value is the index of the place beside it
 */
struct draft {
	struct lpm_entry *entries;
	struct place *places;
	size_t cnt;
};

/** draft_add() - One prefix with its place */
static void draft_add(struct draft *draft, const struct ip_prefix *prefix,
		      struct place place)
{
	draft->entries[draft->cnt] =
		(struct lpm_entry){*prefix, (int)draft->cnt};
	draft->places[draft->cnt++] = place;
}

/** draft_add_addrs() - A gateway's own addresses */
static void draft_add_addrs(struct draft *draft,
			    const struct policy_gateway *gateway, int peer)
{
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		enum ip_family family = gateway->addrs[i].family;
		struct ip_prefix host = {gateway->addrs[i],
					 family == IP_V4 ? 32 : 128};

		draft_add(draft, &host, (struct place){peer, NULL});
	}
}

/** draft_add_networks() - The networks of the site a gateway serves, if any */
static void draft_add_networks(struct draft *draft,
			       const struct policy_gateway *gateway, int peer)
{
	const struct policy_site *site = gateway->site;
	size_t i;

	for (i = 0; site && i < site->network_cnt; i++)
		draft_add(draft, &site->networks[i],
			  (struct place){peer, site});
}

/** prefix_cnt() - Prefixes that draft_add_*() add for a gateway */
static size_t prefix_cnt(const struct policy_gateway *gateway)
{
	return gateway->addr_cnt +
	       (gateway->site ? gateway->site->network_cnt : 0);
}

/** draft_new() - Room for @cnt prefixes */
static struct draft draft_new(size_t cnt, struct arena *arena)
{
	return (struct draft){
		.entries = arena_array(arena, cnt, sizeof(struct lpm_entry)),
		.places = arena_array(arena, cnt, sizeof(struct place)),
	};
}

const struct steer *steer_new(const struct plan *plan, struct arena *arena)
{
	struct steer *steer = arena_alloc(arena, sizeof(*steer));
	struct draft here = draft_new(prefix_cnt(plan->gateway), arena);
	struct draft there;
	size_t cnt = 0;
	size_t i;

	draft_add_addrs(&here, plan->gateway, 0);
	draft_add_networks(&here, plan->gateway, 0);

	for (i = 0; i < plan->peer_cnt; i++)
		cnt += prefix_cnt(plan->peers[i]);
	there = draft_new(cnt, arena);
	for (i = 0; i < plan->peer_cnt; i++)
		draft_add_addrs(&there, plan->peers[i], (int)i);
	/* Of several gateways with the same networks the first one counts. */
	for (i = 0; i < plan->peer_cnt; i++)
		draft_add_networks(&there, plan->peers[i], (int)i);

	*steer = (struct steer){
		.plan = plan,
		.places = there.places,
		.there = lpm_new(there.entries, there.cnt, arena),
		.here = lpm_new(here.entries, here.cnt, arena),
	};
	return steer;
}

/** may_travel() - An address that can be on another link */
static bool may_travel(const struct ip_addr *addr)
{
	static const uint8_t zeros[15] = {0};
	const uint8_t *b = addr->bytes;

	if (addr->family == IP_V4)
		return b[0] != 0 && b[0] != 127 && b[0] < 224;
	if (b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return false;
	return memcmp(b, zeros, sizeof(zeros)) || b[15] > 1;
}

/** is_here() - One of ours? */
static bool is_here(const struct steer *steer, const struct ip_addr *addr)
{
	return lpm_find(steer->here, addr) != LPM_NONE;
}

/** place_of() - What an address at the other end is, NULL when nothing */
static const struct place *place_of(const struct steer *steer,
				    const struct ip_addr *addr)
{
	int idx = lpm_find(steer->there, addr);

	return idx == LPM_NONE ? NULL : &steer->places[idx];
}

/** peer_owns() - Is an address this peer's own, or in its site's networks? */
static bool peer_owns(const struct steer *steer, int peer,
		      const struct ip_addr *addr)
{
	const struct place *place = place_of(steer, addr);

	if (!place)
		return false;
	return place->peer == peer ||
	       (place->site && place->site == steer->plan->peers[peer]->site);
}

/**
 * error_target() - Where the packet went that an ICMP error is about
 * @pkt:	The packet
 * @view:	Its view
 * @target:	Receives the destination of the quoted packet
 *
 * Return: whether it is an ICMP error, and goes to whom the quoted packet
 *	   came from
 */
static bool error_target(const uint8_t *pkt, const struct ip_view *view,
			 struct ip_addr *target)
{
	struct ip_view quoted;

	if (ip_icmp_quote(pkt, view, &quoted) < 0 ||
	    !ip_addr_equal(&quoted.src, &view->dst))
		return false;
	*target = quoted.dst;
	return true;
}

int steer_out(const struct steer *steer, const uint8_t *pkt,
	      const struct ip_view *view)
{
	const struct place *place = place_of(steer, &view->dst);
	struct ip_addr target;

	if (!place || !may_travel(&view->dst) || !may_travel(&view->src))
		return STEER_NO_PEER;
	if (is_here(steer, &view->src))
		return place->peer;
	if (steer->plan->gateway->role == ROLE_SITE &&
	    error_target(pkt, view, &target) && is_here(steer, &target))
		return place->peer;
	return STEER_NO_PEER;
}

int steer_in(const struct steer *steer, int peer, const uint8_t *pkt,
	     const struct ip_view *view)
{
	struct ip_addr target;

	assert(peer >= 0 && (size_t)peer < steer->plan->peer_cnt);
	if (!may_travel(&view->dst) || !may_travel(&view->src) ||
	    !is_here(steer, &view->dst))
		return -EACCES;
	if (peer_owns(steer, peer, &view->src))
		return 0;
	if (steer->plan->gateway->role == ROLE_CLOUD &&
	    error_target(pkt, view, &target) && peer_owns(steer, peer, &target))
		return 0;
	return -EACCES;
}

/**
 * struct flow_end - One end of a flow
 *
 * All of it is compared and hashed as bytes, so there is no padding.
 */
struct flow_end {
	uint8_t addr[16];
	uint8_t port[2];
	uint8_t zero[6];
};

/** mix() - Add 8 bytes to a hash, each bit to all of it (MurmurHash3's) */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash ^= word;
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

/** mix_end() - Add one end to a hash */
static uint64_t mix_end(uint64_t hash, const struct flow_end *end)
{
	uint64_t words[sizeof(*end) / sizeof(uint64_t)];
	size_t i;

	memcpy(words, end, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = mix(hash, words[i]);
	return hash;
}

/** flow_ports() - Enter ports, or a ping's id at both ends
 *  @l4: transport header, of which eight bytes are there */
static void flow_ports(const struct ip_view *view, const uint8_t *l4,
		       struct flow_end *src, struct flow_end *dst)
{
	switch (view->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		memcpy(src->port, l4, 2);
		memcpy(dst->port, l4 + 2, 2);
		return;
	case IPPROTO_ICMP:
		if (l4[0] != 8 && l4[0] != 0) /* echo and its reply */
			return;
		break;
	case IPPROTO_ICMPV6:
		if (l4[0] != 128 && l4[0] != 129)
			return;
		break;
	default:
		return;
	}
	memcpy(src->port, l4 + 4, 2);
	memcpy(dst->port, l4 + 4, 2);
}

/**
 * flow_hash() - Hash of the flow of one packet
 * @view:	Its view
 * @l4:		Its transport header; NULL when fewer than eight bytes of it are
 *		there
 *
 * Fragments, also the first, are hashed by addresses and protocol alone, so
 * that they stay together.
 */
static uint32_t flow_hash(const struct ip_view *view, const uint8_t *l4)
{
	struct flow_end src = {0};
	struct flow_end dst = {0};
	bool swap;
	uint64_t hash;

	memcpy(src.addr, view->src.bytes, sizeof(src.addr));
	memcpy(dst.addr, view->dst.bytes, sizeof(dst.addr));
	if (l4 && !view->fragment)
		flow_ports(view, l4, &src, &dst);

	swap = memcmp(&src, &dst, sizeof(src)) > 0;
	hash = mix_end(view->proto, swap ? &dst : &src);
	hash = mix_end(hash, swap ? &src : &dst);
	return (uint32_t)(hash >> 32);
}

uint32_t steer_flow(const uint8_t *pkt, const struct ip_view *view)
{
	struct ip_view quoted;

	if (!ip_icmp_quote(pkt, view, &quoted))
		return flow_hash(&quoted,
				 quoted.first ? pkt + ip_icmp_quote_off(view) +
							quoted.l4_off
					      : NULL);
	if (!view->first || view->len - view->l4_off < 8)
		return flow_hash(view, NULL);
	return flow_hash(view, pkt + view->l4_off);
}

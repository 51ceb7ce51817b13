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
 * cloud	pools of site gateways, and	our own pools, and where
 *		what stands for the sites'	routes without NAT come from
 *		networks			that enter here
 * site		cloud gateways' pools, and	our own pools, and what stands
 *		where routes without NAT	for our networks
 *		come from
 *
 * What is found in either is a struct place.  At the other end it names a
 * group of peers: one for a pool, all gateways of the site for its networks.  The
 * longest prefix alone decides whose an address is: a gateway's own address
 * inside somebody's network is that gateway's and no one else's.
 *
 * An ICMP error may come from any router on the way, so it is not judged by
 * its source but by the packet it quotes: that one went from where the error
 * goes to a place behind the gateway that passes the error on.  The kernel
 * then looks up the quoted packet's connection, so nothing is gained by an
 * invented one.  Behind a cloud gateway are only sources that it does not hide
 * behind its own address: for all others it is the end of the way.
 *
 * Addresses that never belong on another link (unspecified, loopback,
 * multicast, broadcast, IPv6 link-local) pass in neither direction, whatever
 * the policy's networks are.
 */

#include "carrier/steer.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "carrier/lpm.h"

/**
 * struct place - What a prefix is
 * @group:	At the other end: who serves it
 * @behind:	There are routers on the way to it: ICMP errors about packets to
 *		it may come from anywhere
 */
struct place {
	int group;
	bool behind;
};

/**
 * struct table - Prefixes and what each is
 * @places:	What the values in @lpm are indices of
 */
struct table {
	const struct lpm *lpm;
	const struct place *places;
};

/** struct steer - The tables of one gateway, and groups of its peers */
struct steer {
	size_t peer_cnt;
	const struct steer_group *groups;
	size_t group_cnt;
	struct table there;
	struct table here;
};

/**
 * struct draft - A table while it is filled; the first @cnt entries are in use
 * @entries:	Prefixes; each value is the index of the place beside it
 */
struct draft {
	struct lpm_entry *entries;
	struct place *places;
	size_t cnt;
};

/** draft_add() - Prefixes, all of one place */
static void draft_add(struct draft *draft, const struct ip_prefix *prefixes,
		      size_t cnt, struct place place)
{
	size_t i;

	for (i = 0; i < cnt; i++) {
		draft->entries[draft->cnt] =
			(struct lpm_entry){prefixes[i], (int)draft->cnt};
		draft->places[draft->cnt++] = place;
	}
}

/** draft_new() - Room for @cnt prefixes */
static struct draft draft_new(size_t cnt, struct arena *arena)
{
	return (struct draft){
		.entries = arena_array(arena, cnt, sizeof(struct lpm_entry)),
		.places = arena_array(arena, cnt, sizeof(struct place)),
	};
}

static struct table table_of(const struct draft *draft, struct arena *arena)
{
	return (struct table){
		.lpm = lpm_new(draft->entries, draft->cnt, arena),
		.places = draft->places,
	};
}

/** site_prefix_cnt() - All prefixes that a site may bring into a table */
static size_t site_prefix_cnt(const struct policy_site *site)
{
	size_t cnt = site ? site->network_cnt : 0;
	size_t i;

	for (i = 0; site && i < site->route_cnt; i++)
		cnt += site->routes[i].from.cnt;
	return cnt;
}

/** prefix_cnt() - More than any table of a plan has */
static size_t prefix_cnt(const struct plan *plan)
{
	size_t cnt = plan->gateway->addr_cnt;
	size_t i;

	cnt += site_prefix_cnt(plan->gateway->site);
	for (i = 0; i < plan->peer_cnt; i++)
		cnt += plan->peers[i]->addr_cnt +
		       site_prefix_cnt(plan->peers[i]->site);
	return cnt;
}

/** is_via() - Do flows of a route keep their source and enter at @cloud? */
static bool is_via(const struct policy_route *route,
		   const struct policy_gateway *cloud)
{
	return route->via && !strcmp(route->via, cloud->name);
}

/** add_sources() - Where a site's routes come from that keep it and enter at a
 *  cloud gateway */
static void add_sources(struct draft *draft, const struct policy_site *site,
			const struct policy_gateway *cloud, struct place place)
{
	size_t i;

	for (i = 0; i < site->route_cnt; i++) {
		const struct policy_route *route = &site->routes[i];

		if (is_via(route, cloud))
			draft_add(draft, route->from.prefixes, route->from.cnt,
				  place);
	}
}

/** is_first_of_site() - Is no peer before @idx of the same site? */
static bool is_first_of_site(const struct plan *plan, size_t idx)
{
	size_t i;

	for (i = 0; i < idx; i++) {
		if (plan->peers[i]->site == plan->peers[idx]->site)
			return false;
	}
	return true;
}

/** make_groups() - Each peer alone, then those of one site together */
static void make_groups(struct steer *steer, const struct plan *plan,
			struct arena *arena)
{
	size_t cnt = plan->peer_cnt;
	struct steer_group *groups =
		arena_array(arena, 2 * cnt, sizeof(*groups));
	size_t i;
	size_t k;

	for (i = 0; i < cnt; i++) {
		int *peers = arena_array(arena, 1, sizeof(*peers));

		*peers = (int)i;
		groups[i] = (struct steer_group){peers, 1};
	}
	steer->group_cnt = cnt;
	for (i = 0; i < cnt; i++) {
		int *peers = arena_array(arena, cnt, sizeof(*peers));
		struct steer_group group = {peers, 0};

		if (!plan->peers[i]->site || !is_first_of_site(plan, i))
			continue;
		for (k = i; k < cnt; k++) {
			if (plan->peers[k]->site == plan->peers[i]->site)
				peers[group.cnt++] = (int)k;
		}
		groups[steer->group_cnt++] = group;
	}
	steer->groups = groups;
	steer->peer_cnt = cnt;
}

/** add_here() - What lies at our end */
static void add_here(struct draft *draft, const struct plan *plan)
{
	const struct policy_gateway *gateway = plan->gateway;
	const struct policy_site *site = gateway->site;
	size_t i;

	draft_add(draft, gateway->pools, gateway->addr_cnt,
		  (struct place){0, gateway->role == ROLE_SITE});
	if (site)
		draft_add(draft, site_tunnel_prefixes(site), site->network_cnt,
			  (struct place){0, true});
	for (i = 0; gateway->role == ROLE_CLOUD && i < plan->peer_cnt; i++) {
		if (plan->peers[i]->site && is_first_of_site(plan, i))
			add_sources(draft, plan->peers[i]->site, gateway,
				    (struct place){0, true});
	}
}

/** add_there() - What lies at the other end; pools count before networks */
static void add_there(struct draft *draft, const struct steer *steer,
		      const struct plan *plan)
{
	const struct policy_site *own = plan->gateway->site;
	size_t i;

	for (i = 0; i < plan->peer_cnt; i++) {
		const struct policy_gateway *peer = plan->peers[i];

		draft_add(draft, peer->pools, peer->addr_cnt,
			  (struct place){(int)i, peer->role == ROLE_SITE});
	}
	for (i = 0; own && i < plan->peer_cnt; i++)
		add_sources(draft, own, plan->peers[i],
			    (struct place){(int)i, true});
	for (i = plan->peer_cnt; i < steer->group_cnt; i++) {
		const struct policy_site *site =
			plan->peers[steer->groups[i].peers[0]]->site;

		draft_add(draft, site_tunnel_prefixes(site), site->network_cnt,
			  (struct place){(int)i, true});
	}
}

const struct steer *steer_new(const struct plan *plan, struct arena *arena)
{
	struct steer *steer = arena_alloc(arena, sizeof(*steer));
	struct draft here = draft_new(prefix_cnt(plan), arena);
	struct draft there = draft_new(prefix_cnt(plan), arena);

	make_groups(steer, plan, arena);
	add_here(&here, plan);
	steer->here = table_of(&here, arena);
	add_there(&there, steer, plan);
	steer->there = table_of(&there, arena);
	return steer;
}

size_t steer_group_cnt(const struct steer *steer)
{
	return steer->group_cnt;
}

const struct steer_group *steer_group(const struct steer *steer, int group)
{
	assert(group >= 0 && (size_t)group < steer->group_cnt);
	return &steer->groups[group];
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

/** find() - What an address is, NULL when nothing */
static const struct place *find(const struct table *table,
				const struct ip_addr *addr)
{
	int idx = lpm_find(table->lpm, addr);

	return idx == LPM_NONE ? NULL : &table->places[idx];
}

/** serves() - Is a place at the other end, and this peer one of its group? */
static bool serves(const struct steer *steer, const struct place *place,
		   int peer)
{
	const struct steer_group *group;
	size_t i;

	if (!place)
		return false;
	group = &steer->groups[place->group];
	for (i = 0; i < group->cnt; i++) {
		if (group->peers[i] == peer)
			return true;
	}
	return false;
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
	const struct place *to = find(&steer->there, &view->dst);
	const struct place *from;
	struct ip_addr target;

	if (!to || !may_travel(&view->dst) || !may_travel(&view->src))
		return STEER_NO_GROUP;
	if (find(&steer->here, &view->src))
		return to->group;
	if (!error_target(pkt, view, &target))
		return STEER_NO_GROUP;
	from = find(&steer->here, &target);
	return from && from->behind ? to->group : STEER_NO_GROUP;
}

int steer_in(const struct steer *steer, int peer, const uint8_t *pkt,
	     const struct ip_view *view)
{
	const struct place *from;
	struct ip_addr target;

	assert(peer >= 0 && (size_t)peer < steer->peer_cnt);
	if (!may_travel(&view->dst) || !may_travel(&view->src) ||
	    !find(&steer->here, &view->dst))
		return -EACCES;
	if (serves(steer, find(&steer->there, &view->src), peer))
		return 0;
	if (!error_target(pkt, view, &target))
		return -EACCES;
	from = find(&steer->there, &target);
	return serves(steer, from, peer) && from->behind ? 0 : -EACCES;
}

bool steer_is_shared(const struct steer *steer, const struct ip_addr *addr)
{
	const struct place *place = find(&steer->there, addr);

	return place && steer->groups[place->group].cnt > 1;
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
 * The first fragment has ports, those that follow have not.
 */
static uint32_t flow_hash(const struct ip_view *view, const uint8_t *l4)
{
	struct flow_end src = {0};
	struct flow_end dst = {0};
	bool swap;
	uint64_t hash;

	memcpy(src.addr, view->src.bytes, sizeof(src.addr));
	memcpy(dst.addr, view->dst.bytes, sizeof(dst.addr));
	if (l4)
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

#define TCP_FLAGS_OFF 13
#define TCP_SYN       0x02
#define TCP_ACK       0x10

bool steer_begins(const uint8_t *pkt, const struct ip_view *view)
{
	struct ip_view quoted;

	if (view->proto == IPPROTO_TCP && view->first &&
	    view->len - view->l4_off > TCP_FLAGS_OFF)
		return (pkt[view->l4_off + TCP_FLAGS_OFF] &
			(TCP_SYN | TCP_ACK)) == TCP_SYN;
	return ip_icmp_quote(pkt, view, &quoted) == -ENOENT;
}

uint64_t steer_datagram(const struct ip_view *view)
{
	struct flow_end src = {0};
	struct flow_end dst = {0};

	memcpy(src.addr, view->src.bytes, sizeof(src.addr));
	memcpy(dst.addr, view->dst.bytes, sizeof(dst.addr));
	return mix_end(
		mix_end((uint64_t)view->frag_id << 8 | view->proto, &src),
		&dst);
}

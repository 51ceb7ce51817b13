/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft_grant.c - Routes: plain routed use of what lies behind the tunnel
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steward/nft_work.h"

/**
 * DOC: From a destination to the routes that cover it
 *
 * Prefixes of routes may lie within each other, and two routes may have the
 * same one.  A map with intervals holds none that overlap, so spans() goes over
 * the sorted prefixes, keeps those that cover the present address on a stack,
 * and cuts the addresses into spans that are covered by the same routes
 * throughout.  Each such set of routes has a chain dst_DIGEST_F with a few rules
 * a route, the narrowest first; each route has a chain grant_ID that marks and
 * accepts.
 *
 * The map says "jump": what none of the routes lets through comes back and is
 * refused.  (After a "goto" it would fall out of the hook, which accepts.)
 *
 * So a new flow passes as many rules as there are routes to its destination,
 * however many there are elsewhere.
 *
 * On the cloud gateway a site's prefix is what stands for it in the tunnel.  On
 * the site gateway aliases are translated before: it is the network's own.
 */

/**
 * struct span - Addresses that the same routes cover
 * @covers:	Those routes, wider first (heap)
 * @name:	Of the chain for them
 */
struct span {
	struct ip_addr first;
	struct ip_addr last;
	const struct plan_grant **covers;
	size_t cover_cnt;
	char name[NFT_NAME_SIZE];
};

/**
 * struct sweep - What spans() works with
 * @grants:	Those of one family, by prefix, wider before narrower
 * @prefixes:	Theirs, in the same order
 * @stack:	Indices of those that cover @cursor, wider first
 * @cursor:	First address that no span covers yet
 * @ended:	There is none: the last address was covered
 * @spans:	Found so far; there is room for all
 */
struct sweep {
	const struct nft_family *family;
	const struct plan_grant **grants;
	struct ip_prefix *prefixes;
	size_t cnt;
	size_t *stack;
	size_t depth;
	struct ip_addr cursor;
	bool ended;
	struct span *spans;
	size_t span_cnt;
};

/** grant_prefix() - A route's destination as packets carry it on this gateway */
static struct ip_prefix grant_prefix(const struct plan *plan,
				     const struct plan_grant *grant)
{
	struct ip_prefix prefix = grant->route->to;

	if (plan->gateway->role == ROLE_CLOUD)
		prefix.addr = site_tunnel_addr(grant->site, &prefix.addr);
	return prefix;
}

/** last_addr() - The last address of a prefix */
static struct ip_addr last_addr(const struct ip_prefix *prefix)
{
	struct ip_addr addr = prefix->addr;
	size_t i;

	for (i = prefix->len; i < 8 * ip_addr_len(addr.family); i++)
		addr.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return addr;
}

/** step() - The next address (@up) or the one before; Return: whether it wrapped */
static bool step(struct ip_addr *addr, bool up)
{
	size_t i = ip_addr_len(addr->family);

	while (i-- > 0) {
		addr->bytes[i] = (uint8_t)(addr->bytes[i] + (up ? 1 : -1));
		if (addr->bytes[i] != (up ? 0x00 : 0xff))
			return false;
	}
	return true;
}

/** add_span() - From the cursor to @last, if that is not before it */
static void add_span(struct sweep *sweep, const struct ip_addr *last)
{
	struct span *span = &sweep->spans[sweep->span_cnt];
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	size_t i;

	if (sweep->ended || !sweep->depth ||
	    ip_addr_compare(&sweep->cursor, last) > 0)
		return;
	*span = (struct span){
		.first = sweep->cursor,
		.last = *last,
		.covers = calloc(sweep->depth, sizeof(*span->covers)),
		.cover_cnt = sweep->depth,
	};
	if (!span->covers)
		abort();
	for (i = 0; i < sweep->depth; i++) {
		span->covers[i] = sweep->grants[sweep->stack[i]];
		sum = (sum ^ span->covers[i]->id) * UINT64_C(0x100000001b3);
	}
	snprintf(span->name, sizeof(span->name), "dst_%016" PRIx64 "_%s", sum,
		 sweep->family->tag);
	sweep->span_cnt++;
	sweep->cursor = *last;
	sweep->ended = step(&sweep->cursor, true);
}

/** leave() - The narrowest route on the stack ends */
static void leave(struct sweep *sweep)
{
	struct ip_addr last =
		last_addr(&sweep->prefixes[sweep->stack[sweep->depth - 1]]);

	add_span(sweep, &last);
	sweep->depth--;
}

/** enter() - The next route begins */
static void enter(struct sweep *sweep, size_t idx)
{
	const struct ip_prefix *prefix = &sweep->prefixes[idx];
	struct ip_addr before = prefix->addr;

	while (sweep->depth &&
	       !ip_prefix_contains(
		       &sweep->prefixes[sweep->stack[sweep->depth - 1]],
		       &prefix->addr))
		leave(sweep);
	if (!step(&before, false))
		add_span(sweep, &before);
	sweep->cursor = prefix->addr;
	sweep->ended = false;
	sweep->stack[sweep->depth++] = idx;
}

/** struct sorted_grant - A route on the way to its spans */
struct sorted_grant {
	struct ip_prefix prefix;
	const struct plan_grant *grant;
};

static int by_prefix(const void *a, const void *b)
{
	const struct sorted_grant *x = a;
	const struct sorted_grant *y = b;
	int order = ip_addr_compare(&x->prefix.addr, &y->prefix.addr);

	if (!order)
		order = (int)x->prefix.len - (int)y->prefix.len;
	if (!order)
		order = x->grant < y->grant ? -1 : x->grant > y->grant;
	return order;
}

/** sort_grants() - Fill in a sweep's routes */
static void sort_grants(const struct plan *plan, struct sweep *sweep)
{
	struct sorted_grant *sorted =
		calloc(plan->grant_cnt + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		abort();
	for (i = 0; i < plan->grant_cnt; i++) {
		const struct plan_grant *grant = &plan->grants[i];

		if (grant->route->to.addr.family != sweep->family->family)
			continue;
		sorted[sweep->cnt++] =
			(struct sorted_grant){grant_prefix(plan, grant), grant};
	}
	qsort(sorted, sweep->cnt, sizeof(*sorted), by_prefix);
	for (i = 0; i < sweep->cnt; i++) {
		sweep->grants[i] = sorted[i].grant;
		sweep->prefixes[i] = sorted[i].prefix;
	}
	free(sorted);
}

static void sweep_init(struct sweep *sweep, const struct plan *plan,
		       const struct nft_family *family)
{
	size_t size = plan->grant_cnt + 1;
	size_t i;

	*sweep = (struct sweep){
		.family = family,
		.grants = calloc(size, sizeof(*sweep->grants)),
		.prefixes = calloc(size, sizeof(*sweep->prefixes)),
		.stack = calloc(size, sizeof(*sweep->stack)),
		/* A route makes one where it begins and one where it ends. */
		.spans = calloc(2 * size, sizeof(*sweep->spans)),
	};
	if (!sweep->grants || !sweep->prefixes || !sweep->stack ||
	    !sweep->spans)
		abort();
	sort_grants(plan, sweep);
	for (i = 0; i < sweep->cnt; i++)
		enter(sweep, i);
	while (sweep->depth)
		leave(sweep);
}

static void sweep_fini(struct sweep *sweep)
{
	size_t i;

	for (i = 0; i < sweep->span_cnt; i++)
		free(sweep->spans[i].covers);
	free(sweep->spans);
	free(sweep->stack);
	free(sweep->prefixes);
	free(sweep->grants);
}

/** put_ports() - The ports that a route allows of one protocol, as an nft set */
static void put_ports(const struct policy_route *route,
		      enum service_proto proto, struct strbuf *out)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < route->allow_cnt; i++) {
		const struct policy_allow *allow = &route->allow[i];

		if (allow->proto != proto)
			continue;
		strbuf_printf(out, "%s%u", cnt++ ? ", " : "", allow->first);
		if (allow->last > allow->first)
			strbuf_printf(out, "-%u", allow->last);
	}
}

static bool allows(const struct policy_route *route, enum service_proto proto)
{
	size_t i;

	for (i = 0; i < route->allow_cnt; i++) {
		if (route->allow[i].proto == proto)
			return true;
	}
	return false;
}

/** put_source() - Whom a route lets in, as this gateway sees them */
static void put_source(const struct nft_work *work,
		       const struct nft_family *family,
		       const struct policy_route *route, struct strbuf *out)
{
	char name[NFT_NAME_SIZE];

	if (work->plan->gateway->role == ROLE_SITE && route->nat) {
		strbuf_printf(out, "%s saddr @peers_%s ", family->ip,
			      family->tag);
		return;
	}
	if (!route->from.cnt)
		return;
	nft_from_name(&route->from, family, name);
	strbuf_printf(out, "%s saddr @%s ", family->ip, name);
}

/** put_rules() - The rules of one route in a chain of a destination */
static void put_rules(struct nft_work *work, const struct nft_family *family,
		      const struct plan_grant *grant)
{
	static const enum service_proto protos[] = {PROTO_TCP, PROTO_UDP};
	const struct policy_route *route = grant->route;
	struct strbuf source;
	size_t i;

	strbuf_init(&source);
	put_source(work, family, route, &source);
	for (i = 0; i < 2; i++) {
		struct strbuf ports;

		if (!allows(route, protos[i]))
			continue;
		strbuf_init(&ports);
		put_ports(route, protos[i], &ports);
		nft_rule(work, NULL, "%s%s dport { %s } goto grant_%u",
			 strbuf_str(&source), service_proto_name(protos[i]),
			 strbuf_str(&ports), grant->id);
		strbuf_fini(&ports);
	}
	if (allows(route, PROTO_ICMP))
		nft_rule(work, NULL, "%s%s goto grant_%u", strbuf_str(&source),
			 family->ping, grant->id);
	strbuf_fini(&source);
}

/** put_map() - "grants_F": from a destination to the chain for it */
static void put_map(struct nft_work *work, const struct sweep *sweep)
{
	char name[NFT_NAME_SIZE];
	struct strbuf type;
	size_t i;

	snprintf(name, sizeof(name), "grants_%s", sweep->family->tag);
	strbuf_init(&type);
	strbuf_printf(&type, "%s : verdict", sweep->family->type);
	nft_set(work, TABLE_MAP, name, "routes by destination",
		strbuf_str(&type), "interval");
	strbuf_fini(&type);
	for (i = 0; i < sweep->span_cnt; i++) {
		const struct span *span = &sweep->spans[i];
		char first[IP_ADDR_TEXT_SIZE];
		char last[IP_ADDR_TEXT_SIZE];
		char verdict[NFT_NAME_SIZE + 8];
		struct strbuf key;

		strbuf_init(&key);
		strbuf_printf(&key, "%s", ip_addr_format(&span->first, first));
		if (!ip_addr_equal(&span->first, &span->last))
			strbuf_printf(&key, "-%s",
				      ip_addr_format(&span->last, last));
		snprintf(verdict, sizeof(verdict), "jump %s", span->name);
		table_line(work->table, strbuf_str(&key), verdict);
		strbuf_fini(&key);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;

	return strcmp(x->name, y->name);
}

/** put_span_chains() - Of each set of routes one; the order of spans is lost */
static void put_span_chains(struct nft_work *work, struct sweep *sweep)
{
	size_t i;
	size_t c;

	qsort(sweep->spans, sweep->span_cnt, sizeof(*sweep->spans), by_name);
	for (i = 0; i < sweep->span_cnt; i++) {
		const struct span *span = &sweep->spans[i];

		if (i && !by_name(span - 1, span))
			continue;
		nft_chain(work, span->name, NULL, NULL);
		for (c = span->cover_cnt; c-- > 0;)
			put_rules(work, sweep->family, span->covers[c]);
	}
}

/** put_grant_chain() - Mark and let through a new flow */
static void put_grant_chain(struct nft_work *work,
			    const struct plan_grant *grant)
{
	char to[IP_PREFIX_TEXT_SIZE];
	char name[NFT_NAME_SIZE];
	struct strbuf why;

	snprintf(name, sizeof(name), "grant_%u", grant->id);
	nft_chain(work, name, NULL, NULL);
	strbuf_init(&why);
	strbuf_printf(&why, "%s/%s: route to %s%s", grant->site->name,
		      grant->route->name,
		      ip_prefix_format(&grant->route->to, to),
		      grant->route->nat ? "" : ", sources unchanged");
	nft_rule(work, strbuf_str(&why),
		 "counter ct mark set ct mark & 0x%08x | 0x%08x accept",
		 ~PLAN_MARK_MASK, grant->id);
	strbuf_fini(&why);
}

void nft_grants(struct nft_work *work, const struct nft_family *family)
{
	const struct plan *plan = work->plan;
	struct sweep sweep;
	size_t i;

	sweep_init(&sweep, plan, family);
	put_map(work, &sweep);
	put_span_chains(work, &sweep);
	for (i = 0; i < plan->grant_cnt; i++) {
		if (plan->grants[i].route->to.addr.family == family->family)
			put_grant_chain(work, &plan->grants[i]);
	}
	sweep_fini(&sweep);
}

/** put_marks() - A set of routes' marks; @only_plain: those without nat */
static void put_marks(struct nft_work *work, const char *name, const char *why,
		      bool only_plain)
{
	const struct plan *plan = work->plan;
	char mark[16];
	size_t i;

	nft_set(work, TABLE_SET, name, why, "mark", NULL);
	for (i = 0; i < plan->grant_cnt; i++) {
		if (only_plain && plan->grants[i].route->nat)
			continue;
		snprintf(mark, sizeof(mark), "0x%08x", plan->grants[i].id);
		table_line(work->table, mark, NULL);
	}
}

void nft_grant_marks(struct nft_work *work)
{
	put_marks(work, "granted", "marks of routes' flows", false);
	put_marks(work, "unchanged", "of those that keep their source", true);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * stray.c - Does what is meant for the tunnel go there?
 */

#include "steward/stray.h"

#include <stdio.h>
#include <string.h>

#include "steward/ipv6.h"
#include "steward/way.h"

/**
 * DOC: Theory of operation
 *
 * Routes and rules (ip rule) of others are theirs: they are not touched, but may
 * come before ours.  The kernel is asked for the way to a host of each of the
 * plan's routes and to the targets that lie there, first as this machine's own
 * packet, then as one that some client sent: a rule may ask for either.  One that
 * holds for certain clients only is not found.
 */

/* Lines, and questions to the kernel. */
#define LINE_CNT_MAX 8
#define ASK_CNT_MAX  2048

/** struct search - What is asked, and how often yet */
struct search {
	const struct plan *plan;
	struct nl_sock *nl;
	const char *iif;
	struct strbuf *out;
	unsigned int line_cnt;
	unsigned int ask_cnt;
};

/** pick_host() - An address of a prefix, not its first if it has several */
static struct ip_addr pick_host(const struct ip_prefix *prefix)
{
	struct ip_addr addr = prefix->addr;
	size_t last = ip_addr_len(addr.family) - 1;

	if (prefix->len < 8 * (last + 1))
		addr.bytes[last] |= 1;
	return addr;
}

/** tell() - One line */
static void tell(struct search *search, const struct ip_prefix *to,
		 const struct ip_addr *addr, const struct way *way, int err)
{
	char prefix[IP_PREFIX_TEXT_SIZE];
	char host[IP_ADDR_TEXT_SIZE];
	char where[64];

	ip_addr_format(addr, host);
	if (err)
		snprintf(where, sizeof(where), "nowhere");
	else if (way->local)
		snprintf(where, sizeof(where), "to this machine itself");
	else
		snprintf(where, sizeof(where), "out by %s (table %u)", way->oif,
			 way->table);
	strbuf_printf(search->out,
		      "packets to %s (of %s) go %s, " STRAY_SIGN ": a route or "
		      "rule of somebody else comes before this gateway's; see "
		      "\"ip route get %s\" and \"ip rule\", and remove it\n",
		      host, ip_prefix_format(to, prefix), where, host);
	search->line_cnt++;
}

/** strays() - Ask for one address; Return: whether it was told */
static bool strays(struct search *search, const struct ip_prefix *to,
		   const struct ip_addr *addr)
{
	static const struct ip_addr any = {.family = IP_NONE};
	/* Of the documentation's networks: by the default route. */
	static const struct ip_addr clients[] = {
		[IP_V4] = {IP_V4, {203, 0, 113, 254}},
		[IP_V6] = {IP_V6,
			   {0x20, 0x01, 0x0d, 0xb8, [14] = 0, [15] = 0xfe}},
	};
	const char *tun = search->plan->conf->tun_name;
	struct way way;
	int err;

	search->ask_cnt++;
	err = way_find(search->nl, addr, &any, NULL, 0, &way);
	if (!err && !strcmp(way.oif, tun) && search->iif) {
		/* An error is about the client: no way back there, or what
		 * comes in there is not forwarded. */
		if (way_find(search->nl, addr, &clients[addr->family],
			     search->iif, 0, &way))
			return false;
	}
	if (!err && !way.local && !strcmp(way.oif, tun))
		return false;
	tell(search, to, addr, &way, err);
	return true;
}

/** search_route() - A host of it, and targets that lie there */
static void search_route(struct search *search, const struct ip_prefix *to)
{
	const struct plan *plan = search->plan;
	struct ip_addr addr = pick_host(to);
	bool told = strays(search, to, &addr);
	size_t i;

	for (i = 0;
	     i < plan->service_cnt && !told &&
	     plan->gateway->role == ROLE_CLOUD && search->ask_cnt < ASK_CNT_MAX;
	     i++) {
		addr = site_tunnel_addr(plan->services[i].site,
					&plan->services[i].service->target);
		if (ip_prefix_contains(to, &addr))
			told = strays(search, to, &addr);
	}
}

void stray_tell(const struct plan *plan, struct nl_sock *nl, const char *iif,
		struct strbuf *out)
{
	struct search search = {.plan = plan, .nl = nl, .iif = iif, .out = out};
	bool v6 = ipv6_wanted(plan);
	size_t i;

	for (i = 0; i < plan->route_cnt && search.line_cnt < LINE_CNT_MAX &&
		    search.ask_cnt < ASK_CNT_MAX;
	     i++) {
		const struct ip_prefix *to = &plan->routes[i].to;

		if (to->addr.family == IP_V4 || v6)
			search_route(&search, to);
	}
}

void stray_tell_own(const struct plan *plan, struct nl_sock *nl,
		    struct strbuf *out)
{
	static const struct ip_addr any = {.family = IP_NONE};
	unsigned int line_cnt = 0;
	size_t i;

	for (i = 0; i < plan->service_cnt && i < ASK_CNT_MAX &&
		    line_cnt < LINE_CNT_MAX;
	     i++) {
		const struct plan_service *entry = &plan->services[i];
		const struct ip_addr *target = &entry->service->target;
		char text[IP_ADDR_TEXT_SIZE];
		struct way way;

		if (way_find(nl, target, &any, NULL, 0, &way) || !way.local)
			continue;
		strbuf_printf(out,
			      "service %s/%s: its target %s is this gateway "
			      "itself, which offers nothing to the tunnel: all "
			      "packets are dropped; name a host behind the "
			      "gateway\n",
			      entry->site->name, entry->service->name,
			      ip_addr_format(target, text));
		line_cnt++;
	}
}

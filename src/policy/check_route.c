/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check_route.c - Rules about routes
 */

#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "policy/prefixes.h"
#include "policy/value.h"

/**
 * check_to() - A route leads into one network of its site
 * @check:	Run
 * @site:	Site
 * @networks:	Its networks
 * @draft:	Route of it
 */
static void check_to(struct check *check, const struct draft_site *site,
		     const struct net_table *networks,
		     const struct draft_route *draft)
{
	const struct ip_prefix *to = &draft->route.to;
	const struct net *net = check_net_find(networks, &to->addr);
	char text[IP_PREFIX_TEXT_SIZE];

	if (to->addr.family == IP_NONE)
		return;
	if (draft->from_known && draft->route.from.cnt &&
	    !prefixes_have(&draft->route.from, to->addr.family))
		check_error(check, draft->from_line,
			    "\"from\" has no IPv%d prefix and \"to\" is IPv%d, "
			    "so nobody could come; add who may",
			    to->addr.family, to->addr.family);
	if (!site->networks_known || (net && net->prefix.len <= to->len))
		return;
	check_error(check, draft->to_line,
		    "to %s does not lie in one of the networks of site \"%s\" "
		    "(%s); add its network there, or correct it",
		    ip_prefix_format(to, text), site->name.text,
		    check_ref(check, site->networks[0].line, draft->to_line));
}

/**
 * check_via() - A route without NAT says behind which cloud gateway its sources
 * are, others do not
 * @check:	Run
 * @draft:	Route
 */
static void check_via(struct check *check, const struct draft_route *draft)
{
	const struct policy_route *route = &draft->route;

	if (route->nat) {
		if (draft->via_set)
			check_error(check, draft->via_line,
				    "\"via\" belongs to nat = false: every "
				    "cloud gateway takes a route with nat; "
				    "remove it");
		return;
	}
	if (!draft->from_set)
		check_error(check, route->line,
			    "a route with nat = false needs \"from\", the "
			    "networks its users have behind \"via\", like [ "
			    "\"172.16.0.0/16\" ]");
	if (!draft->via_set)
		check_error(check, route->line,
			    "a route with nat = false needs \"via\", the cloud "
			    "gateway that its users have as next hop");
	else if (route->via[0] &&
		 !check_named(check->clouds, check->cloud_cnt, route->via))
		check_error(check, draft->via_line,
			    "via \"%.100s\" is none of the cloud gateways",
			    route->via);
}

/**
 * from_error() - Report a source that is somebody else's, too
 * @check:	Run
 * @draft:	Route
 * @prefix:	The source
 * @net:	Whose it is
 */
static void from_error(struct check *check, const struct draft_route *draft,
		       const struct ip_prefix *prefix, const struct net *net)
{
	char from_text[IP_PREFIX_TEXT_SIZE];
	char text[IP_PREFIX_TEXT_SIZE];

	check_error(check, draft->from_line,
		    "from %s overlaps %s (%s) of %s \"%s\"; with nat = false "
		    "it must be what lies behind \"via\" only",
		    ip_prefix_format(prefix, from_text),
		    ip_prefix_format(&net->prefix, text),
		    check_ref(check, net->line, draft->from_line),
		    net->site ? "site" : "gateway", net->owner);
}

/**
 * check_sources() - The sources of a route without NAT are nobody else's
 * @check:	Run
 * @networks:	The site's networks
 * @draft:	Route without NAT
 */
static void check_sources(struct check *check, const struct net_table *networks,
			  const struct draft_route *draft)
{
	const struct policy_route *route = &draft->route;
	enum ip_family family = route->to.addr.family;
	char text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	for (i = 0; i < route->from.cnt; i++) {
		const struct ip_prefix *prefix = &route->from.prefixes[i];
		const struct net *net = check_net_meet(&check->tunnel, prefix);

		if (!net)
			net = check_net_meet(networks, prefix);
		if (net)
			from_error(check, draft, prefix, net);
		else if (family != IP_NONE && prefix->addr.family != family)
			check_error(check, draft->from_line,
				    "from %s is IPv%d and \"to\" IPv%d; with "
				    "nat = false both must be of the same "
				    "family",
				    ip_prefix_format(prefix, text),
				    prefix->addr.family, family);
	}
}

/**
 * sources_table() - What the routes without NAT of a site have as sources
 * @check:	Run
 * @site:	Site
 *
 * Return: sorted table
 */
static struct net_table sources_table(struct check *check,
				      const struct draft_site *site)
{
	struct net_table table = {0};
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < site->route_cnt; i++) {
		if (!site->routes[i].route.nat)
			cnt += site->routes[i].route.from.cnt;
	}
	table.nets = arena_array(&check->scratch, cnt, sizeof(*table.nets));
	for (i = 0; i < site->route_cnt; i++) {
		const struct draft_route *draft = &site->routes[i];
		const struct policy_route *route = &draft->route;

		for (k = 0; !route->nat && k < route->from.cnt; k++)
			table.nets[table.cnt++] = (struct net){
				.prefix = route->from.prefixes[k],
				.kind = NET_FROM,
				.line = draft->from_line,
				.site = site,
				.owner = route->via ? route->via : "",
			};
	}
	check_net_sort(&table);
	return table;
}

/**
 * check_relay_sources() - No relay of a site gateway among such sources
 * @check:	Run
 * @gateway:	Gateway of the site
 * @sources:	Sources of the site's routes without NAT
 */
static void check_relay_sources(struct check *check,
				const struct draft_gateway *gateway,
				const struct net_table *sources)
{
	char text[IP_PREFIX_TEXT_SIZE];
	struct ip_addr addr;
	size_t i;

	for (i = 0; i < gateway->relay_cnt; i++) {
		const struct draft_text *relay = &gateway->relays[i];
		const struct net *net = NULL;

		if (value_url_addr(relay->text, &addr))
			net = check_net_find(sources, &addr);
		if (net)
			check_error(check, relay->line,
				    "relay \"%.100s\" lies in from %s (%s), "
				    "which is reached through the tunnel: the "
				    "tunnel's own connection would end up in "
				    "itself; use an address outside of it",
				    relay->text,
				    ip_prefix_format(&net->prefix, text),
				    check_ref(check, net->line, relay->line));
	}
}

/**
 * check_source_ways() - The way back to a source leads through one gateway, and
 * is not the way to a relay
 * @check:	Run
 * @site:	Site
 */
static void check_source_ways(struct check *check,
			      const struct draft_site *site)
{
	const struct draft *draft = check->draft;
	const struct net_table table = sources_table(check, site);
	char text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	for (i = 0; i < table.cnt; i++) {
		const struct net *net = &table.nets[i];
		const struct net *outer = net->within;

		if (outer && strcmp(outer->owner, net->owner) &&
		    outer->owner[0] && net->owner[0])
			check_error(check, net->line,
				    "from %s is behind \"%s\" here and behind "
				    "\"%s\" in %s; a source has one gateway",
				    ip_prefix_format(&net->prefix, text),
				    net->owner, outer->owner,
				    check_ref(check, outer->line, net->line));
	}
	for (i = 0; table.cnt && i < draft->gateway_cnt; i++) {
		const struct draft_gateway *gateway = &draft->gateways[i];

		if (gateway->site.text && site->name.text[0] &&
		    !strcmp(gateway->site.text, site->name.text))
			check_relay_sources(check, gateway, &table);
	}
}

/** share_allow() - Is there something that both routes let through? */
static bool share_allow(const struct policy_route *a,
			const struct policy_route *b)
{
	size_t i;
	size_t k;

	for (i = 0; i < a->allow_cnt; i++) {
		const struct policy_allow *x = &a->allow[i];

		for (k = 0; k < b->allow_cnt; k++) {
			const struct policy_allow *y = &b->allow[k];

			if (x->proto == y->proto && x->first <= y->last &&
			    y->first <= x->last)
				return true;
		}
	}
	return false;
}

/** share_sources() - Is there somebody of a family whom both routes let in? */
static bool share_sources(const struct prefix_list *a,
			  const struct prefix_list *b, enum ip_family family)
{
	size_t i = 0;
	size_t k = 0;

	if (!a->cnt || !b->cnt)
		return true;
	/* By value, none within another: the one that is behind goes on. */
	while (i < a->cnt && k < b->cnt) {
		if (a->prefixes[i].addr.family == family &&
		    ip_prefix_overlaps(&a->prefixes[i], &b->prefixes[k]))
			return true;
		if (prefix_compare(&a->prefixes[i], &b->prefixes[k]) < 0)
			i++;
		else
			k++;
	}
	return false;
}

/** by_to() - Order of routes by destination, for qsort() */
static int by_to(const void *a, const void *b)
{
	const struct draft_route *x = *(const struct draft_route *const *)a;
	const struct draft_route *y = *(const struct draft_route *const *)b;
	int order = prefix_compare(&x->route.to, &y->route.to);

	return order ? order : check_lines(x->route.line, y->route.line);
}

/**
 * warn_shared() - Two routes to the same place let the same flows through
 * @check:	Run
 * @a:		The one that stands first in the text
 * @b:		The other
 */
static void warn_shared(struct check *check, const struct draft_route *a,
			const struct draft_route *b)
{
	const struct policy_route *x = &a->route;
	const struct policy_route *y = &b->route;
	const struct policy_route *last = strcmp(x->name, y->name) < 0 ? y : x;
	char text[IP_PREFIX_TEXT_SIZE];

	check_warning(check, y->line,
		      "to %s route \"%.100s\" takes flows that \"%.100s\" "
		      "(%s) takes as well; \"%.100s\" has them, being last by "
		      "name%s; let \"from\" or \"allow\" differ",
		      ip_prefix_format(&y->to, text), y->name, x->name,
		      check_ref(check, x->line, y->line), last->name,
		      x->nat == y->nat ? ""
		      : last->nat      ? ", with nat"
				       : ", without nat");
}

/**
 * check_shared() - No flow is two routes'
 * @check:	Run
 * @site:	Site
 *
 * Where one route's `to` lies within another's the narrower one decides, which
 * is what one expects; of two with the same the name does, which hardly is.
 */
static void check_shared(struct check *check, const struct draft_site *site)
{
	const struct draft_route **routes =
		arena_array(&check->scratch, site->route_cnt, sizeof(*routes));
	size_t i;
	size_t k;

	for (i = 0; i < site->route_cnt; i++)
		routes[i] = &site->routes[i];
	if (site->route_cnt)
		qsort(routes, site->route_cnt, sizeof(*routes), by_to);
	for (i = 0; i < site->route_cnt; i++) {
		const struct policy_route *route = &routes[i]->route;

		for (k = i; k > 0; k--) {
			const struct policy_route *other =
				&routes[k - 1]->route;

			if (route->to.addr.family == IP_NONE ||
			    prefix_compare(&route->to, &other->to) != 0)
				break;
			if (!strcmp(route->name, other->name) ||
			    !share_allow(route, other) ||
			    !share_sources(&route->from, &other->from,
					   route->to.addr.family))
				continue;
			warn_shared(check, routes[k - 1], routes[i]);
			break;
		}
	}
}

void check_routes(struct check *check, const struct draft_site *site,
		  const struct net_table *networks)
{
	size_t i;

	for (i = 0; i < site->route_cnt; i++) {
		const struct draft_route *draft = &site->routes[i];

		check_to(check, site, networks, draft);
		check_via(check, draft);
		if (!draft->route.nat)
			check_sources(check, networks, draft);
	}
	check_source_ways(check, site);
	check_shared(check, site);
}

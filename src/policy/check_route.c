/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check_route.c - Rules about routes
 */

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
}

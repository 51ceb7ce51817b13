/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check_service.c - Rules about services and routes
 */

#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "policy/netval.h"
#include "policy/plan.h"
#include "policy/prefixes.h"
#include "policy/value.h"

/* Each service and route has an id of its own, and a new one must find a free id
 * soon. */
#define ID_CNT_MAX (PLAN_ID_MAX / 4 * 3)

#define SSH_PORT   22
#define PORT_MAX   65535

/**
 * check_target() - A service leads into a network of its site
 * @check:	Run
 * @site:	Site
 * @networks:	Its networks
 * @draft:	Service of it
 */
static void check_target(struct check *check, const struct draft_site *site,
			 const struct net_table *networks,
			 const struct draft_service *draft)
{
	const struct ip_addr *target = &draft->service.target;
	char text[IP_ADDR_TEXT_SIZE];

	if (target->family == IP_NONE || !site->networks_known ||
	    check_net_find(networks, target))
		return;
	check_error(
		check, draft->target_line,
		"target %s lies in none of the networks of site \"%s\" "
		"(%s); add its network there, or correct it",
		ip_addr_format(target, text), site->name.text,
		check_ref(check, site->networks[0].line, draft->target_line));
}

/**
 * check_ports() - Each public port has a port at the target
 * @check:	Run
 * @draft:	Service
 */
static void check_ports(struct check *check, const struct draft_service *draft)
{
	struct policy_service right = draft->service;
	unsigned int more = (unsigned int)right.public_last - right.public_port;
	char text[NETVAL_ENDPOINT_SIZE];
	char right_text[NETVAL_ENDPOINT_SIZE];

	if (!right.public_port || !right.target_port ||
	    more == (unsigned int)right.target_last - right.target_port)
		return;
	netval_print_target(&draft->service, text);
	if (right.target_port + more > PORT_MAX) {
		check_error(check, draft->target_line,
			    "target %s has no room for the %u public ports; "
			    "its first port can be %u at most",
			    text, more + 1, PORT_MAX - more);
		return;
	}
	right.target_last = (uint16_t)(right.target_port + more);
	check_error(check, draft->target_line,
		    "target %s must have as many ports as public, which has "
		    "%u; write \"%s\"",
		    text, more + 1, netval_print_target(&right, right_text));
}

/**
 * check_family() - Public address, target and sources are of one family
 * @check:	Run
 * @draft:	Service
 */
static void check_family(struct check *check, const struct draft_service *draft)
{
	const struct policy_service *service = &draft->service;
	enum ip_family family = service->target.family;

	if (family == IP_NONE)
		return;
	if (service->public_addr.family != IP_NONE &&
	    service->public_addr.family != family)
		check_error(check, draft->public_line,
			    "public address is IPv%d and target IPv%d; both "
			    "must be of the same family",
			    service->public_addr.family, family);
	if (service->from.cnt && !prefixes_have(&service->from, family))
		check_error(check, draft->from_line,
			    "\"from\" has no IPv%d prefix and target is IPv%d, "
			    "so nobody could come; add who may",
			    family, family);
}

/**
 * check_public() - A public address is no site's
 * @check:	Run
 * @draft:	Service
 */
static void check_public(struct check *check, const struct draft_service *draft)
{
	const struct ip_addr *addr = &draft->service.public_addr;
	const struct net *net = check_net_find(&check->tunnel, addr);
	char net_text[IP_PREFIX_TEXT_SIZE];
	char text[IP_ADDR_TEXT_SIZE];

	if (addr->family == IP_NONE || !net || !net->site)
		return;
	check_error(check, draft->public_line,
		    "public address %s lies in %s (%s) of site \"%s\"; it must "
		    "be an address of the cloud gateway, outside of the tunnel",
		    ip_addr_format(addr, text),
		    ip_prefix_format(&net->prefix, net_text),
		    check_ref(check, net->line, draft->public_line),
		    net->owner);
}

/**
 * check_ssh() - Warn of a service that takes the machine's own ssh port
 * @check:	Run
 * @draft:	Service
 */
static void check_ssh(struct check *check, const struct draft_service *draft)
{
	const struct policy_service *service = &draft->service;
	char text[IP_ADDR_TEXT_SIZE];

	if (service->proto != PROTO_TCP || service->public_port > SSH_PORT ||
	    service->public_last < SSH_PORT)
		return;
	check_warning(check, draft->public_line,
		      "service \"%s\" takes port tcp/22 of %s%s: ssh to the "
		      "cloud gateway itself no longer works there",
		      service->name,
		      service->public_addr.family ? "" : "every address",
		      ip_addr_format(&service->public_addr, text));
}

/**
 * place_compare() - Order of where services answer
 * @a:		One
 * @b:		Another
 *
 * Return: 0 when both share address (or all of a family) and protocol
 */
static int place_compare(const struct policy_service *a,
			 const struct policy_service *b)
{
	int order = ip_addr_compare(&a->public_addr, &b->public_addr);

	if (order)
		return order;
	if (a->target.family != b->target.family)
		return a->target.family < b->target.family ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	return 0;
}

/**
 * by_public() - Order of services by public port, then lines, for qsort()
 * @a:		One const struct draft_service *
 * @b:		Another
 */
static int by_public(const void *a, const void *b)
{
	const struct draft_service *const *draft_a = a;
	const struct draft_service *const *draft_b = b;
	const struct policy_service *one = &(*draft_a)->service;
	const struct policy_service *two = &(*draft_b)->service;
	int order = place_compare(one, two);

	if (order)
		return order;
	if (one->public_port != two->public_port)
		return one->public_port < two->public_port ? -1 : 1;
	return check_lines((*draft_a)->public_line, (*draft_b)->public_line);
}

/**
 * public_error() - Report two services that want the same ports
 * @check:	Run
 * @a:		One
 * @b:		Another
 */
static void public_error(struct check *check, const struct draft_service *a,
			 const struct draft_service *b)
{
	bool swap = a->public_line > b->public_line;
	const struct draft_service *first = swap ? b : a;
	const struct draft_service *later = swap ? a : b;
	char first_text[NETVAL_ENDPOINT_SIZE];
	char later_text[NETVAL_ENDPOINT_SIZE];
	const char *ref =
		check_ref(check, first->public_line, later->public_line);

	netval_print_public(&first->service, first_text);
	netval_print_public(&later->service, later_text);
	if (!strcmp(first_text, later_text))
		check_error(check, later->public_line,
			    "public port %s is that of service \"%s\" (%s); "
			    "use another",
			    later_text, first->service.name, ref);
	else
		check_error(check, later->public_line,
			    "public \"%s\" overlaps \"%s\" of service "
			    "\"%s\" (%s); use others",
			    later_text, first_text, first->service.name, ref);
}

/**
 * check_publics() - A public port leads to one service
 * @check:	Run
 * @all:	Services that have one; sorted afterwards
 * @cnt:	Entries there
 *
 * One at a certain address goes before one at every address: these may have the
 * same port.
 */
static void check_publics(struct check *check, const struct draft_service **all,
			  size_t cnt)
{
	const struct draft_service *reach = NULL; /* furthest of those so far */
	size_t i;

	if (cnt)
		qsort(all, cnt, sizeof(*all), by_public);
	for (i = 0; i < cnt; i++) {
		const struct policy_service *service = &all[i]->service;
		bool apart =
			!reach || place_compare(&reach->service, service) != 0;

		if (!apart &&
		    service->public_port <= reach->service.public_last)
			public_error(check, reach, all[i]);
		if (apart || service->public_last > reach->service.public_last)
			reach = all[i];
	}
}

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
	size_t k;

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

		if (!gateway->site.text || !site->name.text[0] ||
		    strcmp(gateway->site.text, site->name.text))
			continue;
		for (k = 0; k < gateway->relay_cnt; k++) {
			const struct draft_text *relay = &gateway->relays[k];
			const struct net *net = NULL;
			struct ip_addr addr;

			if (value_relay_addr(relay->text, &addr))
				net = check_net_find(&table, &addr);
			if (net)
				check_error(
					check, relay->line,
					"relay \"%.100s\" lies in from %s "
					"(%s), which is reached through the "
					"tunnel: the tunnel's own connection "
					"would end up in itself; use an "
					"address outside of it",
					relay->text,
					ip_prefix_format(&net->prefix, text),
					check_ref(check, net->line,
						  relay->line));
		}
	}
}

/**
 * check_routes() - Rules about the routes of a site
 * @check:	Run
 * @site:	Site
 * @networks:	Its networks
 */
static void check_routes(struct check *check, const struct draft_site *site,
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

void check_services(struct check *check)
{
	const struct draft *draft = check->draft;
	const struct draft_service **all;
	size_t route_cnt = 0;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->site_cnt; i++) {
		cnt += draft->sites[i].service_cnt;
		route_cnt += draft->sites[i].route_cnt;
	}
	if (cnt + route_cnt > ID_CNT_MAX)
		check_error(check, 0,
			    "policy has %zu services and %zu routes; %u are "
			    "the most in all",
			    cnt, route_cnt, ID_CNT_MAX);
	all = arena_array(&check->scratch, cnt, sizeof(*all));
	for (i = 0, cnt = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];

		for (k = 0; k < site->service_cnt; k++) {
			const struct draft_service *service =
				&site->services[k];

			check_target(check, site, &check->networks[i], service);
			check_ports(check, service);
			check_family(check, service);
			check_public(check, service);
			check_ssh(check, service);
			if (service->service.public_port)
				all[cnt++] = service;
		}
		check_routes(check, site, &check->networks[i]);
	}
	check_publics(check, all, cnt);
}

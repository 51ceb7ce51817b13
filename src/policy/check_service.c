/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check_service.c - Rules about services
 */

#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "policy/netval.h"
#include "policy/plan.h"
#include "policy/prefixes.h"

/* Each service and route has an id of its own, and a new one must find a free
 * id soon. */
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
 * check_public() - A public address is no site's, and better no gateway's tunnel address
 * @check:	Run
 * @draft:	Service
 */
static void check_public(struct check *check, const struct draft_service *draft)
{
	const struct ip_addr *addr = &draft->service.public_addr;
	const struct net *net = check_net_find(&check->tunnel, addr);
	char net_text[IP_PREFIX_TEXT_SIZE];
	char text[IP_ADDR_TEXT_SIZE];

	if (addr->family == IP_NONE || !net)
		return;
	if (!net->site)
		check_warning(
			check, draft->public_line,
			"public address %s is a tunnel address of gateway "
			"\"%s\" (%s): clients reach it through the "
			"tunnel only; use one of the machine's networks",
			ip_addr_format(addr, text), net->owner,
			check_ref(check, net->line, draft->public_line));
	else
		check_error(check, draft->public_line,
			    "public address %s lies in %s (%s) of site \"%s\"; "
			    "it must "
			    "be an address of the cloud gateway, outside of "
			    "the tunnel",
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

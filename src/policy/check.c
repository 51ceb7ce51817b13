/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check.c - Every rule of a policy that needs more than one value: names,
 * roles, relays, families; others in check_net.c, check_service.c, check_route.c
 */

/**
 * DOC: Theory of operation
 *
 * Names, public ports, relays, addresses and networks are each gathered into
 * an array that is sorted; then a pair that must not be is a pair of
 * neighbours, and looking one up is a binary search.  Nothing is quadratic:
 * 10,000 services are a policy of ordinary size.
 *
 * An error about two places stands at the later one and names the earlier.
 * Empty values were reported by the parser and are passed over.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/check.h"

int check_lines(unsigned int a, unsigned int b)
{
	return a < b ? -1 : a > b;
}

/**
 * by_name() - Order of names, then lines, for qsort()
 * @a:		One struct named
 * @b:		Another
 */
static int by_name(const void *a, const void *b)
{
	const struct named *one = a;
	const struct named *two = b;
	int order = strcmp(one->name, two->name);

	return order ? order : check_lines(one->line, two->line);
}

/**
 * name_add() - Append a name, unless it is empty
 * @names:	Array with room
 * @cnt:	Entries in use
 * @name:	The name
 * @line:	Where it stands
 * @what:	What has it
 */
static void name_add(struct named *names, size_t *cnt, const char *name,
		     unsigned int line, const void *what)
{
	if (name[0])
		names[(*cnt)++] = (struct named){name, line, what};
}

/**
 * check_names() - No name twice
 * @check:	Run
 * @names:	Names; sorted afterwards
 * @cnt:	Entries there
 * @what:	What they name: "gateway"
 */
static void check_names(struct check *check, struct named *names, size_t cnt,
			const char *what)
{
	size_t i;

	if (cnt)
		qsort(names, cnt, sizeof(*names), by_name);
	for (i = 1; i < cnt; i++) {
		if (!strcmp(names[i].name, names[i - 1].name))
			check_error(check, names[i].line,
				    "%s name \"%s\" is taken by the one of "
				    "%s; use another",
				    what, names[i].name,
				    check_ref(check, names[i - 1].line,
					      names[i].line));
	}
}

/**
 * check_site_names() - Names of services and routes are unique in a site
 * @check:	Run
 * @site:	Site
 */
static void check_site_names(struct check *check, const struct draft_site *site)
{
	struct named *names = arena_array(&check->scratch,
					  site->service_cnt + site->route_cnt,
					  sizeof(*names));
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < site->service_cnt; i++)
		name_add(names, &cnt, site->services[i].service.name,
			 site->services[i].name_line, &site->services[i]);
	for (i = 0; i < site->route_cnt; i++)
		name_add(names, &cnt, site->routes[i].route.name,
			 site->routes[i].name_line, &site->routes[i]);
	check_names(check, names, cnt,
		    site->route_cnt ? "service or route" : "service");
}

/**
 * check_all_names() - Names of gateways, of sites, and within sites
 * @check:	Run; its tables of names are filled in
 */
static void check_all_names(struct check *check)
{
	const struct draft *draft = check->draft;
	struct named *clouds;
	struct named *names;
	size_t cnt = 0;
	size_t i;

	names = arena_array(&check->scratch, draft->gateway_cnt,
			    sizeof(*names));
	for (i = 0; i < draft->gateway_cnt; i++)
		name_add(names, &cnt, draft->gateways[i].name.text,
			 draft->gateways[i].name.line, &draft->gateways[i]);
	check_names(check, names, cnt, "gateway");
	clouds = arena_array(&check->scratch, cnt, sizeof(*clouds));
	for (i = 0; i < cnt; i++) {
		const struct draft_gateway *gateway = names[i].what;

		if (gateway->role_known && gateway->role == ROLE_CLOUD)
			clouds[check->cloud_cnt++] = names[i];
	}
	check->clouds = clouds;

	names = arena_array(&check->scratch, draft->site_cnt, sizeof(*names));
	for (i = 0, cnt = 0; i < draft->site_cnt; i++)
		name_add(names, &cnt, draft->sites[i].name.text,
			 draft->sites[i].name.line, &draft->sites[i]);
	check_names(check, names, cnt, "site");
	check->sites = names;
	check->site_cnt = cnt;

	for (i = 0; i < draft->site_cnt; i++)
		check_site_names(check, &draft->sites[i]);
}

/**
 * by_name_only() - Compares names alone, for bsearch()
 * @a:		One struct named
 * @b:		Another
 */
static int by_name_only(const void *a, const void *b)
{
	const struct named *one = a;
	const struct named *two = b;

	return strcmp(one->name, two->name);
}

const void *check_named(const struct named *table, size_t cnt, const char *name)
{
	const struct named key = {.name = name};
	const struct named *found = NULL;

	if (cnt)
		found = bsearch(&key, table, cnt, sizeof(key), by_name_only);
	return found ? found->what : NULL;
}

/**
 * check_cloud() - A cloud gateway has neither site nor relays
 * @check:	Run
 * @gateway:	Gateway of role "cloud"
 */
static void check_cloud(struct check *check,
			const struct draft_gateway *gateway)
{
	if (gateway->site.text)
		check_error(check, gateway->site.line,
			    "a cloud gateway has no \"site\"; remove it, or "
			    "set role = \"site\"");
	if (gateway->relays_set)
		check_error(check, gateway->relays_line,
			    "a cloud gateway has no \"relays\"; it finds those "
			    "of the site gateways, which listen there");
}

/**
 * check_site_gateway() - A site gateway has a site of the policy, and relays
 * @check:	Run
 * @gateway:	Gateway of role "site"
 * @served:	Per site of the draft: marked when this gateway serves it
 *
 * Return: true when it is known which site the gateway serves
 */
static bool check_site_gateway(struct check *check,
			       const struct draft_gateway *gateway,
			       bool *served)
{
	const struct draft_site *site;

	if (!gateway->relays_set)
		check_error(check, gateway->line,
			    "a site gateway needs \"relays\", like [ "
			    "\"wss://HOST/NAME\" ]");
	if (!gateway->site.text) {
		check_error(check, gateway->line,
			    "a site gateway needs \"site\", the name of the "
			    "site it serves");
		return false;
	}
	if (!gateway->site.text[0])
		return false;
	site = check_named(check->sites, check->site_cnt, gateway->site.text);
	if (!site) {
		check_error(check, gateway->site.line,
			    "site \"%.100s\" is unknown; \"sites\" has none of "
			    "this name",
			    gateway->site.text);
		return false;
	}
	served[site - check->draft->sites] = true;
	return true;
}

/**
 * check_roles() - Gateways and sites fit together
 * @check:	Run with the table of sites
 */
static void check_roles(struct check *check)
{
	const struct draft *draft = check->draft;
	bool *served =
		arena_array(&check->scratch, draft->site_cnt, sizeof(*served));
	bool all_known = true;
	size_t i;

	for (i = 0; i < draft->gateway_cnt; i++) {
		const struct draft_gateway *gateway = &draft->gateways[i];

		if (!gateway->role_known)
			all_known = false;
		else if (gateway->role == ROLE_CLOUD)
			check_cloud(check, gateway);
		else
			all_known &= check_site_gateway(check, gateway, served);
	}
	for (i = 0; all_known && i < draft->site_cnt; i++) {
		if (!served[i] && draft->sites[i].name.text[0])
			check_warning(
				check, draft->sites[i].line,
				"site \"%s\" has no gateway; its services "
				"cannot be reached",
				draft->sites[i].name.text);
	}
}

/**
 * check_relays() - No relay address twice
 * @check:	Run
 *
 * Within a gateway it is a mistake.  Two gateways may share one, but the relay
 * then picks either at random.
 */
static void check_relays(struct check *check)
{
	const struct draft *draft = check->draft;
	struct named *relays;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->gateway_cnt; i++)
		cnt += draft->gateways[i].relay_cnt;
	relays = arena_array(&check->scratch, cnt, sizeof(*relays));
	for (i = 0, cnt = 0; i < draft->gateway_cnt; i++) {
		const struct draft_gateway *gateway = &draft->gateways[i];

		for (k = 0; k < gateway->relay_cnt; k++)
			name_add(relays, &cnt, gateway->relays[k].text,
				 gateway->relays[k].line, gateway);
	}
	if (cnt)
		qsort(relays, cnt, sizeof(*relays), by_name);

	for (i = 1; i < cnt; i++) {
		if (strcmp(relays[i].name, relays[i - 1].name))
			continue;
		if (relays[i].what == relays[i - 1].what)
			check_error(check, relays[i].line,
				    "relay \"%.100s\" is listed twice in one "
				    "gateway",
				    relays[i].name);
		else
			check_warning(
				check, relays[i].line,
				"relay \"%.100s\" is also that of %s; it "
				"picks one of the two gateways at random, "
				"so give each its own",
				relays[i].name,
				check_ref(check, relays[i - 1].line,
					  relays[i].line));
	}
}

/**
 * site_families() - Of which families are the networks of a site?
 * @site:	Site
 * @has_v4:	Set when one is IPv4
 * @has_v6:	Set when one is IPv6
 */
static void site_families(const struct draft_site *site, bool *has_v4,
			  bool *has_v6)
{
	size_t i;

	for (i = 0; i < site->network_cnt; i++) {
		if (site->networks[i].prefix.addr.family == IP_V6)
			*has_v6 = true;
		else
			*has_v4 = true;
	}
}

/**
 * check_family() - A gateway has an address of a family it carries
 * @check:	Run
 * @gateway:	Gateway
 * @family:	The family
 * @like:	Such an address
 */
static void check_family(struct check *check,
			 const struct draft_gateway *gateway,
			 enum ip_family family, const char *like)
{
	bool cloud = gateway->role == ROLE_CLOUD;
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		if (gateway->addrs[i].addr.family == family)
			return;
	}
	check_error(check, gateway->addrs_line,
		    "gateway needs an IPv%d address, like %s: %s has IPv%d "
		    "networks",
		    family, like, cloud ? "a site" : "its site", family);
}

/**
 * check_families() - Gateways have addresses of the families they carry
 * @check:	Run with the table of sites
 */
static void check_families(struct check *check)
{
	const struct draft *draft = check->draft;
	bool any_v4 = false;
	bool any_v6 = false;
	size_t i;

	for (i = 0; i < draft->site_cnt; i++)
		site_families(&draft->sites[i], &any_v4, &any_v6);
	for (i = 0; i < draft->gateway_cnt; i++) {
		const struct draft_gateway *gateway = &draft->gateways[i];
		const struct draft_site *site = NULL;
		bool v4 = any_v4;
		bool v6 = any_v6;

		if (!gateway->role_known || !gateway->addrs_known)
			continue;
		if (gateway->role == ROLE_SITE) {
			site = gateway->site.text
				       ? check_named(check->sites,
						     check->site_cnt,
						     gateway->site.text)
				       : NULL;
			v4 = false;
			v6 = false;
		}
		if (site)
			site_families(site, &v4, &v6);
		if (v4)
			check_family(check, gateway, IP_V4, "100.64.0.1");
		if (v6)
			check_family(check, gateway, IP_V6, "fd64:1::1");
	}
}

void draft_check(const struct draft *draft, struct diag *diag)
{
	struct check check = {.draft = draft, .diag = diag};

	arena_init(&check.scratch);
	check_all_names(&check);
	check_roles(&check);
	check_relays(&check);
	check_families(&check);
	check_nets(&check);
	check_services(&check);
	arena_fini(&check.scratch);
}

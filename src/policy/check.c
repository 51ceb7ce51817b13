/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check.c - Every rule of a policy that needs more than one value
 */

/**
 * DOC: Theory of operation
 *
 * Names, public ports, relays, addresses and networks are each gathered into
 * an array that is sorted; then a pair that must not be is a pair of neighbours,
 * and looking one up is a binary search.  Nothing is quadratic: 10,000 services
 * are a policy of ordinary size.
 *
 * An error about two places stands at the later one and names the earlier.
 * Empty values were reported by the parser and are passed over.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "policy/draft.h"
#include "policy/plan.h"

/* Each service has an id of its own, and a new one must find a free id soon. */
#define SERVICE_CNT_MAX (PLAN_ID_MAX / 4 * 3)

#define SSH_PORT        22

/** struct named - Something with a name */
struct named {
	const char *name;
	unsigned int line;
	const void *what; /* the draft it is of */
};

/**
 * struct net - A network in the sorted array
 * @network:	As it was read
 * @site:	Whose it is
 * @within:	The smallest network that contains this one, NULL when none does
 */
struct net {
	const struct draft_network *network;
	const struct draft_site *site;
	const struct net *within;
};

/**
 * struct check - One run over a draft
 * @draft:	What is checked
 * @diag:	Receives errors and warnings
 * @scratch:	Memory that is freed after the run
 * @sites:	Sites by name
 * @site_cnt:	Entries there
 * @nets:	Networks of all sites, by address, larger ones first
 * @net_cnt:	Entries there
 */
struct check {
	const struct draft *draft;
	struct diag *diag;
	struct arena scratch;
	struct named *sites;
	size_t site_cnt;
	struct net *nets;
	size_t net_cnt;
};

#define check_error(check, line, ...)                                          \
	diag_error((check)->diag, (check)->draft->path, line, __VA_ARGS__)
#define check_warning(check, line, ...)                                        \
	diag_warning((check)->diag, (check)->draft->path, line, __VA_ARGS__)

/**
 * lines_compare() - Order of two lines
 * @a:		One
 * @b:		Another
 */
static int lines_compare(unsigned int a, unsigned int b)
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

	return order ? order : lines_compare(one->line, two->line);
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
				    "line %u; use another",
				    what, names[i].name, names[i - 1].line);
	}
}

/**
 * check_all_names() - Names of gateways, of sites, and of services in a site
 * @check:	Run; its table of sites is filled in
 */
static void check_all_names(struct check *check)
{
	const struct draft *draft = check->draft;
	struct named *names;
	size_t cnt = 0;
	size_t i;
	size_t k;

	names = arena_array(&check->scratch, draft->gateway_cnt,
			    sizeof(*names));
	for (i = 0; i < draft->gateway_cnt; i++)
		name_add(names, &cnt, draft->gateways[i].name.text,
			 draft->gateways[i].name.line, &draft->gateways[i]);
	check_names(check, names, cnt, "gateway");

	names = arena_array(&check->scratch, draft->site_cnt, sizeof(*names));
	for (i = 0, cnt = 0; i < draft->site_cnt; i++)
		name_add(names, &cnt, draft->sites[i].name.text,
			 draft->sites[i].name.line, &draft->sites[i]);
	check_names(check, names, cnt, "site");
	check->sites = names;
	check->site_cnt = cnt;

	for (i = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];

		names = arena_array(&check->scratch, site->service_cnt,
				    sizeof(*names));
		for (k = 0, cnt = 0; k < site->service_cnt; k++)
			name_add(names, &cnt, site->services[k].service.name,
				 site->services[k].name_line,
				 &site->services[k]);
		check_names(check, names, cnt, "service");
	}
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

/**
 * site_find() - A site by its name
 * @check:	Run with the table of sites
 * @name:	Name to look for
 *
 * Return: the site, or NULL
 */
static const struct draft_site *site_find(const struct check *check,
					  const char *name)
{
	const struct named key = {.name = name};
	const struct named *found = NULL;

	if (check->site_cnt)
		found = bsearch(&key, check->sites, check->site_cnt,
				sizeof(key), by_name_only);
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
	site = site_find(check, gateway->site.text);
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
			check_warning(check, relays[i].line,
				      "relay \"%.100s\" is also that of line "
				      "%u; it picks one of the two gateways at "
				      "random, so give each its own",
				      relays[i].name, relays[i - 1].line);
	}
}

/**
 * by_prefix() - Order of networks for qsort(): a network before those inside it
 * @a:		One struct net
 * @b:		Another
 */
static int by_prefix(const void *a, const void *b)
{
	const struct draft_network *one = ((const struct net *)a)->network;
	const struct draft_network *two = ((const struct net *)b)->network;
	int order = ip_addr_compare(&one->prefix.addr, &two->prefix.addr);

	if (order)
		return order;
	if (one->prefix.len != two->prefix.len)
		return one->prefix.len < two->prefix.len ? -1 : 1;
	return lines_compare(one->line, two->line);
}

/**
 * overlap_error() - Report two networks that overlap
 * @check:	Run
 * @a:		One
 * @b:		Another
 */
static void overlap_error(struct check *check, const struct net *a,
			  const struct net *b)
{
	bool a_first = a->network->line <= b->network->line;
	const struct net *first = a_first ? a : b;
	const struct net *later = a_first ? b : a;
	char first_text[IP_PREFIX_TEXT_SIZE];
	char later_text[IP_PREFIX_TEXT_SIZE];

	ip_prefix_format(&first->network->prefix, first_text);
	ip_prefix_format(&later->network->prefix, later_text);
	if (first->site == later->site)
		check_error(check, later->network->line,
			    "network %s overlaps %s (line %u) of the same "
			    "site; keep the larger one",
			    later_text, first_text, first->network->line);
	else
		check_error(check, later->network->line,
			    "network %s overlaps %s (line %u) of site \"%s\"; "
			    "each address belongs to one site",
			    later_text, first_text, first->network->line,
			    first->site->name.text);
}

/**
 * check_networks() - No address in two networks
 * @check:	Run; its table of networks is filled in
 *
 * Networks nest or are apart.  Sorted, the smallest that contains one is the one
 * before it, or the smallest around that, and so on.
 */
static void check_networks(struct check *check)
{
	const struct draft *draft = check->draft;
	const struct net *outer;
	struct net *nets;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->site_cnt; i++)
		cnt += draft->sites[i].network_cnt;
	nets = arena_array(&check->scratch, cnt, sizeof(*nets));
	for (i = 0, cnt = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];

		for (k = 0; k < site->network_cnt; k++)
			nets[cnt++] = (struct net){
				.network = &site->networks[k], .site = site};
	}
	if (cnt)
		qsort(nets, cnt, sizeof(*nets), by_prefix);

	for (i = 1; i < cnt; i++) {
		outer = &nets[i - 1];
		while (outer && !ip_prefix_overlaps(&outer->network->prefix,
						    &nets[i].network->prefix))
			outer = outer->within;
		nets[i].within = outer;
		if (outer)
			overlap_error(check, outer, &nets[i]);
	}
	check->nets = nets;
	check->net_cnt = cnt;
}

/**
 * net_find() - The network an address lies in
 * @check:	Run with the table of networks
 * @addr:	Address
 * @site:	Look at networks of this site only; NULL: at all
 *
 * Return: the network, or NULL
 */
static const struct net *net_find(const struct check *check,
				  const struct ip_addr *addr,
				  const struct draft_site *site)
{
	const struct net *net;
	size_t low = 0;
	size_t high = check->net_cnt;

	/* Behind the last network that does not begin behind the address. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ip_addr_compare(&check->nets[mid].network->prefix.addr,
				    addr) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (net = low ? &check->nets[low - 1] : NULL; net; net = net->within) {
		if (ip_prefix_contains(&net->network->prefix, addr) &&
		    (!site || net->site == site))
			return net;
	}
	return NULL;
}

/** struct owned_addr - A gateway's address in the sorted array */
struct owned_addr {
	const struct draft_addr *addr;
	const struct draft_gateway *gateway;
};

/**
 * by_addr() - Order of gateway addresses, then lines, for qsort()
 * @a:		One struct owned_addr
 * @b:		Another
 */
static int by_addr(const void *a, const void *b)
{
	const struct draft_addr *one = ((const struct owned_addr *)a)->addr;
	const struct draft_addr *two = ((const struct owned_addr *)b)->addr;
	int order = ip_addr_compare(&one->addr, &two->addr);

	return order ? order : lines_compare(one->line, two->line);
}

/**
 * check_addr() - A gateway's address lies in no site's network
 * @check:	Run with the table of networks
 * @addr:	Address
 */
static void check_addr(struct check *check, const struct draft_addr *addr)
{
	const struct net *net = net_find(check, &addr->addr, NULL);
	char net_text[IP_PREFIX_TEXT_SIZE];
	char text[IP_ADDR_TEXT_SIZE];

	if (!net)
		return;
	check_error(check, addr->line,
		    "address %s lies in network %s (line %u) of site \"%s\"; "
		    "use one that no network has, like 100.64.0.1",
		    ip_addr_format(&addr->addr, text),
		    ip_prefix_format(&net->network->prefix, net_text),
		    net->network->line, net->site->name.text);
}

/**
 * check_addrs() - Each gateway's addresses are its own
 * @check:	Run with the table of networks
 */
static void check_addrs(struct check *check)
{
	const struct draft *draft = check->draft;
	struct owned_addr *all;
	char text[IP_ADDR_TEXT_SIZE];
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->gateway_cnt; i++)
		cnt += draft->gateways[i].addr_cnt;
	all = arena_array(&check->scratch, cnt, sizeof(*all));
	for (i = 0, cnt = 0; i < draft->gateway_cnt; i++) {
		const struct draft_gateway *gateway = &draft->gateways[i];

		for (k = 0; k < gateway->addr_cnt; k++) {
			check_addr(check, &gateway->addrs[k]);
			all[cnt++] = (struct owned_addr){&gateway->addrs[k],
							 gateway};
		}
	}
	if (cnt)
		qsort(all, cnt, sizeof(*all), by_addr);

	for (i = 1; i < cnt; i++) {
		if (ip_addr_equal(&all[i].addr->addr, &all[i - 1].addr->addr))
			check_error(
				check, all[i].addr->line,
				"address %s is that of gateway \"%s\" (line "
				"%u); use another",
				ip_addr_format(&all[i].addr->addr, text),
				all[i - 1].gateway->name.text,
				all[i - 1].addr->line);
	}
}

/**
 * check_target() - A service leads into a network of its site
 * @check:	Run with the table of networks
 * @site:	Site
 * @draft:	Service of it
 */
static void check_target(struct check *check, const struct draft_site *site,
			 const struct draft_service *draft)
{
	const struct ip_addr *target = &draft->service.target;
	char text[IP_ADDR_TEXT_SIZE];

	if (target->family == IP_NONE || !site->networks_known ||
	    net_find(check, target, site))
		return;
	check_error(check, draft->target_line,
		    "target %s lies in none of the networks of site \"%s\" "
		    "(line %u); add its network there, or correct it",
		    ip_addr_format(target, text), site->name.text,
		    site->networks[0].line);
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

	if (service->proto != PROTO_TCP || service->public_port != SSH_PORT)
		return;
	check_warning(check, draft->public_line,
		      "service \"%s\" takes port tcp/22 of %s%s: ssh to the "
		      "cloud gateway itself no longer works there",
		      service->name,
		      service->public_addr.family ? "" : "every address",
		      ip_addr_format(&service->public_addr, text));
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
	int order = ip_addr_compare(&one->public_addr, &two->public_addr);

	if (order)
		return order;
	if (one->proto != two->proto)
		return one->proto < two->proto ? -1 : 1;
	if (one->public_port != two->public_port)
		return one->public_port < two->public_port ? -1 : 1;
	return lines_compare((*draft_a)->public_line, (*draft_b)->public_line);
}

/**
 * public_equal() - Do two services want the same public port?
 * @a:		One
 * @b:		Another
 *
 * One at a certain address goes before one at every address: these may have the
 * same port.
 */
static bool public_equal(const struct policy_service *a,
			 const struct policy_service *b)
{
	return a->public_port == b->public_port && a->proto == b->proto &&
	       ip_addr_equal(&a->public_addr, &b->public_addr);
}

/**
 * check_publics() - A public port leads to one service
 * @check:	Run
 * @all:	Services that have one; sorted afterwards
 * @cnt:	Entries there
 */
static void check_publics(struct check *check, const struct draft_service **all,
			  size_t cnt)
{
	size_t i;

	if (cnt)
		qsort(all, cnt, sizeof(*all), by_public);
	for (i = 1; i < cnt; i++) {
		const struct policy_service *service = &all[i]->service;
		char text[IP_ADDR_TEXT_SIZE];

		if (!public_equal(service, &all[i - 1]->service))
			continue;
		ip_addr_format(&service->public_addr, text);
		check_error(check, all[i]->public_line,
			    "public port %s%s%s/%u is that of service \"%s\" "
			    "(line %u); use another",
			    text, text[0] ? ":" : "",
			    service_proto_name(service->proto),
			    service->public_port, all[i - 1]->service.name,
			    all[i - 1]->public_line);
	}
}

/**
 * check_services() - Rules about services of all sites
 * @check:	Run with the table of networks
 */
static void check_services(struct check *check)
{
	const struct draft *draft = check->draft;
	const struct draft_service **all;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->site_cnt; i++)
		cnt += draft->sites[i].service_cnt;
	if (cnt > SERVICE_CNT_MAX)
		check_error(check, 0,
			    "policy has %zu services; %u are the most", cnt,
			    SERVICE_CNT_MAX);
	all = arena_array(&check->scratch, cnt, sizeof(*all));
	for (i = 0, cnt = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];

		for (k = 0; k < site->service_cnt; k++) {
			check_target(check, site, &site->services[k]);
			check_ssh(check, &site->services[k]);
			if (site->services[k].service.public_port)
				all[cnt++] = &site->services[k];
		}
	}
	check_publics(check, all, cnt);
}

void draft_check(const struct draft *draft, struct diag *diag)
{
	struct check check = {.draft = draft, .diag = diag};

	arena_init(&check.scratch);
	check_all_names(&check);
	check_roles(&check);
	check_relays(&check);
	check_networks(&check);
	check_addrs(&check);
	check_services(&check);
	arena_fini(&check.scratch);
}

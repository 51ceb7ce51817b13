/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check.c - Every rule of a policy that needs more than one value
 *
 * Nothing here is quadratic in the number of services: names and public ports
 * are sorted, and neighbours compared.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/draft.h"

/** struct named - A name and where it stands, to be sorted */
struct named {
	const char *name;
	unsigned int line;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a;
	const struct named *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/** check_names() - Report names that occur twice; sorts @names */
static void check_names(const struct draft *draft, struct named *names,
			size_t cnt, const char *what, struct diag *diag)
{
	size_t i;

	if (cnt)
		qsort(names, cnt, sizeof(*names), by_name);
	for (i = 1; i < cnt; i++) {
		if (names[i].name[0] &&
		    !strcmp(names[i].name, names[i - 1].name))
			diag_error(diag, draft->path, names[i].line,
				   "%s \"%s\" stands already in line %u", what,
				   names[i].name, names[i - 1].line);
	}
}

static void check_gateway_names(const struct draft *draft, struct diag *diag)
{
	struct named *names = calloc(draft->gateway_cnt + 1, sizeof(*names));
	size_t i;

	if (!names)
		abort();
	for (i = 0; i < draft->gateway_cnt; i++)
		names[i] = (struct named){draft->gateways[i].gateway.name,
					  draft->gateways[i].gateway.line};
	check_names(draft, names, draft->gateway_cnt, "gateway", diag);
	free(names);
}

static void check_site_names(const struct draft *draft, struct diag *diag)
{
	struct named *names = calloc(draft->site_cnt + 1, sizeof(*names));
	size_t i;

	if (!names)
		abort();
	for (i = 0; i < draft->site_cnt; i++)
		names[i] = (struct named){draft->sites[i].site.name,
					  draft->sites[i].site.line};
	check_names(draft, names, draft->site_cnt, "site", diag);
	free(names);
}

static void check_service_names(const struct draft *draft,
				const struct draft_site *site,
				struct diag *diag)
{
	size_t cnt = site->site.service_cnt;
	struct named *names = calloc(cnt + 1, sizeof(*names));
	size_t i;

	if (!names)
		abort();
	for (i = 0; i < cnt; i++)
		names[i] = (struct named){site->services[i].name,
					  site->services[i].line};
	check_names(draft, names, cnt, "service", diag);
	free(names);
}

/** link_site() - A site gateway's site; a cloud gateway has none */
static void link_site(struct draft *draft, struct draft_gateway *gw,
		      struct diag *diag)
{
	size_t i;

	if (gw->gateway.role == ROLE_CLOUD) {
		if (gw->site_name)
			diag_error(diag, draft->path, gw->site_line,
				   "gateway \"%s\" is a cloud gateway and "
				   "belongs to no site: drop \"site\"",
				   gw->gateway.name);
		if (gw->gateway.relay_cnt)
			diag_error(diag, draft->path, gw->relays_line,
				   "gateway \"%s\" is a cloud gateway: relays "
				   "stand at the site gateways that listen "
				   "there",
				   gw->gateway.name);
		return;
	}
	if (!gw->gateway.relay_cnt)
		diag_error(diag, draft->path, gw->relays_line,
			   "gateway \"%s\" needs \"relays\", as "
			   "[ \"wss://HOST/NAME\" ]",
			   gw->gateway.name);
	if (!gw->site_name) {
		diag_error(diag, draft->path, gw->gateway.line,
			   "gateway \"%s\" needs \"site\"", gw->gateway.name);
		return;
	}
	for (i = 0; i < draft->site_cnt; i++) {
		if (!strcmp(draft->sites[i].site.name, gw->site_name))
			gw->gateway.site = &draft->sites[i].site;
	}
	if (!gw->gateway.site)
		diag_error(diag, draft->path, gw->site_line,
			   "gateway \"%s\" serves site \"%s\", which \"sites\" "
			   "does not have",
			   gw->gateway.name, gw->site_name);
}

/** check_sites_served() - A site without gateway is out of reach */
static void check_sites_served(const struct draft *draft, struct diag *diag)
{
	size_t s;
	size_t g;

	for (s = 0; s < draft->site_cnt; s++) {
		const struct policy_site *site = &draft->sites[s].site;

		for (g = 0; g < draft->gateway_cnt; g++) {
			if (draft->gateways[g].gateway.site == site)
				break;
		}
		if (g == draft->gateway_cnt)
			diag_warning(diag, draft->path, site->line,
				     "site \"%s\" has no gateway: nothing "
				     "there can be reached",
				     site->name);
	}
}

/** check_addr() - A gateway's address: unique, and in no site's network */
static void check_addr(const struct draft *draft, size_t idx,
		       const struct ip_addr *addr, struct diag *diag)
{
	const struct draft_gateway *gw = &draft->gateways[idx];
	char text[IP_ADDR_TEXT_SIZE];
	size_t i;
	size_t n;

	ip_addr_format(addr, text);
	for (i = 0; i < idx; i++) {
		const struct draft_gateway *other = &draft->gateways[i];
		const struct ip_addr *theirs =
			gateway_addr(&other->gateway, addr->family);

		if (theirs && ip_addr_equal(theirs, addr))
			diag_error(diag, draft->path, gw->address_line,
				   "address %s is gateway \"%s\"'s already "
				   "(line %u)",
				   text, other->gateway.name,
				   other->address_line);
	}
	for (i = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];

		for (n = 0; n < site->site.network_cnt; n++) {
			if (ip_prefix_contains(&site->site.networks[n], addr))
				diag_error(diag, draft->path, gw->address_line,
					   "address %s lies in a network of "
					   "site \"%s\" (line %u): take one "
					   "that nobody uses, as from "
					   "100.64.0.0/10",
					   text, site->site.name,
					   site->networks_line);
		}
	}
}

static void check_gateways(struct draft *draft, struct diag *diag)
{
	size_t i;
	size_t a;

	for (i = 0; i < draft->gateway_cnt; i++) {
		struct draft_gateway *gw = &draft->gateways[i];

		link_site(draft, gw, diag);
		for (a = 0; a < gw->gateway.addr_cnt; a++)
			check_addr(draft, i, &gw->gateway.addrs[a], diag);
	}
}

/** struct net - A site's network, to be sorted */
struct net {
	const struct ip_prefix *prefix;
	const struct draft_site *site;
};

static int by_prefix(const void *a, const void *b)
{
	const struct net *x = a;
	const struct net *y = b;
	int order = ip_addr_compare(&x->prefix->addr, &y->prefix->addr);

	return order ? order : x->prefix->len - y->prefix->len;
}

static size_t network_cnt(const struct draft *draft)
{
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < draft->site_cnt; i++)
		cnt += draft->sites[i].site.network_cnt;
	return cnt;
}

/** report_overlap() - At the later of the two lines */
static void report_overlap(const struct draft *draft, const struct net *a,
			   const struct net *b, struct diag *diag)
{
	const struct net *later =
		a->site->networks_line > b->site->networks_line ? a : b;
	const struct net *earlier = later == a ? b : a;
	char one[IP_PREFIX_TEXT_SIZE];
	char two[IP_PREFIX_TEXT_SIZE];

	ip_prefix_format(later->prefix, one);
	ip_prefix_format(earlier->prefix, two);
	if (later->site == earlier->site)
		diag_error(diag, draft->path, later->site->networks_line,
			   "networks %s and %s overlap: keep the larger one",
			   one, two);
	else
		diag_error(diag, draft->path, later->site->networks_line,
			   "network %s overlaps %s of site \"%s\" (line %u): "
			   "sites need networks of their own",
			   one, two, earlier->site->site.name,
			   earlier->site->networks_line);
}

/** check_networks() - Sorted, an overlap is between one and a covering one
 *  before it */
static void check_networks(const struct draft *draft, struct diag *diag)
{
	size_t cnt = network_cnt(draft);
	struct net *nets = calloc(cnt + 1, sizeof(*nets));
	size_t cover = 0;
	size_t used = 0;
	size_t i;
	size_t n;

	if (!nets)
		abort();
	for (i = 0; i < draft->site_cnt; i++) {
		for (n = 0; n < draft->sites[i].site.network_cnt; n++)
			nets[used++] =
				(struct net){&draft->sites[i].site.networks[n],
					     &draft->sites[i]};
	}
	if (cnt)
		qsort(nets, cnt, sizeof(*nets), by_prefix);
	for (i = 1; i < cnt; i++) {
		if (ip_prefix_overlaps(nets[cover].prefix, nets[i].prefix))
			report_overlap(draft, &nets[cover], &nets[i], diag);
		else
			cover = i;
	}
	free(nets);
}

static void check_target(const struct draft *draft,
			 const struct draft_site *site,
			 const struct policy_service *service,
			 struct diag *diag)
{
	char text[IP_ADDR_TEXT_SIZE];
	size_t i;

	if (service->target.family == IP_NONE)
		return;
	for (i = 0; i < site->site.network_cnt; i++) {
		if (ip_prefix_contains(&site->site.networks[i],
				       &service->target))
			return;
	}
	diag_error(diag, draft->path, service->line,
		   "target %s of service \"%s\" lies in no network of site "
		   "\"%s\" (line %u)",
		   ip_addr_format(&service->target, text), service->name,
		   site->site.name, site->networks_line);
}

static void check_ssh(const struct draft *draft,
		      const struct policy_service *service, struct diag *diag)
{
	if (service->proto == PROTO_TCP && service->public_port == 22 &&
	    service->public_addr.family == IP_NONE)
		diag_warning(diag, draft->path, service->line,
			     "service \"%s\" takes tcp/22 of all addresses: "
			     "the cloud gateway's own ssh will be out of reach",
			     service->name);
}

static int by_public(const void *a, const void *b)
{
	const struct policy_service *x =
		*(const struct policy_service *const *)a;
	const struct policy_service *y =
		*(const struct policy_service *const *)b;
	int order = ip_addr_compare(&x->public_addr, &y->public_addr);

	if (order)
		return order;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->public_port != y->public_port)
		return x->public_port < y->public_port ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/** same_public() - Do both want the same port? */
static bool same_public(const struct policy_service *a,
			const struct policy_service *b)
{
	return a->public_port && a->public_port == b->public_port &&
	       a->proto == b->proto &&
	       ip_addr_equal(&a->public_addr, &b->public_addr);
}

/** check_publics() - A public port leads to one service */
static void check_publics(const struct draft *draft, struct diag *diag)
{
	const struct policy_service **all;
	size_t cnt = 0;
	size_t i;
	size_t k;

	for (i = 0; i < draft->site_cnt; i++)
		cnt += draft->sites[i].site.service_cnt;
	all = calloc(cnt + 1, sizeof(*all));
	if (!all)
		abort();
	cnt = 0;
	for (i = 0; i < draft->site_cnt; i++) {
		for (k = 0; k < draft->sites[i].site.service_cnt; k++)
			all[cnt++] = &draft->sites[i].services[k];
	}
	if (cnt)
		qsort(all, cnt, sizeof(*all), by_public);
	for (i = 1; i < cnt; i++) {
		if (same_public(all[i - 1], all[i]))
			diag_error(diag, draft->path, all[i]->line,
				   "%s/%u is service \"%s\"'s already (line "
				   "%u)",
				   service_proto_name(all[i]->proto),
				   all[i]->public_port, all[i - 1]->name,
				   all[i - 1]->line);
	}
	free(all);
}

void draft_check(struct draft *draft, struct diag *diag)
{
	size_t i;
	size_t k;

	check_gateway_names(draft, diag);
	check_site_names(draft, diag);
	check_gateways(draft, diag);
	check_sites_served(draft, diag);
	check_networks(draft, diag);
	check_publics(draft, diag);
	for (i = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];

		check_service_names(draft, site, diag);
		for (k = 0; k < site->site.service_cnt; k++) {
			check_target(draft, site, &site->services[k], diag);
			check_ssh(draft, &site->services[k], diag);
		}
	}
}

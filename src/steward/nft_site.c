/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft_site.c - Hooks of a site gateway
 */

#include <stdio.h>

#include "steward/nft_work.h"

/**
 * gather_sources() - Where flows of the tunnel come from: gateways at the other
 * end, and who keeps his source on the way
 */
static void gather_sources(const struct plan *plan,
			   const struct nft_family *family,
			   struct nft_prefixes *list)
{
	size_t i;
	size_t f;

	for (i = 0; i < plan->peer_cnt; i++) {
		const struct ip_prefix *pool =
			gateway_pool(plan->peers[i], family->family);

		if (pool)
			nft_prefixes_add(list, pool, family->family);
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		const struct policy_route *route = plan->grants[i].route;

		for (f = 0; !route->nat && f < route->from.cnt; f++)
			nft_prefixes_add(list, &route->from.prefixes[f],
					 family->family);
	}
}

static void sources_sets(struct nft_work *work, const struct nft_family *family)
{
	struct nft_prefixes list = {0};
	char name[NFT_NAME_SIZE];

	gather_sources(work->plan, family, &list);
	snprintf(name, sizeof(name), "sources_%s", family->tag);
	nft_prefixes_set(work, &list, name,
			 "where flows of the tunnel come from", family);
	gather_sources(work->plan, family, &list);
	if (work->ending)
		gather_sources(work->ending, family, &list);
	nft_ending_set(work, &list, family);
}

/** alias_name() - Of the chain that translates network number @idx */
static void alias_name(size_t idx, const struct nft_family *family,
		       char name[NFT_NAME_SIZE])
{
	snprintf(name, NFT_NAME_SIZE, "alias_%zu_%s", idx, family->tag);
}

/** alias_chains() - From an alias to the network it stands for */
static void alias_chains(struct nft_work *work, const struct nft_family *family)
{
	const struct policy_site *site = work->plan->gateway->site;
	char network[IP_PREFIX_TEXT_SIZE];
	char alias[IP_PREFIX_TEXT_SIZE];
	char name[NFT_NAME_SIZE];
	char verdict[NFT_NAME_SIZE + 8];
	struct strbuf type;
	size_t i;

	for (i = 0; site->aliases && i < site->network_cnt; i++) {
		if (site->networks[i].addr.family != family->family)
			continue;
		alias_name(i, family, name);
		nft_chain(work, name, NULL, NULL);
		nft_rule(work, NULL, "%s daddr %s dnat %s prefix to %s",
			 family->ip, ip_prefix_format(&site->aliases[i], alias),
			 family->ip,
			 ip_prefix_format(&site->networks[i], network));
	}
	strbuf_init(&type);
	strbuf_printf(&type, "%s : verdict", family->type);
	snprintf(name, sizeof(name), "aliases_%s", family->tag);
	nft_set(work, TABLE_MAP, name,
		"what stands for this site's networks in the tunnel",
		strbuf_str(&type), "interval");
	strbuf_fini(&type);
	for (i = 0; site->aliases && i < site->network_cnt; i++) {
		if (site->aliases[i].addr.family != family->family)
			continue;
		alias_name(i, family, name);
		snprintf(verdict, sizeof(verdict), "goto %s", name);
		table_line(work->table,
			   ip_prefix_format(&site->aliases[i], alias), verdict);
	}
}

/** tunnel_chains() - Into the tunnel, and out of it */
static void tunnel_chains(struct nft_work *work)
{
	size_t i;

	nft_chain(work, "to_tun", "forwarded into the tunnel", NULL);
	nft_rule(work, NULL, CUT " goto cut");
	nft_rule(work, "belongs to no flow", "ct state invalid counter drop");
	nft_rule(work, "answers of services",
		 MARKED
		 " ct direction reply ct state established,related accept");
	nft_rule(work, "everything else is refused",
		 "counter reject with icmpx type admin-prohibited");

	nft_chain(work, "from_tun", "forwarded out of the tunnel", NULL);
	nft_rule(work, NULL, CUT " goto cut");
	nft_rule(work, "clients of services and routes",
		 MARKED " ct direction original "
			"ct state established,related accept");
	nft_rule(work, NULL, "ct state != new counter drop");
	for (i = 0; i < work->family_cnt; i++) {
		const char *ip = work->families[i]->ip;
		const char *tag = work->families[i]->tag;

		nft_rule(work, "new clients of services",
			 "meta l4proto { tcp, udp } %s saddr @peers_%s "
			 "%s daddr . meta l4proto . th dport vmap @service_%s",
			 ip, tag, ip, tag);
		nft_rule(work, NULL,
			 "meta l4proto { tcp, udp } %s saddr @peers_%s "
			 "%s daddr . meta l4proto . th dport vmap @range_%s",
			 ip, tag, ip, tag);
		nft_rule(work, "new clients of routes",
			 "%s daddr vmap @grants_%s", ip, tag);
	}
	nft_rule(work, "nothing else, whatever the cloud side says",
		 "counter drop");
}

/** forward_hook() - Between the tunnel and the LAN */
static void forward_hook(struct nft_work *work)
{
	size_t i;

	nft_forward_begin(work, "original");
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work,
			 "a flow of the tunnel beside the tunnel: route gone, "
			 "or forged",
			 MARKED " ct original %s saddr @sources_%s "
				"counter drop",
			 work->families[i]->ip, work->families[i]->tag);
	nft_opened_rules(work);
}

/** nat_hooks() - Networks by their alias; the LAN sees the gateway's address */
static void nat_hooks(struct nft_work *work)
{
	const char *tun = work->plan->conf->tun_name;
	size_t i;

	nft_chain(work, "prerouting", "networks are known by their alias",
		  "nat hook prerouting priority -100");
	nft_rule(work, NULL, "iifname != \"%s\" return", tun);
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, NULL, "%s daddr vmap @aliases_%s",
			 work->families[i]->ip, work->families[i]->tag);

	if (!work->plan->gateway->site->masquerade)
		return;
	nft_chain(work, "postrouting",
		  "services see the gateway: the LAN needs no route back",
		  "nat hook postrouting priority 100");
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, NULL,
			 "oifname != \"%s\" " MARKED
			 " %s saddr @peers_%s masquerade",
			 tun, work->families[i]->ip, work->families[i]->tag);
}

/** egress_hook() - What really leaves, whatever route it was given late */
static void egress_hook(struct nft_work *work)
{
	const char *tun = work->plan->conf->tun_name;
	size_t i;

	nft_chain(work, "egress", "what really leaves, after all rerouting",
		  "filter hook postrouting priority 0");
	nft_rerouted_rule(work);
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, "a flow of the tunnel never leaves beside it",
			 "oifname != \"%s\" " MARKED
			 " ct direction reply ct original %s saddr "
			 "@sources_%s counter drop",
			 tun, work->families[i]->ip, work->families[i]->tag);
}

void nft_site(struct nft_work *work)
{
	size_t i;

	nft_timeouts(work);
	nft_from_sets(work, false);
	for (i = 0; i < work->family_cnt; i++) {
		sources_sets(work, work->families[i]);
		nft_site_services(work, work->families[i]);
		nft_grants(work, work->families[i]);
		alias_chains(work, work->families[i]);
	}
	nat_hooks(work);
	tunnel_chains(work);
	forward_hook(work);
	egress_hook(work);
}

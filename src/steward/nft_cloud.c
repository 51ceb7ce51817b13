/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft_cloud.c - Hooks of a cloud gateway
 */

#include <stdio.h>

#include "steward/nft_work.h"

/** own_pool() - "100.64.0.1", or the first and last address of a longer pool */
static void own_pool(const struct plan *plan, enum ip_family family,
		     struct strbuf *out)
{
	const struct ip_prefix *pool = gateway_pool(plan->gateway, family);
	struct ip_addr last = pool->addr;
	char text[IP_ADDR_TEXT_SIZE];
	size_t i;

	strbuf_printf(out, "%s", ip_addr_format(&pool->addr, text));
	for (i = pool->len; i < 8 * ip_addr_len(family); i++)
		last.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (!ip_addr_equal(&last, &pool->addr))
		strbuf_printf(out, "-%s persistent",
			      ip_addr_format(&last, text));
}

/** gather_networks() - What lies behind the tunnel, as it stands in the tunnel */
static void gather_networks(const struct plan *plan,
			    const struct nft_family *family,
			    struct nft_prefixes *list)
{
	const struct policy *policy = plan->policy;
	size_t i;
	size_t n;

	for (i = 0; i < policy->site_cnt; i++) {
		const struct ip_prefix *prefixes =
			site_tunnel_prefixes(&policy->sites[i]);

		for (n = 0; n < policy->sites[i].network_cnt; n++)
			nft_prefixes_add(list, &prefixes[n], family->family);
	}
}

static void networks_sets(struct nft_work *work,
			  const struct nft_family *family)
{
	struct nft_prefixes list = {0};
	char name[NFT_NAME_SIZE];

	gather_networks(work->plan, family, &list);
	snprintf(name, sizeof(name), "networks_%s", family->tag);
	nft_prefixes_set(work, &list, name,
			 "networks of the sites, or what stands for them",
			 family);
	gather_networks(work->plan, family, &list);
	if (work->ending)
		gather_networks(work->ending, family, &list);
	nft_ending_set(work, &list, family);
}

/** public_chain() - A new flow: is it for a public port? */
static void public_chain(struct nft_work *work, const struct nft_family *family)
{
	const char *tag = family->tag;
	char name[NFT_NAME_SIZE];

	snprintf(name, sizeof(name), "public_%s", tag);
	nft_chain(work, name, "a new flow: is it for a public port?", NULL);
	nft_rule(work, NULL,
		 "%s daddr . meta l4proto . th dport vmap @service_%s_at",
		 family->ip, tag);
	nft_rule(work, NULL,
		 "%s daddr . meta l4proto . th dport vmap @range_%s_at",
		 family->ip, tag);
	nft_rule(work, "what passes through is not meant",
		 "fib daddr type != local return");
	nft_rule(work, NULL, "meta l4proto . th dport vmap @service_%s", tag);
	nft_rule(work, NULL, "meta l4proto . th dport vmap @range_%s", tag);
}

/** lead_to_public() - End of a hook: to public_chain() */
static void lead_to_public(struct nft_work *work)
{
	size_t i;

	nft_rule(work, NULL, "meta l4proto != { tcp, udp } return");
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, NULL, "meta nfproto %s goto public_%s",
			 work->families[i]->nfproto, work->families[i]->tag);
}

/** nat_hooks() - Public ports lead into the tunnel */
static void nat_hooks(struct nft_work *work)
{
	const char *tun = work->plan->conf->tun_name;
	size_t i;

	for (i = 0; i < work->family_cnt; i++)
		public_chain(work, work->families[i]);

	nft_chain(work, "prerouting", "public ports, for clients elsewhere",
		  "nat hook prerouting priority -100");
	nft_rule(work, "nothing from the tunnel comes to a public port",
		 "iifname \"%s\" return", tun);
	lead_to_public(work);

	nft_chain(work, "output_nat", "public ports, used on the gateway",
		  "nat hook output priority -100");
	nft_rule(work, NULL, "oifname \"%s\" return", tun);
	nft_rule(work, "loopback is the machine's own",
		 "ip daddr 127.0.0.0/8 return");
	nft_rule(work, NULL, "ip6 daddr ::1 return");
	lead_to_public(work);
}

/** source_hook() - The tunnel carries our address: answers find back */
static void source_hook(struct nft_work *work)
{
	size_t i;

	nft_chain(work, "postrouting",
		  "the tunnel carries our address: answers find back",
		  "nat hook postrouting priority 100");
	nft_rule(work, NULL, "oifname != \"%s\" return",
		 work->plan->conf->tun_name);
	nft_rule(work, NULL, UNMARKED " return");
	nft_rule(work, "routes without nat",
		 "ct mark & 0x0000ffff @unchanged return");
	for (i = 0; i < work->family_cnt; i++) {
		const struct nft_family *family = work->families[i];
		struct strbuf pool;

		strbuf_init(&pool);
		own_pool(work->plan, family->family, &pool);
		nft_rule(work, NULL, "meta nfproto %s snat %s to %s",
			 family->nfproto, family->ip, strbuf_str(&pool));
		strbuf_fini(&pool);
	}
}

/** tunnel_chains() - Into the tunnel, and out of it */
static void tunnel_chains(struct nft_work *work)
{
	size_t i;

	nft_chain(work, "to_tun", "forwarded into the tunnel", NULL);
	nft_rule(work, NULL, CUT " goto cut");
	nft_rule(work, "sites reach no other sites",
		 "iifname \"%s\" counter drop", work->plan->conf->tun_name);
	nft_rule(work, "belongs to no flow", "ct state invalid counter drop");
	nft_rule(work, "clients of public ports and routes",
		 MARKED " ct direction original "
			"ct state established,related accept");
	nft_rule(work, "new clients of public ports",
		 MARKED " ct state new ct status dnat accept");
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, "new clients of routes",
			 "ct state new %s daddr vmap @grants_%s",
			 work->families[i]->ip, work->families[i]->tag);
	nft_rule(work, "everything else is refused",
		 "counter reject with icmpx type admin-prohibited");

	nft_chain(work, "from_tun", "forwarded out of the tunnel", NULL);
	nft_rule(work, NULL, CUT " goto cut");
	nft_rule(work, "answers to clients",
		 MARKED
		 " ct direction reply ct state established,related accept");
	nft_forgotten_rules(work);
	nft_rule(work, "sites open no flows of their own", "counter drop");
}

/** forward_hook() - Between the public side and the tunnel */
static void forward_hook(struct nft_work *work)
{
	size_t i;

	nft_forward_begin(work, "reply");
	for (i = 0; i < work->family_cnt; i++) {
		const char *ip = work->families[i]->ip;
		const char *tag = work->families[i]->tag;

		nft_rule(work,
			 "a flow of the tunnel beside the tunnel: route gone, "
			 "or forged",
			 MARKED " ct status dnat ct reply %s saddr "
				"@networks_%s counter drop",
			 ip, tag);
		nft_rule(work, "likewise, of a route",
			 "ct mark & 0x0000ffff @granted ct reply %s saddr "
			 "@networks_%s counter drop",
			 ip, tag);
	}
	nft_opened_rules(work);
}

/** egress_hook() - What really leaves, whatever route it was given late */
static void egress_hook(struct nft_work *work)
{
	const char *tun = work->plan->conf->tun_name;
	size_t i;

	nft_chain(work, "egress", "what really leaves, after all rerouting",
		  "filter hook postrouting priority 0");
	nft_rule(work, "about flows that are forgotten here",
		 "oifname \"%s\" tcp flags & rst == rst accept", tun);
	nft_rerouted_rule(work);
	nft_rule(work, NULL, "oifname \"%s\" return", tun);
	for (i = 0; i < work->family_cnt; i++) {
		const char *ip = work->families[i]->ip;
		const char *tag = work->families[i]->tag;

		nft_rule(work, "a flow of the tunnel never leaves beside it",
			 MARKED " ct direction original ct status dnat "
				"%s daddr @networks_%s counter drop",
			 ip, tag);
		nft_rule(work, "likewise, of a route",
			 "ct mark & 0x0000ffff @granted "
			 "ct direction original %s daddr @networks_%s "
			 "counter drop",
			 ip, tag);
	}
}

void nft_cloud(struct nft_work *work)
{
	size_t i;

	nft_grant_marks(work);
	nft_timeouts(work);
	nft_from_sets(work, true);
	for (i = 0; i < work->family_cnt; i++) {
		networks_sets(work, work->families[i]);
		nft_cloud_services(work, work->families[i]);
		nft_grants(work, work->families[i]);
	}
	nat_hooks(work);
	source_hook(work);
	tunnel_chains(work);
	forward_hook(work);
	egress_hook(work);
}

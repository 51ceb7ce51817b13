/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft.c - The ruleset of a gateway as text
 */

#include "steward/nft.h"

#include <stdlib.h>
#include <string.h>

/**
 * DOC: Theory of operation
 *
 * One table, `inet relaytun_NAME`, replaced as a whole in one transaction: the
 * first two lines create and delete it, so that the third may create it whether
 * or not one stands.  Connection tracking does not live in the table, so flows
 * do not notice.
 *
 * A flow of ours carries its service's id in the low 16 bits of the connection
 * mark (PLAN_MARK_MASK).  Other tools may use the same bits for flows of
 * theirs; a rule that refuses something because of the mark alone therefore
 * also asks for what only our flows have: on a cloud gateway the DNAT to an
 * address of a site, on a site gateway the cloud gateway's address as source.
 *
 * Cloud	A flow to a public port gets the mark in the chain svc_ID that
 *		service_v4_at or service_v4 leads to, and its target from
 *		target_v4_at or target_v4 (exact maps: no intervals, they load
 *		and look up fast).  Into the tunnel go such flows only, from it
 *		their answers only.
 * Site		A flow from the tunnel to a listed target gets the mark in the
 *		chain svc_ID that service_v4 leads to.  Into the tunnel go
 *		answers only.
 *
 * Two filter hooks see what the others cannot: `egress` (postrouting) sees the
 * interface that a packet really leaves by, also after the output hook's DNAT
 * has changed its route, where the output hook still sees the old one.
 *
 * Services whose targets are the same are one to a site gateway: the first in
 * the plan's order gives the id.
 *
 * Priorities are numbers: nft 1.0.6 does not take their names in every hook.
 * IPv6 is to stand beside: sets and maps have the family in their names.
 */

/* nft takes 128; "..." at the end says that a comment was cut. */
#define COMMENT_LEN_MAX 120

/* "ct mark" of ours, for and against. */
#define MARKED   "ct mark & 0x0000ffff != 0"
#define UNMARKED "ct mark & 0x0000ffff == 0"

/** table_name() - "relaytun_NAME" */
static void table_name(const char *name, struct strbuf *out)
{
	strbuf_printf(out, "relaytun_%s", name);
}

void nft_table_name(const struct plan *plan, struct strbuf *out)
{
	table_name(plan->gateway->name, out);
}

bool nft_ifname_ok(const char *name)
{
	size_t ok_len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_.-@+:=,");

	return name[0] && !name[ok_len];
}

/**
 * comment() - A quoted comment: no character that could end it
 * @text:	Anything
 */
static void comment(struct strbuf *out, const char *text)
{
	size_t len = strlen(text);
	bool cut = len > COMMENT_LEN_MAX;
	size_t i;

	if (cut)
		len = COMMENT_LEN_MAX - 3;
	strbuf_printf(out, "comment \"");
	for (i = 0; i < len; i++) {
		char c = text[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			c = '?';
		strbuf_add(out, &c, 1);
	}
	strbuf_printf(out, "%s\"", cut ? "..." : "");
}

/** rule() - One rule with its explanation */
static void rule(struct strbuf *out, const char *text, const char *why)
{
	strbuf_printf(out, "\t\t%s ", text);
	comment(out, why);
	strbuf_printf(out, "\n");
}

/** chain_begin() - A chain, on a hook or (@hook NULL) called by others */
static void chain_begin(struct strbuf *out, const char *name, const char *why,
			const char *hook)
{
	strbuf_printf(out, "\n\tchain %s {\n\t\t", name);
	comment(out, why);
	strbuf_printf(out, "\n");
	if (hook)
		strbuf_printf(out, "\t\ttype %s; policy accept;\n", hook);
}

static void chain_end(struct strbuf *out)
{
	strbuf_printf(out, "\t}\n");
}

/** set_begin() - A set or map up to its elements */
static void set_begin(struct strbuf *out, const char *what, const char *name,
		      const char *why, const char *type)
{
	strbuf_printf(out, "\n\t%s %s {\n\t\t", what, name);
	comment(out, why);
	strbuf_printf(out, "\n\t\ttype %s\n", type);
}

/** element() - Separator before element number @cnt */
static void element(struct strbuf *out, size_t cnt)
{
	strbuf_printf(out, cnt ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
}

/** set_end() - After @cnt elements */
static void set_end(struct strbuf *out, size_t cnt)
{
	strbuf_printf(out, "%s\t}\n", cnt ? "\n\t\t}\n" : "");
}

struct nft_opened nft_opened(const struct state *state)
{
	return (struct nft_opened){
		.v4 = state->opened.names,
		.v4_cnt = state->opened.cnt,
		.v6 = state->opened6.names,
		.v6_cnt = state->opened6.cnt,
		.v6_all = state->opened6_all,
	};
}

static void opened_elements(const char *const *opened, size_t opened_cnt,
			    struct strbuf *out)
{
	size_t i;

	for (i = 0; i < opened_cnt; i++)
		strbuf_printf(out, "%s\"%s\"", i ? ", " : "", opened[i]);
}

/** set_ifnames() - A set of interfaces of which one family was opened */
static void set_ifnames(const char *name, const char *why,
			const char *const *opened, size_t opened_cnt,
			struct strbuf *out)
{
	set_begin(out, "set", name, why, "ifname");
	if (opened_cnt) {
		strbuf_printf(out, "\t\telements = { ");
		opened_elements(opened, opened_cnt, out);
		strbuf_printf(out, " }\n");
	}
	set_end(out, 0);
}

static void set_opened(const struct nft_opened *opened, struct strbuf *out)
{
	set_ifnames("opened",
		    "interfaces whose forwarding was off before the gateway "
		    "came",
		    opened->v4, opened->v4_cnt, out);
	set_ifnames("opened_v6", "likewise, forwarding of IPv6", opened->v6,
		    opened->v6_cnt, out);
	set_begin(out, "set", "opened_all",
		  "families whose forwarding was off on all interfaces",
		  "nf_proto");
	if (opened->v6_all)
		strbuf_printf(out, "\t\telements = { ipv6 }\n");
	set_end(out, 0);
}

/**
 * rules_opened() - At the end of the forward hook: what was closed is closed
 *
 * But for what goes to, or comes from, the device of another gateway on this
 * machine: that one's rules judge it.
 */
static void rules_opened(struct strbuf *out)
{
	rule(out,
	     "oifgroup != 114 meta nfproto ipv4 iifname @opened counter drop",
	     "this machine does not forward for others");
	rule(out,
	     "oifgroup != 114 meta nfproto ipv6 iifname @opened_v6 counter "
	     "drop",
	     "likewise");
	rule(out,
	     "oifgroup != 114 iifgroup != 114 meta nfproto @opened_all counter "
	     "drop",
	     "likewise");
}

static void set_peers(const struct plan *plan, struct strbuf *out)
{
	char text[IP_ADDR_TEXT_SIZE];
	size_t cnt = 0;
	size_t i;

	set_begin(out, "set", "peers_v4",
		  "tunnel addresses of the gateways at the other end",
		  "ipv4_addr");
	for (i = 0; i < plan->peer_cnt; i++) {
		const struct ip_addr *addr =
			gateway_addr(plan->peers[i], IP_V4);

		if (!addr)
			continue;
		element(out, cnt++);
		strbuf_printf(out, "%s", ip_addr_format(addr, text));
	}
	set_end(out, cnt);
}

/** set_networks() - What lies behind the tunnel, on a cloud gateway */
static void set_networks(const struct plan *plan, struct strbuf *out)
{
	const struct policy *policy = plan->policy;
	char text[IP_PREFIX_TEXT_SIZE];
	size_t cnt = 0;
	size_t i;
	size_t n;

	set_begin(out, "set", "networks_v4", "networks of the sites",
		  "ipv4_addr");
	strbuf_printf(out, "\t\tflags interval\n");
	for (i = 0; i < policy->site_cnt; i++) {
		const struct policy_site *site = &policy->sites[i];

		for (n = 0; n < site->network_cnt; n++) {
			if (site->networks[n].addr.family != IP_V4)
				continue;
			element(out, cnt++);
			ip_prefix_format(&site->networks[n], text);
			strbuf_printf(out, "%s", text);
		}
	}
	set_end(out, cnt);
}

/** enum public_kind - Which services a map of public ports holds */
enum public_kind {
	PUBLIC_AT,  /* those with an address of their own */
	PUBLIC_ANY, /* those that answer at every address of the gateway */
};

/**
 * public_key() - The key of a service in a map of public ports
 *
 * Return: whether the service belongs into a map of this kind
 */
static bool public_key(const struct policy_service *service,
		       enum public_kind kind, size_t cnt, struct strbuf *out)
{
	char text[IP_ADDR_TEXT_SIZE];
	bool any = service->public_addr.family == IP_NONE;

	if (service->target.family != IP_V4 || any != (kind == PUBLIC_ANY))
		return false;
	element(out, cnt);
	if (!any)
		strbuf_printf(out, "%s . ",
			      ip_addr_format(&service->public_addr, text));
	strbuf_printf(out, "%s . %u", service_proto_name(service->proto),
		      service->public_port);
	return true;
}

/** map_targets() - From public port to target */
static void map_targets(const struct plan *plan, enum public_kind kind,
			struct strbuf *out)
{
	char text[IP_ADDR_TEXT_SIZE];
	size_t cnt = 0;
	size_t i;

	if (kind == PUBLIC_AT)
		set_begin(out, "map", "target_v4_at",
			  "where a public port of one address leads",
			  "ipv4_addr . inet_proto . inet_service : "
			  "ipv4_addr . inet_service");
	else
		set_begin(out, "map", "target_v4",
			  "where a public port of every own address leads",
			  "inet_proto . inet_service : "
			  "ipv4_addr . inet_service");
	for (i = 0; i < plan->service_cnt; i++) {
		const struct policy_service *service =
			plan->services[i].service;

		if (!public_key(service, kind, cnt, out))
			continue;
		strbuf_printf(out, " : %s . %u",
			      ip_addr_format(&service->target, text),
			      service->target_port);
		cnt++;
	}
	set_end(out, cnt);
}

/** map_services() - From public port to the service's chain */
static void map_services(const struct plan *plan, enum public_kind kind,
			 struct strbuf *out)
{
	size_t cnt = 0;
	size_t i;

	if (kind == PUBLIC_AT)
		set_begin(out, "map", "service_v4_at",
			  "the service of a public port of one address",
			  "ipv4_addr . inet_proto . inet_service : verdict");
	else
		set_begin(out, "map", "service_v4",
			  "the service of a public port of every own address",
			  "inet_proto . inet_service : verdict");
	for (i = 0; i < plan->service_cnt; i++) {
		if (!public_key(plan->services[i].service, kind, cnt, out))
			continue;
		strbuf_printf(out, " : jump svc_%u", plan->services[i].id);
		cnt++;
	}
	set_end(out, cnt);
}

/** service_chain() - Mark and count a new flow of one service */
static void service_chain(const struct plan_service *entry, const char *verdict,
			  struct strbuf *out)
{
	const struct policy_service *service = entry->service;
	char at[IP_ADDR_TEXT_SIZE + 1] = "";
	char target[IP_ADDR_TEXT_SIZE];
	struct strbuf name;
	struct strbuf why;

	strbuf_init(&name);
	strbuf_init(&why);
	strbuf_printf(&name, "svc_%u", entry->id);
	if (service->public_addr.family != IP_NONE) {
		ip_addr_format(&service->public_addr, at);
		at[strlen(at) + 1] = '\0';
		at[strlen(at)] = ':';
	}
	strbuf_printf(&why, "%s/%s: %s%s/%u -> %s:%u", entry->site->name,
		      service->name, at, service_proto_name(service->proto),
		      service->public_port,
		      ip_addr_format(&service->target, target),
		      service->target_port);
	chain_begin(out, strbuf_str(&name), strbuf_str(&why), NULL);
	strbuf_printf(out,
		      "\t\tcounter ct mark set ct mark & 0x%08x | 0x%08x%s\n",
		      ~PLAN_MARK_MASK, entry->id, verdict);
	chain_end(out);
	strbuf_fini(&why);
	strbuf_fini(&name);
}

/** cloud_nat() - Public ports lead into the tunnel */
static void cloud_nat(const struct plan *plan, struct strbuf *out)
{
	const char *tun = plan->conf->tun_name;
	char self[IP_ADDR_TEXT_SIZE];

	ip_addr_format(gateway_addr(plan->gateway, IP_V4), self);

	chain_begin(out, "public_v4", "a new flow: is it for a public port?",
		    NULL);
	strbuf_printf(out,
		      "\t\tmeta l4proto { tcp, udp } ip daddr . meta l4proto . "
		      "th dport vmap @service_v4_at\n"
		      "\t\tmeta l4proto { tcp, udp } dnat ip to ip daddr . "
		      "meta l4proto . th dport map @target_v4_at\n"
		      "\t\tfib daddr type != local return\n"
		      "\t\tmeta l4proto { tcp, udp } meta l4proto . th dport "
		      "vmap @service_v4\n"
		      "\t\tmeta l4proto { tcp, udp } dnat ip to meta l4proto . "
		      "th dport map @target_v4\n");
	chain_end(out);

	chain_begin(out, "prerouting", "public ports, for clients elsewhere",
		    "nat hook prerouting priority -100");
	strbuf_printf(out, "\t\tiifname \"%s\" return ", tun);
	comment(out, "nothing from the tunnel comes to a public port");
	strbuf_printf(out, "\n\t\tmeta nfproto ipv4 jump public_v4\n");
	chain_end(out);

	chain_begin(out, "output_nat", "public ports, used on the gateway",
		    "nat hook output priority -100");
	strbuf_printf(out, "\t\toifname \"%s\" return\n", tun);
	strbuf_printf(out, "\t\tip daddr 127.0.0.0/8 return ");
	comment(out, "loopback is the machine's own");
	strbuf_printf(out, "\n\t\tmeta nfproto ipv4 jump public_v4\n");
	chain_end(out);

	chain_begin(out, "postrouting",
		    "the tunnel carries our address: answers find back",
		    "nat hook postrouting priority 100");
	strbuf_printf(out,
		      "\t\toifname \"%s\" " MARKED
		      " meta nfproto ipv4 snat ip to %s\n",
		      tun, self);
	chain_end(out);
}

/** refuse() - The end of what may not enter the tunnel */
static void refuse(struct strbuf *out)
{
	rule(out, "meta nfproto ipv6 counter drop",
	     "no IPv6 into the tunnel yet");
	rule(out, "counter reject with icmpx type admin-prohibited",
	     "everything else is refused");
}

/** cloud_forward() - Between the public side and the tunnel */
static void cloud_forward(const struct plan *plan, struct strbuf *out)
{
	const char *tun = plan->conf->tun_name;

	chain_begin(out, "to_tun", "forwarded into the tunnel", NULL);
	rule(out, "ct state invalid counter drop", "belongs to no flow");
	rule(out,
	     MARKED
	     " ct direction original ct state established,related accept",
	     "clients of public ports");
	rule(out, MARKED " ct state new ct status dnat accept",
	     "new clients of public ports");
	refuse(out);
	chain_end(out);

	chain_begin(out, "from_tun", "forwarded out of the tunnel", NULL);
	rule(out,
	     MARKED " ct direction reply ct state established,related accept",
	     "answers to clients of public ports");
	rule(out, "counter drop", "sites open no flows of their own");
	chain_end(out);

	chain_begin(out, "forward", "others' traffic passes untouched",
		    "filter hook forward priority 0");
	strbuf_printf(out,
		      "\t\toifname \"%s\" goto to_tun\n"
		      "\t\tiifname \"%s\" goto from_tun\n",
		      tun, tun);
	rule(out,
	     MARKED " ct status dnat ct reply ip saddr @networks_v4 "
		    "counter drop",
	     "a flow of the tunnel beside the tunnel: route gone, or forged");
	rules_opened(out);
	chain_end(out);
}

/** cloud_egress() - What really leaves, whatever route it was given late */
static void cloud_egress(const struct plan *plan, struct strbuf *out)
{
	const char *tun = plan->conf->tun_name;

	chain_begin(out, "egress", "what really leaves, after all rerouting",
		    "filter hook postrouting priority 0");
	strbuf_printf(out,
		      "\t\toifname \"%s\" " UNMARKED
		      " meta l4proto != icmp counter drop ",
		      tun);
	comment(out, "rerouted into the tunnel by somebody else");
	strbuf_printf(out,
		      "\n\t\toifname != \"%s\" " MARKED
		      " ct direction original ct status dnat "
		      "ip daddr @networks_v4 counter drop ",
		      tun);
	comment(out, "a flow of the tunnel never leaves beside it");
	strbuf_printf(out, "\n");
	chain_end(out);
}

/** gateway_hooks() - What the gateway itself says to the tunnel and hears */
static void gateway_hooks(const struct plan *plan, struct strbuf *out)
{
	const char *tun = plan->conf->tun_name;
	char self[IP_ADDR_TEXT_SIZE];

	ip_addr_format(gateway_addr(plan->gateway, IP_V4), self);

	chain_begin(out, "own_to_tun", "the gateway itself, into the tunnel",
		    NULL);
	rule(out, MARKED " ct state established,related accept",
	     "errors about flows of the tunnel");
	strbuf_printf(out,
		      "\t\tip saddr %s ip daddr @peers_v4 meta l4proto icmp "
		      "accept ",
		      self);
	comment(out, "ping between gateways");
	strbuf_printf(out, "\n");
	refuse(out);
	chain_end(out);

	chain_begin(out, "own_from_tun", "the tunnel, to the gateway itself",
		    NULL);
	rule(out, "ct direction reply ct state established,related accept",
	     "answers to what the gateway sent");
	strbuf_printf(out,
		      "\t\tip saddr @peers_v4 ip daddr %s "
		      "icmp type echo-request accept ",
		      self);
	comment(out, "ping between gateways");
	strbuf_printf(out, "\n");
	rule(out, "counter drop",
	     "the gateway offers nothing to the tunnel but ping");
	chain_end(out);

	chain_begin(out, "output", "from the gateway itself",
		    "filter hook output priority 0");
	strbuf_printf(out, "\t\toifname \"%s\" goto own_to_tun\n", tun);
	chain_end(out);
	chain_begin(out, "input", "to the gateway itself",
		    "filter hook input priority 0");
	strbuf_printf(out, "\t\tiifname \"%s\" goto own_from_tun\n", tun);
	chain_end(out);
}

static void render_cloud(const struct plan *plan, struct strbuf *out)
{
	size_t i;

	set_networks(plan, out);
	for (i = 0; i < plan->service_cnt; i++) {
		if (plan->services[i].service->target.family == IP_V4)
			service_chain(&plan->services[i], "", out);
	}
	map_services(plan, PUBLIC_AT, out);
	map_targets(plan, PUBLIC_AT, out);
	map_services(plan, PUBLIC_ANY, out);
	map_targets(plan, PUBLIC_ANY, out);
	cloud_nat(plan, out);
	cloud_forward(plan, out);
	gateway_hooks(plan, out);
	cloud_egress(plan, out);
}

/** by_target() - Order of services by target, then as in the plan */
static int by_target(const void *a, const void *b)
{
	const struct plan_service *x = *(const struct plan_service *const *)a;
	const struct plan_service *y = *(const struct plan_service *const *)b;
	int order = ip_addr_compare(&x->service->target, &y->service->target);

	if (!order)
		order = (int)x->service->proto - (int)y->service->proto;
	if (!order)
		order = x->service->target_port - y->service->target_port;
	if (!order)
		order = x < y ? -1 : x > y;
	return order;
}

static bool same_target(const struct policy_service *a,
			const struct policy_service *b)
{
	return ip_addr_equal(&a->target, &b->target) && a->proto == b->proto &&
	       a->target_port == b->target_port;
}

/**
 * map_site_targets() - From target to the service's chain, and the chains
 *
 * Several services may lead to one target: the first stands for all.
 */
static void map_site_targets(const struct plan *plan, struct strbuf *out)
{
	const struct plan_service **sorted =
		calloc(plan->service_cnt + 1, sizeof(*sorted));
	char text[IP_ADDR_TEXT_SIZE];
	size_t kept = 0;
	size_t cnt = 0;
	size_t i;

	if (!sorted)
		abort();
	for (i = 0; i < plan->service_cnt; i++) {
		if (plan->services[i].service->target.family == IP_V4)
			sorted[cnt++] = &plan->services[i];
	}
	qsort(sorted, cnt, sizeof(*sorted), by_target);
	for (i = 0; i < cnt; i++) {
		if (kept &&
		    same_target(sorted[kept - 1]->service, sorted[i]->service))
			continue;
		sorted[kept++] = sorted[i];
	}

	for (i = 0; i < kept; i++)
		service_chain(sorted[i], " accept", out);
	set_begin(out, "map", "service_v4", "the service of a target",
		  "ipv4_addr . inet_proto . inet_service : verdict");
	for (i = 0; i < kept; i++) {
		const struct policy_service *service = sorted[i]->service;

		element(out, i);
		strbuf_printf(out, "%s . %s . %u : goto svc_%u",
			      ip_addr_format(&service->target, text),
			      service_proto_name(service->proto),
			      service->target_port, sorted[i]->id);
	}
	set_end(out, kept);
	free(sorted);
}

/** site_forward() - Between the tunnel and the LAN */
static void site_forward(const struct plan *plan, struct strbuf *out)
{
	const char *tun = plan->conf->tun_name;

	chain_begin(out, "to_tun", "forwarded into the tunnel", NULL);
	rule(out, "ct state invalid counter drop", "belongs to no flow");
	rule(out,
	     MARKED " ct direction reply ct state established,related accept",
	     "answers of services");
	refuse(out);
	chain_end(out);

	chain_begin(out, "from_tun", "forwarded out of the tunnel", NULL);
	rule(out,
	     MARKED
	     " ct direction original ct state established,related accept",
	     "clients of services");
	rule(out,
	     "ct state new ip saddr @peers_v4 meta l4proto { tcp, udp } "
	     "ip daddr . meta l4proto . th dport vmap @service_v4",
	     "new clients of services");
	rule(out, "counter drop", "nothing else, whatever the cloud side says");
	chain_end(out);

	chain_begin(out, "forward", "others' traffic passes untouched",
		    "filter hook forward priority 0");
	strbuf_printf(out,
		      "\t\toifname \"%s\" goto to_tun\n"
		      "\t\tiifname \"%s\" goto from_tun\n",
		      tun, tun);
	rule(out, MARKED " ct original ip saddr @peers_v4 counter drop",
	     "a flow of the tunnel beside the tunnel: route gone, or forged");
	rules_opened(out);
	chain_end(out);
}

/** site_nat() - The LAN sees the gateway's own address */
static void site_nat(const struct plan *plan, struct strbuf *out)
{
	if (!plan->gateway->site->masquerade)
		return;
	chain_begin(out, "postrouting",
		    "services see the gateway: the LAN needs no route back",
		    "nat hook postrouting priority 100");
	strbuf_printf(out,
		      "\t\toifname != \"%s\" " MARKED
		      " ip saddr @peers_v4 masquerade\n",
		      plan->conf->tun_name);
	chain_end(out);
}

static void site_egress(const struct plan *plan, struct strbuf *out)
{
	const char *tun = plan->conf->tun_name;

	chain_begin(out, "egress", "what really leaves, after all rerouting",
		    "filter hook postrouting priority 0");
	strbuf_printf(out,
		      "\t\toifname \"%s\" " UNMARKED
		      " meta l4proto != icmp counter drop ",
		      tun);
	comment(out, "rerouted into the tunnel by somebody else");
	strbuf_printf(out,
		      "\n\t\toifname != \"%s\" " MARKED
		      " ct direction reply ct original ip saddr @peers_v4 "
		      "counter drop ",
		      tun);
	comment(out, "a flow of the tunnel never leaves beside it");
	strbuf_printf(out, "\n");
	chain_end(out);
}

static void render_site(const struct plan *plan, struct strbuf *out)
{
	map_site_targets(plan, out);
	site_forward(plan, out);
	gateway_hooks(plan, out);
	site_nat(plan, out);
	site_egress(plan, out);
}

void nft_render(const struct plan *plan, const struct nft_opened *opened,
		struct strbuf *out)
{
	struct strbuf name;
	struct strbuf why;

	strbuf_init(&name);
	strbuf_init(&why);
	nft_table_name(plan, &name);
	strbuf_printf(&why, "relaytun gateway %s (%s), device %s",
		      plan->gateway->name,
		      gateway_role_name(plan->gateway->role),
		      plan->conf->tun_name);

	strbuf_printf(out,
		      "table inet %s\n"
		      "delete table inet %s\n"
		      "table inet %s {\n\t",
		      strbuf_str(&name), strbuf_str(&name), strbuf_str(&name));
	comment(out, strbuf_str(&why));
	strbuf_printf(out, "\n");
	set_opened(opened, out);
	set_peers(plan, out);
	/* Without an IPv4 address of its own there is nothing to let through,
	 * and no route into the tunnel. */
	if (!gateway_addr(plan->gateway, IP_V4))
		strbuf_printf(out, "\t# no IPv4 tunnel address\n");
	else if (plan->gateway->role == ROLE_CLOUD)
		render_cloud(plan, out);
	else
		render_site(plan, out);
	strbuf_printf(out, "}\n");
	strbuf_fini(&why);
	strbuf_fini(&name);
}

/** replace_set() - A set's elements, in a script for a standing table */
static void replace_set(const char *table, const char *set,
			const char *elements, struct strbuf *out)
{
	strbuf_printf(out, "flush set inet %s %s\n", table, set);
	if (elements[0])
		strbuf_printf(out, "add element inet %s %s { %s }\n", table,
			      set, elements);
}

void nft_render_opened(const struct plan *plan, const struct nft_opened *opened,
		       struct strbuf *out)
{
	struct strbuf name;
	struct strbuf v4;
	struct strbuf v6;

	strbuf_init(&name);
	strbuf_init(&v4);
	strbuf_init(&v6);
	nft_table_name(plan, &name);
	opened_elements(opened->v4, opened->v4_cnt, &v4);
	opened_elements(opened->v6, opened->v6_cnt, &v6);
	replace_set(strbuf_str(&name), "opened", strbuf_str(&v4), out);
	replace_set(strbuf_str(&name), "opened_v6", strbuf_str(&v6), out);
	replace_set(strbuf_str(&name), "opened_all",
		    opened->v6_all ? "ipv6" : "", out);
	strbuf_fini(&v6);
	strbuf_fini(&v4);
	strbuf_fini(&name);
}

void nft_render_removal(const char *name, struct strbuf *out)
{
	int i;

	for (i = 0; i < 2; i++) {
		strbuf_printf(out, i ? "delete table inet " : "table inet ");
		table_name(name, out);
		strbuf_printf(out, "\n");
	}
}

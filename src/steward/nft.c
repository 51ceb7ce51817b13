/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft.c - The ruleset of a gateway as a table
 */

#include "steward/nft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "steward/nft_work.h"

/**
 * DOC: Theory of operation
 *
 * One table, `inet relaytun_NAME`.  What the policy says stands in sets, maps and
 * small chains; the chains on hooks are the same for every policy, so that a
 * change of the policy is a change of elements and small chains, and everything
 * else keeps its counters.
 *
 * A flow of ours carries its service's id in the low 16 bits of the connection
 * mark (PLAN_MARK_MASK).  Other tools may use the same bits for flows of
 * theirs; a rule that refuses something because of the mark alone therefore
 * also asks for what only our flows have: on a cloud gateway the DNAT to an
 * address of a site, or the mark of a route and such an address; on a site
 * gateway a source that only the tunnel has.
 *
 * Cloud	A map leads a flow to a public port to its service's chain
 *		svc_ID, which judges its source, marks it and gives it its
 *		target.  A flow that is routed goes by its destination to the
 *		routes that cover it.  Into the tunnel go such flows only, from
 *		it their answers only.
 * Site		A flow from the tunnel to a listed target, or to what a route
 *		allows, gets the mark.  Into the tunnel go answers only.
 *
 * A flow that is to end gets the mark PLAN_ID_CUT; what it still sends, either
 * way, is answered with a reset or an ICMP error.
 *
 * Two filter hooks see what the others cannot: `egress` (postrouting) sees the
 * interface that a packet really leaves by, also after the output hook's DNAT
 * has changed its route, where the output hook still sees the old one.
 *
 * Priorities are numbers: nft 1.0.6 does not take their names in every hook.
 * Sets and maps hold one family each and end in _v4 or _v6; a family in which
 * this gateway has no address has none of them, and nothing is let through.
 */

/* nft takes 128; "..." at the end says that a comment was cut. */
#define COMMENT_LEN_MAX 120

static const struct nft_family family_v4 = {
	.family = IP_V4,
	.ip = "ip",
	.tag = "v4",
	.type = "ipv4_addr",
	.nfproto = "ipv4",
	.icmp = "icmp",
	.ping = "icmp type echo-request",
};
static const struct nft_family family_v6 = {
	.family = IP_V6,
	.ip = "ip6",
	.tag = "v6",
	.type = "ipv6_addr",
	.nfproto = "ipv6",
	.icmp = "ipv6-icmp",
	.ping = "icmpv6 type echo-request",
};

void nft_table_name(const char *gateway, struct strbuf *out)
{
	strbuf_printf(out, "relaytun_%s", gateway);
}

void nft_spare_name(const char *gateway, struct strbuf *out)
{
	strbuf_printf(out, "relaytun__%s", gateway);
}

bool nft_ifname_ok(const char *name)
{
	size_t ok_len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_.-@+:=,");

	return name[0] && !name[ok_len];
}

void nft_comment(struct strbuf *out, const char *text)
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

const struct nft_family *nft_family_of(const struct nft_work *work,
				       enum ip_family family)
{
	size_t i;

	for (i = 0; i < work->family_cnt; i++) {
		if (work->families[i]->family == family)
			return work->families[i];
	}
	return NULL;
}

void nft_chain(struct nft_work *work, const char *name, const char *why,
	       const char *hook)
{
	struct strbuf head;

	strbuf_init(&head);
	if (why) {
		nft_comment(&head, why);
		strbuf_printf(&head, "\n");
	}
	if (hook)
		strbuf_printf(&head, "type %s; policy accept;\n", hook);
	table_add(work->table, TABLE_CHAIN, name, strbuf_str(&head));
	strbuf_fini(&head);
}

void nft_rule(struct nft_work *work, const char *why, const char *fmt, ...)
{
	struct strbuf rule;
	va_list ap;

	strbuf_init(&rule);
	va_start(ap, fmt);
	strbuf_vprintf(&rule, fmt, ap);
	va_end(ap);
	if (why) {
		strbuf_printf(&rule, " ");
		nft_comment(&rule, why);
	}
	table_line(work->table, strbuf_str(&rule), NULL);
	strbuf_fini(&rule);
}

void nft_set(struct nft_work *work, enum table_kind kind, const char *name,
	     const char *why, const char *type, const char *flags)
{
	struct strbuf head;

	strbuf_init(&head);
	nft_comment(&head, why);
	strbuf_printf(&head, "\ntype %s\n", type);
	if (flags)
		strbuf_printf(&head, "flags %s\n", flags);
	table_add(work->table, kind, name, strbuf_str(&head));
	strbuf_fini(&head);
}

/** ifname_set() - Interfaces of which one family was opened */
static void ifname_set(struct nft_work *work, const char *name, const char *why,
		       const char *const *opened, size_t opened_cnt)
{
	char element[64];
	size_t i;

	nft_set(work, TABLE_SET, name, why, "ifname", NULL);
	for (i = 0; i < opened_cnt; i++) {
		snprintf(element, sizeof(element), "\"%s\"", opened[i]);
		table_line(work->table, element, NULL);
	}
}

static void opened_sets(struct nft_work *work, const struct nft_opened *opened)
{
	ifname_set(work, "opened",
		   "interfaces whose forwarding was off before the gateway "
		   "came",
		   opened->v4, opened->v4_cnt);
	ifname_set(work, "opened_v6", "likewise, forwarding of IPv6",
		   opened->v6, opened->v6_cnt);
	nft_set(work, TABLE_SET, "opened_all",
		"families whose forwarding was off on all interfaces",
		"nf_proto", NULL);
	if (opened->v6_all)
		table_line(work->table, "ipv6", NULL);
}

void nft_forward_begin(struct nft_work *work, const char *from)
{
	const char *tun = work->plan->conf->tun_name;
	size_t i;

	nft_chain(work, "forward", "others' traffic passes untouched",
		  "filter hook forward priority 0");
	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, NULL, CUT " ct %s %s saddr @ending_%s goto cut",
			 from, work->families[i]->ip, work->families[i]->tag);
	nft_rule(work, NULL, "oifname \"%s\" goto to_tun", tun);
	nft_rule(work, NULL, "iifname \"%s\" goto from_tun", tun);
}

void nft_rerouted_rule(struct nft_work *work)
{
	nft_rule(work, "rerouted into the tunnel by somebody else",
		 "oifname \"%s\" " UNMARKED
		 " meta l4proto != { icmp, ipv6-icmp } counter drop",
		 work->plan->conf->tun_name);
}

/*
 * What goes to, or comes from, the device of another gateway on this machine is
 * judged by that one's rules.
 */
void nft_opened_rules(struct nft_work *work)
{
	nft_rule(work, "this machine does not forward for others",
		 "oifgroup != 114 meta nfproto ipv4 iifname @opened "
		 "counter drop");
	nft_rule(work, "likewise",
		 "oifgroup != 114 meta nfproto ipv6 iifname @opened_v6 "
		 "counter drop");
	nft_rule(work, "likewise",
		 "oifgroup != 114 iifgroup != 114 meta nfproto @opened_all "
		 "counter drop");
}

/** cut_chain() - The end of flows that are no longer allowed: see cut.c */
static void cut_chain(struct nft_work *work)
{
	bool cloud = work->plan->gateway->role == ROLE_CLOUD;

	nft_chain(work, "cut", "flows that are being ended", NULL);
	nft_rule(work, "the steward's own question, which makes an end answer",
		 "ct direction %s tcp flags & (fin | syn | rst | ack) == %s "
		 "accept",
		 cloud ? "reply" : "original", cloud ? "syn | ack" : "syn");
	nft_rule(work, NULL,
		 "meta l4proto { icmp, ipv6-icmp } ct state related accept");
	nft_rule(work, NULL, "meta l4proto tcp counter reject with tcp reset");
	nft_rule(work, NULL, "counter reject with icmpx type port-unreachable");
}

/*
 * Connection tracking may have lost a flow of which its target still knows: by a
 * cut, or with the machine.  Its segments are answered as a closed port does.
 */
void nft_forgotten_rules(struct nft_work *work)
{
	size_t i;

	for (i = 0; i < work->family_cnt; i++)
		nft_rule(work, "a flow that is forgotten here",
			 "%s saddr @networks_%s tcp flags & (syn | rst) == 0x0 "
			 "counter reject with tcp reset",
			 work->families[i]->ip, work->families[i]->tag);
}

/** own_to_tun() - The gateway itself, into the tunnel */
static void own_to_tun(struct nft_work *work)
{
	bool cloud = work->plan->gateway->role == ROLE_CLOUD;
	char self[IP_ADDR_TEXT_SIZE];
	size_t i;

	nft_chain(work, "own_to_tun", "the gateway itself, into the tunnel",
		  NULL);
	nft_rule(work, "errors about flows of the tunnel",
		 MARKED " ct state established,related accept");
	for (i = 0; i < work->family_cnt; i++) {
		const struct nft_family *family = work->families[i];

		ip_addr_format(
			gateway_addr(work->plan->gateway, family->family),
			self);
		nft_rule(work, "ping between gateways",
			 "%s saddr %s %s daddr @peers_%s meta l4proto %s "
			 "accept",
			 family->ip, self, family->ip, family->tag,
			 family->icmp);
	}
	for (i = 0; cloud && i < work->family_cnt; i++)
		nft_rule(work, "about flows that are forgotten here",
			 "tcp flags & rst == rst %s daddr @networks_%s accept",
			 work->families[i]->ip, work->families[i]->tag);
	nft_rule(work, "what the kernel says to every link",
		 "ip6 daddr ff00::/8 counter drop");
	nft_rule(work, "everything else is refused",
		 "counter reject with icmpx type admin-prohibited");
}

/** own_from_tun() - The tunnel, to the gateway itself */
static void own_from_tun(struct nft_work *work)
{
	char self[IP_ADDR_TEXT_SIZE];
	size_t i;

	nft_chain(work, "own_from_tun", "the tunnel, to the gateway itself",
		  NULL);
	nft_rule(work, NULL, CUT " goto cut");
	nft_rule(work, "answers to what the gateway sent",
		 "ct direction reply ct state established,related accept");
	for (i = 0; i < work->family_cnt; i++) {
		const struct nft_family *family = work->families[i];

		ip_addr_format(
			gateway_addr(work->plan->gateway, family->family),
			self);
		nft_rule(work, "ping between gateways",
			 "%s saddr @peers_%s %s daddr %s %s accept", family->ip,
			 family->tag, family->ip, self, family->ping);
	}
	if (work->plan->gateway->role == ROLE_CLOUD)
		nft_forgotten_rules(work);
	nft_rule(work, "the gateway offers nothing to the tunnel but ping",
		 "counter drop");
}

/** own_hooks() - What the gateway itself says to the tunnel and hears */
static void own_hooks(struct nft_work *work)
{
	bool cloud = work->plan->gateway->role == ROLE_CLOUD;
	const char *tun = work->plan->conf->tun_name;
	size_t i;

	cut_chain(work);
	own_to_tun(work);
	own_from_tun(work);
	nft_chain(work, "output", "from the gateway itself",
		  "filter hook output priority 0");
	/* Resets about such flows are "related": they pass. */
	for (i = 0; cloud && i < work->family_cnt; i++)
		nft_rule(work, "public ports, used on the gateway",
			 CUT " ct state established ct direction original "
			     "ct reply %s saddr @ending_%s goto cut",
			 work->families[i]->ip, work->families[i]->tag);
	nft_rule(work, NULL, "oifname \"%s\" goto own_to_tun", tun);
	nft_chain(work, "input", "to the gateway itself",
		  "filter hook input priority 0");
	nft_rule(work, NULL, "iifname \"%s\" goto own_from_tun", tun);
}

/** find_families() - Those in which this gateway has a tunnel address */
static void find_families(struct nft_work *work,
			  const struct nft_opened *opened)
{
	const struct policy_gateway *gateway = work->plan->gateway;

	if (gateway_addr(gateway, IP_V4))
		work->families[work->family_cnt++] = &family_v4;
	if (gateway_addr(gateway, IP_V6) && !opened->v6_off)
		work->families[work->family_cnt++] = &family_v6;
}

/** begin() - The table without objects */
static struct table *begin(const struct plan *plan)
{
	struct table *table;
	struct strbuf name;
	struct strbuf text;
	struct strbuf why;

	strbuf_init(&name);
	strbuf_init(&text);
	strbuf_init(&why);
	nft_table_name(plan->gateway->name, &name);
	strbuf_printf(&text, "relaytun gateway %s (%s), device %s",
		      plan->gateway->name,
		      gateway_role_name(plan->gateway->role),
		      plan->conf->tun_name);
	nft_comment(&why, strbuf_str(&text));
	table = table_new(strbuf_str(&name),
			  strbuf_str(&why) + strlen("comment "));
	strbuf_fini(&why);
	strbuf_fini(&text);
	strbuf_fini(&name);
	return table;
}

struct table *nft_table(const struct plan *plan,
			const struct nft_opened *opened)
{
	struct nft_work work = {
		.plan = plan, .ending = opened->ending, .table = begin(plan)};
	size_t i;

	find_families(&work, opened);
	opened_sets(&work, opened);
	for (i = 0; i < work.family_cnt; i++)
		nft_peers_set(&work, work.families[i]);
	if (plan->gateway->role == ROLE_CLOUD)
		nft_cloud(&work);
	else
		nft_site(&work);
	own_hooks(&work);
	table_seal(work.table);
	return work.table;
}

void nft_render(const struct plan *plan, const struct nft_opened *opened,
		struct strbuf *out)
{
	struct table *table = nft_table(plan, opened);

	table_print(table, out);
	table_free(table);
}

void nft_render_removal(const char *name, struct strbuf *out)
{
	strbuf_printf(out,
		      "table inet %s\n"
		      "delete table inet %s\n",
		      name, name);
}

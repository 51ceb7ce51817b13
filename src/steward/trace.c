/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * trace.c - What would happen to a packet on this machine, step by step
 */

#include "steward/trace.h"

#include <errno.h>
#include <netlink/socket.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steward/iface.h"
#include "steward/legacy.h"
#include "steward/rtsock.h"
#include "steward/sim.h"
#include "steward/simtext.h"
#include "steward/way.h"

/**
 * DOC: Theory of operation
 *
 * The ruleset is the kernel's own, all tables of it, evaluated by sim.c; the
 * routing decision is the kernel's as well (RTM_GETROUTE, with the interface the
 * packet came in by, so that rules, forwarding and reverse path count).  So a
 * trace cannot disagree with what the gateway rendered, and sees what others
 * did.
 *
 * A packet goes through prerouting, is routed, and goes on through input, or
 * through forward and postrouting.  Chains of nat see it because it is the first
 * of its flow.
 */

#define BASE_CNT_MAX 64
/* Addresses of this machine at the beginning of a "from" that are passed by. */
#define OWN_CNT_MAX 16

/* What is sent from when nobody is named: of the documentation's networks. */
static const struct ip_addr client4 = {IP_V4, {203, 0, 113, 9}};
static const struct ip_addr client6 = {
	IP_V6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}};

/**
 * struct trace - One packet's way
 * @rules:	The ruleset as text, with handles
 * @legacy:	Rules of iptables-legacy
 * @hook:	Where it is
 * @open:	A rule could not be judged: the way told is one of several
 */
struct trace {
	const struct plan *plan;
	struct sim *sim;
	char *rules;
	struct legacy legacy;
	struct nl_sock *nl;
	struct sim_packet packet;
	char iif[IF_NAMESIZE];
	struct way way;
	const char *hook;
	bool open;
	struct strbuf *out;
	struct diag *diag;
};

/** on_step() - Something happens for certain */
static void on_step(void *arg, const struct sim_place *place, const char *what)
{
	struct trace *trace = arg;
	char *legacy = legacy_rule(&trace->legacy, place);
	const char *line = legacy;
	size_t len = legacy ? strlen(legacy) : 0;

	if (!len && place->handle)
		line = simtext_line(trace->rules, place, &len);
	strbuf_printf(trace->out, "%-12s %s %s %s: %s", trace->hook,
		      place->family, place->table, place->chain, what);
	if (line && len)
		strbuf_printf(trace->out, "  [%.*s]", (int)len, line);
	strbuf_printf(trace->out, "\n");
	free(legacy);
}

/** decide() - The last line; Return: -EACCES */
static int decide(struct trace *trace, const struct sim_place *place)
{
	strbuf_printf(trace->out, "%-12s %s by table %s %s, chain %s, ",
		      "decision", place->rejects ? "rejected" : "dropped",
		      place->family, place->table, place->chain);
	if (place->handle)
		strbuf_printf(trace->out, "rule %ld%s%s\n", place->handle,
			      place->comment[0] ? ": " : "", place->comment);
	else
		strbuf_printf(trace->out, "policy\n");
	return -EACCES;
}

/** is_untracked() - Did a rule keep the packet from connection tracking? */
static bool is_untracked(const struct trace *trace)
{
	return trace->packet.state &&
	       !strcmp(trace->packet.state, SIM_UNTRACKED);
}

/** pass_hook() - All chains of a hook; Return: 0, or -EACCES after the decision */
static int pass_hook(struct trace *trace, const char *hook)
{
	struct sim_base bases[BASE_CNT_MAX];
	size_t cnt = sim_bases(trace->sim, trace->packet.family, hook, bases,
			       BASE_CNT_MAX);
	bool translated = false;
	size_t i;

	trace->hook = hook;
	for (i = 0; i < cnt; i++) {
		bool nat = !strcmp(bases[i].type, "nat");
		unsigned int status = trace->packet.status;
		enum sim_bit bit = SIM_ACCEPT;
		struct sim_place last = {.family = ""};
		unsigned int bits;

		/* The first translation in a hook is the only one; what
		 * belongs to no flow gets none. */
		if (nat && (translated || is_untracked(trace)))
			continue;
		bits = sim_run(trace->sim, &bases[i], &trace->packet, on_step,
			       trace, &last, &bit);
		trace->open |= bits == (SIM_ACCEPT | SIM_DROP);
		translated |= nat && trace->packet.status != status;
		if (bit == SIM_DROP)
			return decide(trace, &last);
	}
	return 0;
}

/** route() - The kernel's routing decision; Return: 0, or -EACCES after it */
static int route(struct trace *trace)
{
	struct sim_packet *packet = &trace->packet;
	int err = way_find(trace->nl, &packet->daddr, &packet->saddr,
			   trace->iif, packet->mark, &trace->way);

	if (err) {
		strbuf_printf(trace->out,
			      "routing      %s\n"
			      "decision     dropped: %s\n",
			      strerror(-err),
			      err == -EXDEV || err == -EINVAL
				      ? "the kernel takes no packet of this "
					"source there (no way back, or a "
					"reverse path filter)"
			      : err == -EHOSTUNREACH
				      ? "what comes in there is not forwarded, "
					"or there is no route"
				      : "the kernel does not route it");
		return -EACCES;
	}
	packet->local = trace->way.local;
	packet->oif = trace->way.local ? "" : trace->way.oif;
	packet->oifgroup =
		trace->way.local ? -1 : way_group(trace->nl, trace->way.oif);
	if (trace->way.local)
		strbuf_printf(trace->out, "routing      to this machine\n");
	else
		strbuf_printf(trace->out, "routing      out by %s (table %u)\n",
			      trace->way.oif, trace->way.table);
	return 0;
}

/** judge_arrival() - Is it where a client's packet has to go? */
static int judge_arrival(struct trace *trace)
{
	const char *tun = trace->plan->conf->tun_name;
	bool cloud = trace->plan->gateway->role == ROLE_CLOUD;
	bool right = !trace->way.local && cloud == !strcmp(trace->way.oif, tun);

	strbuf_printf(trace->out, "decision     %s%s%s\n",
		      trace->way.local ? "delivered to this machine"
				       : "passes, out by ",
		      trace->way.local ? "" : trace->way.oif,
		      trace->open ? " (unless a rule that asks for what is not "
				    "known here decides otherwise)"
				  : "");
	if (!right)
		strbuf_printf(trace->out,
			      "             but not %s the tunnel\n",
			      cloud ? "into" : "out of");
	return right ? 0 : -EACCES;
}

/** walk() - Through all hooks */
static int walk(struct trace *trace)
{
	static const struct ip_addr any = {.family = IP_NONE};
	struct sim_packet *packet = &trace->packet;
	struct way before;
	int err;

	/* "fib daddr type" is asked before the translation. */
	packet->local =
		!way_find(trace->nl, &packet->daddr, &any, NULL, 0, &before) &&
		before.local;
	err = pass_hook(trace, "prerouting");
	if (!err && is_untracked(trace))
		strbuf_printf(trace->out,
			      "tracking     none: a packet of no flow is not "
			      "translated, and no answer to it\n");
	if (!err)
		err = route(trace);
	if (!err)
		err = pass_hook(trace, trace->way.local ? "input" : "forward");
	if (!err && !trace->way.local)
		err = pass_hook(trace, "postrouting");
	return err ? err : judge_arrival(trace);
}

/** say_packet() - The first line */
static void say_packet(struct trace *trace, const char *site, const char *name)
{
	const struct sim_packet *packet = &trace->packet;
	char src[IP_ADDR_TEXT_SIZE];
	char dst[IP_ADDR_TEXT_SIZE];

	strbuf_printf(trace->out, "packet       %s/%s: %s from %s to %s", site,
		      name,
		      packet->proto == PROTO_TCP   ? "tcp"
		      : packet->proto == PROTO_UDP ? "udp"
						   : "icmp",
		      ip_addr_format(&packet->saddr, src),
		      ip_addr_format(&packet->daddr, dst));
	if (packet->dport >= 0)
		strbuf_printf(trace->out, " port %d", packet->dport);
	strbuf_printf(trace->out, ", in by %s\n", trace->iif);
}

/** note_iif() - The first interface that is up */
static void note_iif(void *arg, const char *ifname, int forwarding)
{
	struct trace *trace = arg;

	(void)forwarding;
	if (!trace->iif[0])
		snprintf(trace->iif, sizeof(trace->iif), "%s", ifname);
}

/** choose_iif() - The interface that leads to the sender; the first that is up
 *  when none does */
static int choose_iif(struct trace *trace)
{
	static const struct ip_addr any = {.family = IP_NONE};
	struct sim_packet *packet = &trace->packet;
	struct way back;
	int err = 0;

	if (trace->plan->gateway->role == ROLE_SITE)
		snprintf(trace->iif, sizeof(trace->iif), "%s",
			 trace->plan->conf->tun_name);
	else if (!way_find(trace->nl, &packet->saddr, &any, NULL, 0, &back))
		snprintf(trace->iif, sizeof(trace->iif), "%s", back.oif);
	else
		err = iface_each(trace->nl, note_iif, trace, trace->diag);
	packet->iif = trace->iif;
	packet->iifgroup = way_group(trace->nl, trace->iif);
	return err;
}

/** own_addr() - An address of this machine, as seen by the sender */
static struct ip_addr own_addr(struct trace *trace)
{
	static const struct ip_addr any = {.family = IP_NONE};
	struct way back;

	if (!way_find(trace->nl, &trace->packet.saddr, &any, NULL, 0, &back) &&
	    back.src.family != IP_NONE)
		return back.src;
	return way_addr_of(trace->nl, trace->iif, trace->packet.family);
}

/** begin() - A new flow of a protocol from the sender */
static void begin(struct trace *trace, const struct show *show,
		  enum ip_family family, enum service_proto proto)
{
	const struct plan *plan = trace->plan;
	struct sim_packet *packet = &trace->packet;
	const struct ip_addr *peer = NULL;

	*packet = sim_unknown(family);
	packet->proto = (uint8_t)proto;
	packet->state = "new";
	packet->mark_known = ~0u;
	packet->ct_mark_known = ~0u;
	packet->oif = "";
	if (proto == PROTO_ICMP)
		packet->icmp_type = "echo-request";
	if (proto == PROTO_ICMP && family == IP_V6)
		packet->proto = 58;
	if (plan->gateway->role == ROLE_SITE && plan->peer_cnt)
		peer = gateway_addr(plan->peers[0], family);
	if (show->from.family == family)
		packet->saddr = show->from;
	else if (peer)
		packet->saddr = *peer;
	else
		packet->saddr = family == IP_V4 ? client4 : client6;
	packet->orig_saddr = packet->saddr;
	packet->reply_daddr = packet->saddr;
}

/** aim() - Where the packet goes */
static void aim(struct trace *trace, const struct ip_addr *daddr, int dport)
{
	trace->packet.daddr = *daddr;
	trace->packet.orig_daddr = *daddr;
	trace->packet.reply_saddr = *daddr;
	trace->packet.dport = dport;
}

/** pick_host() - A host of a prefix: none has the first address */
static void pick_host(struct ip_addr *addr, uint8_t len)
{
	size_t last = ip_addr_len(addr->family) - 1;

	if (len < 8 * (last + 1) && !(addr->bytes[last] & 1))
		addr->bytes[last]++;
}

/** is_own() - Is it an address of this machine? */
static bool is_own(struct trace *trace, const struct ip_addr *addr)
{
	static const struct ip_addr any = {.family = IP_NONE};
	struct way way;

	return !way_find(trace->nl, addr, &any, NULL, 0, &way) && way.local;
}

/** send_from() - The packet's sender */
static void send_from(struct trace *trace, const struct ip_addr *addr)
{
	trace->packet.saddr = *addr;
	trace->packet.orig_saddr = *addr;
	trace->packet.reply_daddr = *addr;
}

/** send_from_one() - Nobody was named: one that may, but not this machine */
static void send_from_one(struct trace *trace, const struct prefix_list *from)
{
	enum ip_family family = trace->packet.family;
	size_t i;

	for (i = 0; i < from->cnt; i++) {
		struct ip_addr addr = from->prefixes[i].addr;
		size_t last = ip_addr_len(family) - 1;
		unsigned int n;

		if (addr.family != family)
			continue;
		pick_host(&addr, from->prefixes[i].len);
		for (n = 0; n < OWN_CNT_MAX && is_own(trace, &addr) &&
			    addr.bytes[last] < 0xff;
		     n++)
			addr.bytes[last]++;
		if (!ip_prefix_contains(&from->prefixes[i], &addr) ||
		    is_own(trace, &addr))
			continue;
		send_from(trace, &addr);
		return;
	}
}

/** check_family() - Can who is named be the sender?  Return: 0, -EAFNOSUPPORT */
static int check_family(const struct trace *trace, const struct show *show,
			enum ip_family family)
{
	char text[IP_ADDR_TEXT_SIZE];

	if (show->from.family == IP_NONE || show->from.family == family)
		return 0;
	diag_error(trace->diag, NULL, 0,
		   "--from %s is no IPv%d address, and \"%s\" takes no others",
		   ip_addr_format(&show->from, text), family == IP_V4 ? 4 : 6,
		   show->service);
	return -EAFNOSUPPORT;
}

/** trace_one() - A service */
static int trace_one(struct trace *trace, const struct show *show,
		     const struct plan_service *entry)
{
	const struct policy_service *service = entry->service;
	struct ip_addr daddr = service->public_addr;
	int err;

	err = check_family(trace, show, service->target.family);
	if (err)
		return err;
	begin(trace, show, service->target.family, service->proto);
	if (show->from.family == IP_NONE &&
	    trace->plan->gateway->role == ROLE_CLOUD)
		send_from_one(trace, &service->from);
	err = choose_iif(trace);
	if (err)
		return err;
	if (trace->plan->gateway->role == ROLE_SITE) {
		daddr = site_tunnel_addr(entry->site, &service->target);
		aim(trace, &daddr, service->target_port);
	} else {
		if (daddr.family == IP_NONE)
			daddr = own_addr(trace);
		aim(trace, &daddr, service->public_port);
	}
	if (trace->packet.daddr.family == IP_NONE) {
		diag_error(trace->diag, NULL, 0,
			   "this machine has no address that a client there "
			   "could use: name one that can be reached with "
			   "--from");
		return -ENETUNREACH;
	}
	say_packet(trace, entry->site->name, service->name);
	return walk(trace);
}

/** trace_grant() - A route: to the first address of its prefix */
static int trace_grant(struct trace *trace, const struct show *show,
		       const struct plan_grant *entry)
{
	const struct policy_route *route = entry->route;
	const struct policy_allow *allow = &route->allow[0];
	struct ip_addr daddr = site_tunnel_addr(entry->site, &route->to.addr);
	int err;

	pick_host(&daddr, route->to.len);
	err = check_family(trace, show, daddr.family);
	if (err)
		return err;
	begin(trace, show, daddr.family, allow->proto);
	if (show->from.family == IP_NONE &&
	    (trace->plan->gateway->role == ROLE_CLOUD || !route->nat))
		send_from_one(trace, &route->from);
	err = choose_iif(trace);
	if (err)
		return err;
	aim(trace, &daddr, allow->proto == PROTO_ICMP ? -1 : allow->first);
	say_packet(trace, entry->site->name, route->name);
	return walk(trace);
}

/** trace_named() - What was asked for */
static int trace_named(struct trace *trace, const struct show *show)
{
	const struct plan *plan = show->plan;
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		if (show_is_meant(show->service, plan->services[i].site->name,
				  plan->services[i].service->name))
			return trace_one(trace, show, &plan->services[i]);
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		if (show_is_meant(show->service, plan->grants[i].site->name,
				  plan->grants[i].route->name))
			return trace_grant(trace, show, &plan->grants[i]);
	}
	diag_error(trace->diag, NULL, 0,
		   "there is no service or route \"%s\" here", show->service);
	return -ENOENT;
}

/** read_rules() - The kernel's ruleset, as JSON into the evaluator and as text */
static int read_rules(struct trace *trace)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int err = -EIO;

	if (nft && !nft_ctx_buffer_output(nft) && !nft_ctx_buffer_error(nft)) {
		nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON);
		if (!nft_run_cmd_from_buffer(nft, "list ruleset"))
			err = sim_add(trace->sim,
				      nft_ctx_get_output_buffer(nft));
		nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_HANDLE |
						      NFT_CTX_OUTPUT_STATELESS);
		if (!err && !nft_run_cmd_from_buffer(nft, "list ruleset"))
			trace->rules = strdup(nft_ctx_get_output_buffer(nft));
	}
	if (nft)
		nft_ctx_free(nft);
	if (!err && trace->rules) {
		simtext_take(trace->sim, trace->rules);
		legacy_read(&trace->legacy, trace->sim);
	}
	if (err || !trace->rules) {
		diag_error(trace->diag, NULL, 0,
			   "the kernel's ruleset cannot be listed");
		return -EIO;
	}
	return 0;
}

int trace_service(const struct show *show, struct strbuf *out,
		  struct diag *diag)
{
	struct trace trace = {
		.plan = show->plan, .out = out, .diag = diag, .sim = sim_new()};
	int err;

	trace.nl = rtsock_open(diag);
	if (trace.nl)
		nl_socket_disable_seq_check(trace.nl); /* see way.c */
	err = trace.nl ? read_rules(&trace) : -EIO;
	if (!err)
		err = trace_named(&trace, show);
	if (trace.nl)
		nl_socket_free(trace.nl);
	free(trace.rules);
	legacy_fini(&trace.legacy);
	sim_free(trace.sim);
	return err;
}

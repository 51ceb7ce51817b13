/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * foreign.c - Do rules of others drop what this gateway forwards?
 */

#include "steward/foreign.h"

#include <stdio.h>
#include <string.h>

/**
 * DOC: Theory of operation
 *
 * For some services of each family a packet of a new flow and one of its answers
 * are made as they pass the forward hook, and run through every base chain that
 * is not ours (sim.h); and one of the gateway's own connection to a relay through
 * output and input.  A chain counts as dropping when the way ends in a drop or a
 * drop policy; rules that only may match (an address that is not known, a limit)
 * can let some packets through before, then it is not certain.  A rule that may
 * match and drops, with an accept behind it, is a list of banned addresses or the
 * like: not told.
 *
 * As they come in, too, packets are tried: a notrack that fires for certain keeps
 * them from connection tracking, and what belongs to no flow our own rules drop.
 */

/* Services that are tried per family: rules of others hardly know them apart. */
#define SERVICE_CNT_MAX 8
#define BASE_CNT_MAX    64
/* A notrack mostly asks for a port. */
#define ARRIVAL_CNT_MAX 256

#define OUR_TABLES      "relaytun_"

/** struct judge - Who looks for what */
struct judge {
	const struct sim *sim;
	const struct plan *plan;
	struct foreign *found;
};

/** copy() - A name that fits, since nf_tables limits it */
static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/** add() - A finding, unless the chain is known for this way */
static void add(struct foreign *found, const struct foreign_finding *finding)
{
	size_t i;

	for (i = 0; i < found->cnt; i++) {
		const struct foreign_finding *old = &found->findings[i];

		if (old->way == finding->way &&
		    old->handle == finding->handle &&
		    old->family6 == finding->family6 &&
		    !strcmp(old->family, finding->family) &&
		    !strcmp(old->table, finding->table) &&
		    !strcmp(old->chain, finding->chain))
			return;
	}
	if (found->cnt < FOREIGN_FINDING_MAX)
		found->findings[found->cnt++] = *finding;
}

/** pass() - A packet through one hook */
static void pass(const struct judge *judge, const char *hook,
		 const struct sim_packet *packet, enum foreign_way way,
		 const char *ifname)
{
	struct sim_base bases[BASE_CNT_MAX];
	size_t cnt = sim_bases(judge->sim, packet->family, hook, bases,
			       BASE_CNT_MAX);
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct sim_packet copied = *packet;
		struct foreign_finding finding = {.way = way};
		enum sim_bit last_bit = SIM_ACCEPT;
		struct sim_place last;
		unsigned int bits;

		if (!strncmp(bases[i].table, OUR_TABLES, strlen(OUR_TABLES)))
			continue;
		bits = sim_run(judge->sim, &bases[i], &copied, NULL, NULL,
			       &last, &last_bit);
		if (last_bit != SIM_DROP)
			continue;
		copy(finding.family, sizeof(finding.family), last.family);
		copy(finding.table, sizeof(finding.table), last.table);
		copy(finding.chain, sizeof(finding.chain), last.chain);
		copy(finding.ifname, sizeof(finding.ifname), ifname);
		finding.handle = last.handle;
		finding.rejects = last.rejects;
		finding.certain = bits == SIM_DROP;
		finding.family6 = packet->family == IP_V6;
		add(judge->found, &finding);
	}
}

/** flow_of() - A new flow of a service, as the forward hook sees it */
static struct sim_packet flow_of(const struct plan *plan,
				 const struct plan_service *entry,
				 const char *ifname)
{
	const struct policy_service *service = entry->service;
	bool cloud = plan->gateway->role == ROLE_CLOUD;
	struct sim_packet packet = sim_unknown(service->target.family);

	packet.proto = (uint8_t)service->proto;
	packet.dport = service->target_port;
	packet.state = "new";
	packet.mark_known = ~0u;
	packet.local = 0;
	if (cloud) {
		packet.daddr = site_tunnel_addr(entry->site, &service->target);
		packet.iif = ifname;
		packet.oif = plan->conf->tun_name;
		packet.status = SIM_DNAT;
	} else {
		const struct ip_addr *peer =
			plan->peer_cnt
				? gateway_addr(plan->peers[0], packet.family)
				: NULL;

		packet.daddr = service->target;
		packet.iif = plan->conf->tun_name;
		packet.oif = ifname;
		if (peer)
			packet.saddr = *peer;
	}
	packet.reply_saddr = packet.daddr;
	packet.orig_saddr = packet.saddr;
	return packet;
}

/** answer_to() - A packet back */
static struct sim_packet answer_to(const struct sim_packet *packet)
{
	struct sim_packet answer = *packet;

	answer.saddr = packet->daddr;
	answer.daddr = packet->saddr;
	answer.sport = packet->dport;
	answer.dport = packet->sport;
	answer.iif = packet->oif;
	answer.oif = packet->iif;
	answer.state = "established";
	answer.reply = true;
	return answer;
}

/** note_notrack() - sim_step_fn: keep the place of a notrack */
static void note_notrack(void *arg, const struct sim_place *place,
			 const char *what)
{
	if (!strcmp(what, SIM_NOTRACK))
		*(struct sim_place *)arg = *place;
}

/** arrive() - A packet as it comes in: is it kept from connection tracking? */
static void arrive(const struct judge *judge, const struct sim_packet *packet,
		   const char *ifname)
{
	struct sim_base bases[BASE_CNT_MAX];
	size_t cnt = sim_bases(judge->sim, packet->family, "prerouting", bases,
			       BASE_CNT_MAX);
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct foreign_finding finding = {.way = FOREIGN_UNTRACKED,
						  .certain = true};
		struct sim_packet copied = *packet;
		struct sim_place at = {.handle = 0};
		enum sim_bit last_bit;
		struct sim_place last;

		(void)sim_run(judge->sim, &bases[i], &copied, note_notrack, &at,
			      &last, &last_bit);
		if (!at.handle)
			continue;
		copy(finding.family, sizeof(finding.family), at.family);
		copy(finding.table, sizeof(finding.table), at.table);
		copy(finding.chain, sizeof(finding.chain), at.chain);
		copy(finding.ifname, sizeof(finding.ifname), ifname);
		finding.handle = at.handle;
		finding.family6 = packet->family == IP_V6;
		add(judge->found, &finding);
	}
}

/** judge_arrivals() - Both directions of a flow, as they come in */
static void judge_arrivals(const struct judge *judge,
			   const struct plan_service *entry, const char *ifname)
{
	struct sim_packet came = flow_of(judge->plan, entry, ifname);
	struct sim_packet answer = answer_to(&came);

	if (judge->plan->gateway->role == ROLE_CLOUD) {
		came.daddr = entry->service->public_addr;
		came.dport = entry->service->public_port;
		came.local = 1;
	}
	came.status = 0;
	came.oif = "";
	answer.oif = "";
	arrive(judge, &came, ifname);
	arrive(judge, &answer, ifname);
}

/** judge_service() - Both directions of a flow */
static void judge_service(const struct judge *judge,
			  const struct plan_service *entry, const char *ifname)
{
	bool cloud = judge->plan->gateway->role == ROLE_CLOUD;
	struct sim_packet packet = flow_of(judge->plan, entry, ifname);
	struct sim_packet answer = answer_to(&packet);

	pass(judge, "forward", &packet, cloud ? FOREIGN_INTO : FOREIGN_OUT_OF,
	     ifname);
	pass(judge, "forward", &answer, cloud ? FOREIGN_OUT_OF : FOREIGN_INTO,
	     ifname);
}

/** judge_dial() - A connection of the carrier to a relay */
static void judge_dial(const struct judge *judge, enum ip_family family,
		       const char *ifname)
{
	struct sim_packet packet = sim_unknown(family);
	struct sim_packet answer;

	packet.proto = PROTO_TCP;
	packet.dport = 443;
	packet.iif = "";
	packet.oif = ifname;
	packet.state = "new";
	packet.mark_known = ~0u;
	packet.local = 0;
	answer = answer_to(&packet);
	answer.local = 1;
	pass(judge, "output", &packet, FOREIGN_DIAL, ifname);
	pass(judge, "input", &answer, FOREIGN_DIAL, ifname);
}

void foreign_judge(const struct sim *sim, const struct plan *plan,
		   const char *const *ifnames, size_t ifname_cnt,
		   struct foreign *found)
{
	const struct judge judge = {.sim = sim, .plan = plan, .found = found};
	size_t i;
	size_t n;

	found->cnt = 0;
	for (n = 0; n < ifname_cnt; n++) {
		size_t tried4 = 0;
		size_t tried6 = 0;

		for (i = 0; i < plan->service_cnt; i++) {
			bool v4 = plan->services[i].service->target.family ==
				  IP_V4;

			if ((v4 ? tried4++ : tried6++) < SERVICE_CNT_MAX)
				judge_service(&judge, &plan->services[i],
					      ifnames[n]);
			if (i < ARRIVAL_CNT_MAX)
				judge_arrivals(&judge, &plan->services[i],
					       ifnames[n]);
		}
		judge_dial(&judge, IP_V4, ifnames[n]);
	}
}

const char *foreign_manager(const struct sim *sim, const char *family,
			    const char *table)
{
	static const struct {
		const char *chain;
		const char *manager;
	} signs[] = {
		{"DOCKER-USER", "docker"},
		{"ufw-before-forward", "ufw"},
		{"ufw6-before-forward", "ufw"},
	};
	size_t i;

	if (!strcmp(table, "firewalld"))
		return "firewalld";
	/* ufw first: with it and Docker both, its policy is the one to change. */
	for (i = sizeof(signs) / sizeof(*signs); i-- > 0;) {
		if (sim_has_chain(sim, family, table, signs[i].chain))
			return signs[i].manager;
	}
	return "";
}

/** tell_remedy() - What lets the tunnel's packets pass, in the manager's words */
static void tell_remedy(const struct foreign_finding *finding,
			const char *managed_by, const char *tun,
			struct strbuf *out)
{
	const char *iptables = finding->family6 ? "ip6tables" : "iptables";
	const char *kind =
		strstr(finding->table, "iptables-legacy") ? "-legacy" : "";

	if (finding->way == FOREIGN_DIAL) {
		strbuf_printf(out, "let this machine's own connections to the "
				   "relays, TCP port 443, pass");
		return;
	}
	if (!strcmp(managed_by, "docker"))
		strbuf_printf(out,
			      "%s%s -I DOCKER-USER -i %s -j ACCEPT; "
			      "%s%s -I DOCKER-USER -o %s -j ACCEPT",
			      iptables, kind, tun, iptables, kind, tun);
	else if (!strcmp(managed_by, "ufw"))
		strbuf_printf(out,
			      "ufw route allow in on %s; "
			      "ufw route allow out on %s",
			      tun, tun);
	else if (!strcmp(managed_by, "firewalld"))
		strbuf_printf(out,
			      "firewall-cmd --permanent --zone=trusted "
			      "--add-interface=%s; firewall-cmd --reload",
			      tun);
	else if (kind[0] || !strcmp(finding->chain, "FORWARD"))
		strbuf_printf(out,
			      "%s%s -I FORWARD -i %s -j ACCEPT; "
			      "%s%s -I FORWARD -o %s -j ACCEPT",
			      iptables, kind, tun, iptables, kind, tun);
	else
		strbuf_printf(out,
			      "nft 'insert rule %s %s %s iifname \"%s\" "
			      "accept'; "
			      "nft 'insert rule %s %s %s oifname \"%s\" "
			      "accept'",
			      finding->family, finding->table, finding->chain,
			      tun, finding->family, finding->table,
			      finding->chain, tun);
}

/** tell_untracked() - The sentence of a notrack */
static void tell_untracked(const struct foreign_finding *finding,
			   const char *rule, struct strbuf *out)
{
	strbuf_printf(out,
		      "table %s %s, chain %s, rule '%s': keeps packets of the "
		      "tunnel's flows from connection tracking, without which "
		      "they are not translated, and dropped (%s at %s); "
		      "remedy: have it not match them, or remove it: ",
		      finding->family, finding->table, finding->chain, rule,
		      finding->family6 ? "IPv6" : "IPv4", finding->ifname);
	if (strstr(finding->table, "iptables-legacy"))
		strbuf_printf(out, "%s-legacy -t %.*s -D %s %ld",
			      finding->family6 ? "ip6tables" : "iptables",
			      (int)strcspn(finding->table, " "), finding->table,
			      finding->chain, finding->handle);
	else
		strbuf_printf(out, "nft 'delete rule %s %s %s handle %ld'",
			      finding->family, finding->table, finding->chain,
			      finding->handle);
}

void foreign_tell(const struct foreign_finding *finding, const char *rule,
		  const char *managed_by, const char *tun, struct strbuf *out)
{
	static const char *const ways[] = {
		[FOREIGN_INTO] = "packets into the tunnel",
		[FOREIGN_OUT_OF] = "packets out of the tunnel",
		[FOREIGN_DIAL] = "this gateway's connections to relays",
	};

	if (finding->way == FOREIGN_UNTRACKED) {
		tell_untracked(finding, rule, out);
		return;
	}
	strbuf_printf(out, "table %s %s, chain %s, ", finding->family,
		      finding->table, finding->chain);
	if (finding->handle)
		strbuf_printf(out, "rule '%s'", rule);
	else
		strbuf_printf(out, "policy drop");
	strbuf_printf(
		out, "%s%s%s: %s %s%s%s (%s at %s); remedy: ",
		managed_by[0] ? " (" : "", managed_by, managed_by[0] ? ")" : "",
		finding->rejects ? "rejects" : "drops",
		finding->certain ? "" : "most ", ways[finding->way],
		finding->certain ? "" : ", unless a rule before it accepts",
		finding->family6 ? "IPv6" : "IPv4", finding->ifname);
	tell_remedy(finding, managed_by, tun, out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * look.c - What on this machine holds up the tunnel's packets
 */

#include "steward/look.h"

#include <net/if.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "steward/foreign.h"
#include "steward/iface.h"
#include "steward/iptsave.h"
#include "steward/legacy.h"
#include "steward/owner.h"
#include "steward/rtsock.h"
#include "steward/simtext.h"
#include "steward/stray.h"
#include "steward/way.h"

/**
 * DOC: Theory of operation
 *
 * Rules of others, also iptables-legacy's, are read into one model and judged
 * (foreign.h); of nftables only tables with a chain on a hook that matters are
 * listed.  Ways of the tunnel's packets (stray.h) and name servers are looked at
 * as well.
 */

#define IFNAME_CNT_MAX 16

/** struct look - What is worked with */
struct look {
	const struct plan *plan;
	struct sim *sim;
	struct nft_ctx *nft;
	struct legacy legacy;
	char names[IFNAME_CNT_MAX][IF_NAMESIZE];
	const char *ifnames[IFNAME_CNT_MAX];
	size_t ifname_cnt;
	struct strbuf *answer;
};

/** list() - Run an nft command; Return: its output (borrowed), "" on failure */
static const char *list(const struct look *look, bool json, const char *command)
{
	nft_ctx_output_set_flags(look->nft,
				 json ? NFT_CTX_OUTPUT_JSON
				      : NFT_CTX_OUTPUT_HANDLE |
						 NFT_CTX_OUTPUT_STATELESS);
	if (nft_run_cmd_from_buffer(look->nft, command))
		return "";
	return nft_ctx_get_output_buffer(look->nft);
}

/** matters() - May a table hold up the tunnel's packets? */
static bool matters(const struct sim_base *base)
{
	return strncmp(base->table, "relaytun_", 9) != 0 &&
	       !strcmp(base->type, "filter");
}

/** read_table() - Its rules and sets, once */
static void read_table(struct look *look, const struct sim_base *base)
{
	char command[2 * FOREIGN_NAME_SIZE];
	const char *json;
	bool wants_text;

	if (sim_has_table(look->sim, base->family, base->table))
		return;
	snprintf(command, sizeof(command), "list table %s %s", base->family,
		 base->table);
	json = list(look, true, command);
	wants_text = simtext_wanted(json);
	if (!sim_add(look->sim, json) && wants_text)
		simtext_take(look->sim, list(look, false, command));
}

/** read_tables() - All tables with a chain on one of the hooks */
static void read_tables(struct look *look)
{
	static const char *const hooks[] = {"forward", "input", "output",
					    "prerouting"};
	static const enum ip_family families[] = {IP_V4, IP_V6};
	struct sim *chains = sim_new();
	struct sim_base bases[64];
	size_t f;
	size_t h;
	size_t i;

	if (sim_add(chains, list(look, true, "list chains"))) {
		strbuf_printf(
			look->answer,
			"the rules of others cannot be listed: whether "
			"they drop this gateway's packets is not known\n");
		sim_free(chains);
		return;
	}
	for (f = 0; f < 2; f++) {
		for (h = 0; h < sizeof(hooks) / sizeof(*hooks); h++) {
			size_t cnt = sim_bases(chains, families[f], hooks[h],
					       bases, 64);

			for (i = 0; i < cnt; i++) {
				if (matters(&bases[i]))
					read_table(look, &bases[i]);
			}
		}
	}
	sim_free(chains);
}

/** tell_unread() - Rules of iptables-legacy that nobody could judge */
static void tell_unread(struct look *look)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (look->legacy.unread[i])
			strbuf_printf(look->answer,
				      "iptables-legacy rules are in force and "
				      "cannot be read: see \"%s -S FORWARD\"\n",
				      i ? "ip6tables-legacy"
					: "iptables-legacy");
	}
}

/** add_ifname() - An interface that packets use, once */
static void add_ifname(void *arg, const char *name, int forwarding)
{
	struct look *look = arg;
	size_t i;

	(void)forwarding;
	for (i = 0; i < look->ifname_cnt; i++) {
		if (!strcmp(look->ifnames[i], name))
			return;
	}
	if (look->ifname_cnt == IFNAME_CNT_MAX)
		return;
	snprintf(look->names[i], sizeof(look->names[i]), "%s", name);
	look->ifnames[i] = look->names[i];
	look->ifname_cnt++;
}

/** add_way_to() - The interface by which an address is reached */
static void add_way_to(struct look *look, struct nl_sock *nl,
		       const struct ip_addr *addr)
{
	struct nl_addr *to =
		nl_addr_build(addr->family == IP_V4 ? AF_INET : AF_INET6,
			      addr->bytes, ip_addr_len(addr->family));
	struct rtnl_route *route;
	struct rtnl_nexthop *hop;
	char name[IF_NAMESIZE];

	if (to && rtnl_route_lookup(nl, to, &route) == 0) {
		hop = rtnl_route_nexthop_n(route, 0);
		if (hop &&
		    if_indextoname((unsigned int)rtnl_route_nh_get_ifindex(hop),
				   name))
			add_ifname(look, name, 0);
		rtnl_route_put(route);
	}
	nl_addr_put(to);
}

/** find_ifnames() - Where packets come from or go to: the way to the internet or
 *  to the targets; all interfaces where there is none */
static void find_ifnames(struct look *look)
{
	/* Of the documentation's networks: by the default route. */
	static const struct ip_addr outside = {IP_V4, {203, 0, 113, 254}};
	bool cloud = look->plan->gateway->role == ROLE_CLOUD;
	struct nl_sock *nl;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	nl = rtsock_open(&diag);
	if (nl && cloud)
		add_way_to(look, nl, &outside);
	for (i = 0; nl && !cloud && i < look->plan->service_cnt && i < 64; i++)
		add_way_to(look, nl, &look->plan->services[i].service->target);
	if (nl && look->ifname_cnt == 0)
		(void)!iface_each(nl, add_ifname, look, &diag);
	if (nl)
		nl_socket_free(nl);
	diag_fini(&diag);
}

/** judge_resolver() - Is a name server reached through the tunnel? */
static void judge_resolver(struct look *look, struct nl_sock *nl,
			   const char *text)
{
	static const struct ip_addr any = {.family = IP_NONE};
	struct ip_addr addr;
	struct way way;

	if (ip_addr_parse(text, &addr) ||
	    way_find(nl, &addr, &any, NULL, 0, &way) ||
	    strcmp(way.oif, look->plan->conf->tun_name) != 0)
		return;
	strbuf_printf(look->answer,
		      "name server %s (/etc/resolv.conf) is reached through "
		      "the tunnel: while that is down no relay's name can be "
		      "resolved; add a name server elsewhere, or a route to "
		      "it that leads past the tunnel\n",
		      text);
}

/** look_at_resolvers() - Names of relays must be found before the tunnel is up */
static void look_at_resolvers(struct look *look)
{
	FILE *file = fopen("/etc/resolv.conf", "re");
	struct nl_sock *nl;
	struct diag diag;
	char line[256];

	if (!file)
		return;
	diag_init(&diag);
	nl = rtsock_open(&diag);
	while (nl && fgets(line, sizeof(line), file)) {
		char *addr = line + strlen("nameserver");

		if (strncmp(line, "nameserver", strlen("nameserver")) != 0)
			continue;
		addr += strspn(addr, " \t");
		addr[strcspn(addr, " \t\n%")] = '\0';
		judge_resolver(look, nl, addr);
	}
	if (nl)
		nl_socket_free(nl);
	diag_fini(&diag);
	(void)fclose(file);
}

/** look_at_ways() - Do packets for the tunnel go there? */
static void look_at_ways(struct look *look)
{
	bool cloud = look->plan->gateway->role == ROLE_CLOUD;
	struct nl_sock *nl;
	struct diag diag;

	diag_init(&diag);
	nl = rtsock_open(&diag);
	if (nl) {
		stray_tell(look->plan, nl,
			   cloud && look->ifname_cnt ? look->ifnames[0] : NULL,
			   look->answer);
		if (!cloud)
			stray_tell_own(look->plan, nl, look->answer);
		nl_socket_free(nl);
	}
	diag_fini(&diag);
}

/** rule_text() - A rule as nft or iptables writes it; heap, "" when not found */
static char *rule_text(const struct look *look,
		       const struct foreign_finding *finding)
{
	const struct sim_place place = {
		.family = finding->family,
		.table = finding->table,
		.chain = finding->chain,
		.handle = finding->handle,
	};
	char command[3 * FOREIGN_NAME_SIZE];
	const char *line;
	size_t len;

	if (strstr(finding->table, IPTSAVE_TABLE_SUFFIX))
		return legacy_rule(&look->legacy, &place);
	snprintf(command, sizeof(command), "list chain %s %s %s",
		 finding->family, finding->table, finding->chain);
	line = simtext_line(list(look, false, command), &place, &len);
	return line ? strndup(line, len) : strdup("");
}

/** look_at_name() - Does somebody else's table have the name of ours? */
static void look_at_name(struct look *look)
{
	const char *name = look->plan->gateway->name;
	struct diag diag;

	diag_init(&diag);
	if (owner_of(name, &diag) == OWNER_OTHER)
		strbuf_printf(look->answer,
			      "a table inet relaytun_%s stands that this "
			      "gateway did not make: the gateway's own rules "
			      "stand as relaytun__%s, and reloads are refused "
			      "until it is removed (nft delete table inet "
			      "relaytun_%s)\n",
			      name, name, name);
	diag_fini(&diag);
}

/** tell_foreign() - What drops the tunnel's packets */
static void tell_foreign(const struct look *look)
{
	struct foreign found;
	size_t i;

	foreign_judge(look->sim, look->plan, look->ifnames, look->ifname_cnt,
		      &found);
	for (i = 0; i < found.cnt; i++) {
		const struct foreign_finding *finding = &found.findings[i];
		char *rule = finding->handle ? rule_text(look, finding) : NULL;

		foreign_tell(finding, rule ? rule : "",
			     foreign_manager(look->sim, finding->family,
					     finding->table),
			     look->plan->conf->tun_name, look->answer);
		strbuf_printf(look->answer, "\n");
		free(rule);
	}
}

void look_around(const struct plan *plan, struct strbuf *answer)
{
	struct look look = {
		.plan = plan,
		.sim = sim_new(),
		.nft = nft_ctx_new(NFT_CTX_DEFAULT),
		.answer = answer,
	};

	if (look.nft && !nft_ctx_buffer_output(look.nft) &&
	    !nft_ctx_buffer_error(look.nft)) {
		look_at_name(&look);
		read_tables(&look);
		legacy_read(&look.legacy, look.sim);
		tell_unread(&look);
		look_at_resolvers(&look);
		find_ifnames(&look);
		look_at_ways(&look);
		tell_foreign(&look);
	}
	legacy_fini(&look.legacy);
	sim_free(look.sim);
	if (look.nft)
		nft_ctx_free(look.nft);
}

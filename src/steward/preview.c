/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * preview.c - What a policy would change here, and which flows it would end
 */

#include "steward/preview.h"

#include <stdlib.h>

#include "steward/change.h"
#include "steward/cut.h"
#include "steward/kept.h"
#include "steward/rules.h"
#include "steward/state.h"
#include "steward/table_diff.h"
#include "sys/file.h"

/**
 * DOC: Theory of operation
 *
 * Three files tell what stands: ids in the state file, the policy and the rules
 * beside it (kept.c).  The same functions as in a reload say what differs; flows
 * come from connection tracking and are judged as a reload would judge them.
 */

#define STATE_LEN_MAX (16u << 20)

/** struct views - What stands, and what is asked about
 * @before:	NULL when nothing is known to stand
 */
struct views {
	struct state state;
	const struct plan *before;
	const struct plan *now;
};

/** read_ids() - Those that were given */
static void read_ids(const struct gateway_conf *conf, struct state *state,
		     struct arena *arena)
{
	char *text;

	state_init(state, arena);
	if (file_read(conf->state_file, STATE_LEN_MAX, &text) < 0)
		return;
	(void)state_parse(state, text);
	free(text);
}

/** has_route() - Does a plan lead a destination into the tunnel? */
static bool has_route(const struct plan *plan, const struct ip_prefix *to)
{
	size_t i;

	for (i = 0; plan && i < plan->route_cnt; i++) {
		if (plan->routes[i].to.len == to->len &&
		    ip_addr_equal(&plan->routes[i].to.addr, &to->addr))
			return true;
	}
	return false;
}

/** tell_routes() - Those of one plan that the other has not */
static void tell_routes(const struct plan *plan, const struct plan *other,
			char sign, struct strbuf *out)
{
	char text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	for (i = 0; plan && i < plan->route_cnt; i++) {
		const struct ip_prefix *to = &plan->routes[i].to;

		if (!has_route(other, to))
			strbuf_printf(out, "%c route %s dev %s\n", sign,
				      ip_prefix_format(to, text),
				      plan->conf->tun_name);
	}
}

/** tell_rules() - The transaction that a reload would make */
static void tell_rules(const struct views *views, struct strbuf *out)
{
	struct table *stands = rules_remembered(views->now->conf);
	struct table *wanted = rules_wanted(views->now, &views->state, NULL);
	enum table_diff how = TABLE_DIFF_REPLACE;
	struct strbuf script;

	strbuf_init(&script);
	if (stands)
		how = table_diff(stands, wanted, &script);
	if (how == TABLE_DIFF_SCRIPT)
		strbuf_printf(out, "\nnftables, in one transaction:\n%s",
			      strbuf_str(&script));
	else if (how == TABLE_DIFF_REPLACE)
		strbuf_printf(out,
			      "\nnftables: the whole table inet %s, see "
			      "relaytun check --show-nft\n",
			      wanted->name);
	strbuf_fini(&script);
	table_free(stands);
	table_free(wanted);
}

/** put_end() - "10.1.0.5:443", "[fd00::5]:443", or only the address */
static void put_end(const struct ip_addr *addr, uint16_t port,
		    struct strbuf *out)
{
	char text[IP_ADDR_TEXT_SIZE];

	strbuf_printf(out, addr->family == IP_V6 && port ? "[%s]" : "%s",
		      ip_addr_format(addr, text));
	if (port)
		strbuf_printf(out, ":%u", port);
}

/** put_name() - Whose flow it is, by its mark */
static void put_name(const struct plan *plan, uint32_t id, struct strbuf *out)
{
	size_t i;

	for (i = 0; plan && i < plan->service_cnt; i++) {
		if (plan->services[i].id == id)
			strbuf_printf(out, " %s/%s",
				      plan->services[i].site->name,
				      plan->services[i].service->name);
	}
	for (i = 0; plan && i < plan->grant_cnt; i++) {
		if (plan->grants[i].id == id)
			strbuf_printf(out, " %s/%s", plan->grants[i].site->name,
				      plan->grants[i].route->name);
	}
}

/** tell_flow() - One line */
static void tell_flow(const struct plan *plan, const struct flow *flow,
		      struct strbuf *out)
{
	strbuf_printf(out, "  %s ",
		      flow->proto == PROTO_TCP   ? "tcp"
		      : flow->proto == PROTO_UDP ? "udp"
						 : "icmp");
	put_end(&flow->orig.src, flow->orig.sport, out);
	strbuf_printf(out, " -> ");
	put_end(&flow->orig.dst, flow->orig.dport, out);
	strbuf_printf(out, " -> ");
	put_end(&flow->reply.src, flow->reply.sport, out);
	put_name(plan, flow->mark & PLAN_MARK_MASK, out);
	strbuf_printf(out, "\n");
}

/** tell_flows() - Those that would end */
static void tell_flows(const struct views *views, struct strbuf *out,
		       struct diag *diag)
{
	const struct plan *before = views->before ? views->before : views->now;
	struct cut cut = {.cnt = 0};
	struct diag errors;
	size_t i;

	diag_init(&errors);
	if (cut_preview(&cut, views->now, before, &errors) < 0)
		diag_warning(diag, NULL, 0,
			     "which flows would end cannot be told: that "
			     "needs CAP_NET_ADMIN");
	diag_fini(&errors);
	if (cut.cnt)
		strbuf_printf(out, "\n%zu flows would end:\n", cut.cnt);
	for (i = 0; i < cut.cnt; i++)
		tell_flow(before, &cut.flows[i], out);
	free(cut.flows);
}

bool preview(const struct policy *policy, const struct policy_gateway *gateway,
	     const struct gateway_conf *conf, struct arena *arena,
	     struct strbuf *out, struct diag *diag)
{
	size_t begin = out->len;
	struct views views;
	struct change change;

	read_ids(conf, &views.state, arena);
	views.now = plan_make(policy, gateway, conf, views.state.ids,
			      views.state.id_cnt, arena);
	views.before = kept_plan(conf, KEPT_POLICY, &views.state, arena);
	if (!views.before)
		diag_warning(diag, NULL, 0,
			     "nothing is known to stand of gateway %s: all is "
			     "new",
			     conf->name);
	change = change_of(views.before, views.now, out);
	tell_routes(views.before, views.now, '-', out);
	tell_routes(views.now, views.before, '+', out);
	tell_rules(&views, out);
	tell_flows(&views, out, diag);
	if (out->len == begin) {
		strbuf_printf(out, "nothing would change\n");
		return false;
	}
	strbuf_printf(out, "\n%zu new, %zu gone, %zu changed\n", change.added,
		      change.removed, change.altered);
	return true;
}

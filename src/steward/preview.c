/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * preview.c - What a policy would change here, and which flows it would end
 */

#include "steward/preview.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/print.h"
#include "steward/apply.h"
#include "steward/change.h"
#include "steward/cut.h"
#include "steward/kept.h"
#include "steward/keycheck.h"
#include "steward/restart.h"
#include "steward/rules.h"
#include "steward/state.h"
#include "steward/table_diff.h"
#include "sys/file.h"

/**
 * DOC: Theory of operation
 *
 * Four files tell what stands: ids in the state file, the policy, the rules and the
 * settings beside it (kept.c).  The same functions as in a reload say what differs; flows
 * come from connection tracking and are judged as a reload would judge them.  At last
 * comes what a reload tries before it changes anything: settings that need a restart,
 * keys and certificates, and whether there is room for addresses and routes.
 */

#define STATE_LEN_MAX (16u << 20)

/** struct views - What stands, and what is asked about
 * @conf_before: Settings in force, NULL when they are not known
 * @before:	NULL when nothing is known to stand
 */
struct views {
	struct state state;
	const struct gateway_conf *conf_before;
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

/** tell_device() - A setting of the device that a reload would change */
static void tell_device(const struct gateway_conf *conf, struct strbuf *out)
{
	struct ifreq request = {.ifr_mtu = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
		 conf->tun_name);
	if (fd >= 0 && !ioctl(fd, SIOCGIFMTU, &request) &&
	    (uint32_t)request.ifr_mtu != conf->tun_mtu)
		strbuf_printf(out, "~ device %s: mtu %u in place of %d\n",
			      conf->tun_name, conf->tun_mtu, request.ifr_mtu);
	if (fd >= 0)
		close(fd);
}

/** has_line() - Is one of the lines of a text this one? */
static bool has_line(const char *text, const char *line, size_t len)
{
	for (; *text; text += strcspn(text, "\n") + 1) {
		if (strcspn(text, "\n") == len && !strncmp(text, line, len))
			return true;
	}
	return false;
}

/** tell_lines() - Those of a text, in normal form, that another has not */
static void tell_lines(const char *text, const char *other, char sign,
		       struct strbuf *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!has_line(other, text, len))
			strbuf_printf(out, "%c gateway.cfg: %.*s\n", sign,
				      (int)len, text);
		text += len + 1;
	}
}

/** tell_conf() - Settings that are others than those in force */
static void tell_conf(const struct views *views, struct strbuf *out)
{
	struct strbuf before;
	struct strbuf now;

	if (!views->conf_before)
		return;
	strbuf_init(&before);
	strbuf_init(&now);
	gateway_conf_print(views->conf_before, &before);
	gateway_conf_print(views->now->conf, &now);
	tell_lines(strbuf_str(&before), strbuf_str(&now), '-', out);
	tell_lines(strbuf_str(&now), strbuf_str(&before), '+', out);
	strbuf_fini(&before);
	strbuf_fini(&now);
}

/** check_known() - May we read what stands? */
static int check_known(const struct gateway_conf *conf, struct diag *diag)
{
	char *path = kept_path(conf, KEPT_POLICY);
	int err = access(path, R_OK) && errno == EACCES ? -EACCES : 0;

	if (err)
		diag_error(diag, path, 0,
			   "what stands may be read by root only: run it as "
			   "root");
	free(path);
	return err;
}

/** is_other_role() - Is what stands of another role?  Then little can be compared */
static bool is_other_role(const struct views *views)
{
	return views->before &&
	       views->before->gateway->role != views->now->gateway->role;
}

/** check_restart() - What only a restart can change; Return: as for any other fault
 *  of the files, of which @conf_path is gateway.cfg */
static int check_restart(const struct views *views, const char *conf_path,
			 struct diag *diag)
{
	const struct plan *now = views->now;
	bool good =
		!views->conf_before ||
		restart_check(conf_path, views->conf_before, now->conf, diag);

	if (views->before)
		good &= restart_check_role(now->policy, views->before->gateway,
					   now->gateway, diag);
	return good ? 0 : -EBADMSG;
}

/** check_refusal() - What a reload would be refused for, besides the files */
static int check_refusal(const struct views *views, const char *conf_path,
			 struct diag *diag)
{
	const struct plan *plan = views->now;
	int err = check_restart(views, conf_path, diag);
	int secrets_err = keycheck(&plan->conf->access, false, diag);
	int room_err = apply_check(plan, diag);

	if (!err)
		err = secrets_err;

	if (err || room_err)
		diag_error(diag, NULL, 0,
			   "a reload would be refused, and all go on as "
			   "before");
	return err ? err : room_err;
}

/** tell() - All that differs */
static void tell(const struct views *views, struct strbuf *out,
		 struct diag *diag)
{
	size_t begin = out->len;
	struct change change = change_of(views->before, views->now, out);

	tell_routes(views->before, views->now, '-', out);
	tell_routes(views->now, views->before, '+', out);
	tell_conf(views, out);
	tell_device(views->now->conf, out);
	tell_rules(views, out);
	tell_flows(views, out, diag);
	if (out->len != begin)
		strbuf_printf(out, "\n%zu new, %zu gone, %zu changed\n",
			      change.added, change.removed, change.altered);
}

int preview(const struct policy *policy, const struct gateway_conf *conf,
	    const char *conf_path, struct arena *arena, struct strbuf *out,
	    struct diag *diag)
{
	size_t begin = out->len;
	struct views views;
	int err = check_known(conf, diag);

	if (err)
		return err;
	read_ids(conf, &views.state, arena);
	views.now = plan_make(policy, policy_gateway_find(policy, conf->name),
			      conf, views.state.ids, views.state.id_cnt, arena);
	views.before = kept_plan(conf, KEPT_POLICY, &views.state, arena);
	if (!views.before)
		diag_warning(diag, NULL, 0,
			     "nothing is known to stand of gateway %s: all is "
			     "new",
			     conf->name);
	views.conf_before = kept_conf(conf, arena);
	if (!is_other_role(&views))
		tell(&views, out, diag);
	err = check_refusal(&views, conf_path, diag);
	if (err)
		return err;
	if (out->len != begin)
		return 1;
	strbuf_printf(out, "nothing would change\n");
	return 0;
}

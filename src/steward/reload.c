/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * reload.c - Going on with changed files
 */

#include "steward/reload.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "steward/change.h"
#include "sys/cfgfile.h"
#include "sys/clock.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Files, key and certificates are read and judged as at a start; what a running
 * gateway cannot change (its name, role, device, files, user) is refused.  Then
 * apply_change() changes the rules that differ in one transaction and follows with
 * addresses and routes; then flows that are not allowed any more are ended, in two
 * steps (cut.c).  The carrier gets the new set from supervise.c.
 *
 * Unchanged services notice nothing: neither their rules nor their entries of
 * connection tracking are touched, and their counters go on.
 */

#define RELOAD_OF(member_ptr, member)                                          \
	((struct reload *)(void *)((char *)(member_ptr)-offsetof(              \
		struct reload, member)))

/** finish_cut() - Flows that were told of their end have had their time */
static void finish_cut(struct reload *reload)
{
	struct diag diag;

	loop_timer_cancel(reload->loop, &reload->linger);
	diag_init(&diag);
	cut_finish(&reload->cut, &diag);
	diag_fini(&diag);
}

static void on_linger(struct loop_timer *timer)
{
	finish_cut(RELOAD_OF(timer, linger));
}

void reload_init(struct reload *reload, const char *conf_path,
		 struct host *host, struct feed *feed)
{
	*reload = (struct reload){
		.conf_path = conf_path,
		.host = host,
		.feed = feed,
		.linger = {.fire = on_linger},
	};
	arena_init(&reload->arena);
}

void reload_fini(struct reload *reload)
{
	struct diag diag;

	/* The loop is gone. */
	diag_init(&diag);
	cut_finish(&reload->cut, &diag);
	diag_fini(&diag);
	arena_fini(&reload->arena);
}

/** same() - Report a setting that only a restart can change */
static bool same(const char *path, const char *key, const char *before,
		 const char *now, struct diag *diag)
{
	if (!strcmp(before, now))
		return true;
	diag_error(diag, path, 0,
		   "%s was \"%s\" and is \"%s\": that needs a restart", key,
		   before, now);
	return false;
}

/** check_same() - All settings that only a restart can change */
static bool check_same(const struct reload *reload,
		       const struct gateway_conf *now, struct diag *diag)
{
	const struct gateway_conf *before = reload->host->plan->conf;
	const char *path = reload->conf_path;
	bool good = same(path, "name", before->name, now->name, diag);

	good &= same(path, "tun.name", before->tun_name, now->tun_name, diag);
	good &= same(path, "tun.offloads",
		     tun_offloads_name(before->tun_offloads),
		     tun_offloads_name(now->tun_offloads), diag);
	good &= same(path, "user", before->user, now->user, diag);
	good &= same(path, "status.socket", before->status_socket,
		     now->status_socket, diag);
	good &= same(path, "state_file", before->state_file, now->state_file,
		     diag);
	return good;
}

/** load_conf() - gateway.cfg; NULL after an error */
static const struct gateway_conf *load_conf(const struct reload *reload,
					    struct arena *arena,
					    struct diag *diag)
{
	const struct gateway_conf *conf = NULL;
	struct cfgfile file;

	if (!cfgfile_load(&file, reload->conf_path, arena, diag))
		conf = gateway_conf_parse_source(&file.source, arena, diag);
	cfgfile_free(&file);
	return conf && check_same(reload, conf, diag) ? conf : NULL;
}

/** load_policy() - The policy; NULL after an error */
static const struct policy *load_policy(const char *path, struct arena *arena,
					struct diag *diag)
{
	const struct policy *policy = NULL;
	struct cfgfile file;

	if (!cfgfile_load(&file, path, arena, diag))
		policy = policy_parse_source(&file.source, arena, diag);
	cfgfile_free(&file);
	return policy;
}

/** load_plan() - Both files to the wanted state; NULL after an error */
static const struct plan *load_plan(const struct reload *reload,
				    struct arena *arena, struct diag *diag)
{
	const struct host *host = reload->host;
	const struct gateway_conf *conf = load_conf(reload, arena, diag);
	const struct policy_gateway *gateway = NULL;
	const struct policy *policy =
		conf ? load_policy(conf->policy_path, arena, diag) : NULL;

	if (policy)
		gateway = gateway_conf_check(policy, conf, reload->conf_path,
					     diag);
	if (!gateway)
		return NULL;
	if (gateway->role != host->plan->gateway->role) {
		cfg_source_error(
			&policy->source, diag, gateway->line,
			"another role of gateway \"%s\" needs a restart",
			gateway->name);
		return NULL;
	}
	return plan_make(policy, gateway, conf, host->state->ids,
			 host->state->id_cnt, arena);
}

/** log_change() - One line for the operator */
static void log_change(const struct plan *plan, const struct change *change,
		       int flow_cnt)
{
	log_info("event=reloaded services=%zu added=%zu removed=%zu "
		 "changed=%zu routes=%zu flows_ended=%d",
		 plan->service_cnt, change->added, change->removed,
		 change->altered, plan->route_cnt, flow_cnt);
}

/** end_flows() - Of what is not allowed any more; Return: how many */
static int end_flows(struct reload *reload, const struct plan *before,
		     struct diag *diag)
{
	const struct host *host = reload->host;
	int cnt;

	finish_cut(reload);
	cnt = cut_begin(&reload->cut, host->plan, before, host->tun.fd, diag);
	if (reload->cut.cnt)
		loop_timer_set(reload->loop, &reload->linger,
			       mono_add_ms(clock_mono(), CUT_LINGER_MS));
	return cnt < 0 ? 0 : cnt;
}

/** take() - Rules, addresses, routes, then the texts for carriers */
static int take(struct reload *reload, const struct plan *plan,
		struct feed *feed, struct diag *diag)
{
	const struct plan *before = reload->host->plan;
	struct change change = change_of(before, plan, NULL);
	int err = apply_change(reload->host, plan, diag);
	int flow_cnt;

	if (err)
		return err;
	flow_cnt = end_flows(reload, before, diag);
	feed_replace(reload->feed, feed);
	log_change(plan, &change, flow_cnt);
	return 0;
}

void reload_attach(struct reload *reload, struct loop *loop)
{
	struct diag diag;
	int cnt;

	reload->loop = loop;
	diag_init(&diag);
	cnt = end_flows(reload, reload->host->plan, &diag);
	diag_fini(&diag);
	if (cnt)
		log_info("event=flows_ended count=%d reason=\"the policy "
			 "changed while no gateway ran\"",
			 cnt);
}

int reload_run(struct reload *reload, struct diag *diag)
{
	const struct plan *plan;
	struct arena arena;
	struct feed feed;
	int err = -EBADMSG;

	arena_init(&arena);
	feed_init(&feed);
	plan = load_plan(reload, &arena, diag);
	if (plan)
		err = feed_read(&feed, plan->policy, plan->conf, diag);
	if (!err)
		err = take(reload, plan, &feed, diag);
	feed_close(&feed);
	if (err) {
		arena_fini(&arena);
		return err;
	}
	arena_fini(&reload->arena);
	reload->arena = arena;
	return 0;
}

int reload_secrets(struct reload *reload, struct diag *diag)
{
	const struct plan *plan = reload->host->plan;
	struct feed feed;
	int err;

	feed_init(&feed);
	err = feed_read(&feed, plan->policy, plan->conf, diag);
	if (!err)
		feed_replace(reload->feed, &feed);
	feed_close(&feed);
	return err;
}

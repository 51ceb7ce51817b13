/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * reload.c - Going on with changed files
 */

#include "steward/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "steward/flows.h"
#include "sys/cfgfile.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Files, key and certificates are read and judged as at a start; what a running
 * gateway cannot change (its name, role, device, files, user) is refused.  Then
 * apply_change() replaces rules in one transaction and follows with addresses
 * and routes; flows of services that are gone or lead elsewhere now lose their
 * connection tracking entry, so that their next packet meets a closed port.  The
 * carrier gets the new set from supervise.c.
 *
 * Unchanged services notice nothing: connection tracking does not live in the
 * table.  Its counters begin anew.
 */

void reload_init(struct reload *reload, const char *conf_path,
		 struct host *host, struct feed *feed)
{
	*reload = (struct reload){
		.conf_path = conf_path,
		.host = host,
		.feed = feed,
	};
	arena_init(&reload->arena);
}

void reload_fini(struct reload *reload)
{
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

/** same_service() - Do both lead the same public port to the same place? */
static bool same_service(const struct plan_service *a,
			 const struct plan_service *b)
{
	const struct policy_service *x = a->service;
	const struct policy_service *y = b->service;

	return x->proto == y->proto && x->public_port == y->public_port &&
	       x->target_port == y->target_port &&
	       ip_addr_equal(&x->public_addr, &y->public_addr) &&
	       ip_addr_equal(&x->target, &y->target);
}

/** struct change - What differs between two plans
 * @gone:	Bits of ids whose flows must end
 */
struct change {
	size_t added;
	size_t removed;
	size_t altered;
	uint8_t gone[FLOWS_MARKS_SIZE];
};

static void mark_gone(struct change *change, uint32_t id)
{
	change->gone[id / 8] |= (uint8_t)(1u << (id % 8));
}

/** compare() - By id: a service's name decides it */
static void compare(const struct plan *before, const struct plan *now,
		    struct change *change)
{
	const struct plan_service **by_id =
		calloc(PLAN_ID_MAX + 1, sizeof(*by_id));
	size_t i;

	if (!by_id)
		abort();
	memset(change, 0, sizeof(*change));
	for (i = 0; i < before->service_cnt; i++)
		by_id[before->services[i].id] = &before->services[i];
	for (i = 0; i < now->service_cnt; i++) {
		const struct plan_service *service = &now->services[i];
		const struct plan_service *old = by_id[service->id];

		by_id[service->id] = NULL;
		if (!old) {
			change->added++;
		} else if (!same_service(old, service)) {
			change->altered++;
			mark_gone(change, service->id);
		}
	}
	for (i = 0; i <= PLAN_ID_MAX; i++) {
		if (!by_id[i])
			continue;
		change->removed++;
		mark_gone(change, (uint32_t)i);
	}
	free(by_id);
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

/** take() - Rules, addresses, routes, then the texts for carriers */
static int take(struct reload *reload, const struct plan *plan,
		struct feed *feed, struct diag *diag)
{
	struct change change;
	int flow_cnt;
	int err;

	compare(reload->host->plan, plan, &change);
	err = apply_change(reload->host, plan, diag);
	if (err)
		return err;
	flow_cnt = apply_cut(reload->host, change.gone, diag);
	feed_replace(reload->feed, feed);
	log_change(plan, &change, flow_cnt);
	return 0;
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

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
#include "steward/audit.h"
#include "steward/change.h"
#include "steward/files.h"
#include "steward/restart.h"
#include "steward/trial.h"
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
 * A gateway that starts does the same, with the plan that an earlier run left
 * standing in place of the one before.
 *
 * Unchanged services notice nothing: neither their rules nor their entries of
 * connection tracking are touched, and their counters go on.
 *
 * A reload that wants to be confirmed keeps the plan before, with all that its
 * carriers were handed (@undo); on_deadline() goes back to it.  Until then further
 * reloads leave it where it is; one that does not want to be confirmed ends the
 * matter, as `relaytun confirm` does; SIGHUP does not, since many things send it.
 * The policy before is kept in a file as well (trial.c): a steward that starts anew
 * reads the files and takes the trial up again, with what is left of its time.
 * Settings of gateway.cfg are then those of now.
 */

/* Services and routes that an answer names. */
#define NAMES_TOLD_MAX 20
/* After an undo that failed: a route of somebody else in the way, say. */
#define UNDO_AGAIN_S 10

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
	struct reload *reload = RELOAD_OF(timer, linger);
	struct diag diag;

	finish_cut(reload);
	diag_init(&diag);
	/* What fails now is done by a later change. */
	if (apply_settle(reload->host, &diag))
		log_warn("event=leftovers reason=\"what stood for flows of the "
			 "policy before could not be removed\"");
	diag_fini(&diag);
}

static void on_deadline(struct loop_timer *timer);

void reload_init(struct reload *reload, const char *conf_path,
		 const struct plan *found, struct host *host, struct feed *feed)
{
	*reload = (struct reload){
		.conf_path = conf_path,
		.found = found,
		.host = host,
		.feed = feed,
		.linger = {.fire = on_linger},
		.deadline = {.fire = on_deadline},
	};
	feed_init(&reload->undo_feed);
	arena_init(&reload->arena);
}

void reload_fini(struct reload *reload)
{
	arena_fini(&reload->arena);
}

/** load_plan() - Both files to the wanted state; NULL after an error */
static const struct plan *load_plan(const struct reload *reload,
				    struct arena *arena, struct diag *diag)
{
	const struct host *host = reload->host;
	const struct gateway_conf *conf =
		files_conf(reload->conf_path, arena, diag);
	const struct policy_gateway *gateway = NULL;
	const struct policy *policy = NULL;

	if (conf && restart_check(reload->conf_path, reload->host->plan->conf,
				  conf, diag))
		policy = files_policy(conf->policy_path, arena, diag);
	if (policy)
		gateway = gateway_conf_check(policy, conf, reload->conf_path,
					     diag);
	if (!gateway ||
	    !restart_check_role(policy, host->plan->gateway, gateway, diag))
		return NULL;
	return plan_make(policy, gateway, conf, host->state->ids,
			 host->state->id_cnt, arena);
}

/** end_flows() - Of what is not allowed any more; Return: how many */
static int end_flows(struct reload *reload, const struct plan *before,
		     struct diag *diag)
{
	const struct host *host = reload->host;
	int cnt;

	finish_cut(reload);
	cnt = cut_begin(&reload->cut, host->plan, before,
			link_tun_queue(&host->tun), diag);
	audit_tell(before, reload->cut.flows, reload->cut.cnt, clock_wall_ns());
	if (reload->cut.cnt || before != host->plan)
		loop_timer_set(reload->loop, &reload->linger,
			       mono_add_ms(clock_mono(), CUT_LINGER_MS));
	return cnt < 0 ? 0 : cnt;
}

/** tell() - What a change did, for the log and for who asked for it */
static void tell(const struct plan *plan, const struct change *change,
		 const char *names, int flow_cnt, struct strbuf *answer)
{
	size_t shown = 0;

	log_info("event=reloaded services=%zu added=%zu removed=%zu "
		 "changed=%zu routes=%zu flows_ended=%d",
		 plan->service_cnt, change->added, change->removed,
		 change->altered, plan->grant_cnt, flow_cnt);
	strbuf_printf(answer,
		      "gateway %s goes on with %zu services and %zu routes: "
		      "%zu new, %zu gone, %zu changed; %d flows ended\n",
		      plan->gateway->name, plan->service_cnt, plan->grant_cnt,
		      change->added, change->removed, change->altered,
		      flow_cnt);
	while (*names && shown++ < NAMES_TOLD_MAX) {
		size_t len = strcspn(names, "\n") + 1;

		strbuf_add(answer, names, len);
		names += len;
	}
	if (*names)
		strbuf_printf(answer, "and others\n");
}

/** take() - Rules, addresses, routes, then the texts for carriers */
static int take(struct reload *reload, const struct plan *plan,
		struct feed *feed, struct strbuf *answer, struct diag *diag)
{
	const struct plan *before = reload->host->plan;
	struct change change;
	struct strbuf names;
	int err;

	strbuf_init(&names);
	change = change_of(before, plan, &names);
	err = apply_change(reload->host, plan, diag);
	if (!err) {
		int flow_cnt = end_flows(reload, before, diag);

		feed_replace(reload->feed, feed);
		reload->changed(reload->arg);
		tell(plan, &change, strbuf_str(&names), flow_cnt, answer);
	}
	strbuf_fini(&names);
	return err;
}

/** release_undo() - What is held in memory of what was before */
static void release_undo(struct reload *reload)
{
	if (!reload->undo)
		return;
	loop_timer_cancel(reload->loop, &reload->deadline);
	feed_close(&reload->undo_feed);
	arena_fini(&reload->undo_arena);
	reload->undo = NULL;
}

/** drop_undo() - What was before is not needed any more */
static void drop_undo(struct reload *reload)
{
	if (reload->undo)
		trial_forget(reload->host->plan->conf);
	release_undo(reload);
}

/** renew_undo_feed() - Secrets may have changed since: those of now, if they can
 *  be read; Return: 0, or negative errno when there are none at all */
static int renew_undo_feed(struct reload *reload)
{
	struct diag unheard;
	struct feed feed;
	int err;

	diag_init(&unheard);
	feed_init(&feed);
	err = feed_read(&feed, reload->undo->policy, reload->undo->conf,
			&unheard);
	if (!err)
		feed_replace(&reload->undo_feed, &feed);
	feed_close(&feed);
	diag_fini(&unheard);
	return reload->undo_feed.policy < 0 ? err : 0;
}

/** on_deadline() - Nobody confirmed the change */
static void on_deadline(struct loop_timer *timer)
{
	struct reload *reload = RELOAD_OF(timer, deadline);
	struct strbuf unread;
	struct diag diag;
	int err;

	log_warn("event=reload_undone reason=\"it was not confirmed in time; "
		 "the files still say otherwise\"");
	strbuf_init(&unread);
	diag_init(&diag);
	err = renew_undo_feed(reload);
	if (!err)
		err = take(reload, reload->undo, &reload->undo_feed, &unread,
			   &diag);
	if (err) {
		log_err("event=undo_failed error=\"%s\" again_in_s=%d",
			strerror(-err), UNDO_AGAIN_S);
		loop_timer_set(reload->loop, timer,
			       mono_add_ms(clock_mono(), 1000 * UNDO_AGAIN_S));
	} else {
		arena_fini(&reload->arena);
		reload->arena = reload->undo_arena;
		reload->undo = NULL;
		trial_forget(reload->host->plan->conf);
	}
	diag_fini(&diag);
	strbuf_fini(&unread);
}

/** replace_arena() - The configuration in force is in another one now */
static void replace_arena(struct reload *reload, const struct arena *arena,
			  const struct plan *before, unsigned int confirm_s)
{
	if (confirm_s && !reload->undo) {
		reload->undo = before;
		reload->undo_arena = reload->arena;
	} else {
		arena_fini(&reload->arena);
	}
	reload->arena = *arena;
	if (confirm_s)
		loop_timer_set(
			reload->loop, &reload->deadline,
			mono_add_ms(clock_mono(), 1000 * (int64_t)confirm_s));
	else
		drop_undo(reload);
}

/** keep_before() - Before a change that may have to be undone */
static int keep_before(struct reload *reload, unsigned int confirm_s,
		       struct diag *diag)
{
	const struct plan *before =
		reload->undo ? reload->undo : reload->host->plan;
	int err;

	if (!confirm_s)
		return 0;
	err = trial_keep(before, confirm_s, diag);
	if (err || reload->undo)
		return err;
	err = feed_copy(&reload->undo_feed, reload->feed);
	if (err)
		diag_error(diag, NULL, 0, "keeping what is in force: %s",
			   strerror(-err));
	return err;
}

/** forget_before() - The change was not made; an earlier one may be on trial */
static void forget_before(struct reload *reload, unsigned int confirm_s)
{
	if (reload->undo)
		return;
	feed_close(&reload->undo_feed);
	if (confirm_s)
		trial_forget(reload->host->plan->conf);
}

int reload_run(struct reload *reload, unsigned int confirm_s,
	       struct strbuf *answer, struct diag *diag)
{
	const struct plan *before = reload->host->plan;
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
		err = keep_before(reload, confirm_s, diag);
	if (!err)
		err = take(reload, plan, &feed, answer, diag);
	feed_close(&feed);
	if (err) {
		forget_before(reload, confirm_s);
		arena_fini(&arena);
		return err;
	}
	replace_arena(reload, &arena, before, confirm_s);
	if (confirm_s)
		strbuf_printf(answer,
			      "it is undone in %u seconds unless \"relaytun "
			      "confirm\" comes\n",
			      confirm_s);
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

bool reload_confirm(struct reload *reload)
{
	if (!reload->undo)
		return false;
	drop_undo(reload);
	log_info("event=reload_confirmed");
	return true;
}

bool reload_on_trial(const struct reload *reload)
{
	return reload->undo;
}

/** resume_trial() - Of a steward that ended before the change was confirmed */
static void resume_trial(struct reload *reload)
{
	const struct host *host = reload->host;
	const struct plan *undo;
	unsigned int left_s;

	arena_init(&reload->undo_arena);
	undo = trial_find(host->plan->conf, host->state, &reload->undo_arena,
			  &left_s);
	if (!undo || undo->gateway->role != host->plan->gateway->role) {
		arena_fini(&reload->undo_arena);
		return;
	}
	log_warn("event=trial_goes_on left_s=%u reason=\"the last reload was "
		 "not confirmed: it is undone then, unless relaytun confirm "
		 "comes\"",
		 left_s);
	reload->undo = undo;
	loop_timer_set(reload->loop, &reload->deadline,
		       mono_add_ms(clock_mono(), 1000 * (int64_t)left_s));
}

void reload_attach(struct reload *reload, struct loop *loop, reload_fn *changed,
		   void *arg)
{
	struct diag diag;
	int cnt;

	reload->loop = loop;
	reload->changed = changed;
	reload->arg = arg;
	diag_init(&diag);
	cnt = end_flows(reload,
			reload->found ? reload->found : reload->host->plan,
			&diag);
	diag_fini(&diag);
	if (cnt)
		log_info("event=flows_ended count=%d reason=\"the policy "
			 "changed while no gateway ran\"",
			 cnt);
	resume_trial(reload);
}

void reload_detach(struct reload *reload)
{
	finish_cut(reload);
	release_undo(reload);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * apply.c - Making the kernel's state that of a plan, and removing it
 */

#include "steward/apply.h"

#include <errno.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

#include "policy/print.h"
#include "steward/addrs.h"
#include "steward/diaglog.h"
#include "steward/flows.h"
#include "steward/forward.h"
#include "steward/ipv6.h"
#include "steward/kept.h"
#include "steward/owner.h"
#include "steward/route.h"
#include "steward/rtsock.h"
#include "steward/rules.h"
#include "steward/statefile.h"
#include "sys/file.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * Order of a start: what can be in the way is looked for before anything is
 * changed, and the device made or taken, which lets nothing through as long as it
 * is new.  Then what must be put back is written down, the rules close
 * everything, addresses and routes appear, and forwarding is switched on last.  So at no moment is anything open that the rules do not
 * hold, and whenever the steward dies, `relaytun down` finds in the state file
 * what was changed (a line too many does no harm: what was off is off).
 *
 * What stood before, at a start as at a change, lasts until its flows have been
 * ended (reload.c): a flow that nothing knows any more would pass beside the
 * tunnel.
 *
 * Removal goes the other way: forwarding off, device (its addresses and routes
 * go with it), rules, what connection tracking knows of our flows, state file.
 */

/* Routes whose flows are looked for at a removal: 24 bytes each. */
#define TUNNEL_PREFIX_CNT_MAX 1024

/**
 * keep_policy() - For who asks what another one would change, and for a start
 *
 * It is written before anything is changed, and counts once the change is made.
 */
static int keep_policy(const struct plan *plan, struct diag *diag)
{
	struct strbuf text;
	int err;

	strbuf_init(&text);
	policy_print(plan->policy, &text);
	err = kept_write(plan->conf, KEPT_NEXT, &text, diag);
	strbuf_fini(&text);
	return err;
}

/** keep_conf() - For who asks what needs a restart */
static int keep_conf(const struct gateway_conf *conf, struct diag *diag)
{
	struct strbuf text;
	int err;

	strbuf_init(&text);
	gateway_conf_print(conf, &text);
	err = kept_write(conf, KEPT_CONF, &text, diag);
	strbuf_fini(&text);
	return err;
}

/** settle_policy() - The change was made, or was not
 *  @err:	What it ended with */
static void settle_policy(const struct plan *plan, int err)
{
	if (err)
		kept_discard(plan->conf, KEPT_NEXT);
	else if (kept_promote(plan->conf))
		log_warn("event=policy_not_kept error=\"%m\" reason=\"relaytun "
			 "plan compares with the one before\"");
}

/** settle_conf() - The change was made: these are the settings in force */
static void settle_conf(const struct gateway_conf *conf)
{
	struct diag diag;

	diag_init(&diag);
	if (keep_conf(conf, &diag))
		diaglog(&diag, "settings_not_kept");
	diag_fini(&diag);
}

/** load_rules() - The table that plan and state want */
static int load_rules(struct host *host, struct diag *diag)
{
	const struct plan *plan = host->plan;

	return rules_load(plan->conf, &host->table,
			  rules_wanted(plan, host->state, host->ending), diag);
}

/** replace_rules() - All of the table: somebody changed it */
static int replace_rules(struct host *host, struct diag *diag)
{
	const struct plan *plan = host->plan;

	return rules_replace(plan->conf, &host->table,
			     rules_wanted(plan, host->state, host->ending),
			     diag);
}

/** first_of() - The first error of two steps that do not need each other */
static int first_of(int err, int next)
{
	return err ? err : next;
}

/** check_ways() - Addresses and routes that can be in the way of a plan */
static int check_ways(const struct host *host, const struct plan *plan,
		      int ifindex, struct diag *diag)
{
	int err = addrs_check(host->nl, plan, ifindex, diag);

	return first_of(err, route_check(host->nl, plan, ifindex, diag));
}

/** check_room() - What can be in the way of a plan, before anything is changed */
static int check_room(const struct host *host, const struct plan *plan,
		      int ifindex, struct diag *diag)
{
	int err = check_ways(host, plan, ifindex, diag);

	return first_of(err, owner_check(plan->conf->name, diag));
}

/** build() - Steps of a start, in order; there is room */
static int build(struct host *host, struct diag *diag)
{
	const struct gateway_conf *conf = host->plan->conf;
	/* Down and without addresses a new device lets nothing through; one that
	 * stands may have flags that we cannot take over. */
	int err = link_tun_open(host->nl, conf, &host->tun, diag);

	if (err)
		return err;
	(void)forward_forget(host->state);
	state_take_ids(host->state, host->plan);
	err = forward_gather(host, diag);
	if (err >= 0)
		err = statefile_write(host->plan->conf, host->state, diag);
	if (!err)
		err = keep_conf(conf, diag);
	if (!err)
		err = keep_policy(host->plan, diag);
	if (!err)
		err = load_rules(host, diag);
	if (!err)
		err = link_remove_owned(host->nl, conf->name, conf->tun_name,
					diag);
	if (!err)
		err = link_tun_configure(host->nl, host->plan, &host->tun, NULL,
					 diag);
	if (!err)
		err = route_change(host->nl, host->plan, host->ending,
				   host->tun.ifindex, diag);
	if (!err)
		err = forward_open(host, diag);
	settle_policy(host->plan, err);
	return err;
}

/** warn_family() - The policy wants what this machine cannot do: said once */
static void warn_family(struct host *host)
{
	const struct plan *plan = host->plan;

	if (!gateway_addr(plan->gateway, IP_V6) || ipv6_wanted(plan)) {
		host->family_warned = false;
		return;
	}
	if (host->family_warned)
		return;
	host->family_warned = true;
	log_warn("event=no_ipv6 reason=\"the policy gives this gateway an IPv6 "
		 "address, but IPv6 is off here (ipv6.disable=1, "
		 "net.ipv6.conf.*.disable_ipv6=1, or tun.mtu below 1280): only "
		 "IPv4 is carried\"");
}

int apply_start(struct host *host, const struct plan *plan,
		const struct plan *before, struct state *state,
		struct diag *diag)
{
	const struct gateway_conf *conf = plan->conf;
	bool adopted;
	int owned;
	int err;

	*host = (struct host){.plan = plan, .state = state};
	host->nl = rtsock_open(diag);
	if (!host->nl)
		return -EIO;
	owned = link_reclaim(host->nl, conf->tun_name, conf->name, diag);
	if (owned < 0) {
		apply_release(host);
		return owned;
	}
	host->table = rules_adopt(conf);
	adopted = host->table;
	host->ending = before;
	err = check_room(host, plan, owned, diag);
	if (!err)
		err = build(host, diag);
	host->ending = NULL;
	if (err) {
		apply_release(host);
		if (!owned)
			(void)!apply_remove(conf, diag);
		return err;
	}
	warn_family(host);
	log_info("device=%s event=%s offloads=0x%x rules=%s", conf->tun_name,
		 owned ? "adopted" : "created", host->tun.offloads,
		 adopted ? "adopted" : "new");
	return 0;
}

/** rebuild() - Somebody deleted the device: everything once more */
static int rebuild(struct host *host, struct missing *missing,
		   struct diag *diag)
{
	const char *name = host->plan->conf->tun_name;
	int err;

	missing_add(missing, "device", name);
	link_tun_close(&host->tun);
	err = check_ways(host, host->plan, 0, diag);
	if (!err)
		err = build(host, diag);
	if (err)
		return err;
	log_info("device=%s event=created offloads=0x%x", name,
		 host->tun.offloads);
	return 1;
}

/** follow_forwarding() - Interfaces came or were closed, or the owner's will
 *  changed */
static int follow_forwarding(struct host *host, struct diag *diag)
{
	bool changed = forward_forget(host->state);
	int grew = forward_gather(host, diag);
	int err = grew < 0 ? grew : 0;

	if (!err && (changed || grew)) {
		err = statefile_write(host->plan->conf, host->state, diag);
		if (!err)
			err = load_rules(host, diag);
	}
	return err ? err : forward_open(host, diag);
}

int apply_follow(struct host *host, unsigned int touched,
		 struct missing *missing, struct diag *diag)
{
	const struct gateway_conf *conf = host->plan->conf;
	int stands =
		link_tun_restore(host->nl, conf, &host->tun, missing, diag);
	int err = stands < 0 ? stands : 0;

	if (stands == 0)
		return rebuild(host, missing, diag);
	/* What cannot be restored is no reason to leave the rest. */
	warn_family(host); /* it may be switched off and on again */
	if (touched & FOLLOW_RULES)
		err = first_of(err, replace_rules(host, diag));
	else if (touched & FOLLOW_NAME && rules_displaced(host->table))
		err = first_of(err, load_rules(host, diag));
	if (touched & FOLLOW_DEVICE) {
		err = first_of(err,
			       link_tun_configure(host->nl, host->plan,
						  &host->tun, missing, diag));
		err = first_of(err,
			       route_apply(host->nl, host->plan,
					   host->tun.ifindex, missing, diag));
	}
	return first_of(err, follow_forwarding(host, diag));
}

int apply_check(const struct plan *plan, struct diag *diag)
{
	struct host host = {.nl = rtsock_open(diag)};
	int ifindex;
	int err;

	if (!host.nl)
		return -EIO;
	ifindex = link_owned_index(host.nl, plan->conf->tun_name,
				   plan->conf->name, diag);
	err = ifindex < 0 ? ifindex : check_room(&host, plan, ifindex, diag);
	nl_socket_free(host.nl);
	return err;
}

/** prepare() - What of a change can fail before the kernel's state is touched */
static int prepare(struct host *host, const struct plan *plan,
		   struct diag *diag)
{
	int err = check_room(host, plan, host->tun.ifindex, diag);

	if (err)
		return err;
	host->plan = plan;
	state_take_ids(host->state, plan);
	err = forward_gather(host, diag);
	if (err >= 0)
		err = statefile_write(host->plan->conf, host->state, diag);
	return err ? err : keep_policy(plan, diag);
}

/** enact() - Steps of a change, in order: rules close before ways open */
static int enact(struct host *host, struct diag *diag)
{
	int err = load_rules(host, diag);

	if (!err)
		err = link_tun_configure(host->nl, host->plan, &host->tun, NULL,
					 diag);
	if (!err)
		err = route_change(host->nl, host->plan, host->ending,
				   host->tun.ifindex, diag);
	return err ? err : forward_open(host, diag);
}

int apply_settle(struct host *host, struct diag *diag)
{
	int err = load_rules(host, diag);

	return err ? err
		   : route_apply(host->nl, host->plan, host->tun.ifindex, NULL,
				 diag);
}

int apply_change(struct host *host, const struct plan *plan, struct diag *diag)
{
	const struct plan *before = host->plan;
	int err = prepare(host, plan, diag);

	if (err) {
		host->plan = before;
		return err;
	}
	warn_family(host);
	host->ending = before;
	err = enact(host, diag);
	host->ending = NULL;
	settle_policy(plan, err);
	if (!err) {
		settle_conf(plan->conf);
		return 0;
	}
	host->plan = before;
	if (enact(host, diag))
		diag_error(diag, NULL, 0,
			   "going back to the policy before did not work "
			   "either: restart the gateway");
	return err;
}

void apply_release(struct host *host)
{
	table_free(host->table);
	host->table = NULL;
	link_tun_close(&host->tun);
	if (host->nl)
		nl_socket_free(host->nl);
	host->nl = NULL;
}

/**
 * tunnel_prefixes() - Destinations by which flows of the tunnel are known
 *
 * Return: how many of @size; none when the device does not stand
 */
static size_t tunnel_prefixes(struct nl_sock *nl,
			      const struct gateway_conf *conf,
			      struct ip_prefix *prefixes, size_t size)
{
	struct diag unheard;
	ssize_t cnt = 0;
	int ifindex;

	/* No reason not to remove the rest. */
	diag_init(&unheard);
	ifindex = link_reclaim(nl, conf->tun_name, conf->name, &unheard);
	if (ifindex > 0)
		cnt = route_tunnel_prefixes(nl, ifindex, prefixes, size,
					    &unheard);
	diag_fini(&unheard);
	return cnt > 0 ? (size_t)cnt : 0;
}

/** remove_files() - The state file and those beside it */
static int remove_files(const struct gateway_conf *conf, struct diag *diag)
{
	int err = kept_remove(conf, diag);

	if (err)
		return err;
	err = file_remove(conf->state_file);
	if (err)
		diag_error(diag, conf->state_file, 0,
			   "state file cannot be removed: %s", strerror(-err));
	return err;
}

/** remove_all() - What apply_remove() does with a socket and the state, but for
 *  files */
static int remove_all(struct nl_sock *nl, const struct gateway_conf *conf,
		      const struct state *state, struct diag *diag)
{
	struct ip_prefix prefixes[TUNNEL_PREFIX_CNT_MAX];
	size_t prefix_cnt =
		tunnel_prefixes(nl, conf, prefixes, TUNNEL_PREFIX_CNT_MAX);
	int forwarding_err = forward_close(nl, state, diag);
	int link_err = link_remove_owned(nl, conf->name, NULL, diag);
	int rules_err = rules_remove(conf, diag);
	int flow_cnt = flows_forget(prefixes, prefix_cnt, diag);

	if (forwarding_err || link_err || rules_err || flow_cnt < 0)
		return -EIO;
	if (flow_cnt)
		log_info("event=flows_forgotten count=%d", flow_cnt);
	return 0;
}

int apply_remove(const struct gateway_conf *conf, struct diag *diag)
{
	struct nl_sock *nl = rtsock_open(diag);
	struct arena arena;
	struct state state;
	int err;

	if (!nl)
		return -EIO;
	arena_init(&arena);
	state_init(&state, &arena);
	err = statefile_read(conf, &state, diag);
	if (remove_all(nl, conf, &state, diag))
		err = -EIO;
	else if (err != -EEXIST) /* else the files are somebody else's */
		err = first_of(err, remove_files(conf, diag));
	arena_fini(&arena);
	nl_socket_free(nl);
	return err;
}

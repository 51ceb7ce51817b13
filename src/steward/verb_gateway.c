/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * verb_gateway.c - `relaytun gateway`: from the files to the loop
 */

#include "steward/verb.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "steward/apply.h"
#include "steward/diaglog.h"
#include "steward/feed.h"
#include "steward/kept.h"
#include "steward/lock.h"
#include "steward/privilege.h"
#include "steward/spawner.h"
#include "steward/statefile.h"
#include "steward/supervise.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * It goes from what can fail without a trace to what changes the
 * machine: read and check both files, user, privileges and device; take the
 * lock; fork the spawner; read the key; give up all capabilities but
 * CAP_NET_ADMIN; then the kernel's state, then the carrier.  What follows the
 * spawner holds secrets, what precedes it does not.
 */

#define CARRIER_PROGRAM "relaytun-carrier"

/** fail() - What is collected becomes log lines; Return: exit status */
static int fail(struct steward *steward)
{
	diaglog(&steward->diag, "failed");
	return EXIT_FAILURE;
}

/** find_user() - The carrier's user */
static bool find_user(struct steward *steward)
{
	const char *name = steward->conf->user;
	const struct passwd *entry = getpwnam(name);

	if (!entry) {
		diag_error(&steward->diag, steward->conf_path, 0,
			   "user \"%s\" does not exist: create it with "
			   "\"useradd --system %s\", or set user = \"...\"; to "
			   "an account that runs nothing else",
			   name, name);
		return false;
	}
	if (entry->pw_uid == 0) {
		diag_error(&steward->diag, steward->conf_path, 0,
			   "user \"%s\" is root: the carrier faces the network "
			   "and must run as a user without rights",
			   name);
		return false;
	}
	steward->uid = entry->pw_uid;
	steward->gid = entry->pw_gid;
	return true;
}

/** find_carrier() - Beside this program */
static bool find_carrier(struct steward *steward)
{
	char *path = steward->carrier;
	ssize_t len =
		readlink("/proc/self/exe", path, sizeof(steward->carrier) - 1);
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		if (slash &&
		    (size_t)(slash - path) + sizeof(CARRIER_PROGRAM) + 1 <
			    sizeof(steward->carrier)) {
			memcpy(slash + 1, CARRIER_PROGRAM,
			       sizeof(CARRIER_PROGRAM));
			return true;
		}
	}
	diag_error(&steward->diag, NULL, 0,
		   "cannot tell where this program lies (is /proc mounted?)");
	return false;
}

/** check_machine() - Privileges and device; nothing is changed */
static bool check_machine(struct steward *steward)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN, CAP_SETUID,
					   CAP_SETGID, CAP_KILL};

	return privilege_check(caps, sizeof(caps) / sizeof(*caps),
			       &steward->diag) == 0 &&
	       link_tun_available(&steward->diag) == 0 && find_carrier(steward);
}

/** plan_found() - What an earlier run left standing; NULL when that is not known,
 *  or when it was another role */
static const struct plan *plan_found(struct steward *steward)
{
	const struct plan *found = kept_plan(steward->conf, KEPT_POLICY,
					     &steward->state, &steward->arena);

	return found && found->gateway->role == steward->gateway->role ? found
								       : NULL;
}

/** serve() - Kernel state, then the loop; Return: exit status */
static int serve(struct steward *steward, struct feed *feed,
		 const struct spawner *spawner, int lock)
{
	const struct plan *found;
	const struct plan *plan;
	struct reload reload;
	struct host host;
	int end;

	if (statefile_read(steward->conf, &steward->state, &steward->diag))
		return fail(steward);
	plan = plan_make(steward->policy, steward->gateway, steward->conf,
			 steward->state.ids, steward->state.id_cnt,
			 &steward->arena);
	found = plan_found(steward);
	if (apply_start(&host, plan, found, &steward->state, &steward->diag))
		return fail(steward);
	log_info("event=started role=%s services=%zu routes=%zu",
		 gateway_role_name(steward->gateway->role), plan->service_cnt,
		 plan->grant_cnt);
	reload_init(&reload, steward->conf_path, found, &host, feed);
	end = supervise_run(&host, feed, spawner, lock, &reload);
	apply_release(&host);
	reload_fini(&reload);
	if (end == SUPERVISE_REMOVE &&
	    apply_remove(steward->conf, &steward->diag))
		return fail(steward);
	if (end < 0)
		return EXIT_FAILURE;
	log_info("event=ended");
	return EXIT_SUCCESS;
}

/** drop() - All capabilities but the one that kernel state needs */
static bool drop(struct steward *steward)
{
	static const cap_value_t caps[] = {CAP_NET_ADMIN};
	int err = privilege_keep(caps, 1);

	if (err)
		diag_error(&steward->diag, NULL, 0,
			   "capabilities cannot be given up: %s",
			   strerror(-err));
	return !err;
}

/** run_spawned() - With the spawner there: key, drop, serve */
static int run_spawned(struct steward *steward, const struct spawner *spawner,
		       int lock)
{
	int status = EXIT_FAILURE;
	struct feed feed;
	int err;

	feed_init(&feed);
	err = feed_open(&feed, steward->policy, steward->conf, steward->gid,
			&steward->diag);
	if (err == -EBADMSG) {
		verb_print(steward);
		status = EXIT_WRONG_USAGE;
	} else if (err || !drop(steward)) {
		(void)fail(steward);
	} else {
		status = serve(steward, &feed, spawner, lock);
	}
	if (feed.status >= 0)
		verb_remove_socket(steward);
	feed_close(&feed);
	return status;
}

/** run_locked() - The only steward of this gateway: from here to the end */
static int run_locked(struct steward *steward, int lock)
{
	struct spawner spawner;
	int status;
	int err;

	supervise_block_signals();
	err = privilege_seal();
	if (err) {
		log_err("event=failed error=\"hardening: %s\"", strerror(-err));
		return EXIT_FAILURE;
	}
	if (spawner_open(&spawner, steward->carrier, steward->uid, steward->gid,
			 &steward->diag))
		return fail(steward);
	status = run_spawned(steward, &spawner, lock);
	spawner_close(&spawner);
	return status;
}

int verb_gateway(struct steward *steward)
{
	char name[NAME_LEN_MAX + 32];
	int status;
	int lock;

	if (!verb_read_conf(steward) || !verb_read_policy(steward) ||
	    !find_user(steward)) {
		verb_print(steward);
		return EXIT_WRONG_USAGE;
	}
	verb_print(steward); /* warnings */
	snprintf(name, sizeof(name), "relaytun-steward[%s]",
		 steward->conf->name);
	log_open(name, LOG_LEVEL_INFO);
	if (!check_machine(steward))
		return fail(steward);
	lock = lock_take(steward->conf->name, &steward->diag);
	if (lock < 0)
		return fail(steward);
	status = run_locked(steward, lock);
	close(lock);
	return status;
}

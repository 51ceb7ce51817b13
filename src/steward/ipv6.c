/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ipv6.c - Forwarding of IPv6: switched on, followed, put back
 */

#include "steward/ipv6.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "steward/iface.h"
#include "steward/nft.h"
#include "steward/setting.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * IPv6 has no netlink way to forwarding, and before Linux 6.17 none by
 * interface: conf/INTERFACE/forwarding makes an interface behave as a router's
 * (it takes no advertisements any more), but packets are forwarded only while
 * conf/all/forwarding is on.
 *
 * Each	Linux 6.17 has conf/INTERFACE/force_forwarding, which forwards and
 *		changes nothing else.  Where it is off it is switched on.
 * All		Older kernels: conf/all/forwarding.  Writing it overwrites the
 *		value of every interface and of conf/default, and throws the
 *		default routes of router advertisements away unless accept_ra is
 *		2.  So first accept_ra = 2 is written where it was 1, which
 *		means the same to a router as 1 to a host.  All of it is
 *		remembered; the order of the list is such that putting back from
 *		its end is right.  Writing 0 again has the same side effect,
 *		hence each interface whose value was 1 is in the list as to be
 *		found at 0.
 * Owner	conf/all/forwarding was on: nothing is changed.
 */

#define CONF     "net/ipv6/conf/"
#define MTU_MIN6 1280

/** enum way - How this machine can be made to forward */
enum way {
	WAY_EACH,
	WAY_ALL,
	WAY_OWNER,
};

/** path_of() - "net/ipv6/conf/IFNAME/NAME"; Return: @path */
static const char *path_of(const char *ifname, const char *name,
			   char path[SETTING_PATH_SIZE])
{
	snprintf(path, SETTING_PATH_SIZE, CONF "%s/%s", ifname, name);
	return path;
}

/** value_of() - A setting of an interface; -1 when there is none */
static long value_of(const char *ifname, const char *name)
{
	char path[SETTING_PATH_SIZE];
	long value;

	return setting_read(path_of(ifname, name, path), &value) ? -1 : value;
}

bool ipv6_usable(const struct gateway_conf *conf)
{
	long disabled = value_of(conf->tun_name, "disable_ipv6");

	if (disabled < 0)
		disabled = value_of("default", "disable_ipv6");
	return disabled == 0 && conf->tun_mtu >= MTU_MIN6;
}

bool ipv6_wanted(const struct plan *plan)
{
	return gateway_addr(plan->gateway, IP_V6) && ipv6_usable(plan->conf);
}

/** find_way() - @ours: conf/all/forwarding is our doing */
static enum way find_way(bool ours)
{
	if (!ours && value_of("all", "forwarding") == 1)
		return WAY_OWNER;
	return value_of("all", "force_forwarding") >= 0 && !ours ? WAY_EACH
								 : WAY_ALL;
}

/** struct gathering - What gather_each() works on */
struct gathering {
	struct state *state;
	bool grew;
};

/** gather_each() - One interface that is up */
static void gather_each(void *arg, const char *ifname, int forwarding)
{
	struct gathering *gathering = arg;
	struct state *state = gathering->state;

	(void)forwarding;
	/* A name that cannot stand in a ruleset: apply.c has said so. */
	if (value_of(ifname, "force_forwarding") != 0 ||
	    !nft_ifname_ok(ifname) || name_list_has(&state->opened6, ifname))
		return;
	state_add(state, &state->opened6, ifname);
	gathering->grew = true;
}

/** remember() - A setting that has one value and gets another */
static void remember(struct state *state, const char *ifname, const char *name,
		     long before, long found)
{
	char path[SETTING_PATH_SIZE];

	if (value_of(ifname, name) == before)
		state_set(state, path_of(ifname, name, path), before, found);
}

/**
 * gather_all() - Everything that the one switch overwrites
 * @own:	Our TUN device, which needs nothing put back
 */
static int gather_all(struct state *state, const char *own, struct diag *diag)
{
	DIR *dir = opendir("/proc/sys/" CONF);
	const struct dirent *entry;

	if (!dir) {
		diag_error(diag, NULL, 0, "/proc/sys/" CONF ": %m");
		return -EIO;
	}
	while ((entry = readdir(dir))) {
		const char *ifname = entry->d_name;

		if (ifname[0] == '.' || !strcmp(ifname, "all") ||
		    !strcmp(ifname, "lo") || !strcmp(ifname, own))
			continue;
		if (value_of(ifname, "forwarding") == 0)
			remember(state, ifname, "accept_ra", 1, 2);
		remember(state, ifname, "forwarding", 1, 0);
	}
	closedir(dir);
	remember(state, "all", "forwarding", 0, 1);
	state->opened6_all = true;
	return 1;
}

int ipv6_gather(struct nl_sock *nl, const struct plan *plan,
		struct state *state, struct diag *diag)
{
	struct gathering gathering = {.state = state};
	int err;

	if (!ipv6_wanted(plan))
		return 0;
	switch (find_way(state->opened6_all)) {
	case WAY_OWNER:
		return 0;
	case WAY_ALL:
		return state->opened6_all
			       ? 0
			       : gather_all(state, plan->conf->tun_name, diag);
	case WAY_EACH:
		break;
	}
	err = iface_each(nl, gather_each, &gathering, diag);
	return err ? err : gathering.grew;
}

bool ipv6_forget(struct state *state)
{
	if (!state->opened6.cnt || find_way(state->opened6_all) != WAY_OWNER)
		return false;
	log_info("event=forwarding_left family=ipv6 "
		 "reason=\"net.ipv6.conf.all.forwarding is on now: the machine "
		 "forwards by its own will\"");
	ipv6_close(state);
	state->opened6.cnt = 0;
	return true;
}

/** switch_on() - A setting to a value, if it is another */
static int switch_on(const char *ifname, const char *name, long value,
		     struct diag *diag)
{
	char path[SETTING_PATH_SIZE];
	long now = value_of(ifname, name);
	int err;

	if (now < 0 || now == value)
		return 0; /* the interface is gone, or has it */
	err = setting_write(path_of(ifname, name, path), value);
	if (err == -ENOENT)
		return 0;
	if (err) {
		diag_error(diag, NULL, 0,
			   "IPv6 needs /proc/sys/%s = %ld, which cannot be "
			   "written: %s; set it by hand, or take the IPv6 "
			   "addresses out of the policy",
			   path, value, strerror(-err));
		return -EIO;
	}
	log_info("interface=%s event=%s value=%ld", ifname, name, value);
	return 1;
}

/** open_all() - The settings remembered, to the value they shall be found at */
static int open_all(const struct state *state, struct diag *diag)
{
	size_t i;

	for (i = 0; i < state->setting_cnt; i++) {
		const struct state_setting *setting = &state->settings[i];
		char ifname[SETTING_PATH_SIZE];
		const char *name;
		int ret;

		if (strncmp(setting->path, CONF, strlen(CONF)) != 0)
			continue;
		snprintf(ifname, sizeof(ifname), "%s",
			 setting->path + strlen(CONF));
		ifname[strcspn(ifname, "/")] = '\0';
		name = setting->path + strlen(CONF) + strlen(ifname);
		/* Those at 1 before are 1 meanwhile. */
		if (*name++ != '/' || setting->found == 0)
			continue;
		ret = switch_on(ifname, name, setting->found, diag);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int ipv6_open(const struct plan *plan, const struct state *state,
	      struct diag *diag)
{
	size_t i;
	int ret;

	if (!ipv6_wanted(plan) || find_way(state->opened6_all) == WAY_OWNER)
		return 0;
	if (state->opened6_all)
		return open_all(state, diag);
	ret = switch_on(plan->conf->tun_name, "force_forwarding", 1, diag);
	for (i = 0; i < state->opened6.cnt && ret >= 0; i++)
		ret = switch_on(state->opened6.names[i], "force_forwarding", 1,
				diag);
	return ret < 0 ? ret : 0;
}

void ipv6_close(const struct state *state)
{
	char path[SETTING_PATH_SIZE];
	size_t i;

	for (i = 0; i < state->opened6.cnt; i++)
		(void)!setting_write(path_of(state->opened6.names[i],
					     "force_forwarding", path),
				     0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * forward.c - What is switched on so that the machine forwards, and put back
 */

#include "steward/forward.h"

#include <errno.h>
#include <string.h>

#include "steward/audit.h"
#include "steward/iface.h"
#include "steward/ipv6.h"
#include "steward/nft.h"
#include "steward/setting.h"
#include "sys/log.h"

/**
 * DOC: Theory of operation
 *
 * What does not forward is gathered in the state, which is written to its file;
 * then what was gathered is opened.  So whenever the steward dies, the file tells
 * what was changed.
 *
 * A machine whose global switch (net.ipv4.ip_forward) is on forwards by its
 * owner's will: then nothing is opened, and what was opened before that is
 * forgotten, since switching it off would be against that will.
 */

#define GLOBAL_FORWARDING "net/ipv4/conf/all/forwarding"

/** forwards_globally() - Is net.ipv4.ip_forward on? */
static bool forwards_globally(void)
{
	long on;

	return setting_read(GLOBAL_FORWARDING, &on) == 0 && on;
}

/** struct gathering - Which interfaces do not forward */
struct gathering {
	struct host *host;
	bool remember;
	bool grew;
};

/** gather() - One interface that is up */
static void gather(void *arg, const char *ifname, int forwarding)
{
	struct gathering *gathering = arg;
	struct state *state = gathering->host->state;

	if (forwarding != 0)
		return;
	if (!nft_ifname_ok(ifname)) {
		if (name_list_has(&gathering->host->odd, ifname))
			return;
		state_add(state, &gathering->host->odd, ifname);
		log_warn("interface=\"%s\" event=left_alone reason=\"its name "
			 "cannot stand in a ruleset; packets that come in "
			 "there are not forwarded\"",
			 ifname);
		return;
	}
	if (gathering->remember && !name_list_has(&state->opened, ifname)) {
		state_add(state, &state->opened, ifname);
		gathering->grew = true;
	}
}

/** gather_lro() - Remember where LRO is to be switched off */
static void gather_lro(struct state *state, const struct name_list *opened,
		       bool *grew)
{
	size_t i;

	for (i = 0; i < opened->cnt; i++) {
		if (name_list_has(&state->lro, opened->names[i]) ||
		    !iface_has_lro(opened->names[i]))
			continue;
		state_add(state, &state->lro, opened->names[i]);
		*grew = true;
	}
}

int forward_gather(struct host *host, struct diag *diag)
{
	struct state *state = host->state;
	struct gathering gathering = {
		.host = host,
		.remember = !forwards_globally(),
	};
	int ret = iface_each(host->nl, gather, &gathering, diag);

	if (!ret)
		ret = ipv6_gather(host->nl, host->plan, state, diag);
	if (ret < 0)
		return ret;
	gathering.grew |= ret > 0;
	gathering.grew |= audit_gather(host->plan, state);
	gather_lro(state, &state->opened, &gathering.grew);
	gather_lro(state, &state->opened6, &gathering.grew);
	return gathering.grew;
}

/** lro_off() - Best effort: the rest works, and what does not is told */
static void lro_off(const struct state *state)
{
	size_t i;

	for (i = 0; i < state->lro.cnt; i++) {
		const char *ifname = state->lro.names[i];
		int err;

		if (!iface_has_lro(ifname))
			continue;
		err = iface_set_lro(ifname, false);
		if (err)
			log_warn("interface=%s event=lro_stays error=\"%s\" "
				 "remedy=\"ethtool -K %s lro off: the kernel "
				 "drops what it would forward\"",
				 ifname, strerror(-err), ifname);
		else
			log_info("interface=%s event=lro_off", ifname);
	}
}

int forward_open(struct host *host, struct diag *diag)
{
	const struct state *state = host->state;
	size_t i;

	for (i = 0; i < state->opened.cnt; i++) {
		const char *ifname = state->opened.names[i];
		int err;

		if (iface_forwarding(host->nl, ifname) != 0)
			continue;
		err = iface_set_forwarding(host->nl, ifname, true, diag);
		if (err && err != -ENODEV)
			return err;
		if (!err)
			log_info("interface=%s event=forwarding_on", ifname);
	}
	lro_off(state);
	audit_settings(host->plan);
	return ipv6_open(host->plan, state, diag);
}

bool forward_forget(struct state *state)
{
	bool forgotten = ipv6_forget(state);

	if (!state->opened.cnt || !forwards_globally())
		return forgotten;
	log_info("event=forwarding_left reason=\"net.ipv4.ip_forward is on "
		 "now: the machine forwards by its own will\"");
	state->opened.cnt = 0;
	return true;
}

/** put_back() - Settings, the last one first, where they are as we left them */
static void put_back(const struct state *state)
{
	size_t i;

	for (i = state->setting_cnt; i > 0; i--) {
		const struct state_setting *setting = &state->settings[i - 1];
		long now;
		int err = setting_read(setting->path, &now);

		if (err || now != setting->found)
			continue;
		err = setting_write(setting->path, setting->before);
		if (err)
			log_warn("setting=%s event=not_put_back value=%ld "
				 "error=\"%s\"",
				 setting->path, setting->before,
				 strerror(-err));
	}
}

int forward_close(struct nl_sock *nl, const struct state *state,
		  struct diag *diag)
{
	bool by_owner = forwards_globally();
	int ret = 0;
	size_t i;

	for (i = 0; i < state->opened.cnt && !by_owner; i++) {
		int err = iface_set_forwarding(nl, state->opened.names[i],
					       false, diag);

		if (err && err != -ENODEV)
			ret = err;
	}
	ipv6_close(state);
	put_back(state);
	/* Who forwards by his own will has no use for LRO. */
	for (i = 0; i < state->lro.cnt && !by_owner; i++)
		(void)!iface_set_lro(state->lro.names[i], true);
	return ret;
}

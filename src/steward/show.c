/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * show.c - Who is connected now
 */

#include "steward/show.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "steward/flowlist.h"
#include "steward/flows.h"
#include "steward/judge.h"
#include "steward/setting.h"
#include "sys/clock.h"

/** struct search - Flows of some ids */
struct search {
	struct flowlist *list;
	struct judge *judge;
	bool all;
	bool failed;
	uint8_t ids[PLAN_ID_MAX / 8 + 1];
};

bool show_is_meant(const char *asked, const char *site, const char *name)
{
	size_t site_len = strlen(site);

	return !strcmp(asked, name) ||
	       (!strncmp(asked, site, site_len) && asked[site_len] == '/' &&
		!strcmp(asked + site_len + 1, name));
}

/** add_id() - One that is asked for */
static void add_id(struct search *search, uint32_t id)
{
	search->ids[id / 8] |= (uint8_t)(1u << (id % 8));
}

/** find_ids() - Of what was asked for; Return: whether there is any */
static bool find_ids(struct search *search, const struct show *show)
{
	const struct plan *plan = show->plan;
	bool found = false;
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		const struct plan_service *entry = &plan->services[i];

		if (!show_is_meant(show->service, entry->site->name,
				   entry->service->name))
			continue;
		add_id(search, entry->id);
		found = true;
	}
	for (i = 0; i < plan->grant_cnt; i++) {
		const struct plan_grant *entry = &plan->grants[i];

		if (!show_is_meant(show->service, entry->site->name,
				   entry->route->name))
			continue;
		add_id(search, entry->id);
		found = true;
	}
	return found;
}

/** look() - One entry of connection tracking */
static enum flow_fate look(void *arg, const struct flow *flow, uint32_t *id)
{
	struct search *search = arg;
	uint32_t mark = flow->mark & PLAN_MARK_MASK;

	(void)id;
	if (mark && (search->all || search->ids[mark / 8] >> (mark % 8) & 1) &&
	    judge_is_ours(search->judge, flow) &&
	    !flowlist_add(search->list, flow))
		search->failed = true;
	return FLOW_LEAVE;
}

/** is_on() - A setting that is a switch */
static bool is_on(const char *path)
{
	long value;

	return setting_read(path, &value) == 0 && value;
}

/** print() - In the form that was asked for */
static int print(const struct show *show, struct flowlist *list,
		 struct strbuf *out, struct diag *diag)
{
	char *json;

	if (show->json) {
		json = flowlist_json(list);
		if (!json)
			return -ENOMEM;
		strbuf_printf(out, "%s\n", json);
		free(json);
		return 0;
	}
	flowlist_print(list, out);
	if (!list->counts)
		diag_warning(diag, NULL, 0,
			     "bytes are not counted: switch "
			     "net.netfilter.nf_conntrack_acct on, or set audit "
			     "= true for a service");
	if (!list->times)
		diag_warning(diag, NULL, 0,
			     "ages are not known: switch "
			     "net.netfilter.nf_conntrack_timestamp on, or set "
			     "audit = true for a service");
	return 0;
}

int show_flows(const struct show *show, struct strbuf *out, struct diag *diag)
{
	struct search search = {.all = !show->service};
	struct flowlist list;
	int err;

	if (show->service && !find_ids(&search, show)) {
		diag_error(diag, NULL, 0,
			   "there is no service or route \"%s\" here",
			   show->service);
		return -ENOENT;
	}
	flowlist_init(&list, show->plan);
	list.counts = is_on("net/netfilter/nf_conntrack_acct");
	list.times = is_on("net/netfilter/nf_conntrack_timestamp");
	list.now_ns = clock_wall_ns();
	search.list = &list;
	search.judge = judge_new(show->plan);
	err = flows_each(0, look, &search, diag);
	if (err >= 0)
		err = search.failed ? -ENOMEM : print(show, &list, out, diag);
	judge_free(search.judge);
	flowlist_fini(&list);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * change.c - What differs between two plans, in an operator's words
 */

#include "steward/change.h"

#include <stdlib.h>
#include <string.h>

/** struct item - A service or a route */
struct item {
	const struct policy_site *site;
	const struct policy_service *service;
	const struct policy_route *route;
};

static const char *name_of(const struct item *item)
{
	return item->service ? item->service->name : item->route->name;
}

static int by_name(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int order = strcmp(x->site->name, y->site->name);

	return order ? order : strcmp(name_of(x), name_of(y));
}

/** items_of() - Services and routes of a plan by name (heap) */
static struct item *items_of(const struct plan *plan, size_t *cnt)
{
	size_t service_cnt = plan ? plan->service_cnt : 0;
	size_t grant_cnt = plan ? plan->grant_cnt : 0;
	struct item *items =
		calloc(service_cnt + grant_cnt + 1, sizeof(*items));
	size_t i;

	if (!items)
		abort();
	for (i = 0; i < service_cnt; i++)
		items[i] = (struct item){plan->services[i].site,
					 plan->services[i].service, NULL};
	for (i = 0; i < grant_cnt; i++)
		items[service_cnt + i] = (struct item){
			plan->grants[i].site, NULL, plan->grants[i].route};
	*cnt = service_cnt + grant_cnt;
	qsort(items, *cnt, sizeof(*items), by_name);
	return items;
}

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len == b->len && ip_addr_equal(&a->addr, &b->addr);
}

static bool same_list(const struct prefix_list *a, const struct prefix_list *b)
{
	size_t i;

	if (a->cnt != b->cnt)
		return false;
	for (i = 0; i < a->cnt; i++) {
		if (!same_prefix(&a->prefixes[i], &b->prefixes[i]))
			return false;
	}
	return true;
}

static bool same_service(const struct policy_service *a,
			 const struct policy_service *b)
{
	return a->proto == b->proto && a->public_port == b->public_port &&
	       a->public_last == b->public_last &&
	       a->target_port == b->target_port &&
	       a->target_last == b->target_last &&
	       a->idle_timeout_s == b->idle_timeout_s && a->audit == b->audit &&
	       ip_addr_equal(&a->public_addr, &b->public_addr) &&
	       ip_addr_equal(&a->target, &b->target) &&
	       same_list(&a->from, &b->from);
}

static bool same_via(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_route(const struct policy_route *a,
		       const struct policy_route *b)
{
	size_t i;

	if (a->allow_cnt != b->allow_cnt)
		return false;
	for (i = 0; i < a->allow_cnt; i++) {
		if (a->allow[i].proto != b->allow[i].proto ||
		    a->allow[i].first != b->allow[i].first ||
		    a->allow[i].last != b->allow[i].last)
			return false;
	}
	return same_prefix(&a->to, &b->to) && a->nat == b->nat &&
	       same_via(a->via, b->via) && same_list(&a->from, &b->from);
}

static bool same_item(const struct item *a, const struct item *b)
{
	if (a->service && b->service)
		return same_service(a->service, b->service);
	return a->route && b->route && same_route(a->route, b->route);
}

/** tell() - One line */
static void tell(struct strbuf *names, char sign, const struct item *item)
{
	if (names)
		strbuf_printf(names, "%c %s/%s\n", sign, item->site->name,
			      name_of(item));
}

static bool same_prefixes(const struct ip_prefix *a, const struct ip_prefix *b,
			  size_t cnt)
{
	size_t i;

	if (!a || !b)
		return a == b;
	for (i = 0; i < cnt; i++) {
		if (!same_prefix(&a[i], &b[i]))
			return false;
	}
	return true;
}

static bool same_gateway(const struct policy_gateway *a,
			 const struct policy_gateway *b)
{
	size_t i;

	if (a->addr_cnt != b->addr_cnt || a->relay_cnt != b->relay_cnt)
		return false;
	for (i = 0; i < a->addr_cnt; i++) {
		if (!ip_addr_equal(&a->addrs[i], &b->addrs[i]))
			return false;
	}
	for (i = 0; i < a->relay_cnt; i++) {
		if (strcmp(a->relays[i], b->relays[i]) != 0)
			return false;
	}
	return same_prefixes(a->pools, b->pools, a->addr_cnt);
}

static bool same_site(const struct policy_site *a, const struct policy_site *b)
{
	return a->masquerade == b->masquerade &&
	       a->network_cnt == b->network_cnt &&
	       same_prefixes(a->networks, b->networks, a->network_cnt) &&
	       same_prefixes(a->aliases, b->aliases, a->network_cnt);
}

/** concerns() - Has a gateway to do with the one whose plan it is? */
static bool concerns(const struct plan *plan,
		     const struct policy_gateway *gateway)
{
	size_t i;

	for (i = 0; i < plan->peer_cnt; i++) {
		if (plan->peers[i] == gateway)
			return true;
	}
	return plan->gateway == gateway;
}

/** tell_of() - A line about a gateway or site */
static void tell_of(struct strbuf *names, char sign, const char *what,
		    const char *name)
{
	if (names)
		strbuf_printf(names, "%c %s %s\n", sign, what, name);
}

/** add_gateways() - Those that come, go or differ */
static void add_gateways(const struct plan *before, const struct plan *now,
			 struct change *change, struct strbuf *names)
{
	size_t i;

	for (i = 0; i < before->policy->gateway_cnt; i++) {
		const struct policy_gateway *old = &before->policy->gateways[i];

		if (!concerns(before, old) ||
		    policy_gateway_find(now->policy, old->name))
			continue;
		change->removed++;
		tell_of(names, '-', "gateway", old->name);
	}
	for (i = 0; i < now->policy->gateway_cnt; i++) {
		const struct policy_gateway *new = &now->policy->gateways[i];
		const struct policy_gateway *old =
			policy_gateway_find(before->policy, new->name);

		if (!concerns(now, new) || (old && same_gateway(old, new)))
			continue;
		change->altered += old != NULL;
		change->added += !old;
		tell_of(names, old ? '~' : '+', "gateway", new->name);
	}
}

/** find_site() - By name; NULL when there is none */
static const struct policy_site *find_site(const struct policy *policy,
					   const char *name)
{
	size_t i;

	for (i = 0; i < policy->site_cnt; i++) {
		if (strcmp(policy->sites[i].name, name) == 0)
			return &policy->sites[i];
	}
	return NULL;
}

/** add_sites() - Likewise sites: all of a cloud gateway, the own one of a site
 *  gateway */
static void add_sites(const struct plan *before, const struct plan *now,
		      struct change *change, struct strbuf *names)
{
	const struct policy_site *own = now->gateway->site;
	size_t i;

	for (i = 0; !own && i < before->policy->site_cnt; i++) {
		const char *name = before->policy->sites[i].name;

		if (find_site(now->policy, name))
			continue;
		change->removed++;
		tell_of(names, '-', "site", name);
	}
	for (i = 0; i < now->policy->site_cnt; i++) {
		const struct policy_site *new = &now->policy->sites[i];
		const struct policy_site *old =
			find_site(before->policy, new->name);

		if ((own && new != own) || (old && same_site(old, new)))
			continue;
		change->altered += old != NULL;
		change->added += !old;
		tell_of(names, old ? '~' : '+', "site", new->name);
	}
}

struct change change_of(const struct plan *before, const struct plan *now,
			struct strbuf *names)
{
	struct change change = {0};
	size_t old_cnt;
	size_t new_cnt;
	struct item *old = items_of(before, &old_cnt);
	struct item *new = items_of(now, &new_cnt);
	size_t o = 0;
	size_t n = 0;

	if (before && now) {
		add_gateways(before, now, &change, names);
		add_sites(before, now, &change, names);
	}
	while (o < old_cnt || n < new_cnt) {
		int order = o == old_cnt   ? 1
			    : n == new_cnt ? -1
					   : by_name(&old[o], &new[n]);

		if (order < 0) {
			change.removed++;
			tell(names, '-', &old[o]);
		} else if (order > 0) {
			change.added++;
			tell(names, '+', &new[n]);
		} else if (!same_item(&old[o], &new[n])) {
			change.altered++;
			tell(names, '~', &new[n]);
		}
		o += order <= 0;
		n += order >= 0;
	}
	free(old);
	free(new);
	return change;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nft_service.c - Services: their chains, and the maps that lead to them
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steward/nft_work.h"

/**
 * DOC: From a packet to its service
 *
 * A verdict map leads from what a new flow is for to the chain of its service:
 * exact maps for single ports, which load and look up fast, and maps with
 * intervals for ranges.  The chain does all the rest: whom it lets in, count,
 * idle timeout, mark, and on a cloud gateway where it leads.  So a change of
 * one service is a change of one chain and of its elements.
 *
 * Ranges keep the port where both are the same.  A range that is shifted has a
 * map of its own in its chain, one element a port.
 *
 * Services whose targets are the same are one to a site gateway: the first in
 * the plan's order gives the id.
 */

/**
 * struct entry - What leads to a service: address, protocol, ports
 * @addr:	IP_NONE when it does not matter
 */
struct entry {
	struct ip_addr addr;
	enum service_proto proto;
	uint32_t first;
	uint32_t last;
	const struct plan_service *service;
};

/** by_place() - Order of entries: address, protocol, first port, then the plan */
static int by_place(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int order = ip_addr_compare(&x->addr, &y->addr);

	if (!order)
		order = (int)x->proto - (int)y->proto;
	if (!order)
		order = (int)x->first - (int)y->first;
	if (!order)
		order = x->service < y->service ? -1 : x->service > y->service;
	return order;
}

/** put_entry() - Element of a map */
static void put_entry(struct nft_work *work, const struct entry *entry)
{
	char addr[IP_ADDR_TEXT_SIZE];
	char verdict[NFT_NAME_SIZE];
	struct strbuf key;

	strbuf_init(&key);
	if (entry->addr.family != IP_NONE)
		strbuf_printf(&key, "%s . ",
			      ip_addr_format(&entry->addr, addr));
	strbuf_printf(&key, "%s . %u", service_proto_name(entry->proto),
		      entry->first);
	if (entry->last > entry->first)
		strbuf_printf(&key, "-%u", entry->last);
	snprintf(verdict, sizeof(verdict), "goto svc_%u", entry->service->id);
	table_line(work->table, strbuf_str(&key), verdict);
	strbuf_fini(&key);
}

/**
 * put_entries() - Elements of a map that do not overlap
 * @entries:	Sorted by place
 *
 * Where two overlap, the first has what both want.
 */
static void put_entries(struct nft_work *work, const struct entry *entries,
			size_t cnt)
{
	struct entry last = {.addr = {.family = IP_NONE}};
	bool have_last = false;
	size_t i;

	for (i = 0; i < cnt; i++) {
		struct entry entry = entries[i];

		if (have_last && ip_addr_equal(&last.addr, &entry.addr) &&
		    last.proto == entry.proto && entry.first <= last.last)
			entry.first = last.last + 1;
		if (entry.first > entry.last)
			continue;
		put_entry(work, &entry);
		last = entry;
		have_last = true;
	}
}

/** struct entry_kind - Which entries a map holds */
struct entry_kind {
	bool range;
	bool any_addr;
};

/** public_entry() - A service as a public map of this kind has it
 *
 *  Return: whether it belongs there */
static bool public_entry(const struct plan_service *service,
			 const struct entry_kind *kind, struct entry *entry)
{
	const struct policy_service *it = service->service;

	*entry = (struct entry){
		.addr = it->public_addr,
		.proto = it->proto,
		.first = it->public_port,
		.last = it->public_last > it->public_port ? it->public_last
							  : it->public_port,
		.service = service,
	};
	return (entry->last > entry->first) == kind->range &&
	       (entry->addr.family == IP_NONE) == kind->any_addr;
}

/** target_entry() - Likewise in a map of targets */
static bool target_entry(const struct plan_service *service,
			 const struct entry_kind *kind, struct entry *entry)
{
	const struct policy_service *it = service->service;

	*entry = (struct entry){
		.addr = it->target,
		.proto = it->proto,
		.first = it->target_port,
		.last = it->target_last > it->target_port ? it->target_last
							  : it->target_port,
		.service = service,
	};
	return (entry->last > entry->first) == kind->range && !kind->any_addr;
}

/** map_type() - Data type of a map's key and value */
static void map_type(const struct nft_family *family, bool any_addr,
		     struct strbuf *out)
{
	if (!any_addr)
		strbuf_printf(out, "%s . ", family->type);
	strbuf_printf(out, "inet_proto . inet_service : verdict");
}

/** put_map() - A map with all entries of one kind */
static void put_map(struct nft_work *work, const struct nft_family *family,
		    const char *name, const char *why,
		    const struct entry_kind *kind,
		    bool (*entry_of)(const struct plan_service *,
				     const struct entry_kind *, struct entry *))
{
	const struct plan *plan = work->plan;
	struct entry *entries = calloc(plan->service_cnt + 1, sizeof(*entries));
	struct strbuf type;
	size_t cnt = 0;
	size_t i;

	if (!entries)
		abort();
	for (i = 0; i < plan->service_cnt; i++) {
		const struct plan_service *service = &plan->services[i];

		if (service->service->target.family == family->family)
			cnt += entry_of(service, kind, &entries[cnt]);
	}
	qsort(entries, cnt, sizeof(*entries), by_place);
	strbuf_init(&type);
	map_type(family, kind->any_addr, &type);
	nft_set(work, TABLE_MAP, name, why, strbuf_str(&type),
		kind->range ? "interval" : NULL);
	put_entries(work, entries, cnt);
	strbuf_fini(&type);
	free(entries);
}

/** put_ports() - "443" or "1000-1100" */
static void put_ports(uint16_t first, uint16_t last, struct strbuf *out)
{
	strbuf_printf(out, "%u", first);
	if (last > first)
		strbuf_printf(out, "-%u", last);
}

/** explain() - "SITE/SERVICE: PUBLIC -> TARGET", for people */
static void explain(const struct plan_service *entry, struct strbuf *out)
{
	const struct policy_service *service = entry->service;
	bool v6 = service->target.family == IP_V6;
	char text[IP_ADDR_TEXT_SIZE];

	strbuf_printf(out, "%s/%s: ", entry->site->name, service->name);
	if (service->public_addr.family != IP_NONE)
		strbuf_printf(out, v6 ? "[%s]:" : "%s:",
			      ip_addr_format(&service->public_addr, text));
	strbuf_printf(out, "%s/", service_proto_name(service->proto));
	put_ports(service->public_port, service->public_last, out);
	strbuf_printf(out, v6 ? " -> [%s]:" : " -> %s:",
		      ip_addr_format(&service->target, text));
	put_ports(service->target_port, service->target_last, out);
}

/** timeout_name() - Of the object for a service's idle timeout */
static void timeout_name(const struct policy_service *service,
			 const struct nft_family *family,
			 char name[NFT_NAME_SIZE])
{
	snprintf(name, NFT_NAME_SIZE, "idle_%u_%s_%s", service->idle_timeout_s,
		 service_proto_name(service->proto), family->tag);
}

/** put_mark() - Count, time and mark a new flow of a service */
static void put_mark(const struct plan_service *entry,
		     const struct nft_family *family, struct strbuf *out)
{
	char timeout[NFT_NAME_SIZE];

	strbuf_printf(out, "counter ");
	if (entry->service->idle_timeout_s) {
		timeout_name(entry->service, family, timeout);
		strbuf_printf(out, "ct timeout set \"%s\" ", timeout);
	}
	strbuf_printf(out, "ct mark set ct mark & 0x%08x | 0x%08x",
		      ~PLAN_MARK_MASK, entry->id);
}

/** put_shifted() - Per public port its target port */
static void put_shifted(const struct policy_service *service,
			struct strbuf *out)
{
	uint32_t i;

	strbuf_printf(out, "th dport map { ");
	for (i = 0; service->public_port + i <= service->public_last; i++)
		strbuf_printf(out, "%s%u : %u", i ? ", " : "",
			      service->public_port + i,
			      service->target_port + i);
	strbuf_printf(out, " }");
}

/** put_dnat() - Where a public port leads: the target as the tunnel has it */
static void put_dnat(const struct plan_service *entry,
		     const struct nft_family *family, struct strbuf *out)
{
	const struct policy_service *service = entry->service;
	struct ip_addr target = site_tunnel_addr(entry->site, &service->target);
	bool range = service->public_last > service->public_port;
	char text[IP_ADDR_TEXT_SIZE];

	ip_addr_format(&target, text);
	strbuf_printf(out, " dnat %s to ", family->ip);
	if (!range) {
		strbuf_printf(out, target.family == IP_V6 ? "[%s]:%u" : "%s:%u",
			      text, service->target_port);
		return;
	}
	strbuf_printf(out, "%s", text);
	if (service->public_port == service->target_port)
		return;
	strbuf_printf(out, " : ");
	put_shifted(service, out);
}

/** begin_chain() - The chain of a service */
static void begin_chain(struct nft_work *work, const struct plan_service *entry)
{
	char name[NFT_NAME_SIZE];

	snprintf(name, sizeof(name), "svc_%u", entry->id);
	nft_chain(work, name, NULL, NULL);
}

/** cloud_chain() - Let in, mark and lead a new flow */
static void cloud_chain(struct nft_work *work, const struct nft_family *family,
			const struct plan_service *entry)
{
	const struct policy_service *service = entry->service;
	struct strbuf rule;
	struct strbuf why;

	begin_chain(work, entry);
	if (service->from.cnt) {
		struct strbuf others;

		strbuf_init(&others);
		nft_from_others(&service->from, family, &others);
		nft_rule(work, "the sender is not in from", "%scounter drop",
			 strbuf_str(&others));
		strbuf_fini(&others);
	}
	strbuf_init(&rule);
	strbuf_init(&why);
	explain(entry, &why);
	strbuf_printf(&rule, "meta l4proto %s ",
		      service_proto_name(service->proto));
	put_mark(entry, family, &rule);
	put_dnat(entry, family, &rule);
	nft_rule(work, strbuf_str(&why), "%s", strbuf_str(&rule));
	strbuf_fini(&why);
	strbuf_fini(&rule);
}

/** site_chain() - Mark and let through a new flow */
static void site_chain(struct nft_work *work, const struct nft_family *family,
		       const struct plan_service *entry)
{
	struct strbuf rule;
	struct strbuf why;

	strbuf_init(&rule);
	strbuf_init(&why);
	begin_chain(work, entry);
	explain(entry, &why);
	put_mark(entry, family, &rule);
	nft_rule(work, strbuf_str(&why), "%s accept", strbuf_str(&rule));
	strbuf_fini(&why);
	strbuf_fini(&rule);
}

/** compare_targets() - Order of services by target alone */
static int compare_targets(const struct plan_service *a,
			   const struct plan_service *b)
{
	const struct policy_service *x = a->service;
	const struct policy_service *y = b->service;
	int order = ip_addr_compare(&x->target, &y->target);

	if (!order)
		order = (int)x->proto - (int)y->proto;
	if (!order)
		order = x->target_port - y->target_port;
	if (!order)
		order = x->target_last - y->target_last;
	return order;
}

/** by_target() - Order of services by target, then as in the plan */
static int by_target(const void *a, const void *b)
{
	const struct plan_service *x = *(const struct plan_service *const *)a;
	const struct plan_service *y = *(const struct plan_service *const *)b;
	int order = compare_targets(x, y);

	return order ? order : x < y ? -1 : x > y;
}

/** site_chains() - Of each target one */
static void site_chains(struct nft_work *work, const struct nft_family *family)
{
	const struct plan *plan = work->plan;
	const struct plan_service **sorted =
		calloc(plan->service_cnt + 1, sizeof(*sorted));
	size_t cnt = 0;
	size_t i;

	if (!sorted)
		abort();
	for (i = 0; i < plan->service_cnt; i++) {
		if (plan->services[i].service->target.family == family->family)
			sorted[cnt++] = &plan->services[i];
	}
	qsort(sorted, cnt, sizeof(*sorted), by_target);
	for (i = 0; i < cnt; i++) {
		if (!i || compare_targets(sorted[i - 1], sorted[i]) != 0)
			site_chain(work, family, sorted[i]);
	}
	free(sorted);
}

void nft_cloud_services(struct nft_work *work, const struct nft_family *family)
{
	static const struct {
		const char *why;
		struct entry_kind kind;
	} maps[] = {
		{"by a public port of one address", {0, 0}},
		{"by a range of ports of one address", {1, 0}},
		{"by a public port of every own address", {0, 1}},
		{"by a range of ports of every own address", {1, 1}},
	};
	const struct plan *plan = work->plan;
	size_t i;

	for (i = 0; i < plan->service_cnt; i++) {
		if (plan->services[i].service->target.family == family->family)
			cloud_chain(work, family, &plan->services[i]);
	}
	for (i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		const struct entry_kind *kind = &maps[i].kind;
		char name[NFT_NAME_SIZE];

		snprintf(name, sizeof(name), "%s_%s%s",
			 kind->range ? "range" : "service", family->tag,
			 kind->any_addr ? "" : "_at");
		put_map(work, family, name, maps[i].why, kind, public_entry);
	}
}

void nft_site_services(struct nft_work *work, const struct nft_family *family)
{
	const struct entry_kind exact = {0, 0};
	const struct entry_kind range = {1, 0};
	char name[NFT_NAME_SIZE];

	snprintf(name, sizeof(name), "service_%s", family->tag);
	put_map(work, family, name, "by a target", &exact, target_entry);
	snprintf(name, sizeof(name), "range_%s", family->tag);
	put_map(work, family, name, "by a range of ports of a target", &range,
		target_entry);
	site_chains(work, family);
}

/** struct timeout_use - A service's timeout in one family */
struct timeout_use {
	const struct policy_service *service;
	const struct nft_family *family;
};

/** by_timeout() - Order of uses: equal ones need the same object */
static int by_timeout(const void *a, const void *b)
{
	const struct timeout_use *x = a;
	const struct timeout_use *y = b;

	if (x->family->family != y->family->family)
		return (int)x->family->family - (int)y->family->family;
	if (x->service->proto != y->service->proto)
		return (int)x->service->proto - (int)y->service->proto;
	if (x->service->idle_timeout_s != y->service->idle_timeout_s)
		return x->service->idle_timeout_s < y->service->idle_timeout_s
			       ? -1
			       : 1;
	return 0;
}

/** put_timeout() - One object */
static void put_timeout(struct nft_work *work, const struct timeout_use *use)
{
	uint32_t seconds = use->service->idle_timeout_s;
	char name[NFT_NAME_SIZE];
	struct strbuf head;

	timeout_name(use->service, use->family, name);
	strbuf_init(&head);
	strbuf_printf(&head, "protocol %s;\nl3proto %s;\n",
		      service_proto_name(use->service->proto), use->family->ip);
	if (use->service->proto == PROTO_TCP)
		strbuf_printf(&head, "policy = { established : %u }\n",
			      seconds);
	else
		strbuf_printf(&head,
			      "policy = { unreplied : %u, replied : %u }\n",
			      seconds, seconds);
	table_add(work->table, TABLE_TIMEOUT, name, strbuf_str(&head));
	strbuf_fini(&head);
}

void nft_timeouts(struct nft_work *work)
{
	const struct plan *plan = work->plan;
	struct timeout_use *uses = calloc(plan->service_cnt + 1, sizeof(*uses));
	size_t cnt = 0;
	size_t i;

	if (!uses)
		abort();
	for (i = 0; i < plan->service_cnt; i++) {
		const struct policy_service *service =
			plan->services[i].service;
		const struct nft_family *family =
			nft_family_of(work, service->target.family);

		if (family && service->idle_timeout_s)
			uses[cnt++] = (struct timeout_use){service, family};
	}
	qsort(uses, cnt, sizeof(*uses), by_timeout);
	for (i = 0; i < cnt; i++) {
		if (!i || by_timeout(&uses[i - 1], &uses[i]) != 0)
			put_timeout(work, &uses[i]);
	}
	free(uses);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * site.c - One entry of "sites": networks, services and routes
 */

#include <stdlib.h>
#include <string.h>

#include "policy/draft.h"
#include "policy/keys.h"
#include "policy/netval.h"
#include "policy/prefixes.h"
#include "policy/read.h"
#include "policy/value.h"

/**
 * read_networks() - The prefixes of a site
 * @cfg:	Text
 * @group:	The site
 * @site:	Receives them
 */
static void read_networks(struct cfg *cfg, config_setting_t *group,
			  struct draft_site *site)
{
	size_t error_cnt = cfg->diag->error_cnt;

	site->networks =
		read_prefixes(cfg, group, "networks", "network", netval_network,
			      &site->network_cnt, &site->networks_known);
	if (!site->network_cnt && cfg->diag->error_cnt == error_cnt)
		cfg_error(cfg, cfg_key_line(group, "networks"),
			  "site needs \"networks\", like [ \"10.1.0.0/24\" ]");
}

/**
 * read_aliases() - What stands for the networks in the tunnel
 * @cfg:	Text
 * @group:	The site
 * @site:	Receives them
 */
static void read_aliases(struct cfg *cfg, config_setting_t *group,
			 struct draft_site *site)
{
	size_t error_cnt = cfg->diag->error_cnt;

	site->alias_set = cfg_has(group, "alias");
	site->alias_line = cfg_key_line(group, "alias");
	site->aliases =
		read_prefixes(cfg, group, "alias", "alias", netval_network,
			      &site->alias_cnt, &site->aliases_known);
	if (site->alias_set && !site->alias_cnt &&
	    cfg->diag->error_cnt == error_cnt)
		cfg_error(
			cfg, site->alias_line,
			"\"alias\" is empty; write a prefix for each network, "
			"or leave it out");
}

/**
 * read_from() - Who may use a service or route
 * @cfg:	Text
 * @group:	The service or route
 * @from:	Receives a merged list; empty without the key or after errors
 *
 * Return: whether nothing in it was malformed, also when there is none
 */
static bool read_from(struct cfg *cfg, config_setting_t *group,
		      struct prefix_list *from)
{
	const config_setting_t *setting =
		config_setting_get_member(group, "from");
	size_t error_cnt = cfg->diag->error_cnt;
	struct draft_prefix *read;
	struct ip_prefix *prefixes;
	size_t cnt;
	bool known;
	size_t i;

	*from = (struct prefix_list){0};
	if (!setting)
		return true;
	read = read_prefixes(cfg, group, "from", "from", netval_source, &cnt,
			     &known);
	if (!cnt && cfg->diag->error_cnt == error_cnt)
		cfg_error(cfg, cfg_line(setting),
			  "\"from\" is empty, so nobody could come; name who "
			  "may, or leave it out for everybody");
	prefixes = arena_array(cfg->arena, cnt, sizeof(*prefixes));
	for (i = 0; i < cnt; i++)
		prefixes[i] = read[i].prefix;
	from->prefixes = prefixes;
	from->cnt = prefixes_merge(prefixes, cnt);
	return known;
}

/**
 * read_idle_timeout() - How long a flow may be silent
 * @cfg:	Text
 * @group:	The service
 * @service:	Receives it
 */
static void read_idle_timeout(struct cfg *cfg, config_setting_t *group,
			      struct policy_service *service)
{
	const char *text = cfg_string_or(cfg, group, "idle_timeout", NULL);

	if (text)
		read_fault(cfg, cfg_key_line(group, "idle_timeout"),
			   "idle_timeout", text,
			   value_duration(text, &service->idle_timeout_s));
}

/**
 * read_service() - One entry of "services"
 * @cfg:	Text
 * @group:	The entry
 * @draft:	Receives it
 */
static void read_service(struct cfg *cfg, config_setting_t *group,
			 struct draft_service *draft)
{
	const char *public = cfg_string(cfg, group, "service", "public");
	const char *target = cfg_string(cfg, group, "service", "target");
	struct policy_service *service = &draft->service;
	struct draft_text name = read_name(cfg, group, "service", value_label);

	cfg_keys(cfg, group, "service", policy_keys_service.keys);
	service->name = name.text;
	service->line = cfg_line(group);
	draft->name_line = name.line;
	draft->public_line = cfg_key_line(group, "public");
	draft->target_line = cfg_key_line(group, "target");
	draft->from_line = cfg_key_line(group, "from");
	if (public)
		read_fault(cfg, draft->public_line, "public", public,
			   netval_public(public, service));
	if (target)
		read_fault(cfg, draft->target_line, "target", target,
			   netval_target(target, service));
	if (!read_from(cfg, group, &service->from))
		service->from.cnt = 0;
	read_idle_timeout(cfg, group, service);
	service->audit = cfg_bool_or(cfg, group, "audit", false);
}

/**
 * by_allow() - Order of what a route lets through, for qsort()
 * @a:		One struct policy_allow
 * @b:		Another
 */
static int by_allow(const void *a, const void *b)
{
	const struct policy_allow *one = a;
	const struct policy_allow *two = b;

	if (one->proto != two->proto)
		return one->proto < two->proto ? -1 : 1;
	if (one->first != two->first)
		return one->first < two->first ? -1 : 1;
	return (int)one->last - (int)two->last;
}

/**
 * merge_allow() - Sort, and let ranges that touch be one
 * @allow:	Entries, changed
 * @cnt:	How many
 *
 * Return: how many are left
 */
static size_t merge_allow(struct policy_allow *allow, size_t cnt)
{
	size_t kept = 0;
	size_t i;

	if (cnt)
		qsort(allow, cnt, sizeof(*allow), by_allow);
	for (i = 0; i < cnt; i++) {
		struct policy_allow *last = kept ? &allow[kept - 1] : NULL;

		if (!last || last->proto != allow[i].proto ||
		    allow[i].first > last->last + 1)
			allow[kept++] = allow[i];
		else if (allow[i].last > last->last)
			last->last = allow[i].last;
	}
	return kept;
}

/**
 * read_allow() - What a route lets through
 * @cfg:	Text
 * @group:	The route
 * @route:	Receives it
 */
static void read_allow(struct cfg *cfg, config_setting_t *group,
		       struct policy_route *route)
{
	config_setting_t *list = cfg_texts(cfg, group, "allow");
	size_t len = cfg_list_len(list);
	struct policy_allow *allow =
		arena_array(cfg->arena, len, sizeof(*allow));
	size_t cnt = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		const char *text = cfg_elem_string(cfg, list, i, "allow");

		if (text &&
		    !read_fault(cfg, cfg_line(cfg_list_elem(list, i)), "allow",
				text, netval_allow(text, &allow[cnt])))
			cnt++;
	}
	if (!cfg_has(group, "allow") || (list && !len))
		cfg_error(cfg, cfg_key_line(group, "allow"),
			  "route needs \"allow\", like [ \"tcp/22\", \"icmp\" "
			  "]");
	route->allow = allow;
	route->allow_cnt = merge_allow(allow, cnt);
}

/**
 * read_to() - Where a route leads
 * @cfg:	Text
 * @group:	The route
 * @draft:	Receives it, with its default name
 */
static void read_to(struct cfg *cfg, config_setting_t *group,
		    struct draft_route *draft)
{
	const char *text = cfg_string(cfg, group, "route", "to");
	char right[IP_PREFIX_TEXT_SIZE];
	const char *fault;
	bool host_bits;

	draft->to_line = cfg_key_line(group, "to");
	draft->name_line = draft->to_line;
	draft->route.name = "";
	if (!text)
		return;
	fault = netval_network(text, &draft->route.to, &host_bits);
	if (host_bits)
		cfg_error(cfg, draft->to_line, "to \"%.100s\": %s %s", text,
			  fault, ip_prefix_format(&draft->route.to, right));
	else if (!read_fault(cfg, draft->to_line, "to", text, fault))
		draft->route.name = text;
}

/**
 * read_route() - One entry of "routes"
 * @cfg:	Text
 * @group:	The entry
 * @draft:	Receives it
 */
static void read_route(struct cfg *cfg, config_setting_t *group,
		       struct draft_route *draft)
{
	struct policy_route *route = &draft->route;
	struct draft_text name;

	cfg_keys(cfg, group, "route", policy_keys_route.keys);
	route->line = cfg_line(group);
	read_to(cfg, group, draft);
	if (cfg_has(group, "name")) {
		name = read_name(cfg, group, "route", value_label);
		route->name = name.text;
		draft->name_line = name.line;
	}
	read_allow(cfg, group, route);
	draft->from_set = cfg_has(group, "from");
	draft->from_line = cfg_key_line(group, "from");
	draft->from_known = read_from(cfg, group, &route->from);
	route->nat = cfg_bool_or(cfg, group, "nat", true);
	draft->via_set = cfg_has(group, "via");
	draft->via_line = cfg_key_line(group, "via");
	route->via =
		cfg_string_or(cfg, group, "via", draft->via_set ? "" : NULL);
}

/**
 * read_services() - The services of a site; none is fine
 * @cfg:	Text
 * @group:	The site
 * @site:	Receives them
 */
static void read_services(struct cfg *cfg, config_setting_t *group,
			  struct draft_site *site)
{
	config_setting_t *list = cfg_list(cfg, group, "services");
	size_t cnt = cfg_list_len(list);
	size_t i;

	site->services = arena_array(cfg->arena, cnt, sizeof(*site->services));
	for (i = 0; i < cnt; i++) {
		config_setting_t *entry =
			cfg_elem_group(cfg, list, i, "service");

		if (entry)
			read_service(cfg, entry,
				     &site->services[site->service_cnt++]);
	}
}

/**
 * read_routes() - The routes of a site; none is fine
 * @cfg:	Text
 * @group:	The site
 * @site:	Receives them
 */
static void read_routes(struct cfg *cfg, config_setting_t *group,
			struct draft_site *site)
{
	config_setting_t *list = cfg_list(cfg, group, "routes");
	size_t cnt = cfg_list_len(list);
	size_t i;

	site->routes = arena_array(cfg->arena, cnt, sizeof(*site->routes));
	for (i = 0; i < cnt; i++) {
		config_setting_t *entry = cfg_elem_group(cfg, list, i, "route");

		if (entry)
			read_route(cfg, entry,
				   &site->routes[site->route_cnt++]);
	}
}

void draft_read_site(struct cfg *cfg, config_setting_t *group,
		     struct draft_site *site)
{
	cfg_keys(cfg, group, "site", policy_keys_site.keys);
	site->line = cfg_line(group);
	site->name = read_name(cfg, group, "site", value_name);
	site->masquerade = cfg_bool_or(cfg, group, "masquerade", true);
	read_networks(cfg, group, site);
	read_aliases(cfg, group, site);
	read_services(cfg, group, site);
	read_routes(cfg, group, site);
}

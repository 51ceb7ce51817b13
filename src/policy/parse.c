/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * parse.c - Text to validated table
 */

/**
 * DOC: Theory of operation
 *
 * Read		read_policy() takes every setting of the text into a draft and
 *		reports each that is malformed by itself; value.c judges the
 *		texts.
 * Check	draft_check() judges how the values fit together.
 * Finish	Without any error, draft_finish() turns the draft into the constant
 *		table, in normal order: gateways, sites and services by name,
 *		networks and addresses by value, relays as they stand.  So two
 *		texts that mean the same give the same table, and an index into
 *		it means the same on both ends.
 *
 * A malformed value is left empty in the draft, so that one run finds every
 * error and none is reported twice.
 */

#include "policy/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cfgread.h"
#include "base/limits.h"
#include "policy/draft.h"
#include "policy/value.h"

/**
 * fault_at() - Report a malformed value, if it is one
 * @cfg:	Text
 * @line:	Where the value stands
 * @key:	What it is
 * @text:	The value
 * @fault:	What is wrong, or NULL
 *
 * Return: true when it was one
 */
static bool fault_at(struct cfg *cfg, unsigned int line, const char *key,
		     const char *text, const char *fault)
{
	if (fault)
		cfg_error(cfg, line, "%s \"%.100s\": %s", key, text, fault);
	return fault != NULL;
}

/**
 * read_name() - The name of an entry
 * @cfg:	Text
 * @group:	The entry
 * @what:	What it is: "gateway"
 *
 * Return: name and line; the name is "" after an error
 */
static struct draft_text read_name(struct cfg *cfg, config_setting_t *group,
				   const char *what)
{
	struct draft_text name = {
		.text = cfg_string(cfg, group, what, "name"),
		.line = cfg_key_line(group, "name"),
	};

	if (!name.text ||
	    fault_at(cfg, name.line, "name", name.text, value_name(name.text)))
		name.text = "";
	return name;
}

/**
 * family_taken() - Report a second address of one family
 * @cfg:	Text
 * @gateway:	Gateway with the addresses so far
 * @addr:	Next one
 *
 * Return: true when it was one
 */
static bool family_taken(struct cfg *cfg, const struct draft_gateway *gateway,
			 const struct draft_addr *addr)
{
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		if (gateway->addrs[i].addr.family != addr->addr.family)
			continue;
		cfg_error(cfg, addr->line,
			  "a gateway has one IPv%d address at most; remove "
			  "this one or the one of line %u",
			  addr->addr.family, gateway->addrs[i].line);
		return true;
	}
	return false;
}

/**
 * read_addrs() - A gateway's tunnel addresses
 * @cfg:	Text
 * @group:	The gateway
 * @gateway:	Receives them
 *
 * An IPv4 address is needed as long as all services are IPv4.
 */
static void read_addrs(struct cfg *cfg, config_setting_t *group,
		       struct draft_gateway *gateway)
{
	config_setting_t *list = cfg_texts(cfg, group, "address");
	size_t cnt = cfg_list_len(list);
	bool all_good = true;
	bool has_v4 = false;
	size_t i;

	gateway->addrs = arena_array(cfg->arena, cnt, sizeof(*gateway->addrs));
	for (i = 0; i < cnt; i++) {
		const char *text = cfg_elem_string(cfg, list, i, "address");
		struct draft_addr *addr = &gateway->addrs[gateway->addr_cnt];

		addr->line = cfg_line(cfg_list_elem(list, i));
		if (!text || fault_at(cfg, addr->line, "address", text,
				      value_tunnel_addr(text, &addr->addr))) {
			all_good = false;
			continue;
		}
		has_v4 |= addr->addr.family == IP_V4;
		if (!family_taken(cfg, gateway, addr))
			gateway->addr_cnt++;
	}

	if (!cfg_has(group, "address"))
		cfg_error(cfg, gateway->line,
			  "gateway needs \"address\", like [ \"100.64.0.1\" ]");
	else if (list && all_good && !has_v4)
		cfg_error(cfg, cfg_key_line(group, "address"),
			  "gateway needs an IPv4 address, like 100.64.0.1");
}

/**
 * read_relays() - Where a site gateway listens
 * @cfg:	Text
 * @group:	The gateway
 * @gateway:	Receives them
 */
static void read_relays(struct cfg *cfg, config_setting_t *group,
			struct draft_gateway *gateway)
{
	config_setting_t *list = cfg_texts(cfg, group, "relays");
	size_t cnt = cfg_list_len(list);
	size_t i;

	gateway->relays_set = cfg_has(group, "relays");
	gateway->relays_line = cfg_key_line(group, "relays");
	gateway->relays =
		arena_array(cfg->arena, cnt, sizeof(*gateway->relays));
	for (i = 0; i < cnt; i++) {
		struct draft_text relay = {
			.text = cfg_elem_string(cfg, list, i, "relay"),
			.line = cfg_line(cfg_list_elem(list, i)),
		};

		if (relay.text &&
		    !fault_at(cfg, relay.line, "relay", relay.text,
			      value_relay(relay.text)))
			gateway->relays[gateway->relay_cnt++] = relay;
	}
	if (list && !cnt)
		cfg_error(cfg, gateway->relays_line,
			  "\"relays\" is empty; name where the gateway "
			  "listens, like [ \"wss://HOST/NAME\" ]");
}

/**
 * read_role() - Which end a gateway is
 * @cfg:	Text
 * @group:	The gateway
 * @gateway:	Receives it
 */
static void read_role(struct cfg *cfg, config_setting_t *group,
		      struct draft_gateway *gateway)
{
	const char *text = cfg_string(cfg, group, "gateway", "role");

	if (!text)
		return;
	gateway->role_known = true;
	if (!strcmp(text, "cloud")) {
		gateway->role = ROLE_CLOUD;
	} else if (!strcmp(text, "site")) {
		gateway->role = ROLE_SITE;
	} else {
		gateway->role_known = false;
		fault_at(cfg, cfg_key_line(group, "role"), "role", text,
			 "it must be \"cloud\" or \"site\"");
	}
}

/**
 * read_gateway() - One entry of "gateways"
 * @cfg:	Text
 * @group:	The entry
 * @gateway:	Receives it
 */
static void read_gateway(struct cfg *cfg, config_setting_t *group,
			 struct draft_gateway *gateway)
{
	static const char *const keys[] = {"name",    "role",   "site",
					   "address", "relays", NULL};

	cfg_keys(cfg, group, "gateway", keys);
	gateway->line = cfg_line(group);
	gateway->name = read_name(cfg, group, "gateway");
	read_role(cfg, group, gateway);
	gateway->site.line = cfg_key_line(group, "site");
	/* A site of the wrong type was reported; that will do. */
	gateway->site.text = cfg_string_or(cfg, group, "site",
					   cfg_has(group, "site") ? "" : NULL);
	read_addrs(cfg, group, gateway);
	read_relays(cfg, group, gateway);
}

/**
 * read_network() - One entry of "networks"
 * @cfg:	Text
 * @text:	The entry, or NULL after an error
 * @network:	Receives it; its line is there already
 *
 * A network with host bits is taken without them: what is meant is clear enough
 * to find further errors.
 *
 * Return: true when it can be used
 */
static bool read_network(struct cfg *cfg, const char *text,
			 struct draft_network *network)
{
	char right[IP_PREFIX_TEXT_SIZE];
	const char *fault;
	bool host_bits;

	if (!text)
		return false;
	fault = value_network(text, &network->prefix, &host_bits);
	if (!host_bits)
		return !fault_at(cfg, network->line, "network", text, fault);
	cfg_error(cfg, network->line, "network \"%.100s\": %s %s", text, fault,
		  ip_prefix_format(&network->prefix, right));
	return true;
}

/**
 * read_networks() - The prefixes of a site
 * @cfg:	Text
 * @group:	The site
 * @site:	Receives them
 */
static void read_networks(struct cfg *cfg, config_setting_t *group,
			  struct draft_site *site)
{
	config_setting_t *list = cfg_texts(cfg, group, "networks");
	size_t cnt = cfg_list_len(list);
	size_t i;

	site->networks_known = cnt != 0;
	site->networks = arena_array(cfg->arena, cnt, sizeof(*site->networks));
	for (i = 0; i < cnt; i++) {
		struct draft_network *network =
			&site->networks[site->network_cnt];

		network->line = cfg_line(cfg_list_elem(list, i));
		if (read_network(cfg, cfg_elem_string(cfg, list, i, "network"),
				 network))
			site->network_cnt++;
		else
			site->networks_known = false;
	}
	if (!cfg_has(group, "networks") || (list && !cnt))
		cfg_error(cfg, cfg_key_line(group, "networks"),
			  "site needs \"networks\", like [ \"10.1.0.0/24\" ]");
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
	static const char *const keys[] = {"name", "public", "target", NULL};
	const char *public = cfg_string(cfg, group, "service", "public");
	const char *target = cfg_string(cfg, group, "service", "target");
	struct draft_text name = read_name(cfg, group, "service");

	cfg_keys(cfg, group, "service", keys);
	draft->service.name = name.text;
	draft->service.line = cfg_line(group);
	draft->name_line = name.line;
	draft->public_line = cfg_key_line(group, "public");
	draft->target_line = cfg_key_line(group, "target");
	if (public)
		fault_at(cfg, draft->public_line, "public", public,
			 value_public(public, &draft->service));
	if (target)
		fault_at(cfg, draft->target_line, "target", target,
			 value_target(target, &draft->service));
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
 * read_site() - One entry of "sites"
 * @cfg:	Text
 * @group:	The entry
 * @site:	Receives it
 */
static void read_site(struct cfg *cfg, config_setting_t *group,
		      struct draft_site *site)
{
	static const char *const keys[] = {"name", "networks", "masquerade",
					   "services", NULL};

	cfg_keys(cfg, group, "site", keys);
	site->line = cfg_line(group);
	site->name = read_name(cfg, group, "site");
	site->masquerade = cfg_bool_or(cfg, group, "masquerade", true);
	read_networks(cfg, group, site);
	read_services(cfg, group, site);
}

/**
 * root_list() - "gateways" or "sites"
 * @cfg:	Text
 * @key:	Which
 * @cnt:	Set to the number of entries
 *
 * Return: the list, or NULL after an error
 */
static config_setting_t *root_list(struct cfg *cfg, const char *key,
				   size_t *cnt)
{
	config_setting_t *list = cfg_list(cfg, cfg_root(cfg), key);

	*cnt = cfg_list_len(list);
	if (!cfg_has(cfg_root(cfg), key))
		cfg_error(cfg, 0, "policy needs \"%s\", a list ( )", key);
	return list;
}

/**
 * read_version() - Is it a text that this program understands?
 * @cfg:	Text
 */
static void read_version(struct cfg *cfg)
{
	config_setting_t *root = cfg_root(cfg);
	int64_t version;

	if (!cfg_has(root, "version")) {
		cfg_error(cfg, 0, "policy needs \"version = %d;\"",
			  POLICY_VERSION);
		return;
	}
	version = cfg_int_or(cfg, root, "version", POLICY_VERSION, INT32_MIN,
			     INT32_MAX);
	if (version != POLICY_VERSION)
		cfg_error(cfg, cfg_key_line(root, "version"),
			  "version %d is unknown; this program reads version "
			  "%d",
			  (int)version, POLICY_VERSION);
}

/**
 * read_policy() - The whole text
 * @cfg:	Text
 * @draft:	Receives what is well-formed
 */
static void read_policy(struct cfg *cfg, struct draft *draft)
{
	static const char *const keys[] = {"version", "gateways", "sites",
					   NULL};
	config_setting_t *entry;
	config_setting_t *list;
	size_t cnt;
	size_t i;

	cfg_keys(cfg, cfg_root(cfg), "policy", keys);
	read_version(cfg);

	list = root_list(cfg, "gateways", &cnt);
	draft->gateways =
		arena_array(cfg->arena, cnt, sizeof(*draft->gateways));
	for (i = 0; i < cnt; i++) {
		entry = cfg_elem_group(cfg, list, i, "gateway");
		if (entry)
			read_gateway(cfg, entry,
				     &draft->gateways[draft->gateway_cnt++]);
	}

	list = root_list(cfg, "sites", &cnt);
	draft->sites = arena_array(cfg->arena, cnt, sizeof(*draft->sites));
	for (i = 0; i < cnt; i++) {
		entry = cfg_elem_group(cfg, list, i, "site");
		if (entry)
			read_site(cfg, entry, &draft->sites[draft->site_cnt++]);
	}
}

const struct policy *policy_parse(const char *text, const char *path,
				  struct arena *arena, struct diag *diag)
{
	const struct policy *policy = NULL;
	size_t error_cnt = diag->error_cnt;
	struct draft draft = {.path = path};
	struct cfg cfg;

	if (cfg_open(&cfg, text, path, arena, diag) == 0) {
		read_policy(&cfg, &draft);
		draft_check(&draft, diag);
		diag_sort(diag);
	}
	cfg_close(&cfg);
	if (diag->error_cnt == error_cnt)
		policy = draft_finish(&draft, arena);
	return policy;
}

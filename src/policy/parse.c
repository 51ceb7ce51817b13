/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * parse.c - Text to validated table
 */

/**
 * DOC: Theory of operation
 *
 * Read		read_policy() takes every setting of the text into a draft and
 *		reports each that is malformed by itself; site.c reads the
 *		sites, value.c and netval.c judge the texts.
 * Check	draft_check() judges how the values fit together.
 * Finish	Without any error, draft_finish() turns the draft into the
 *		constant table, in normal order: gateways, sites, services and
 *		routes by name, networks and addresses by value, relays as they
 *		stand.  So two texts that mean the same give the same table, and
 *		an index into it means the same on both ends.
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
#include "policy/keys.h"
#include "policy/netval.h"
#include "policy/read.h"
#include "policy/value.h"

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
	char ref[CFG_REF_SIZE];
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++) {
		if (gateway->addrs[i].addr.family != addr->addr.family)
			continue;
		cfg_error(cfg, addr->line,
			  "a gateway has one IPv%d address at most; remove "
			  "this one or the one of %s",
			  addr->addr.family,
			  cfg_source_ref(&cfg->source, gateway->addrs[i].line,
					 addr->line, ref));
		return true;
	}
	return false;
}

/**
 * read_addrs() - A gateway's tunnel addresses
 * @cfg:	Text
 * @group:	The gateway
 * @gateway:	Receives them
 */
static void read_addrs(struct cfg *cfg, config_setting_t *group,
		       struct draft_gateway *gateway)
{
	config_setting_t *list = cfg_texts(cfg, group, "address");
	size_t cnt = cfg_list_len(list);
	size_t i;

	gateway->addrs_line = cfg_key_line(group, "address");
	gateway->addrs_known = cnt != 0;
	gateway->addrs = arena_array(cfg->arena, cnt, sizeof(*gateway->addrs));
	for (i = 0; i < cnt; i++) {
		const char *text = cfg_elem_string(cfg, list, i, "address");
		struct draft_addr *addr = &gateway->addrs[gateway->addr_cnt];

		addr->line = cfg_line(cfg_list_elem(list, i));
		if (!text || read_fault(cfg, addr->line, "address", text,
					netval_tunnel_addr(text, &addr->addr,
							   &addr->pool)))
			gateway->addrs_known = false;
		else if (!family_taken(cfg, gateway, addr))
			gateway->addr_cnt++;
	}
	if (!cfg_has(group, "address") || (list && !cnt))
		cfg_error(cfg, gateway->addrs_line,
			  "gateway needs \"address\", like [ \"100.64.0.1\" ]");
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
		    !read_fault(cfg, relay.line, "relay", relay.text,
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
		read_fault(cfg, cfg_key_line(group, "role"), "role", text,
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
	cfg_keys(cfg, group, "gateway", policy_keys_gateway.keys);
	gateway->line = cfg_line(group);
	gateway->name = read_name(cfg, group, "gateway", value_name);
	read_role(cfg, group, gateway);
	gateway->site.line = cfg_key_line(group, "site");
	/* A site of the wrong type was reported; that will do. */
	gateway->site.text = cfg_string_or(cfg, group, "site",
					   cfg_has(group, "site") ? "" : NULL);
	read_addrs(cfg, group, gateway);
	read_relays(cfg, group, gateway);
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
	config_setting_t *entry;
	config_setting_t *list;
	size_t cnt;
	size_t i;

	cfg_keys(cfg, cfg_root(cfg), "policy", policy_keys_root.keys);
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
			draft_read_site(cfg, entry,
					&draft->sites[draft->site_cnt++]);
	}
}

const struct policy *policy_parse_source(const struct cfg_source *source,
					 struct arena *arena, struct diag *diag)
{
	const struct policy *policy = NULL;
	size_t error_cnt = diag->error_cnt;
	struct draft draft = {.source = source};
	struct cfg cfg;

	if (cfg_open_source(&cfg, source, arena, diag) == 0) {
		read_policy(&cfg, &draft);
		draft_check(&draft, diag);
		diag_sort(diag);
	}
	cfg_close(&cfg);
	if (diag->error_cnt == error_cnt)
		policy = draft_finish(&draft, arena);
	return policy;
}

const struct policy *policy_parse(const char *text, const char *path,
				  struct arena *arena, struct diag *diag)
{
	const struct cfg_source source = {.text = text, .path = path};

	return policy_parse_source(&source, arena, diag);
}

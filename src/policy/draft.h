/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * draft.h - A policy being read: each value is well-formed by itself
 *
 * Between parse.c, which fills it in, check.c, which judges how its parts fit
 * together, and finish.c, which makes the table of it.  Nobody else sees it.
 *
 * A value that was missing or malformed has been reported and is empty here
 * (name "", port 0, family IP_NONE, *_known false): check.c says nothing more
 * about it.  Each value comes with the line it stands on.
 */

#ifndef POLICY_DRAFT_H
#define POLICY_DRAFT_H

#include "base/arena.h"
#include "base/cfgread.h"
#include "base/diag.h"
#include "policy/policy.h"

/** struct draft_text - A text and its line; NULL when it is not there */
struct draft_text {
	const char *text;
	unsigned int line;
};

struct draft_service {
	struct policy_service service;
	unsigned int name_line;
	unsigned int public_line;
	unsigned int target_line;
	unsigned int from_line;
};

/**
 * struct draft_route - A site's route being read
 * @route:	Family IP_NONE in @route.to, or no @route.allow: not known
 * @from_set:	The key is there
 * @from_known:	Nothing in it was malformed
 * @via_set:	The key is there; @route.via is "" after an error
 */
struct draft_route {
	struct policy_route route;
	unsigned int name_line;
	unsigned int to_line;
	unsigned int from_line;
	bool from_set;
	bool from_known;
	unsigned int via_line;
	bool via_set;
};

struct draft_prefix {
	struct ip_prefix prefix;
	unsigned int line;
};

struct draft_addr {
	struct ip_addr addr;
	struct ip_prefix pool;
	unsigned int line;
};

/**
 * struct draft_site - A site being read
 * @name:	Its name
 * @line:	Where it begins
 * @networks:	The well-formed ones, as they stand
 * @networks_known: None was malformed: what lies in none lies outside
 * @aliases:	The well-formed ones, as they stand
 * @aliases_known: None was malformed: the n-th is that of the n-th network
 * @alias_line:	The key's
 * @alias_set:	The key is there
 */
struct draft_site {
	struct draft_text name;
	unsigned int line;
	struct draft_prefix *networks;
	size_t network_cnt;
	bool networks_known;
	struct draft_prefix *aliases;
	size_t alias_cnt;
	bool aliases_known;
	unsigned int alias_line;
	bool alias_set;
	bool masquerade;
	struct draft_service *services;
	size_t service_cnt;
	struct draft_route *routes;
	size_t route_cnt;
};

/**
 * struct draft_gateway - A gateway being read
 * @name:	Its name
 * @line:	Where it begins
 * @role_known:	@role is what the text says
 * @site:	Name of its site; .line is @line when it is not there
 * @addrs:	The well-formed ones, one per family at most
 * @addrs_line:	The key's, or @line
 * @addrs_known: None was malformed: a family that is missing is missing
 * @relays:	The well-formed ones
 * @relays_line: The key's, or @line
 * @relays_set:	The key is there
 */
struct draft_gateway {
	struct draft_text name;
	unsigned int line;
	enum gateway_role role;
	bool role_known;
	struct draft_text site;
	struct draft_addr *addrs;
	size_t addr_cnt;
	unsigned int addrs_line;
	bool addrs_known;
	struct draft_text *relays;
	size_t relay_cnt;
	unsigned int relays_line;
	bool relays_set;
};

struct draft {
	const struct cfg_source *source;
	struct draft_gateway *gateways;
	size_t gateway_cnt;
	struct draft_site *sites;
	size_t site_cnt;
};

/**
 * draft_read_site() - One entry of "sites" (site.c)
 * @cfg:	Text
 * @group:	The entry
 * @site:	Receives it
 */
void draft_read_site(struct cfg *cfg, config_setting_t *group,
		     struct draft_site *site);

/**
 * draft_check() - Every rule that needs more than one value
 * @draft:	What was read
 * @diag:	Receives every error and warning
 */
void draft_check(const struct draft *draft, struct diag *diag);

/**
 * draft_finish() - The constant table of a draft without errors (finish.c)
 * @draft:	What was read and checked
 * @arena:	Receives the table; the draft's texts must live there as well
 */
const struct policy *draft_finish(const struct draft *draft,
				  struct arena *arena);

#endif /* POLICY_DRAFT_H */

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
};

struct draft_network {
	struct ip_prefix prefix;
	unsigned int line;
};

struct draft_addr {
	struct ip_addr addr;
	unsigned int line;
};

/**
 * struct draft_site - A site being read
 * @name:	Its name
 * @line:	Where it begins
 * @networks:	The well-formed ones
 * @networks_known: None was malformed: what lies in none lies outside
 */
struct draft_site {
	struct draft_text name;
	unsigned int line;
	struct draft_network *networks;
	size_t network_cnt;
	bool networks_known;
	bool masquerade;
	struct draft_service *services;
	size_t service_cnt;
};

/**
 * struct draft_gateway - A gateway being read
 * @name:	Its name
 * @line:	Where it begins
 * @role_known:	@role is what the text says
 * @site:	Name of its site; .line is @line when it is not there
 * @addrs:	The well-formed ones, one per family at most
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
	struct draft_text *relays;
	size_t relay_cnt;
	unsigned int relays_line;
	bool relays_set;
};

struct draft {
	const char *path;
	struct draft_gateway *gateways;
	size_t gateway_cnt;
	struct draft_site *sites;
	size_t site_cnt;
};

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

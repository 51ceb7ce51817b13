/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * draft.h - A policy being read: each value is well-formed by itself
 *
 * Between parse.c, which fills it, and check.c, which judges how its parts fit
 * together.  Nobody else sees it.
 */

#ifndef POLICY_DRAFT_H
#define POLICY_DRAFT_H

#include "base/diag.h"
#include "policy/policy.h"

/** struct draft_gateway - A gateway, its site by name as yet */
struct draft_gateway {
	struct policy_gateway gateway;
	const char *site_name;
	unsigned int site_line;
	unsigned int address_line;
	unsigned int relays_line;
};

/** struct draft_site - A site with writable services */
struct draft_site {
	struct policy_site site;
	struct policy_service *services;
	unsigned int networks_line;
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
 *
 * Links gateways to their sites.  Errors and warnings go to @diag.
 */
void draft_check(struct draft *draft, struct diag *diag);

#endif /* POLICY_DRAFT_H */

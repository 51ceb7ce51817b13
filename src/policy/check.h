/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check.h - One run over a draft, between the files that judge its parts
 *
 * check.c judges names, roles and relays, check_net.c what has an address,
 * check_service.c services, check_route.c routes.
 */

#ifndef POLICY_CHECK_H
#define POLICY_CHECK_H

#include "policy/draft.h"

/** struct named - Something with a name */
struct named {
	const char *name;
	unsigned int line;
	const void *what; /* the draft it is of */
};

/** enum net_kind - What a prefix is; where two must not meet, the error stands
 *  at that of the higher kind */
enum net_kind {
	NET_NETWORK,
	NET_ALIAS,
	NET_POOL,
	NET_FROM, /* of a route without NAT */
};

/**
 * struct net - A prefix that somebody owns
 * @prefix:	The prefix
 * @kind:	What it is
 * @line:	Where it stands
 * @site:	Whose it is; NULL for a pool
 * @owner:	Name of the site or gateway; for NET_FROM that of "via"
 * @within:	The smallest prefix of its table that contains this one, NULL
 *		when none does
 */
struct net {
	struct ip_prefix prefix;
	enum net_kind kind;
	unsigned int line;
	const struct draft_site *site;
	const char *owner;
	const struct net *within;
};

/**
 * struct net_table - Prefixes to look things up in
 * @nets:	By value, larger ones first
 * @cnt:	Entries there
 */
struct net_table {
	struct net *nets;
	size_t cnt;
};

/**
 * struct check - One run over a draft
 * @draft:	What is checked
 * @diag:	Receives errors and warnings
 * @scratch:	Memory that is freed after the run
 * @sites:	Sites by name
 * @site_cnt:	Entries there
 * @clouds:	Gateways of role "cloud" by name
 * @cloud_cnt:	Entries there
 * @networks:	Per site of the draft: its networks
 * @tunnel:	What has a place in the tunnel: networks of sites without alias,
 *		aliases and pools
 */
struct check {
	const struct draft *draft;
	struct diag *diag;
	struct arena scratch;
	struct named *sites;
	size_t site_cnt;
	struct named *clouds;
	size_t cloud_cnt;
	struct net_table *networks;
	struct net_table tunnel;
};

#define check_error(check, line, ...)                                          \
	cfg_source_error((check)->draft->source, (check)->diag, line,          \
			 __VA_ARGS__)
#define check_warning(check, line, ...)                                        \
	cfg_source_warning((check)->draft->source, (check)->diag, line,        \
			   __VA_ARGS__)
/* "line 7", as an error at @from names it; lives to the end of the block. */
#define check_ref(check, line, from)                                           \
	cfg_source_ref((check)->draft->source, line, from,                     \
		       (char[CFG_REF_SIZE]){0})

/** check_lines() - Order of two lines */
int check_lines(unsigned int a, unsigned int b);

/** check_named() - An entry by its name in a table that is ordered so, or
 *  NULL */
const void *check_named(const struct named *table, size_t cnt,
			const char *name);

/**
 * check_nets() - No address belongs to two; fills in @check->networks and
 * @check->tunnel (check_net.c)
 */
void check_nets(struct check *check);

/** check_net_find() - The prefix of a table that an address lies in, or NULL */
const struct net *check_net_find(const struct net_table *table,
				 const struct ip_addr *addr);

/** check_net_meet() - A prefix of a table that has an address of @prefix, or
 *  NULL */
const struct net *check_net_meet(const struct net_table *table,
				 const struct ip_prefix *prefix);

/** check_net_sort() - Order a table that is filled in */
void check_net_sort(struct net_table *table);

/** check_services() - Rules about services and routes of all sites, with the
 *  tables of names and networks (check_service.c) */
void check_services(struct check *check);

/**
 * check_routes() - Rules about the routes of a site (check_route.c)
 * @check:	Run with the tables of names and networks
 * @site:	Site
 * @networks:	Its networks
 */
void check_routes(struct check *check, const struct draft_site *site,
		  const struct net_table *networks);

#endif /* POLICY_CHECK_H */

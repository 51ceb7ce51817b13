/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * check_net.c - No address of the tunnel belongs to two
 */

/**
 * DOC: Theory of operation
 *
 * Prefixes nest or are apart.  Sorted, the smallest that contains one is the
 * one before it, or the smallest around that, and so on: check_net_sort()
 * notes it, and both looking up and finding overlaps need no more.
 *
 * A site's networks are its own world: two sites may have the same ones, as
 * long as one of the two has aliases.  What has a place in the tunnel (networks
 * of sites without alias, aliases, gateways' pools) must be apart altogether.
 * And an alias or pool must not be what a site has on its own LAN, where its
 * gateway would take the one for the other.
 */

#include <stdlib.h>

#include "policy/check.h"
#include "policy/prefixes.h"
#include "policy/value.h"

/* "use one that nobody has, like ..." */
#define REMEDY_SIZE (IP_PREFIX_TEXT_SIZE + 40)

/**
 * by_prefix() - Order of a table, for qsort()
 * @a:		One struct net
 * @b:		Another
 */
static int by_prefix(const void *a, const void *b)
{
	const struct net *one = a;
	const struct net *two = b;
	int order = prefix_compare(&one->prefix, &two->prefix);

	return order ? order : check_lines(one->line, two->line);
}

void check_net_sort(struct net_table *table)
{
	const struct net *outer;
	size_t i;

	if (table->cnt)
		qsort(table->nets, table->cnt, sizeof(*table->nets), by_prefix);
	for (i = 1; i < table->cnt; i++) {
		outer = &table->nets[i - 1];
		while (outer && !ip_prefix_overlaps(&outer->prefix,
						    &table->nets[i].prefix))
			outer = outer->within;
		table->nets[i].within = outer;
	}
}

/**
 * behind() - Where in a table the prefixes begin that begin behind an address
 * @table:	Sorted table
 * @addr:	Address
 *
 * Return: index of the first of them, or the number of entries
 */
static size_t behind(const struct net_table *table, const struct ip_addr *addr)
{
	size_t low = 0;
	size_t high = table->cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ip_addr_compare(&table->nets[mid].prefix.addr, addr) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct net *check_net_find(const struct net_table *table,
				 const struct ip_addr *addr)
{
	size_t next = behind(table, addr);
	const struct net *net = next ? &table->nets[next - 1] : NULL;

	while (net && !ip_prefix_contains(&net->prefix, addr))
		net = net->within;
	return net;
}

const struct net *check_net_meet(const struct net_table *table,
				 const struct ip_prefix *prefix)
{
	const struct net *around = check_net_find(table, &prefix->addr);
	size_t next;

	if (around)
		return around;
	/* None around its first address: one inside begins behind it. */
	next = behind(table, &prefix->addr);
	if (next < table->cnt &&
	    ip_prefix_overlaps(prefix, &table->nets[next].prefix))
		return &table->nets[next];
	return NULL;
}

/**
 * net_text() - "network 10.1.0.0/24", "address 100.64.0.1" and so on
 * @net:	Prefix
 * @with_kind:	With the word before it
 * @buf:	Receives it
 *
 * Return: @buf
 */
static const char *net_text(const struct net *net, bool with_kind,
			    char buf[IP_PREFIX_TEXT_SIZE + 16])
{
	static const char *const kinds[] = {
		[NET_NETWORK] = "network ",
		[NET_ALIAS] = "alias ",
		[NET_POOL] = "pool ",
		[NET_FROM] = "from ",
	};
	bool host = net->kind == NET_POOL &&
		    net->prefix.len == 8 * ip_addr_len(net->prefix.addr.family);
	char text[IP_PREFIX_TEXT_SIZE];

	snprintf(buf, IP_PREFIX_TEXT_SIZE + 16, "%s%s",
		 !with_kind ? ""
		 : host     ? "address "
			    : kinds[net->kind],
		 host ? ip_addr_format(&net->prefix.addr, text)
		      : ip_prefix_format(&net->prefix, text));
	return buf;
}

/**
 * verb() - How two prefixes meet
 * @first:	One
 * @later:	That the error stands at
 */
static const char *verb(const struct net *first, const struct net *later)
{
	bool host =
		later->prefix.len == 8 * ip_addr_len(later->prefix.addr.family);

	if (!host || later->kind != NET_POOL)
		return "overlaps";
	return first->prefix.len == later->prefix.len ? "equals" : "lies in";
}

/**
 * example() - The n-th prefix that might do in place of one
 * @net:	That one: a pool or an alias
 * @n:		From 1
 *
 * Pools: 100.64.0.n, from 128 on 100.64.n.128; fd64:1::n.  Aliases: 100.80.n.0/24, fd80:1:n::/64.
 */
static struct ip_prefix example(const struct net *net, uint8_t n)
{
	bool pool = net->kind == NET_POOL;
	bool v4 = net->prefix.addr.family == IP_V4;
	struct ip_prefix prefix = {
		.addr = {.family = net->prefix.addr.family},
		.len = pool ? (v4 ? 32 : 128) : (v4 ? 24 : 64),
	};
	uint8_t *bytes = prefix.addr.bytes;

	bytes[0] = v4 ? 100 : 0xfd;
	bytes[1] = v4 ? (pool ? 64 : 80) : (pool ? 0x64 : 0x80);
	if (!v4)
		bytes[3] = 1;
	if (v4 && pool && n >= 128) {
		bytes[2] = n;
		bytes[3] = 128;
	} else {
		bytes[v4 ? (pool ? 3 : 2) : (pool ? 15 : 5)] = n;
	}
	return prefix;
}

/**
 * free_one() - One in place of a pool or an alias that has no place in the tunnel yet
 * @table:	What has
 * @net:	That one
 * @text:	Receives "use one that nobody has, like ..."
 *
 * Return: @text
 */
static const char *free_one(const struct net_table *table,
			    const struct net *net, char text[REMEDY_SIZE])
{
	char prefix_text[IP_PREFIX_TEXT_SIZE];
	struct ip_prefix prefix = example(net, 1);
	uint8_t n;

	for (n = 2; n < UINT8_MAX && check_net_meet(table, &prefix); n++)
		prefix = example(net, n);
	snprintf(text, REMEDY_SIZE, "use one that nobody has%s%s",
		 n < UINT8_MAX ? ", like " : "",
		 n == UINT8_MAX ? ""
		 : net->kind == NET_POOL
			 ? ip_addr_format(&prefix.addr, prefix_text)
			 : ip_prefix_format(&prefix, prefix_text));
	return text;
}

/**
 * remedy() - What would be right, where two prefixes meet
 * @check:	Run
 * @a:		That of the lower kind
 * @b:		That the error stands at
 * @text:	May be used for it
 */
static const char *remedy(const struct check *check, const struct net *a,
			  const struct net *b, char text[REMEDY_SIZE])
{
	if (b->kind == NET_POOL || b->kind == NET_ALIAS)
		return free_one(&check->tunnel, b, text);
	if (a->site == b->site)
		return "keep the larger one";
	return "correct it, or give one of the two sites an \"alias\"";
}

/**
 * meet_error() - Report two prefixes that must be apart
 * @check:	Run
 * @a:		One
 * @b:		Another
 */
static void meet_error(struct check *check, const struct net *a,
		       const struct net *b)
{
	bool swap = a->kind != b->kind ? a->kind > b->kind : a->line > b->line;
	const struct net *first = swap ? b : a;
	const struct net *later = swap ? a : b;
	bool same_site = first->site && first->site == later->site;
	const char *role = first->site ? "site" : "gateway";
	char first_text[IP_PREFIX_TEXT_SIZE + 16];
	char later_text[IP_PREFIX_TEXT_SIZE + 16];
	char remedy_text[REMEDY_SIZE];

	net_text(first, first->kind != later->kind, first_text);
	net_text(later, true, later_text);
	if (same_site)
		check_error(check, later->line,
			    "%s %s %s (%s) of the same site; %s", later_text,
			    verb(first, later), first_text,
			    check_ref(check, first->line, later->line),
			    remedy(check, first, later, remedy_text));
	else
		check_error(
			check, later->line, "%s %s %s (%s) of %s \"%s\"; %s",
			later_text, verb(first, later), first_text,
			check_ref(check, first->line, later->line), role,
			first->owner, remedy(check, first, later, remedy_text));
}

/**
 * report_nested() - Report each prefix of a table that lies in another
 * @check:	Run
 * @table:	Sorted table
 */
static void report_nested(struct check *check, const struct net_table *table)
{
	size_t i;

	for (i = 0; i < table->cnt; i++) {
		const struct net *outer = table->nets[i].within;

		/* Networks of one site are reported with its own table. */
		if (outer && !(outer->kind == NET_NETWORK &&
			       table->nets[i].kind == NET_NETWORK &&
			       outer->site == table->nets[i].site))
			meet_error(check, outer, &table->nets[i]);
	}
}

/**
 * add_prefixes() - Append a site's prefixes to a table with room
 * @table:	Table
 * @site:	Site
 * @kind:	NET_NETWORK or NET_ALIAS
 */
static void add_prefixes(struct net_table *table, const struct draft_site *site,
			 enum net_kind kind)
{
	bool alias = kind == NET_ALIAS;
	const struct draft_prefix *from =
		alias ? site->aliases : site->networks;
	size_t cnt = alias ? site->alias_cnt : site->network_cnt;
	size_t i;

	for (i = 0; i < cnt; i++)
		table->nets[table->cnt++] = (struct net){
			.prefix = from[i].prefix,
			.kind = kind,
			.line = from[i].line,
			.site = site,
			.owner = site->name.text,
		};
}

/**
 * add_pools() - Append a gateway's pools to a table with room
 * @table:	Table
 * @gateway:	Gateway
 */
static void add_pools(struct net_table *table,
		      const struct draft_gateway *gateway)
{
	size_t i;

	for (i = 0; i < gateway->addr_cnt; i++)
		table->nets[table->cnt++] = (struct net){
			.prefix = gateway->addrs[i].pool,
			.kind = NET_POOL,
			.line = gateway->addrs[i].line,
			.owner = gateway->name.text,
		};
}

/**
 * make_networks() - Each site's networks, apart within the site
 * @check:	Run; its tables are filled in
 *
 * Return: how many prefixes all sites and gateways have
 */
static size_t make_networks(struct check *check)
{
	const struct draft *draft = check->draft;
	size_t total = 0;
	size_t i;
	size_t k;

	check->networks = arena_array(&check->scratch, draft->site_cnt,
				      sizeof(*check->networks));
	for (i = 0; i < draft->site_cnt; i++) {
		const struct draft_site *site = &draft->sites[i];
		struct net_table *table = &check->networks[i];

		table->nets = arena_array(&check->scratch, site->network_cnt,
					  sizeof(*table->nets));
		add_prefixes(table, site, NET_NETWORK);
		check_net_sort(table);
		for (k = 0; k < table->cnt; k++) {
			if (table->nets[k].within)
				meet_error(check, table->nets[k].within,
					   &table->nets[k]);
		}
		total += site->network_cnt + site->alias_cnt;
	}
	for (i = 0; i < draft->gateway_cnt; i++)
		total += draft->gateways[i].addr_cnt;
	return total;
}

/**
 * make_tunnel() - What has a place in the tunnel is apart
 * @check:	Run; its table is filled in
 * @cnt:	Room it needs at most
 */
static void make_tunnel(struct check *check, size_t cnt)
{
	const struct draft *draft = check->draft;
	struct net_table *table = &check->tunnel;
	size_t i;

	table->nets = arena_array(&check->scratch, cnt, sizeof(*table->nets));
	for (i = 0; i < draft->site_cnt; i++)
		add_prefixes(table, &draft->sites[i],
			     draft->sites[i].alias_set ? NET_ALIAS
						       : NET_NETWORK);
	for (i = 0; i < draft->gateway_cnt; i++)
		add_pools(table, &draft->gateways[i]);
	check_net_sort(table);
	report_nested(check, table);
}

/**
 * check_hidden() - Networks behind aliases meet no alias and no pool
 * @check:	Run with all tables
 *
 * Those of other sites they may meet.
 */
static void check_hidden(struct check *check)
{
	const struct draft *draft = check->draft;
	struct net_table others = {0};
	const struct net *met;
	size_t i;
	size_t k;

	others.nets = arena_array(&check->scratch, check->tunnel.cnt,
				  sizeof(*others.nets));
	for (i = 0; i < check->tunnel.cnt; i++) {
		if (check->tunnel.nets[i].kind != NET_NETWORK)
			others.nets[others.cnt++] = check->tunnel.nets[i];
	}
	check_net_sort(&others);
	for (i = 0; i < draft->site_cnt; i++) {
		for (k = 0;
		     draft->sites[i].alias_set && k < check->networks[i].cnt;
		     k++) {
			met = check_net_meet(
				&others, &check->networks[i].nets[k].prefix);
			if (met)
				meet_error(check, &check->networks[i].nets[k],
					   met);
		}
	}
}

/**
 * check_alias() - Each network has an alias of its length
 * @check:	Run
 * @site:	Site with alias
 */
static void check_alias(struct check *check, const struct draft_site *site)
{
	char network_text[IP_PREFIX_TEXT_SIZE];
	char alias_text[IP_PREFIX_TEXT_SIZE];
	size_t i;

	if (!site->networks_known || !site->aliases_known)
		return;
	if (site->alias_cnt != site->network_cnt) {
		check_error(check, site->alias_line,
			    "\"alias\" has %zu prefixes and \"networks\" %zu; "
			    "write one for each, in the same order",
			    site->alias_cnt, site->network_cnt);
		return;
	}
	for (i = 0; i < site->alias_cnt; i++) {
		const struct ip_prefix *network = &site->networks[i].prefix;
		const struct ip_prefix *alias = &site->aliases[i].prefix;

		if (network->len == alias->len &&
		    network->addr.family == alias->addr.family)
			continue;
		check_error(check, site->aliases[i].line,
			    "alias %s is to stand for network %s; it must be "
			    "an IPv%d prefix of /%u, too",
			    ip_prefix_format(alias, alias_text),
			    ip_prefix_format(network, network_text),
			    network->addr.family, (unsigned int)network->len);
	}
}

/**
 * check_relay_addrs() - No relay at an address that lies in the tunnel
 * @check:	Run with all tables
 * @gateway:	Gateway with relays
 *
 * A cloud gateway routes what has a place in the tunnel into the TUN, its own
 * connection to the relay not excepted.
 */
static void check_relay_addrs(struct check *check,
			      const struct draft_gateway *gateway)
{
	char text[IP_PREFIX_TEXT_SIZE + 16];
	const struct net *net;
	struct ip_addr addr;
	size_t i;

	for (i = 0; i < gateway->relay_cnt; i++) {
		const struct draft_text *relay = &gateway->relays[i];

		if (!value_url_addr(relay->text, &addr))
			continue;
		net = check_net_find(&check->tunnel, &addr);
		if (net)
			check_error(check, relay->line,
				    "relay \"%.100s\" lies in %s (%s), which "
				    "is reached through the tunnel: the "
				    "tunnel's own connection would end up in "
				    "itself; use an address outside of it",
				    relay->text, net_text(net, true, text),
				    check_ref(check, net->line, relay->line));
	}
}

void check_nets(struct check *check)
{
	const struct draft *draft = check->draft;
	size_t i;

	make_tunnel(check, make_networks(check));
	check_hidden(check);
	for (i = 0; i < draft->site_cnt; i++) {
		if (draft->sites[i].alias_set)
			check_alias(check, &draft->sites[i]);
	}
	for (i = 0; i < draft->gateway_cnt; i++)
		check_relay_addrs(check, &draft->gateways[i]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sim.c - What an nftables ruleset would do with a packet
 */

#include "steward/sim.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steward/sim_match.h"

/**
 * DOC: Theory of operation
 *
 * sim_add() sorts the objects of a list by "family table name", so that a jump
 * is a look-up.
 *
 * A chain gives a set of outcomes.  As long as every rule's question can be
 * answered it has one member, the way is certain, and what rules change (marks,
 * addresses) is done to the packet.  Where a question cannot be answered, what the
 * rule would do is added to the set without changing the packet, and the way
 * goes on behind the rule.  The way on which no such rule fires is the last one
 * to end: where it ends is told (@last).
 *
 * Statements that decide nothing (counter, log, comment) are passed over; those
 * not known here make the rule one that may fire.
 */

/* What the kernel allows is 16. */
#define DEPTH_MAX 20

/* Of connection tracking itself: NF_IP_PRI_CONNTRACK */
#define PRIO_CONNTRACK (-200)

/* Beyond enum sim_bit: where a chain's way can go on. */
#define GO_ON  4u /* with the next rule */
#define RETURN 8u /* behind the rule that called the chain */

/** struct run - One way through the rules */
struct run {
	struct sim_scope scope;
	struct sim_packet *packet;
	sim_step_fn *step;
	void *arg;
	bool certain;
	bool early; /* connection tracking comes later */
	struct sim_place last;
	enum sim_bit last_bit;
	unsigned int depth;
};

static unsigned int run_chain(struct run *run, const char *chain);

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/** name_key() - "family table name" of an object, in a buffer */
static const char *name_key(const char *family, const char *table,
			    const char *name, char *key, size_t size)
{
	snprintf(key, size, "%s %s %s", family, table, name);
	return key;
}

/** add_rule() - To the rules of its chain */
static void add_rule(struct sim *sim, json_t *rule)
{
	char key[SIM_KEY_SIZE];
	json_t *list;

	name_key(text(rule, "family"), text(rule, "table"), text(rule, "chain"),
		 key, sizeof(key));
	list = json_object_get(sim->rules, key);
	if (!list) {
		list = json_array();
		json_object_set_new(sim->rules, key, list);
	}
	json_array_append(list, rule);
}

/** sort_in() - One object of the list */
static void sort_in(struct sim *sim, json_t *object)
{
	json_t *rule = json_object_get(object, "rule");
	json_t *chain = json_object_get(object, "chain");
	json_t *set = json_object_get(object, "set");
	json_t *table = json_object_get(object, "table");
	char key[SIM_KEY_SIZE];

	if (!set)
		set = json_object_get(object, "map");
	if (rule)
		add_rule(sim, rule);
	if (json_is_object(table))
		json_object_set(sim->tables,
				name_key(text(table, "family"),
					 text(table, "name"), "", key,
					 sizeof(key)),
				table);
	if (chain)
		json_object_set(sim->chains,
				name_key(text(chain, "family"),
					 text(chain, "table"),
					 text(chain, "name"), key, sizeof(key)),
				chain);
	if (set)
		json_object_set(sim->sets,
				name_key(text(set, "family"),
					 text(set, "table"), text(set, "name"),
					 key, sizeof(key)),
				set);
}

struct sim *sim_new(void)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		abort();
	sim->rules = json_object();
	sim->chains = json_object();
	sim->sets = json_object();
	sim->tables = json_object();
	return sim;
}

int sim_add(struct sim *sim, const char *json)
{
	json_t *root = json_loads(json, 0, NULL);
	json_t *list = json_object_get(root, "nftables");
	json_t *object;
	size_t i;

	if (!json_is_array(list)) {
		json_decref(root);
		return -EBADMSG;
	}
	json_array_foreach(list, i, object)
	{
		sort_in(sim, object);
	}
	json_decref(root);
	return 0;
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	json_decref(sim->rules);
	json_decref(sim->chains);
	json_decref(sim->sets);
	json_decref(sim->tables);
	free(sim);
}

bool sim_has_chain(const struct sim *sim, const char *family, const char *table,
		   const char *chain)
{
	char key[SIM_KEY_SIZE];

	return json_object_get(
		sim->chains, name_key(family, table, chain, key, sizeof(key)));
}

bool sim_has_table(const struct sim *sim, const char *family, const char *table)
{
	char key[SIM_KEY_SIZE];

	return json_object_get(sim->tables,
			       name_key(family, table, "", key, sizeof(key)));
}

struct sim_packet sim_unknown(enum ip_family family)
{
	return (struct sim_packet){
		.family = family,
		.sport = -1,
		.dport = -1,
		.iifgroup = -1,
		.oifgroup = -1,
		.local = -1,
	};
}

/** sees() - Do chains of a family see packets of another? */
static bool sees(const char *family, enum ip_family packet)
{
	return !strcmp(family, "inet") ||
	       !strcmp(family, packet == IP_V4 ? "ip" : "ip6");
}

static int by_prio(const void *a, const void *b)
{
	const struct sim_base *x = a;
	const struct sim_base *y = b;

	if (x->prio != y->prio)
		return x->prio > y->prio ? 1 : -1;
	return x->listed < y->listed ? 1 : -1;
}

size_t sim_bases(const struct sim *sim, enum ip_family family, const char *hook,
		 struct sim_base *bases, size_t size)
{
	const char *key;
	json_t *chain;
	size_t place = 0;
	size_t cnt = 0;

	json_object_foreach(sim->chains, key, chain)
	{
		place++;
		if (cnt == size || strcmp(text(chain, "hook"), hook) != 0 ||
		    !sees(text(chain, "family"), family))
			continue;
		bases[cnt++] = (struct sim_base){
			.family = text(chain, "family"),
			.table = text(chain, "table"),
			.chain = text(chain, "name"),
			.type = text(chain, "type"),
			.prio = (long)json_integer_value(
				json_object_get(chain, "prio")),
			.listed = place,
		};
	}
	if (cnt)
		qsort(bases, cnt, sizeof(*bases), by_prio);
	return cnt;
}

/** place_of() - A rule as a place */
static struct sim_place place_of(const json_t *rule)
{
	return (struct sim_place){
		.family = text(rule, "family"),
		.table = text(rule, "table"),
		.chain = text(rule, "chain"),
		.handle = (long)json_integer_value(
			json_object_get(rule, "handle")),
		.comment = text(rule, "comment"),
	};
}

/** tell() - Of what happens for certain */
static void tell(const struct run *run, const struct sim_place *place,
		 const char *what)
{
	if (run->certain && run->step)
		run->step(run->arg, place, what);
}

/** end_here() - A verdict that ends the chain; Return: its bit */
static unsigned int end_here(struct run *run, struct sim_place *place,
			     enum sim_bit bit, const char *what)
{
	if (run->certain) {
		run->last = *place;
		run->last_bit = bit;
	}
	tell(run, place, what);
	return bit;
}

/** call() - jump or goto a chain */
static unsigned int call(struct run *run, const struct sim_place *place,
			 const json_t *target, bool comes_back)
{
	const char *chain = text(target, "target");
	char what[160];
	unsigned int bits;

	snprintf(what, sizeof(what), "%s %s", comes_back ? "jump" : "goto",
		 chain);
	tell(run, place, what);
	if (run->depth == DEPTH_MAX)
		return SIM_ACCEPT | SIM_DROP;
	run->depth++;
	bits = run_chain(run, chain);
	run->depth--;
	if (comes_back && bits & RETURN)
		bits = (bits & ~RETURN) | GO_ON;
	return bits;
}

/** say_nat() - "dnat to 10.1.0.5:443" */
static void say_nat(struct run *run, const struct sim_place *place,
		    const char *kind, const struct ip_addr *addr, int port)
{
	char to[IP_ADDR_TEXT_SIZE] = "an address of the way out";
	char what[160];

	if (addr->family != IP_NONE)
		ip_addr_format(addr, to);
	if (port >= 0 && addr->family == IP_V6)
		snprintf(what, sizeof(what), "%s to [%s]:%d", kind, to, port);
	else if (port >= 0)
		snprintf(what, sizeof(what), "%s to %s:%d", kind, to, port);
	else
		snprintf(what, sizeof(what), "%s to %s", kind, to);
	tell(run, place, what);
}

/** do_dnat() - Return: bits; GO_ON when a map has nothing for the packet */
static unsigned int do_dnat(struct run *run, struct sim_place *place,
			    const json_t *stmt)
{
	struct sim_packet *packet = run->packet;
	struct ip_addr addr = packet->daddr;
	int port = -1;
	enum sim_tri found =
		sim_nat_target(&run->scope, packet, stmt, &addr, &port);

	if (found == SIM_NO)
		return GO_ON;
	if (run->certain && found == SIM_YES) {
		packet->daddr = addr;
		packet->reply_saddr = addr;
		if (port >= 0)
			packet->dport = port;
		packet->status |= SIM_DNAT;
		packet->local = -1;
		say_nat(run, place, "dnat", &addr, port);
	}
	if (run->certain) {
		run->last = *place;
		run->last_bit = SIM_ACCEPT;
	}
	return found == SIM_YES ? SIM_ACCEPT : SIM_ACCEPT | GO_ON;
}

/** do_snat() - Or masquerade (@stmt without an address) */
static unsigned int do_snat(struct run *run, struct sim_place *place,
			    const json_t *stmt, const char *kind)
{
	struct sim_packet *packet = run->packet;
	struct ip_addr addr = {.family = IP_NONE};
	int port = -1;

	if (json_object_get(stmt, "addr") &&
	    sim_nat_target(&run->scope, packet, stmt, &addr, &port) == SIM_NO)
		return GO_ON;
	if (run->certain) {
		packet->saddr = addr;
		packet->reply_daddr = addr;
		packet->status |= SIM_SNAT;
		say_nat(run, place, kind, &addr, port);
		run->last = *place;
		run->last_bit = SIM_ACCEPT;
	}
	return SIM_ACCEPT;
}

/** do_mangle() - "ct mark set ...", "meta mark set ..." */
static void do_mangle(struct run *run, const struct sim_place *place,
		      const json_t *stmt)
{
	const json_t *key = json_object_get(stmt, "key");
	const json_t *ct = json_object_get(key, "ct");
	const json_t *meta = json_object_get(key, "meta");
	struct sim_packet *packet = run->packet;
	uint32_t known;
	uint32_t value;
	char what[64];

	if (!run->certain || strcmp(text(ct ? ct : meta, "key"), "mark") != 0)
		return;
	if (ct && packet->state && !strcmp(packet->state, SIM_UNTRACKED))
		return;
	value = sim_number(&run->scope, packet, json_object_get(stmt, "value"),
			   &known);
	if (ct) {
		packet->ct_mark = value;
		packet->ct_mark_known = known;
	} else {
		packet->mark = value;
		packet->mark_known = known;
	}
	snprintf(what, sizeof(what), "%s mark set 0x%x", ct ? "ct" : "meta",
		 value & known);
	tell(run, place, what);
}

/** do_notrack() - No flow; where it only may be so the state is not known */
static void do_notrack(struct run *run, const struct sim_place *place,
		       bool for_certain)
{
	if (!run->early)
		return; /* it is tracked already */
	for_certain = for_certain && run->certain;
	run->packet->state = for_certain ? SIM_UNTRACKED : NULL;
	if (for_certain)
		tell(run, place, SIM_NOTRACK);
}

/** is_xt_ct() - iptables' "-j CT" that simtext.h could not settle: with --notrack
 *  or without */
static bool is_xt_ct(const char *verb, const json_t *stmt)
{
	return !strcmp(verb, "xt") && !strcmp(text(stmt, "name"), "CT");
}

static unsigned int do_verdict(struct run *run, struct sim_place *place,
			       const char *verb, const json_t *stmt);

/** do_vmap() - The verdict that a map has for the packet */
static unsigned int do_vmap(struct run *run, struct sim_place *place,
			    const json_t *stmt)
{
	enum sim_tri found;
	const json_t *data = sim_lookup(&run->scope, run->packet,
					json_object_get(stmt, "key"),
					json_object_get(stmt, "data"), &found);
	void *iter = json_object_iter((json_t *)(uintptr_t)data);

	if (found == SIM_NO)
		return GO_ON;
	if (found == SIM_MAYBE || !iter)
		return GO_ON | SIM_ACCEPT | SIM_DROP;
	return do_verdict(run, place, json_object_iter_key(iter),
			  json_object_iter_value(iter));
}

/** do_verdict() - A statement that may end the rule; Return: bits, 0: it does
 *  not */
static unsigned int do_verdict(struct run *run, struct sim_place *place,
			       const char *verb, const json_t *stmt)
{
	if (!strcmp(verb, "accept"))
		return end_here(run, place, SIM_ACCEPT, verb);
	if (!strcmp(verb, "drop"))
		return end_here(run, place, SIM_DROP, verb);
	if (!strcmp(verb, "reject")) {
		place->rejects = true;
		return end_here(run, place, SIM_DROP, verb);
	}
	if (!strcmp(verb, "return")) {
		tell(run, place, verb);
		return RETURN;
	}
	if (!strcmp(verb, "continue"))
		return GO_ON;
	if (!strcmp(verb, "jump"))
		return call(run, place, stmt, true);
	if (!strcmp(verb, "goto"))
		return call(run, place, stmt, false);
	if (!strcmp(verb, "vmap"))
		return do_vmap(run, place, stmt);
	if (!strcmp(verb, "dnat"))
		return do_dnat(run, place, stmt);
	if (!strcmp(verb, "snat") || !strcmp(verb, "masquerade"))
		return do_snat(run, place, stmt, verb);
	if (!strcmp(verb, "redirect") || !strcmp(verb, "tproxy") ||
	    !strcmp(verb, "queue"))
		return SIM_ACCEPT | SIM_DROP;
	return 0;
}

/** is_passed_over() - Decides nothing */
static bool is_passed_over(const char *verb)
{
	static const char *const verbs[] = {
		"counter",        "log",   "notrack", "ct helper", "ct timeout",
		"ct expectation", "quota", "set",     "dup",       "flow",
		"comment",
	};
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!strcmp(verb, verbs[i]))
			return true;
	}
	return false;
}

/** run_rule() - Return: bits; GO_ON when the next rule may be reached */
static unsigned int run_rule(struct run *run, const json_t *rule)
{
	struct sim_place place = place_of(rule);
	const json_t *exprs = json_object_get(rule, "expr");
	bool certain = run->certain;
	unsigned int bits = 0;
	size_t i;

	for (i = 0; i < json_array_size(exprs) && !bits; i++) {
		json_t *expr = json_array_get(exprs, i);
		void *iter = json_object_iter(expr);
		const char *verb = iter ? json_object_iter_key(iter) : "";
		const json_t *stmt = iter ? json_object_iter_value(iter) : NULL;
		enum sim_tri match = SIM_YES;

		if (!strcmp(verb, "match"))
			match = sim_match(&run->scope, run->packet, stmt);
		else if (!strcmp(verb, "mangle"))
			do_mangle(run, &place, stmt);
		else if (!strcmp(verb, "notrack") || is_xt_ct(verb, stmt))
			do_notrack(run, &place, verb[0] == 'n');
		else if (!is_passed_over(verb))
			bits = do_verdict(run, &place, verb, stmt);
		if (!bits && strcmp(verb, "match") != 0 &&
		    strcmp(verb, "mangle") != 0 && !is_passed_over(verb))
			match = SIM_MAYBE; /* limit, xt: not known here */
		if (match == SIM_NO)
			break;
		if (match == SIM_MAYBE)
			run->certain = false;
	}
	if (certain && !run->certain)
		bits |= GO_ON; /* it may not fire */
	run->certain = certain;
	return bits ? bits : GO_ON;
}

/** run_chain() - Return: bits; RETURN when the caller is reached again */
static unsigned int run_chain(struct run *run, const char *chain)
{
	char key[SIM_KEY_SIZE];
	unsigned int bits = 0;
	const json_t *rules;
	size_t i;

	name_key(run->scope.family, run->scope.table, chain, key, sizeof(key));
	rules = json_object_get(run->scope.sim->rules, key);
	for (i = 0; i < json_array_size(rules); i++) {
		unsigned int got = run_rule(run, json_array_get(rules, i));

		bits |= got & ~GO_ON;
		if (!(got & GO_ON))
			return bits;
	}
	return bits | RETURN;
}

unsigned int sim_run(const struct sim *sim, const struct sim_base *base,
		     struct sim_packet *packet, sim_step_fn *step, void *arg,
		     struct sim_place *last, enum sim_bit *last_bit)
{
	struct run run = {
		.scope = {.sim = sim,
			  .family = base->family,
			  .table = base->table},
		.packet = packet,
		.step = step,
		.arg = arg,
		.certain = true,
		.early = base->prio < PRIO_CONNTRACK,
	};
	struct sim_place policy = {
		.family = base->family,
		.table = base->table,
		.chain = base->chain,
		.comment = "",
	};
	unsigned int bits = run_chain(&run, base->chain);
	char key[SIM_KEY_SIZE];
	const json_t *chain;

	if (bits & RETURN) {
		name_key(base->family, base->table, base->chain, key,
			 sizeof(key));
		chain = json_object_get(sim->chains, key);
		bits = (bits & ~RETURN) |
		       end_here(&run, &policy,
				strcmp(text(chain, "policy"), "drop")
					? SIM_ACCEPT
					: SIM_DROP,
				strcmp(text(chain, "policy"), "drop")
					? "policy accept"
					: "policy drop");
	}
	*last = run.last;
	*last_bit = run.last_bit;
	return bits & (SIM_ACCEPT | SIM_DROP);
}

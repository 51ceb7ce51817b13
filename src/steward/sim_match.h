/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sim_match.h - What rules ask of a packet, and the answers
 *
 * The inner part of sim.h: pure, over the JSON that libnftables prints.
 */

#ifndef STEWARD_SIM_MATCH_H
#define STEWARD_SIM_MATCH_H

#include <jansson.h>

#include "steward/sim.h"

/* "family table name" of the longest names there are (128 each), with NUL. */
#define SIM_KEY_SIZE 300

enum sim_tri {
	SIM_NO,
	SIM_YES,
	SIM_MAYBE,
};

/**
 * struct sim - A ruleset, sorted
 * @rules:	Lists of rules by "family table chain"
 * @chains:	Chains by "family table name"
 * @sets:	Sets and maps likewise
 * @tables:	Tables, by "family table "
 */
struct sim {
	json_t *rules;
	json_t *chains;
	json_t *sets;
	json_t *tables;
};

/** struct sim_scope - The table that names are of */
struct sim_scope {
	const struct sim *sim;
	const char *family;
	const char *table;
};

/** sim_match() - Does a match statement match? */
enum sim_tri sim_match(const struct sim_scope *scope,
		       const struct sim_packet *packet, const json_t *stmt);

/**
 * sim_lookup() - What a map has for a packet
 * @key:	Expression
 * @data:	"@name" or {"set": [[key, value], ...]}
 * @found:	SIM_NO: nothing
 *
 * Return: the value (borrowed), NULL unless *@found is SIM_YES
 */
const json_t *sim_lookup(const struct sim_scope *scope,
			 const struct sim_packet *packet, const json_t *key,
			 const json_t *data, enum sim_tri *found);

/** sim_number() - Value of an expression; only bits of *@known are known */
uint32_t sim_number(const struct sim_scope *scope,
		    const struct sim_packet *packet, const json_t *expr,
		    uint32_t *known);

/**
 * sim_nat_target() - Where dnat or snat leads
 * @addr:	Holds the address before; receives the new one, IP_NONE when it
 *		is one of several
 * @port:	Receives the port, -1 when it stays
 *
 * Return: SIM_NO when a map has nothing, SIM_MAYBE when it cannot be told
 */
enum sim_tri sim_nat_target(const struct sim_scope *scope,
			    const struct sim_packet *packet, const json_t *stmt,
			    struct ip_addr *addr, int *port);

#endif /* STEWARD_SIM_MATCH_H */

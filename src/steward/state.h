/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * state.h - What the steward must remember: the state file's text
 *
 * Pure.  Plain lines, so that a person can put things back by hand:
 *
 *	# relaytun gateway edge-1	whose it is, see statefile.c
 *	forwarding eth0		was off before the gateway came
 *	forwarding6 eth0	likewise, that of IPv6
 *	forwarding6 *		likewise, of all interfaces by one switch
 *	lro eth0		large receive offload was on
 *	setting net/ipv6/conf/eth0/accept_ra 1 2
 *				was 1; put that back where 2 is found
 *	id oslo/intranet 1234	connection mark of a service
 */

#ifndef STEWARD_STATE_H
#define STEWARD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "policy/plan.h"

/** struct name_list - Names, each once, in the order they came */
struct name_list {
	const char **names;
	size_t cnt;
	size_t size;
};

/**
 * struct state_setting - A kernel setting below /proc/sys
 * @path:	"net/ipv6/conf/eth0/accept_ra"
 * @before:	Value to put back
 * @found:	Only where this one is found then: what somebody changed in the
 *		meantime stays
 */
struct state_setting {
	const char *path;
	long before;
	long found;
};

/**
 * struct state - What is remembered
 * @arena:	Holds all texts and arrays (borrowed)
 * @opened:	Interfaces whose forwarding the steward switched on
 * @opened6:	Likewise for IPv6
 * @opened6_all: IPv6 on all of them, by the one switch there is
 * @lro:	Interfaces whose large receive offload it switched off
 * @settings:	To be put back, the last one first
 * @ids:	Ids given to services, those that are gone included
 */
struct state {
	struct arena *arena;
	struct name_list opened;
	struct name_list opened6;
	bool opened6_all;
	struct name_list lro;
	struct state_setting *settings;
	size_t setting_cnt;
	size_t setting_size;
	struct plan_id *ids;
	size_t id_cnt;
};

void state_init(struct state *state, struct arena *arena);

/**
 * state_parse() - Read a state file's text into an empty state
 *
 * Return: lines that mean nothing and were skipped
 */
size_t state_parse(struct state *state, const char *text);

/** state_print() - As state_parse() reads it */
void state_print(const struct state *state, struct strbuf *out);

/**
 * state_take_listing() - Remember the interfaces of a set as nft lists it
 * @list:	Of @state
 * @listing:	"... elements = { "eth0", "eth1" } ..."; other texts say nothing
 *
 * The ruleset that stands tells what was opened even where the file is lost or
 * damaged.
 */
void state_take_listing(struct state *state, struct name_list *list,
			const char *listing);

bool name_list_has(const struct name_list *list, const char *name);

/** state_add() - Add a name to one of the lists of @state, unless it is there */
void state_add(struct state *state, struct name_list *list, const char *name);

/** state_keep() - Forget the names of a list that are not @good */
void state_keep(struct name_list *list, bool (*good)(const char *name));

/** state_set() - Remember a setting; one remembered already stays as it was */
void state_set(struct state *state, const char *path, long before, long found);

/** state_take_ids() - Remember the ids of a plan beside those already there */
void state_take_ids(struct state *state, const struct plan *plan);

#endif /* STEWARD_STATE_H */

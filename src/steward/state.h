/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * state.h - What the steward must remember: the state file's text
 *
 * Pure.  Plain lines, so that a person can put things back by hand:
 *
 *	forwarding eth0		was off before the gateway came
 *	id oslo/intranet 1234	connection mark of a service
 */

#ifndef STEWARD_STATE_H
#define STEWARD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "policy/plan.h"

/**
 * struct state - What is remembered
 * @arena:	Holds all texts and arrays (borrowed)
 * @opened:	Interfaces whose forwarding the steward switched on
 * @ids:	Ids given to services, those that are gone included
 */
struct state {
	struct arena *arena;
	const char **opened;
	size_t opened_cnt;
	size_t opened_size;
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
 * @listing:	"... elements = { "eth0", "eth1" } ..."; other texts say nothing
 *
 * The ruleset that stands tells what was opened even where the file is lost or
 * damaged.
 */
void state_take_listing(struct state *state, const char *listing);

bool state_is_opened(const struct state *state, const char *ifname);

/** state_open() - Remember an interface; one remembered already stays once */
void state_open(struct state *state, const char *ifname);

/** state_forget() - Forget an interface */
void state_forget(struct state *state, const char *ifname);

/** state_take_ids() - Remember the ids of a plan beside those already there */
void state_take_ids(struct state *state, const struct plan *plan);

#endif /* STEWARD_STATE_H */

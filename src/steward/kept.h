/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * kept.h - Files beside the state file: what stands, for a later start and for
 * `relaytun plan`
 */

#ifndef STEWARD_KEPT_H
#define STEWARD_KEPT_H

#include <sys/types.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "steward/state.h"

/** enum kept - Which one */
enum kept {
	KEPT_RULES,  /* STATE_FILE.rules: the script of the table */
	KEPT_POLICY, /* STATE_FILE.policy: the policy in normal form */
	KEPT_NEXT, /* STATE_FILE.next: the policy that is about to be in force */
	KEPT_UNDO, /* STATE_FILE.undo: see trial.c */
	KEPT_CONF, /* STATE_FILE.conf: the settings that are in force */
};

/** kept_path() - Of a file (heap) */
char *kept_path(const struct gateway_conf *conf, enum kept which);

/** kept_write() - Replace it; only root may read it */
int kept_write(const struct gateway_conf *conf, enum kept which,
	       const struct strbuf *text, struct diag *diag)
	__attribute__((warn_unused_result));

/** kept_read() - Return: length of *@text (heap), or negative errno */
ssize_t kept_read(const struct gateway_conf *conf, enum kept which, char **text)
	__attribute__((warn_unused_result));

/**
 * kept_plan() - Of a policy that is kept
 * @state:	Read from the state file: its ids are those of the flows there
 * @arena:	Holds it
 *
 * Return: the plan, or NULL when it is not known
 */
const struct plan *kept_plan(const struct gateway_conf *conf, enum kept which,
			     const struct state *state, struct arena *arena);

/** kept_conf() - The settings that are kept, in @arena; NULL when not known */
const struct gateway_conf *kept_conf(const struct gateway_conf *conf,
				     struct arena *arena);

/** kept_promote() - What is kept as KEPT_NEXT is in force: it needs no room on the
 *  disk */
int kept_promote(const struct gateway_conf *conf)
	__attribute__((warn_unused_result));

/** kept_discard() - One of them, if it is there */
void kept_discard(const struct gateway_conf *conf, enum kept which);

/** kept_remove() - All; one that is not there is as good */
int kept_remove(const struct gateway_conf *conf, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_KEPT_H */

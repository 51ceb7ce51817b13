/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * verb.h - What relaytun-steward does for one verb, and what verbs share
 */

#ifndef STEWARD_VERB_H
#define STEWARD_VERB_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "policy/parse.h"
#include "steward/state.h"

#define EXIT_WRONG_USAGE  2
#define EXIT_WOULD_CHANGE 3

/**
 * struct steward - One run
 * @arena:	Holds what was parsed
 * @diag:	What is wrong, for the operator
 * @conf_path:	gateway.cfg
 * @policy_path: Another one than gateway.cfg names, or NULL
 * @confirm_s:	A reload is undone after so many seconds, 0: it is meant
 * @gateway:	Which of the policy's this machine is
 * @uid:	Of the carrier's user, as @gid
 * @carrier:	Full path of the carrier's program
 */
struct steward {
	struct arena arena;
	struct diag diag;
	const char *conf_path;
	const char *policy_path;
	const struct gateway_conf *conf;
	const struct policy *policy;
	const struct policy_gateway *gateway;
	struct state state;
	unsigned int confirm_s;
	uid_t uid;
	gid_t gid;
	char carrier[4096];
};

/** verb_print() - What is collected, for a person at the other end: plain
 *  "file:line: text"; then it is forgotten */
void verb_print(struct steward *steward);

/** verb_read_conf() - gateway.cfg; Return: whether it is valid */
bool verb_read_conf(struct steward *steward);

/** verb_read_policy() - The policy, and which gateway of it we are
 *  Return: whether both are valid */
bool verb_read_policy(struct steward *steward);

/** verb_remove_socket() - The status socket, if it is one, and the folder of
 *  gateways' files with the last of them; one that gateway.cfg names is its owner's */
void verb_remove_socket(const struct steward *steward);

/* The verbs themselves; each returns an exit status. */
int verb_gateway(struct steward *steward);
int verb_down(struct steward *steward);
int verb_reload(struct steward *steward);
int verb_confirm(struct steward *steward);
int verb_plan(struct steward *steward);

#endif /* STEWARD_VERB_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * load.h - relay.cfg and every file that it names
 */

#ifndef RELAY_LOAD_H
#define RELAY_LOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "relay/relay_conf.h"

/**
 * struct load_user - Whom the relay becomes; asked for once, since a name service
 * that is away would hold up all connections
 * @asked:	It was
 * @group:	Group of the user that the first relay.cfg names; -1 for none
 */
struct load_user {
	bool asked;
	gid_t group;
};

/** struct loaded - A configuration with its keys
 * @conf:	In @arena; NULL after errors */
struct loaded {
	struct arena arena;
	struct relay_conf *conf;
};

/**
 * load_open() - Read and check all of it
 * @loaded:	Caller's storage; load_close() it in any case
 * @path:	relay.cfg
 * @user:	Zero at the first call, the same at others
 * @diag:	Receives what is wrong
 *
 * Return: are there no errors, and is @loaded->conf set?
 */
bool load_open(struct loaded *loaded, const char *path, struct load_user *user,
	       struct diag *diag);

/** load_close() - Wipe the keys, free all */
void load_close(struct loaded *loaded);

#endif /* RELAY_LOAD_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * load.h - relay.cfg and every file that it names
 */

#ifndef RELAY_LOAD_H
#define RELAY_LOAD_H

#include "base/arena.h"
#include "base/diag.h"
#include "relay/relay_conf.h"

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
 * @diag:	Receives what is wrong
 *
 * Return: are there no errors, and is @loaded->conf set?
 */
bool load_open(struct loaded *loaded, const char *path, struct diag *diag);

/** load_close() - Wipe the keys, free all */
void load_close(struct loaded *loaded);

#endif /* RELAY_LOAD_H */

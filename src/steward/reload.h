/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * reload.h - Going on with changed files
 */

#ifndef STEWARD_RELOAD_H
#define STEWARD_RELOAD_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "steward/apply.h"
#include "steward/cut.h"
#include "steward/feed.h"
#include "sys/loop.h"

/**
 * struct reload - What a reload works on
 * @conf_path:	gateway.cfg
 * @host:	What stands; gets the new plan
 * @feed:	What carriers are handed; gets the new texts
 * @arena:	Holds the configuration in force since the last reload
 * @loop:	Of the steward, once it runs
 * @cut:	Flows that are being ended
 * @linger:	When they have had their time
 */
struct reload {
	const char *conf_path;
	struct host *host;
	struct feed *feed;
	struct arena arena;
	struct loop *loop;
	struct cut cut;
	struct loop_timer linger;
};

void reload_init(struct reload *reload, const char *conf_path,
		 struct host *host, struct feed *feed);

/** reload_attach() - Before the first reload_run(): @loop is borrowed.  Flows that
 *  were adopted and are not allowed any more end */
void reload_attach(struct reload *reload, struct loop *loop);

void reload_fini(struct reload *reload);

/**
 * reload_run() - Read all files again, and bring the machine to what they say
 * @diag:	Receives errors and warnings
 *
 * What can fail without a trace comes first: files, keys, what may not change.
 * After a failure everything is as before.
 *
 * Return: 0; -EBADMSG when the files are at fault, another negative errno when
 *	   the machine is
 */
int reload_run(struct reload *reload, struct diag *diag)
	__attribute__((warn_unused_result));

/** reload_secrets() - Only keys, tokens and certificates, for a running gateway
 *  whose policy stays; Return: as reload_run() */
int reload_secrets(struct reload *reload, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_RELOAD_H */

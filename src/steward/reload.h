/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * reload.h - Going on with changed files
 */

#ifndef STEWARD_RELOAD_H
#define STEWARD_RELOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"
#include "steward/apply.h"
#include "steward/cut.h"
#include "steward/feed.h"
#include "sys/loop.h"

/** reload_fn - The configuration in force is another one: tell carriers */
typedef void reload_fn(void *arg);

/**
 * struct reload - What a reload works on
 * @conf_path:	gateway.cfg
 * @found:	What stood when the gateway started, NULL when that is not known
 * @host:	What stands; gets the new plan
 * @feed:	What carriers are handed; gets the new texts
 * @arena:	Holds the configuration in force since the last reload
 * @loop:	Of the steward, while it runs
 * @changed:	Called with @arg
 * @cut:	Flows that are being ended
 * @linger:	When they have had their time
 * @undo:	What to go back to unless the change is confirmed, NULL when there
 *		is nothing to confirm
 * @undo_feed:	What carriers were handed then
 * @undo_arena:	Holds it, unless it was the first configuration
 * @deadline:	When the time to confirm is over
 */
struct reload {
	const char *conf_path;
	const struct plan *found;
	struct host *host;
	struct feed *feed;
	struct arena arena;
	struct loop *loop;
	reload_fn *changed;
	void *arg;
	struct cut cut;
	struct loop_timer linger;
	const struct plan *undo;
	struct feed undo_feed;
	struct arena undo_arena;
	struct loop_timer deadline;
};

/** reload_init() - @found:	As apply_start() got it */
void reload_init(struct reload *reload, const char *conf_path,
		 const struct plan *found, struct host *host,
		 struct feed *feed);
void reload_fini(struct reload *reload);

/**
 * reload_attach() - The loop begins
 * @loop:	Borrowed until reload_detach()
 *
 * Flows that were adopted and are not allowed any more end; a reload that waits
 * to be confirmed waits on.
 */
void reload_attach(struct reload *reload, struct loop *loop, reload_fn *changed,
		   void *arg);

/** reload_detach() - The loop has ended: what is in force stays so, and a
 *  trial is for the next start */
void reload_detach(struct reload *reload);

/**
 * reload_run() - Read all files again, and bring the machine to what they say
 * @confirm_s:	Undo it after so many seconds, unless reload_confirm() comes; 0:
 *		it is meant
 * @answer:	Receives what has changed, for people
 * @diag:	Receives errors and warnings
 *
 * What can fail without a trace comes first: files, keys, what may not change.
 * After a failure everything is as before.
 *
 * Return: 0; -EBADMSG when the files are at fault, another negative errno when
 *	   the machine is
 */
int reload_run(struct reload *reload, unsigned int confirm_s,
	       struct strbuf *answer, struct diag *diag)
	__attribute__((warn_unused_result));

/** reload_secrets() - Only keys, tokens and certificates, for a running gateway
 *  whose policy stays; Return: as reload_run() */
int reload_secrets(struct reload *reload, struct diag *diag)
	__attribute__((warn_unused_result));

/** reload_on_trial() - Does a change wait to be confirmed? */
bool reload_on_trial(const struct reload *reload);

/** reload_confirm() - The last change is meant; Return: was there one to confirm? */
bool reload_confirm(struct reload *reload);

#endif /* STEWARD_RELOAD_H */

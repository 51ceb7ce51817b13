/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * watch.h - Others on the machine: what they take away of ours is restored
 */

#ifndef STEWARD_WATCH_H
#define STEWARD_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/time.h"
#include "steward/apply.h"
#include "steward/culprit.h"
#include "steward/missing.h"
#include "steward/touch.h"
#include "sys/loop.h"

struct nl_sock;

struct watch;

/** watch_fn - Something happened that the owner of the loop must know */
typedef void watch_fn(struct watch *watch);

/**
 * struct watch - Both event sockets, and what is to be done about it
 * @loop:	The steward's
 * @host:	What is watched over (borrowed)
 * @new_queue:	Called when the TUN device was made anew
 * @gone:	Called when it cannot be made anew
 * @others:	Called when rules of others were changed, or routes that may
 *		come before ours
 * @route_nl:	Events of links, addresses, routes, options
 * @rules_nl:	Events of nftables
 * @links:	Source of @route_nl
 * @rules:	Source of @rules_nl
 * @due:	Restores; armed while something is to be looked at
 * @hurt:	What of ours somebody may have touched: bits of enum follow
 * @touch:	The transaction of nftables under way
 * @missing:	What is to be named at the next restoration
 * @culprit:	Who is to be named
 * @diverter:	Who changed routes or rules of routing beside ours last
 * @looked:	When was looked last
 * @restored:	When the last restoration was
 * @quick_cnt:	Restorations that followed each other
 * @pause_ms:	Between two of them: grows after too many of these
 * @failed:	The last one did not work, and that was said
 */
struct watch {
	struct loop *loop;
	struct host *host;
	watch_fn *new_queue;
	watch_fn *gone;
	watch_fn *others;
	struct nl_sock *route_nl;
	struct nl_sock *rules_nl;
	struct loop_source links;
	struct loop_source rules;
	struct loop_timer due;
	unsigned int hurt;
	struct touch touch;
	struct missing missing;
	struct culprit culprit;
	struct culprit diverter;
	mono_t looked;
	mono_t restored;
	unsigned int quick_cnt;
	int64_t pause_ms;
	bool failed;
};

/**
 * watch_open() - Begin to watch
 * @watch:	Caller's storage, which stays where it is; watch_close() it even
 *		after a failure
 */
int watch_open(struct watch *watch, struct loop *loop, struct host *host)
	__attribute__((warn_unused_result));
void watch_close(struct watch *watch);

/**
 * watch_settle() - The steward itself changed much just now
 *
 * Its events are taken off, so that an overflow of theirs is not taken for
 * somebody else's doing.
 */
void watch_settle(struct watch *watch);

#endif /* STEWARD_WATCH_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * scan.h - Looking through the rules of others, in a process of its own
 */

#ifndef STEWARD_SCAN_H
#define STEWARD_SCAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "steward/apply.h"
#include "steward/culprit.h"
#include "sys/loop.h"

struct scan;

/** scan_fn - What is found has changed: see @text of the scan */
typedef void scan_fn(struct scan *scan);

/**
 * struct scan - Who looks, when next, and what was found
 * @loop:	The steward's
 * @host:	Whose flows must pass (borrowed)
 * @changed:	Called when @text is another than before
 * @text:	One line per finding, as foreign_tell() writes them
 * @pid:	The child that looks, 0 for none
 * @answer:	What it says, complete at its end
 * @source:	The pipe from it
 * @due:	When to look, or, while one looks, when to end it
 * @started:	When the last one began
 * @took_ms:	How long it took
 * @by:		Who changed routes or rules of routing last, "" when unknown
 * @again:	Something happened while it looked
 */
struct scan {
	struct loop *loop;
	const struct host *host;
	scan_fn *changed;
	struct strbuf text;
	pid_t pid;
	struct strbuf answer;
	struct loop_source source;
	struct loop_timer due;
	mono_t started;
	int64_t took_ms;
	char by[CULPRIT_BY_SIZE];
	bool again;
};

void scan_open(struct scan *scan, struct loop *loop, const struct host *host);
void scan_close(struct scan *scan);

/** scan_soon() - Rules of others have changed, or ours: look when it is calm */
void scan_soon(struct scan *scan);

#endif /* STEWARD_SCAN_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * trial.c - What a reload on trial leads back to, for a steward that starts anew
 */

#include "steward/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "policy/print.h"
#include "steward/kept.h"
#include "sys/clock.h"

/**
 * DOC: Theory of operation
 *
 * STATE_FILE.undo is a policy in normal form; its first line, a comment to who
 * reads policies, tells when it comes into force again.  That is wall clock time,
 * which a new process shares with the old one; a clock that was set back makes no
 * trial longer than any may be.
 */

#define FIRST_LINE "# undo at %" PRId64 "\n"

int trial_keep(const struct plan *before, unsigned int limit_s,
	       struct diag *diag)
{
	struct strbuf text;
	int err;

	strbuf_init(&text);
	strbuf_printf(&text, FIRST_LINE, clock_wall().s + (int64_t)limit_s);
	policy_print(before->policy, &text);
	err = kept_write(before->conf, KEPT_UNDO, &text, diag);
	strbuf_fini(&text);
	return err;
}

/** left() - Until the time that the first line tells; one that tells none is over */
static unsigned int left(const char *text)
{
	int64_t s;

	if (sscanf(text, "# undo at %" SCNd64, &s) != 1)
		return 0;
	s -= clock_wall().s;
	return s < 0 ? 0 : s > CONFIRM_S_MAX ? CONFIRM_S_MAX : (unsigned int)s;
}

const struct plan *trial_find(const struct gateway_conf *conf,
			      const struct state *state, struct arena *arena,
			      unsigned int *left_s)
{
	char *text;

	if (kept_read(conf, KEPT_UNDO, &text) < 0)
		return NULL;
	*left_s = left(text);
	free(text);
	return kept_plan(conf, KEPT_UNDO, state, arena);
}

void trial_forget(const struct gateway_conf *conf)
{
	kept_discard(conf, KEPT_UNDO);
}

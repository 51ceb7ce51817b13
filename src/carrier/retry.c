/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * retry.c - How often a failure that repeats is logged
 */

#include "carrier/retry.h"

#include <stdio.h>
#include <string.h>

bool retry_log_due(struct retry_log *log, mono_t now, const char *reason)
{
	if (log->at.ns && mono_diff_ms(now, log->at) < RETRY_LOG_MS &&
	    !strncmp(log->kind, reason, sizeof(log->kind) - 1))
		return false;
	log->at = now;
	snprintf(log->kind, sizeof(log->kind), "%s", reason);
	return true;
}

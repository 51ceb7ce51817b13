/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * retry.c - How long to wait before connecting again
 */

#include "carrier/retry.h"

#include <stdio.h>
#include <string.h>

#include "sys/random.h"

bool retry_log_due(struct retry_log *log, mono_t now, const char *reason)
{
	if (log->at.ns && mono_diff_ms(now, log->at) < RETRY_LOG_MS &&
	    !strncmp(log->kind, reason, sizeof(log->kind) - 1))
		return false;
	log->at = now;
	snprintf(log->kind, sizeof(log->kind), "%s", reason);
	return true;
}

int64_t retry_limit_ms(unsigned int attempt_cnt, int status)
{
	int64_t cap_ms = status == 404 || status == 504 ? RETRY_ABSENT_CAP_MS
							: RETRY_CAP_MS;
	int64_t limit_ms = RETRY_BASE_MS;

	if (status == 401 || status == 403)
		return cap_ms;
	while (attempt_cnt-- > 0 && limit_ms < cap_ms)
		limit_ms *= 2;
	return limit_ms < cap_ms ? limit_ms : cap_ms;
}

int64_t retry_delay_ms(unsigned int attempt_cnt, int status)
{
	return (int64_t)random_below(
		(uint64_t)retry_limit_ms(attempt_cnt, status) + 1);
}

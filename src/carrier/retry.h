/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * retry.h - How often a failure that repeats is logged
 */

#ifndef CARRIER_RETRY_H
#define CARRIER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* A failure that repeats is logged again after so long. */
#define RETRY_LOG_MS 60000

/** struct retry_log - What was logged last
 * @at:		When, 0 ns before the first
 * @kind:	The beginning of its reason: what follows has ids and times in it
 */
struct retry_log {
	mono_t at;
	char kind[24];
};

/** retry_log_due() - Shall a failure be logged, or is it the same again?  An
 *  outage of hours must not fill a log */
bool retry_log_due(struct retry_log *log, mono_t now, const char *reason);

#endif /* CARRIER_RETRY_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * retry.h - How long to wait before connecting again
 */

#ifndef CARRIER_RETRY_H
#define CARRIER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* After so long a life a connection counts as healthy: delays begin anew. */
#define RETRY_HEALTHY_MS 60000

#define RETRY_BASE_MS    250
#define RETRY_CAP_MS     30000
/* Nobody listens yet: the listener may come back any moment. */
#define RETRY_ABSENT_CAP_MS 2000

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

/** retry_limit_ms() - Upper end of the range a delay is drawn from
 * @attempt_cnt: Failures in a row before this one
 * @status:	HTTP status of the relay's refusal, 0 for none.  401 and 403 are
 *		mistakes in the configuration: straight to the cap
 */
int64_t retry_limit_ms(unsigned int attempt_cnt, int status);

/** retry_delay_ms() - A delay with full jitter: anything from 0 to the limit */
int64_t retry_delay_ms(unsigned int attempt_cnt, int status);

#endif /* CARRIER_RETRY_H */

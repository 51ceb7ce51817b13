/* SPDX-License-Identifier: MIT */

/*
 * retry.h - How long to wait before connecting again
 *
 * Full jitter: anything from 0 to a limit, which doubles with each failure in a
 * row and begins anew after a minute of health.
 */

#ifndef HYCO_RETRY_H
#define HYCO_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* After so long a life a connection counts as healthy: delays begin anew. */
#define HYCO_RETRY_HEALTHY_MS 60000

#define HYCO_RETRY_BASE_MS    INT64_C(250)
#define HYCO_RETRY_CAP_MS     INT64_C(30000)
/* A sender whom nobody heard: the listener may be back any moment.  So for a
 * while, then it is more likely that nothing is there. */
#define HYCO_RETRY_ABSENT_MS  INT64_C(2000)
#define HYCO_RETRY_ABSENT_CNT 60

/** enum hyco_role - Who is asking */
enum hyco_role {
	HYCO_LISTENER,
	HYCO_SENDER,
};

/**
 * hyco_retry_limit_ms() - Upper end of the range a delay is drawn from
 * @role:	Listener or sender
 * @failure_cnt: Failures of its sort in a row before this one: those that are
 *		hyco_status_is_absent(), or the others
 * @status:	HTTP status of the relay's refusal, 0 for none
 *
 * What is a mistake in the configuration (hyco_status_is_config()) waits up to
 * the cap at once.
 */
int64_t hyco_retry_limit_ms(enum hyco_role role, unsigned int failure_cnt,
			    int status);

/** hyco_status_is_absent() - Does this refusal say that the way is open, but
 *  nobody listens?  404 and 504 for a sender */
bool hyco_status_is_absent(enum hyco_role role, int status);

/** hyco_status_is_config() - Does this refusal last until somebody changes the
 *  configuration?  401 and 403, and 404 for a listener */
bool hyco_status_is_config(enum hyco_role role, int status);

/** hyco_status_advice() - What to do about a refusal, "" when there is nothing to
 *  say; a static phrase */
const char *hyco_status_advice(enum hyco_role role, int status);

#endif /* HYCO_RETRY_H */

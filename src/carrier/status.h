/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * status.h - Answers on the status socket
 *
 * Whoever connects gets one JSON document, and the end.  Runs in the control
 * thread; the workers' numbers come by mailbox.
 */

#ifndef CARRIER_STATUS_H
#define CARRIER_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "sys/loop.h"

struct carrier;
struct status;
struct worker_report;

/* Who may wait for an answer at once; more are turned away. */
#define STATUS_CLIENT_CNT_MAX 8

/** struct status_client - One connection: its text once there is one */
struct status_client {
	struct status *status;
	struct loop_source source;
	int fd;
	char *text;
	size_t len;
	size_t off;
};

/**
 * struct status - The socket and who waits
 * @asked:	The workers have been asked and have not all answered
 * @started:	When packets began to move
 */
struct status {
	struct carrier *carrier;
	struct loop *loop;
	struct loop_source listening;
	mono_t started;
	bool asked;
	struct status_client clients[STATUS_CLIENT_CNT_MAX];
};

/** status_start() - Serve the setup's listening socket; Return: 0 or -errno */
int status_start(struct status *status, struct carrier *carrier)
	__attribute__((warn_unused_result));
void status_stop(struct status *status);

/** status_moved() - Another setup is in force, with its own descriptor */
int status_moved(struct status *status) __attribute__((warn_unused_result));

/** status_answer() - The sum of the workers' reports, consumed: to all who wait */
void status_answer(struct status *status, struct worker_report *report);

/** status_render() - The document; Return: heap text (jansson's free), or NULL */
char *status_render(const struct carrier *carrier,
		    const struct worker_report *report);

#endif /* CARRIER_STATUS_H */

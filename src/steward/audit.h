/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * audit.h - A line in the log for each flow of an audited service that ends
 */

#ifndef STEWARD_AUDIT_H
#define STEWARD_AUDIT_H

#include "base/diag.h"
#include "steward/apply.h"
#include "steward/flow.h"
#include "sys/loop.h"

struct judge;
struct nl_sock;

/**
 * struct audit - Who listens to connection tracking
 * @nl:		Events of entries that end; NULL while nobody is audited
 * @plan:	The one @judge is of
 * @judge:	Tells our flows from others'
 * @audited:	Bits of the ids of audited services
 * @second:	When the second under way began
 * @line_cnt:	Lines in it
 * @skipped_cnt: Lines that were too many, not yet told
 */
struct audit {
	struct loop *loop;
	const struct host *host;
	struct nl_sock *nl;
	struct loop_source source;
	const struct plan *plan;
	struct judge *judge;
	uint8_t audited[PLAN_ID_MAX / 8 + 1];
	mono_t second;
	unsigned int line_cnt;
	uint64_t skipped_cnt;
};

/** audit_wanted() - Is any service of a plan audited? */
bool audit_wanted(const struct plan *plan);

/** audit_gather() - Remember the settings that auditing changes; Return: whether
 *  @state grew */
bool audit_gather(const struct plan *plan, struct state *state);

/** audit_settings() - Have the kernel count, and take note of times */
void audit_settings(const struct plan *plan);

/** audit_open() - Begin; call audit_follow() after each change of the plan */
void audit_open(struct audit *audit, struct loop *loop,
		const struct host *host);
void audit_follow(struct audit *audit);
void audit_close(struct audit *audit);

/**
 * audit_tell() - Lines for flows that the steward itself ends
 * @plan:	The one under which they began
 * @now_ns:	Wall clock
 */
void audit_tell(const struct plan *plan, const struct flow *flows, size_t cnt,
		uint64_t now_ns);

#endif /* STEWARD_AUDIT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flowlist.h - Flows of the tunnel as a table, as JSON, and as a line of the log
 *
 * Pure.
 */

#ifndef STEWARD_FLOWLIST_H
#define STEWARD_FLOWLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "policy/plan.h"
#include "steward/flow.h"

/* Of the JSON: fields are only ever added; it changes when one must go. */
#define FLOWLIST_VERSION 1

/**
 * struct flowlist - Flows to show
 * @counts:	The kernel counts bytes of new flows
 * @times:	It takes note of their beginning
 * @now_ns:	Wall clock
 */
struct flowlist {
	const struct plan *plan;
	struct flow *flows;
	size_t cnt;
	size_t size;
	bool counts;
	bool times;
	uint64_t now_ns;
};

void flowlist_init(struct flowlist *list, const struct plan *plan);
void flowlist_fini(struct flowlist *list);

/** flowlist_add() - Return: false when out of memory */
bool flowlist_add(struct flowlist *list, const struct flow *flow);

/** flowlist_print() - As aligned columns, by service and client */
void flowlist_print(struct flowlist *list, struct strbuf *out);

/** flowlist_json() - As JSON; Return: heap text (jansson's free), NULL when out of
 *  memory */
char *flowlist_json(struct flowlist *list);

/** flowlist_name() - "SITE/SERVICE" of a flow's id, "?" for an id without one;
 *  Return: @name */
const char *flowlist_name(const struct plan *plan, uint32_t mark, char *name,
			  size_t size);

/** flowlist_audit() - The line that an ended flow leaves in the log */
void flowlist_audit(const struct plan *plan, const struct flow *flow,
		    struct strbuf *out);

#endif /* STEWARD_FLOWLIST_H */

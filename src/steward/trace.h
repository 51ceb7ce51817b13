/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * trace.h - What would happen to a packet on this machine, step by step
 */

#ifndef STEWARD_TRACE_H
#define STEWARD_TRACE_H

#include "steward/show.h"

/**
 * trace_service() - The first packet of a client of a service or route
 * @show:	What was asked for; @show->service is there
 * @out:	Receives the steps and the decision
 *
 * Return: 0: it passes; -EACCES: it does not; another negative errno with an
 *	   entry in @diag
 */
int trace_service(const struct show *show, struct strbuf *out,
		  struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_TRACE_H */

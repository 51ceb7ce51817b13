/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * preview.h - What a policy would change here, and which flows it would end
 */

#ifndef STEWARD_PREVIEW_H
#define STEWARD_PREVIEW_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"
#include "policy/policy.h"

/**
 * preview() - Hold a policy against what stands
 * @policy:	Names the gateway that @conf is of
 * @conf_path:	File that @conf is from
 * @out:	Receives the differences, for people
 * @diag:	Receives warnings, and what a reload would be refused for
 *
 * Nothing is changed, and no gateway needs to run.
 *
 * Return: 1 something would change, 0 nothing; -EBADMSG a reload would be refused for
 *	   a file, or for what in it needs a restart; another negative errno: for the
 *	   machine, or what stands cannot be read (-EACCES)
 */
int preview(const struct policy *policy, const struct gateway_conf *conf,
	    const char *conf_path, struct arena *arena, struct strbuf *out,
	    struct diag *diag) __attribute__((warn_unused_result));

#endif /* STEWARD_PREVIEW_H */

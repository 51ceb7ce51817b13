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
 * @gateway:	This machine's in @policy
 * @out:	Receives the differences, for people
 * @diag:	Receives warnings
 *
 * Nothing is changed, and no gateway needs to run.
 *
 * Return: would anything change?
 */
bool preview(const struct policy *policy, const struct policy_gateway *gateway,
	     const struct gateway_conf *conf, struct arena *arena,
	     struct strbuf *out, struct diag *diag);

#endif /* STEWARD_PREVIEW_H */

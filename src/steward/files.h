/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * files.h - Both configuration files, read and judged
 */

#ifndef STEWARD_FILES_H
#define STEWARD_FILES_H

#include "base/arena.h"
#include "base/diag.h"
#include "policy/policy.h"

/** files_conf() - gateway.cfg; NULL with entries in @diag */
const struct gateway_conf *files_conf(const char *path, struct arena *arena,
				      struct diag *diag);

/** files_policy() - The policy; NULL with entries in @diag */
const struct policy *files_policy(const char *path, struct arena *arena,
				  struct diag *diag);

#endif /* STEWARD_FILES_H */

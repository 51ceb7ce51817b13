/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ruleset.h - Loading nft scripts into the kernel
 */

#ifndef STEWARD_RULESET_H
#define STEWARD_RULESET_H

#include "base/diag.h"

/**
 * ruleset_load() - Run one script as one transaction
 * @script:	As steward/nft.c renders it
 * @diag:	On failure receives what libnftables says
 *
 * Return: 0 or -EIO; then nothing of it is in force
 */
int ruleset_load(const char *script, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_RULESET_H */

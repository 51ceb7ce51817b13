/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * privilege.h - What the steward, the spawner and the carrier may do
 */

#ifndef STEWARD_PRIVILEGE_H
#define STEWARD_PRIVILEGE_H

#include <sys/capability.h>
#include <sys/types.h>

#include "base/diag.h"

/**
 * privilege_check() - Are the capabilities there that a start needs?
 * @caps:	Which ones
 * @cap_cnt:	Entries there
 *
 * Return: 0, or -EPERM with one entry in @diag that names those missing
 */
int privilege_check(const cap_value_t *caps, int cap_cnt, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * privilege_seal() - What holds for this process and all it starts: no new
 * privileges by exec, no capability to be had from a file, no core dumps
 */
int privilege_seal(void) __attribute__((warn_unused_result));

/** privilege_keep() - Give up all capabilities but these (none: @cap_cnt 0) */
int privilege_keep(const cap_value_t *caps, int cap_cnt)
	__attribute__((warn_unused_result));

/** privilege_become() - Be another user for good, without any capability */
int privilege_become(uid_t uid, gid_t gid) __attribute__((warn_unused_result));

#endif /* STEWARD_PRIVILEGE_H */

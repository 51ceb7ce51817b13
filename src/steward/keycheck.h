/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * keycheck.h - Would a start take the files of keys, tokens and certificates?
 */

#ifndef STEWARD_KEYCHECK_H
#define STEWARD_KEYCHECK_H

#include <stdbool.h>

#include "base/diag.h"
#include "policy/access.h"

/**
 * keycheck() - Read and judge them as a start does; nothing is kept
 * @elsewhere:	It may be another machine or user than the gateway's: of a file that is
 *		not there, or may not be read, is only warned
 *
 * Of systemd's credentials, which the unit alone sees, is only warned in any case.
 *
 * Return: 0, or -EBADMSG with errors in @diag
 */
int keycheck(const struct access_conf *conf, bool elsewhere, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_KEYCHECK_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * owner.h - Is the table that bears a gateway's name this gateway's?
 */

#ifndef STEWARD_OWNER_H
#define STEWARD_OWNER_H

#include "base/diag.h"

/** enum owner - Whose a table is */
enum owner {
	OWNER_NONE,  /* it does not stand */
	OWNER_US,    /* it bears our mark */
	OWNER_OTHER, /* somebody else made it */
};

/**
 * owner_of() - Whose is the table "inet relaytun_GATEWAY"?
 *
 * Return: enum owner, or -EIO with an entry in @diag
 */
int owner_of(const char *gateway, struct diag *diag)
	__attribute__((warn_unused_result));

/** owner_check() - Is the name of the table free, or its table ours?
 *
 *  Return: 0, or -EEXIST or -EIO with an entry in @diag */
int owner_check(const char *gateway, struct diag *diag)
	__attribute__((warn_unused_result));

#endif /* STEWARD_OWNER_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ruleset.h - Loading nft scripts into the kernel
 */

#ifndef STEWARD_RULESET_H
#define STEWARD_RULESET_H

#include "base/diag.h"
#include "base/strbuf.h"

/**
 * ruleset_load() - Run one script as one transaction
 * @script:	As steward/nft.c renders it
 * @diag:	On failure receives what libnftables says
 *
 * Return: 0 or -EIO; then nothing of it is in force
 */
int ruleset_load(const char *script, struct diag *diag)
	__attribute__((warn_unused_result));

/**
 * ruleset_list_set() - A set of a gateway's table, as nft lists it
 * @gateway:	Its name
 * @set:	Name of the set
 * @out:	The listing is added here; nothing when there is none
 */
void ruleset_list_set(const char *gateway, const char *set, struct strbuf *out);

/** ruleset_list_table() - All of a table, without counters; nothing when there is
 *  none */
void ruleset_list_table(const char *table, struct strbuf *out);

#endif /* STEWARD_RULESET_H */

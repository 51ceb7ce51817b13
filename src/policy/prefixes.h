/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * prefixes.h - Lists of prefixes: merged, compared, shared
 */

#ifndef POLICY_PREFIXES_H
#define POLICY_PREFIXES_H

#include "policy/policy.h"

/** prefix_compare() - Order by address, a prefix before those inside it */
int prefix_compare(const struct ip_prefix *a, const struct ip_prefix *b);

/**
 * prefixes_merge() - As few prefixes as can be, which mean the same
 * @prefixes:	Any prefixes; afterwards by value, none inside another, no two
 *		that one could stand for
 * @cnt:	Entries there
 *
 * Return: how many are left
 */
size_t prefixes_merge(struct ip_prefix *prefixes, size_t cnt);

/** prefixes_have() - Is there a prefix of a family? */
bool prefixes_have(const struct prefix_list *list, enum ip_family family);

/**
 * prefixes_share() - Let equal lists share their memory
 * @lists:	Merged lists; the array is sorted, and of equal ones each gets
 *		the prefixes of one
 * @cnt:	Entries there
 */
void prefixes_share(struct prefix_list **lists, size_t cnt);

#endif /* POLICY_PREFIXES_H */

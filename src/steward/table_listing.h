/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * table_listing.h - Is a table that the kernel lists still whole?
 *
 * Pure.
 */

#ifndef STEWARD_TABLE_LISTING_H
#define STEWARD_TABLE_LISTING_H

#include <stdbool.h>

#include "steward/table.h"

/**
 * table_matches() - Has a listing the same objects, each with as many rules or
 * elements?
 * @listing:	As `nft list table` prints it
 *
 * nft prints rules and elements in words of its own; their number tells of
 * everything that was deleted or added.
 */
bool table_matches(const struct table *table, const char *listing);

#endif /* STEWARD_TABLE_LISTING_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * spread.h - Flows over several that could take them
 *
 * Pure.  Flows fall into buckets; each bucket belongs to the member that wins a
 * draw for it (rendezvous hashing).  When a member comes, goes or changes its
 * weight, only buckets move that it wins or loses.
 */

#ifndef CARRIER_SPREAD_H
#define CARRIER_SPREAD_H

#include <stddef.h>
#include <stdint.h>

#define SPREAD_BUCKET_CNT 1024
#define SPREAD_WEIGHT_MAX 8
#define SPREAD_NONE       UINT16_MAX

/**
 * struct spread_member - One that could take flows
 * @id:		What its draws depend on: the same as long as it is the same
 * @weight:	How many draws it has for each bucket, 0 to SPREAD_WEIGHT_MAX
 */
struct spread_member {
	uint64_t id;
	unsigned int weight;
};

/** struct spread - Index of the member that each bucket belongs to, or
 *  SPREAD_NONE */
struct spread {
	uint16_t member[SPREAD_BUCKET_CNT];
};

/** spread_fill() - Give the buckets to the members; fewer than SPREAD_NONE */
void spread_fill(struct spread *spread, const struct spread_member *members,
		 size_t cnt);

/** spread_id() - An id from a text */
uint64_t spread_id(const char *text);

#endif /* CARRIER_SPREAD_H */

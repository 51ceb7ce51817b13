/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * spread.c - Flows over several that could take them
 */

#include "carrier/spread.h"

/** mix() - All bits to all bits (splitmix64) */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/** best_draw() - The highest of a member's draws for a bucket */
static uint64_t best_draw(const struct spread_member *member, size_t bucket)
{
	uint64_t seed = mix(member->id ^ mix(bucket));
	uint64_t best = 0;
	unsigned int i;

	for (i = 0; i < member->weight; i++) {
		/* Never 0: that would be no draw at all. */
		uint64_t draw = mix(seed + i) | 1;

		if (draw > best)
			best = draw;
	}
	return best;
}

void spread_fill(struct spread *spread, const struct spread_member *members,
		 size_t cnt)
{
	size_t bucket;
	size_t i;

	for (bucket = 0; bucket < SPREAD_BUCKET_CNT; bucket++) {
		uint64_t best = 0;

		spread->member[bucket] = SPREAD_NONE;
		for (i = 0; i < cnt; i++) {
			uint64_t draw = best_draw(&members[i], bucket);

			if (draw <= best)
				continue;
			best = draw;
			spread->member[bucket] = (uint16_t)i;
		}
	}
}

uint64_t spread_id(const char *text)
{
	uint64_t id = 0;

	for (; *text; text++)
		id = mix(id ^ (uint8_t)*text);
	return id;
}

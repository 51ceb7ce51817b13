/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * clock.c - Reading the two clocks
 */

#include "sys/clock.h"

#include <assert.h>
#include <time.h>

mono_t clock_mono(void)
{
	struct timespec ts;

	/* Cannot fail for this clock and a valid pointer. */
	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		assert(0);
	return (mono_t){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

wall_t clock_wall(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts))
		assert(0);
	return (wall_t){ts.tv_sec};
}

uint64_t clock_wall_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts))
		assert(0);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

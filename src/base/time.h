/* SPDX-License-Identifier: MIT */

/*
 * time.h - Two kinds of time that cannot be mixed up
 *
 * mono_t is for intervals and deadlines, wall_t for token expiry and dates.
 * Nothing here reads a clock: that is sys/clock.h.
 */

#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

typedef struct {
	int64_t ns;
} mono_t;

typedef struct {
	int64_t s; /* seconds since 1970 UTC */
} wall_t;

static inline mono_t mono_add_ms(mono_t t, int64_t ms)
{
	return (mono_t){t.ns + ms * NS_PER_MS};
}

static inline int64_t mono_diff_ns(mono_t later, mono_t earlier)
{
	return later.ns - earlier.ns;
}

static inline int64_t mono_diff_ms(mono_t later, mono_t earlier)
{
	return (later.ns - earlier.ns) / NS_PER_MS;
}

static inline bool mono_before(mono_t a, mono_t b)
{
	return a.ns < b.ns;
}

#endif /* BASE_TIME_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * clock.h - Reading the two clocks
 */

#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

#include "base/time.h"

mono_t clock_mono(void);
wall_t clock_wall(void);

/** clock_wall_ns() - Wall clock in nanoseconds, as the kernel notes times down */
uint64_t clock_wall_ns(void);

#endif /* SYS_CLOCK_H */

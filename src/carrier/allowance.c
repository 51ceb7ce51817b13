/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * allowance.c - So many at once, and so many in each second after that
 */

#include "carrier/allowance.h"

#include <stdint.h>

bool allowance_take(struct allowance *allowance, mono_t now, unsigned int burst,
		    unsigned int per_s)
{
	int64_t cost_ns = 1000 * NS_PER_MS / per_s;

	if (mono_before(allowance->due, now))
		allowance->due = now;
	if (mono_diff_ns(allowance->due, now) > (burst - 1) * cost_ns)
		return false;
	allowance->due.ns += cost_ns;
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * allowance.h - So many at once, and so many in each second after that
 *
 * Pure.  For what others can make us do as often as they like.
 */

#ifndef CARRIER_ALLOWANCE_H
#define CARRIER_ALLOWANCE_H

#include <stdbool.h>

#include "base/time.h"

/** struct allowance - All zero: nothing was taken yet
 *  @due:	When what was taken will have been earned */
struct allowance {
	mono_t due;
};

/**
 * allowance_take() - May it be done once more?
 * @burst:	How often at once, after a rest
 * @per_s:	How often in each second, for ever
 */
bool allowance_take(struct allowance *allowance, mono_t now, unsigned int burst,
		    unsigned int per_s);

#endif /* CARRIER_ALLOWANCE_H */

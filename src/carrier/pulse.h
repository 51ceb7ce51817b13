/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pulse.h - Does a channel answer, and how long may an answer take?
 *
 * Pure.  Is told of PINGs and PONGs; what follows from a late answer is the peer's
 * to say, who sees the other channels.
 */

#ifndef CARRIER_PULSE_H
#define CARRIER_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* Shorter waits say nothing: TCP below repeats what was lost after 200 ms and more,
 * and a busy machine has such pauses. */
#define PULSE_LIMIT_MIN_MS 300
/* No longer ones are allowed for because some answers took long: flows are to move
 * within a second. */
#define PULSE_LIMIT_STALL_MS 600
/* No longer ones because of a long path; such ones to whom never answered yet. */
#define PULSE_LIMIT_MAX_MS 3000

/** struct pulse_gen - How long answers took in a generation, the fastest and the
 *  slowest; 0 ns when there was none */
struct pulse_gen {
	int64_t least_ns;
	int64_t most_ns;
};

/**
 * struct pulse - One channel's
 * @asked:	When a PING was due last
 * @waits:	Since when it has been waited for an answer; 0 ns: for none
 * @proven:	When the PING went that was answered last: all was well after that
 * @since:	Beginning of the present generation
 * @took, @took_before: Present generation and last
 */
struct pulse {
	mono_t asked;
	mono_t waits;
	mono_t proven;
	mono_t since;
	struct pulse_gen took;
	struct pulse_gen took_before;
};

/** pulse_init() - A channel begins */
void pulse_init(struct pulse *pulse, mono_t now);

/** pulse_asked() - A PING is due; that it cannot be sent yet is part of the wait */
void pulse_asked(struct pulse *pulse, mono_t now);

/** pulse_answered() - A PONG came, for a PING that went at @asked */
void pulse_answered(struct pulse *pulse, mono_t asked, mono_t now);

/** pulse_wait_ms() - How long it has said nothing to a PING, 0 when none waits */
int64_t pulse_wait_ms(const struct pulse *pulse, mono_t now);

/** pulse_limit_ms() - How long that may be: PULSE_LIMIT_MIN_MS; or twice what the
 *  slowest answer of the last ten to twenty seconds took, PULSE_LIMIT_STALL_MS at
 *  most; or three times what the fastest took, PULSE_LIMIT_MAX_MS at most */
int64_t pulse_limit_ms(const struct pulse *pulse);

/** pulse_is_asked() - Was this one asked since @other had waited for half of its
 *  limit? */
bool pulse_is_asked(const struct pulse *pulse, const struct pulse *other);

/** pulse_refutes() - Has this one answered a PING that went then?  So neither end
 *  of the two rests */
bool pulse_refutes(const struct pulse *pulse, const struct pulse *other);

#endif /* CARRIER_PULSE_H */

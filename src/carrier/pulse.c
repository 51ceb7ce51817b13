/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pulse.c - Does a channel answer, and how long may an answer take?
 */

/**
 * DOC: Theory of operation
 *
 * Wait		Begins with a PING, and anew with each PONG that leaves a later PING
 *		unanswered: a path that is slow but moves does not wait long.
 * Limit	What is long depends on the channel: one that took 250 ms for an
 *		answer a moment ago, since a machine is busy, is allowed twice that,
 *		so that one that was wrongly suspected is not so again at once.  But
 *		no more than 0.6 s, for the next time it may be dead, unless its
 *		path is so long that its fastest answers take as much.
 * Proof	A wait alone says nothing about a channel: either machine may have
 *		stood still.  But then no other channel between the two answers a
 *		PING that went in the meantime.
 */

#include "carrier/pulse.h"

#define GEN_MS 10000

void pulse_init(struct pulse *pulse, mono_t now)
{
	*pulse = (struct pulse){.since = now};
}

void pulse_asked(struct pulse *pulse, mono_t now)
{
	pulse->asked = now;
	if (!pulse->waits.ns)
		pulse->waits = now;
}

/** take() - One answer more */
static void take(struct pulse_gen *gen, int64_t took_ns)
{
	if (!gen->least_ns || took_ns < gen->least_ns)
		gen->least_ns = took_ns;
	if (took_ns > gen->most_ns)
		gen->most_ns = took_ns;
}

void pulse_answered(struct pulse *pulse, mono_t asked, mono_t now)
{
	int64_t took_ns = mono_diff_ns(now, asked);

	if (mono_diff_ms(now, pulse->since) >= GEN_MS) {
		pulse->took_before = pulse->took;
		pulse->took = (struct pulse_gen){0};
		pulse->since = now;
	}
	take(&pulse->took, took_ns);
	if (mono_before(pulse->proven, asked))
		pulse->proven = asked;
	pulse->waits = mono_before(asked, pulse->asked) ? now : (mono_t){0};
}

int64_t pulse_wait_ms(const struct pulse *pulse, mono_t now)
{
	return pulse->waits.ns ? mono_diff_ms(now, pulse->waits) : 0;
}

int64_t pulse_limit_ms(const struct pulse *pulse)
{
	struct pulse_gen took = pulse->took;
	int64_t stall_ms;
	int64_t path_ms;

	if (pulse->took_before.least_ns) {
		take(&took, pulse->took_before.least_ns);
		take(&took, pulse->took_before.most_ns);
	}
	if (!took.least_ns)
		return PULSE_LIMIT_MAX_MS;
	stall_ms = 2 * (took.most_ns / NS_PER_MS);
	path_ms = 3 * (took.least_ns / NS_PER_MS);
	if (stall_ms > PULSE_LIMIT_STALL_MS)
		stall_ms = PULSE_LIMIT_STALL_MS;
	if (path_ms > PULSE_LIMIT_MAX_MS)
		path_ms = PULSE_LIMIT_MAX_MS;
	if (path_ms < stall_ms)
		path_ms = stall_ms;
	return path_ms < PULSE_LIMIT_MIN_MS ? PULSE_LIMIT_MIN_MS : path_ms;
}

/** half_way() - When a wait reaches half of its limit */
static mono_t half_way(const struct pulse *pulse)
{
	return mono_add_ms(pulse->waits, pulse_limit_ms(pulse) / 2);
}

bool pulse_is_asked(const struct pulse *pulse, const struct pulse *other)
{
	return !mono_before(pulse->asked, half_way(other));
}

bool pulse_refutes(const struct pulse *pulse, const struct pulse *other)
{
	return !mono_before(pulse->proven, half_way(other));
}

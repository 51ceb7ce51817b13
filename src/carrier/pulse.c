/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pulse.c - Does a channel answer, and how long may an answer take?
 */

/**
 * DOC: Theory of operation
 *
 * Wait		Begins with a PING, and anew with each PONG that leaves a later PING
 *		unanswered: a path that is slow but moves does not wait long.
 * Limit	What is long depends on the channel: one that took 400 ms for an
 *		answer a moment ago, since its path is long or a machine is busy, is
 *		allowed twice that.  So one that was wrongly suspected is not so
 *		soon again.
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

void pulse_answered(struct pulse *pulse, mono_t asked, mono_t now)
{
	int64_t took_ns = mono_diff_ns(now, asked);

	if (mono_diff_ms(now, pulse->since) >= GEN_MS) {
		pulse->worst_before_ns = pulse->worst_ns;
		pulse->worst_ns = 0;
		pulse->since = now;
	}
	if (took_ns > pulse->worst_ns)
		pulse->worst_ns = took_ns;
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
	int64_t worst_ns = pulse->worst_ns > pulse->worst_before_ns
				   ? pulse->worst_ns
				   : pulse->worst_before_ns;
	int64_t limit_ms = 2 * (worst_ns / NS_PER_MS);

	if (!worst_ns)
		return PULSE_LIMIT_MAX_MS;
	if (limit_ms < PULSE_LIMIT_MIN_MS)
		return PULSE_LIMIT_MIN_MS;
	return limit_ms < PULSE_LIMIT_MAX_MS ? limit_ms : PULSE_LIMIT_MAX_MS;
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

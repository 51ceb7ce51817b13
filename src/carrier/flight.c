/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * flight.c - How much of a channel may be on its way
 */

/**
 * DOC: Theory of operation
 *
 * What queues in relays and sockets is beyond the reach of our flow queues: a
 * packet that is sent there waits behind all the rest.  So no more is sent than
 * keeps the path busy.
 *
 * Rate		The most that arrived, of samples over a round trip, in the last
 *		RATE_GEN_MS to twice that.
 * Round trip	The least, in the last RTT_GEN_MS to twice that.  PINGs travel with
 *		the data, so a queue that never empties would be taken for distance:
 *		at each new generation the window is small for one round trip.
 * Window	Rate times twice the round trip and SLACK_MS.  While the window is
 *		the limit, what arrives in a round trip is what was sent in one:
 *		the next window is larger than the one before, until the queue that
 *		it makes takes the time that was added.
 *
 * A PONG is asked for (PING) each time a quarter of the window was sent.
 */

#include "carrier/flight.h"

#define RATE_GEN_MS   1000
#define RTT_GEN_MS    10000
#define SLACK_MS      10
#define SAMPLE_MIN_MS 2

void flight_init(struct flight *flight, mono_t now)
{
	*flight = (struct flight){
		.window = FLIGHT_BYTES_MIN,
		.rate.since = now,
		.rtt.since = now,
		.sample_at = now,
	};
}

bool flight_is_full(const struct flight *flight, uint64_t sent)
{
	return sent - flight->acked >= flight->window;
}

bool flight_shall_ask(const struct flight *flight, uint64_t sent)
{
	return sent - flight->asked >= flight->window / 4;
}

int64_t flight_rtt_ns(uint64_t asked_ns, mono_t now, int64_t max_ns)
{
	/* A time to come makes it larger than any @max_ns. */
	uint64_t rtt_ns = (uint64_t)now.ns - asked_ns;

	return rtt_ns > (uint64_t)max_ns ? 0 : (int64_t)rtt_ns;
}

void flight_asked(struct flight *flight, uint64_t sent)
{
	flight->asked = sent;
}

/** roll() - Begin another generation when it is time; Return: has one begun? */
static bool roll(struct flight_gen *gen, int64_t ms, mono_t now)
{
	if (mono_diff_ms(now, gen->since) < ms)
		return false;
	gen->last = gen->now;
	gen->now = 0;
	gen->since = now;
	return true;
}

/** most() - Of both generations */
static int64_t most(const struct flight_gen *gen)
{
	return gen->now > gen->last ? gen->now : gen->last;
}

/** least() - Of both generations, as far as there is one */
static int64_t least(const struct flight_gen *gen)
{
	if (!gen->now || !gen->last)
		return gen->now + gen->last;
	return gen->now < gen->last ? gen->now : gen->last;
}

static void take_rtt(struct flight *flight, int64_t rtt_ns, mono_t now)
{
	if (roll(&flight->rtt, RTT_GEN_MS, now))
		flight->drain = now;
	if (!flight->rtt.now || rtt_ns < flight->rtt.now)
		flight->rtt.now = rtt_ns;
}

static void take_rate(struct flight *flight, mono_t now)
{
	int64_t ns = mono_diff_ns(now, flight->sample_at);
	int64_t bytes = (int64_t)(flight->acked - flight->sample_acked);

	if (ns < SAMPLE_MIN_MS * NS_PER_MS || ns < least(&flight->rtt))
		return;
	roll(&flight->rate, RATE_GEN_MS, now);
	bytes = bytes * 1000 / (ns / 1000);
	if (bytes > flight->rate.now)
		flight->rate.now = bytes;
	flight->sample_at = now;
	flight->sample_acked = flight->acked;
}

bool flight_pong(struct flight *flight, uint64_t acked, uint64_t sent,
		 int64_t rtt_ns, mono_t now)
{
	int64_t us;

	if (acked < flight->acked || acked > sent)
		return false;
	flight->acked = acked;
	take_rtt(flight, rtt_ns, now);
	take_rate(flight, now);

	us = 2 * least(&flight->rtt) / 1000 + SLACK_MS * 1000;
	flight->window = (uint64_t)(most(&flight->rate) * us / 1000);
	if (flight->window > FLIGHT_BYTES_MAX)
		flight->window = FLIGHT_BYTES_MAX;
	if (flight->window < FLIGHT_BYTES_MIN ||
	    now.ns - rtt_ns < flight->drain.ns)
		flight->window = FLIGHT_BYTES_MIN;
	return true;
}

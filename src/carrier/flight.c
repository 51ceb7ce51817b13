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
 * Rate		The most that arrived, of samples over a round trip, and no less
 *		than SAMPLE_MIN_MS, in the last RATE_GEN_MS to twice that.  Shorter
 *		samples would tell of what a scheduler or a relay held back and
 *		then let go at once.
 * Round trip	The least, in the last RTT_GEN_MS to twice that.
 * Window	Rate times twice the round trip and SLACK_MS.  While the window is
 *		the limit, what arrives in a round trip is what was sent in one:
 *		the next window is larger than the one before, until the queue that
 *		it makes takes the time that was added.
 * Probe	PINGs travel with the data, so a queue that never empties would be
 *		taken for distance.  At each new generation hardly anything is sent
 *		until all has arrived and a PING that went after that is answered.
 *		All channels of a worker probe at the same time (flight_probe()):
 *		they may share the narrow place, and each would take the others'
 *		queue for distance.
 * Doubt	When no PING of the last RECENT_MS was as quick as the window allows,
 *		the path may have become longer, and the window too small for it:
 *		what arrives becomes less, and the window with it.  A probe tells;
 *		if the path itself is that long, the old least is forgotten.  If
 *		not, the queue is our own (or the path is slower than it was, which
 *		the rate tells soon), and the next probe comes after DOUBT_MS, or
 *		DOUBT_STRONG_MS when the window cannot be the reason.
 *
 * A PONG is asked for (PING) each time a quarter of the window was sent.
 */

#include "carrier/flight.h"

#define RATE_GEN_MS   1000
#define RTT_GEN_MS    10000
#define RECENT_MS     500
#define SLACK_MS      6
#define SAMPLE_MIN_MS 20

/* During a probe no more than this and a message is on its way: no queue. */
#define PROBE_BYTES     16384
#define DOUBT_MS        4000
#define DOUBT_STRONG_MS 1000

void flight_init(struct flight *flight, mono_t now)
{
	*flight = (struct flight){
		.window = FLIGHT_BYTES_MIN,
		.rate.since = now,
		.rtt.since = now,
		.recent.since = now,
		.sample_at = now,
		.probed = now,
	};
}

bool flight_is_full(const struct flight *flight, uint64_t sent)
{
	uint64_t may = flight->window;

	if (flight->probe != FLIGHT_PROBE_NONE)
		may = PROBE_BYTES;
	return sent - flight->acked >= may;
}

bool flight_shall_ask(const struct flight *flight, uint64_t sent)
{
	if (flight->probe == FLIGHT_PROBE_ASK ||
	    (flight->probe == FLIGHT_PROBE_DRAIN && !flight->probe_asked))
		return true;
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
	flight->probe_asked = true;
	if (flight->probe == FLIGHT_PROBE_ASK)
		flight->probe = FLIGHT_PROBE_WAIT;
}

/** roll() - Begin another generation when it is time, which is the same for all
 *  channels; Return: has one begun? */
static bool roll(struct flight_gen *gen, int64_t ms, mono_t now)
{
	if (now.ns / (ms * NS_PER_MS) == gen->since.ns / (ms * NS_PER_MS))
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

/** lower() - Add a sample of which the least counts */
static void lower(struct flight_gen *gen, int64_t sample)
{
	if (!gen->now || sample < gen->now)
		gen->now = sample;
}

/** allowed_ns() - Round trip that a full window makes */
static int64_t allowed_ns(const struct flight *flight)
{
	return 2 * least(&flight->rtt) + SLACK_MS * NS_PER_MS;
}

/** over_ns() - How much more than that the quickest of late took */
static int64_t over_ns(const struct flight *flight)
{
	return least(&flight->recent) - allowed_ns(flight);
}

void flight_probe(struct flight *flight, mono_t now)
{
	if (flight->probe != FLIGHT_PROBE_NONE)
		return;
	flight->probe = FLIGHT_PROBE_DRAIN;
	flight->probe_since = now;
	flight->probe_asked = false;
	flight->in_doubt = over_ns(flight) > 0;
}

/** doubt() - Probe, if the path looks longer than it was */
static void doubt(struct flight *flight, mono_t now)
{
	int64_t over = over_ns(flight);
	int64_t wait_ms =
		over > allowed_ns(flight) / 2 ? DOUBT_STRONG_MS : DOUBT_MS;

	if (over > 0 && mono_diff_ms(now, flight->probed) >= wait_ms)
		flight_probe(flight, now);
}

/** take_rate() - What has arrived since the sample under way began
 *
 * A round trip as it is now, so that what other channels sent meanwhile had its turn.
 */
static void take_rate(struct flight *flight, int64_t rtt_ns, mono_t now)
{
	int64_t ns = mono_diff_ns(now, flight->sample_at);
	int64_t bytes = (int64_t)(flight->acked - flight->sample_acked);

	if (ns < SAMPLE_MIN_MS * NS_PER_MS || ns < rtt_ns)
		return;
	roll(&flight->rate, RATE_GEN_MS, now);
	bytes = bytes * 1000 / (ns / 1000);
	if (bytes > flight->rate.now)
		flight->rate.now = bytes;
	flight->sample_at = now;
	flight->sample_acked = flight->acked;
}

/** step() - A PONG came for a PING that went after the probe's last step
 *
 * All that went before it has arrived as well.
 */
static void step(struct flight *flight, mono_t now)
{
	if (flight->probe == FLIGHT_PROBE_DRAIN) {
		flight->probe = FLIGHT_PROBE_ASK;
		flight->probe_since = now;
	} else if (flight->probe == FLIGHT_PROBE_WAIT) {
		flight->probe = FLIGHT_PROBE_NONE;
		flight->probed = now;
		if (flight->in_doubt)
			flight->rtt.now = flight->rtt.last = 0;
	}
}

/** take_rtt() - A round trip, that of a probe or another */
static void take_rtt(struct flight *flight, int64_t rtt_ns, mono_t now)
{
	if (now.ns - rtt_ns >= flight->probe_since.ns)
		step(flight, now);
	if (roll(&flight->recent, RECENT_MS, now))
		doubt(flight, now);
	if (roll(&flight->rtt, RTT_GEN_MS, now))
		flight_probe(flight, now);
	lower(&flight->recent, rtt_ns);
	lower(&flight->rtt, rtt_ns);
}

/** widen() - The window by what is known now */
static void widen(struct flight *flight, mono_t now)
{
	int64_t ns = allowed_ns(flight);

	/* All goes at once after a probe, and there is room for it on the way,
	 * not yet in the queue. */
	if (flight->probed.ns == now.ns)
		ns -= least(&flight->rtt);
	flight->window = (uint64_t)(most(&flight->rate) * (ns / 1000) / 1000);
	if (flight->window > FLIGHT_BYTES_MAX)
		flight->window = FLIGHT_BYTES_MAX;
	if (flight->window < FLIGHT_BYTES_MIN)
		flight->window = FLIGHT_BYTES_MIN;
}

bool flight_pong(struct flight *flight, uint64_t acked, uint64_t sent,
		 int64_t rtt_ns, mono_t now)
{
	if (acked < flight->acked || acked > sent)
		return false;
	flight->acked = acked;
	take_rtt(flight, rtt_ns, now);
	take_rate(flight, rtt_ns, now);
	widen(flight, now);
	return true;
}

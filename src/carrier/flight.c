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
 *		than SAMPLE_MIN_MS (SAMPLE_SLOW_MS), in the last RATE_GEN_MS to
 *		twice that.  Shorter samples would tell of what a scheduler or a
 *		relay held back and then let go at once.
 * Round trip	The least, in the last RTT_GEN_MS to twice that.
 * Window	Rate times twice the round trip and SLACK_MS.  While the window is
 *		the limit, what arrives in a round trip is what was sent in one:
 *		the next window is larger than the one before, until the queue that
 *		it makes takes the time that was added.
 * Slow		Few bytes take long on a slow path, and pauses of a few ms, which
 *		all machines have, are few bytes.  So EASY_MS more may be on their
 *		way, up to FLIGHT_BYTES_EASY; and messages are short, since what is
 *		urgent waits until one has left.  Here the rate is a proven one:
 *		samples during which there was nothing to send say nothing about
 *		the path (flight_starves()), and may make it more, never less;
 *		unless all round trips were BUSY_MS too long and half a window
 *		arrived: then what would wait here waits on the way.
 *		What a path carries that never was full is presumed (RATE_FIRST).
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
 * A PONG is asked for (PING) each time a quarter of the window was sent, half of a
 * presumed one.
 */

#include "carrier/flight.h"

#define RATE_GEN_MS   1000
#define RTT_GEN_MS    10000
#define RECENT_MS     500
#define SLACK_MS      6
#define EASY_MS       14
#define SAMPLE_MIN_MS 20
/* On a slow path a few ms more or less are many of 20. */
#define SAMPLE_SLOW_MS 40

/* Bytes a ms, of a new channel: 8 Mbit/s. */
#define RATE_FIRST 1000
/* Round trips so much over the least tell of a queue. */
#define BUSY_MS 10
/* A generation of proven rates, and how many samples it has that the path limited. */
#define PROOF_GEN_MS 500
#define PROOF_CNT    2
/* Messages in a window. */
#define MSG_PART 4

/* During a probe no more than this and a message is on its way, on a slow path a
 * part of the window: no queue. */
#define PROBE_BYTES     16384
#define PROBE_PART      16
#define DOUBT_MS        4000
#define DOUBT_STRONG_MS 1000

void flight_init(struct flight *flight, mono_t now)
{
	*flight = (struct flight){
		.window = RATE_FIRST * (SLACK_MS + EASY_MS),
		.rate.since = now,
		.proven = {.since = now, .last = RATE_FIRST},
		.rtt.since = now,
		.recent.since = now,
		.sample_at = now,
		.probed = now,
	};
}

/** may() - What may be on its way */
static uint64_t may(const struct flight *flight)
{
	uint64_t part = flight->window / PROBE_PART;

	if (flight->probe == FLIGHT_PROBE_NONE)
		return flight->window;
	return part < PROBE_BYTES ? part : PROBE_BYTES;
}

bool flight_is_full(const struct flight *flight, uint64_t sent)
{
	return sent - flight->acked >= may(flight);
}

size_t flight_msg_len(const struct flight *flight)
{
	uint64_t len = may(flight) / MSG_PART;

	if (flight->probe != FLIGHT_PROBE_NONE)
		return (size_t)len + 1;
	return len > FLIGHT_MSG_MIN ? (size_t)len : FLIGHT_MSG_MIN;
}

bool flight_is_probing(const struct flight *flight)
{
	return flight->probe != FLIGHT_PROBE_NONE;
}

bool flight_is_held_up(const struct flight *flight, size_t len)
{
	uint64_t most_len = flight->window / MSG_PART;

	/* Not by what a probe lets pass: it waits for its end either way. */
	return flight->is_proven && len > FLIGHT_MSG_MIN && len > most_len;
}

void flight_starves(struct flight *flight)
{
	flight->starved = true;
}

bool flight_shall_ask(const struct flight *flight, uint64_t sent)
{
	if (flight->probe == FLIGHT_PROBE_ASK ||
	    (flight->probe == FLIGHT_PROBE_DRAIN && !flight->probe_asked))
		return true;
	/* Of a channel that had little to send so far, not as often. */
	return sent - flight->asked >=
	       flight->window / (flight->is_proven ? MSG_PART : 2);
}

int64_t flight_rtt_ns(uint64_t asked_ns, mono_t now, int64_t max_ns)
{
	/* A time to come makes it larger than any @max_ns. */
	uint64_t rtt_ns = (uint64_t)now.ns - asked_ns;

	return rtt_ns > (uint64_t)max_ns ? 0 : (int64_t)rtt_ns;
}

bool flight_has_lost(const struct flight *flight, uint64_t acked, mono_t asked)
{
	return flight->due && acked < flight->due &&
	       !mono_before(asked, flight->due_asked);
}

void flight_asked(struct flight *flight, uint64_t sent, mono_t now)
{
	flight->asked = sent;
	/* One at a time: an answer to a later PING answers for it as well. */
	if (!flight->due) {
		flight->due = sent;
		flight->due_asked = now;
	}
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

uint64_t flight_rate(const struct flight *flight)
{
	return (uint64_t)most(&flight->proven) * 1000;
}

int64_t flight_rtt_min_ns(const struct flight *flight)
{
	return least(&flight->rtt);
}

/** lower() - Add a sample of which the least counts */
static void lower(struct flight_gen *gen, int64_t sample)
{
	if (!gen->now || sample < gen->now)
		gen->now = sample;
}

/** allowed_ns() - What a window is worth */
static int64_t allowed_ns(const struct flight *flight)
{
	return 2 * least(&flight->rtt) + SLACK_MS * NS_PER_MS;
}

/** full_ns() - Round trip that a full window makes, on a slow path with a message
 *  beyond it */
static int64_t full_ns(const struct flight *flight)
{
	int64_t ns = allowed_ns(flight);
	int64_t least_ns = (FLIGHT_BYTES_MIN + FLIGHT_MSG_MIN) * NS_PER_MS /
			   (most(&flight->proven) + 1);

	if (flight->window > FLIGHT_BYTES_EASY)
		return ns;
	ns += EASY_MS * NS_PER_MS;
	ns += ns / MSG_PART;
	return ns > least_ns ? ns : least_ns;
}

/** over_ns() - How much more than that the quickest of late took */
static int64_t over_ns(const struct flight *flight)
{
	return least(&flight->recent) - full_ns(flight);
}

void flight_probe(struct flight *flight, mono_t now)
{
	if (flight->probe != FLIGHT_PROBE_NONE)
		return;
	flight->probe = FLIGHT_PROBE_DRAIN;
	flight->probe_since = now;
	flight->probe_asked = false;
	flight->starved = true;
	flight->in_doubt = over_ns(flight) > 0;
}

/** doubt() - Probe, if the path looks longer than it was */
static void doubt(struct flight *flight, mono_t now)
{
	int64_t over = over_ns(flight);
	int64_t wait_ms =
		over > full_ns(flight) / 2 ? DOUBT_STRONG_MS : DOUBT_MS;

	if (over > 0 && mono_diff_ms(now, flight->probed) >= wait_ms)
		flight_probe(flight, now);
}

/** sample_ms() - How long a sample of the rate is at least */
static int64_t sample_ms(const struct flight *flight)
{
	return flight->window < FLIGHT_BYTES_EASY ? SAMPLE_SLOW_MS
						  : SAMPLE_MIN_MS;
}

/** is_limit() - Was it the path that limited a sample of so many bytes? */
static bool is_limit(const struct flight *flight, uint64_t bytes)
{
	int64_t busy_ns = least(&flight->rtt) + BUSY_MS * NS_PER_MS;

	if (!flight->starved && !flight->starved_before)
		return true;
	return flight->sample_rtt >= busy_ns && bytes >= flight->window / 2;
}

/** prove() - A sample of the rate that the path carries
 *
 * A generation lasts PROOF_GEN_MS, and longer while there is little to send.
 */
static void prove(struct flight *flight, int64_t rate, bool limit, mono_t now)
{
	struct flight_gen *proven = &flight->proven;

	if (limit) {
		if (flight->proof_cnt >= PROOF_CNT &&
		    mono_diff_ms(now, proven->since) >= PROOF_GEN_MS) {
			*proven = (struct flight_gen){now, 0, proven->now};
			flight->proof_cnt = 0;
			flight->is_proven = true;
		}
		flight->proof_cnt++;
	}
	if (rate > proven->now)
		proven->now = rate;
}

/** take_rate() - What has arrived since the sample under way began
 *
 * A round trip as it is now, so that what other channels sent meanwhile had its turn.
 */
static void take_rate(struct flight *flight, int64_t rtt_ns, mono_t now)
{
	int64_t ns = mono_diff_ns(now, flight->sample_at);
	uint64_t bytes = flight->acked - flight->sample_acked;
	int64_t rate;

	if (flight->probe != FLIGHT_PROBE_NONE)
		flight->starved = true;
	if (!flight->sample_rtt || rtt_ns < flight->sample_rtt)
		flight->sample_rtt = rtt_ns;
	if (ns < sample_ms(flight) * NS_PER_MS || ns < rtt_ns)
		return;
	roll(&flight->rate, RATE_GEN_MS, now);
	rate = (int64_t)bytes * 1000 / (ns / 1000);
	if (rate > flight->rate.now)
		flight->rate.now = rate;
	prove(flight, rate, is_limit(flight, bytes), now);
	flight->sample_at = now;
	flight->sample_acked = flight->acked;
	flight->sample_rtt = 0;
	flight->starved_before = flight->starved;
	flight->starved = false;
}

/** step() - A PONG came for a PING that went after the probe's last step
 *
 * All that went before it has arrived as well.  On a slow path, what others sent may
 * not have: only what the window could not fill is a longer path.
 */
static void step(struct flight *flight, int64_t rtt_ns, mono_t now)
{
	if (flight->probe == FLIGHT_PROBE_DRAIN) {
		flight->probe = FLIGHT_PROBE_ASK;
		flight->probe_since = now;
	} else if (flight->probe == FLIGHT_PROBE_WAIT) {
		flight->probe = FLIGHT_PROBE_NONE;
		flight->probed = now;
		if (flight->in_doubt && (flight->window > FLIGHT_BYTES_EASY ||
					 rtt_ns > full_ns(flight)))
			flight->rtt.now = flight->rtt.last = 0;
	}
}

/** take_rtt() - A round trip, that of a probe or another */
static void take_rtt(struct flight *flight, int64_t rtt_ns, mono_t now)
{
	if (now.ns - rtt_ns >= flight->probe_since.ns)
		step(flight, rtt_ns, now);
	if (roll(&flight->recent, RECENT_MS, now))
		doubt(flight, now);
	if (roll(&flight->rtt, RTT_GEN_MS, now))
		flight_probe(flight, now);
	lower(&flight->recent, rtt_ns);
	lower(&flight->rtt, rtt_ns);
}

/** worth() - Bytes that pass in a time, at @rate bytes a ms */
static uint64_t worth(int64_t rate, int64_t ns)
{
	return (uint64_t)(rate * (ns / 1000) / 1000);
}

/** widen() - The window by what is known now */
static void widen(struct flight *flight, mono_t now)
{
	int64_t ns = allowed_ns(flight);
	uint64_t easy;

	/* All goes at once after a probe, and there is room for it on the way,
	 * not yet in the queue. */
	if (flight->probed.ns == now.ns)
		ns -= least(&flight->rtt);
	easy = worth(most(&flight->proven), ns + EASY_MS * NS_PER_MS);
	if (easy > FLIGHT_BYTES_EASY)
		easy = FLIGHT_BYTES_EASY;
	flight->window = worth(most(&flight->rate), ns);
	if (flight->window < easy)
		flight->window = easy;
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
	if (acked >= flight->due)
		flight->due = 0;
	take_rtt(flight, rtt_ns, now);
	take_rate(flight, rtt_ns, now);
	widen(flight, now);
	return true;
}
